#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <sstream>
#include <string>

#include "http/commands.h"
#include "http/initial_data.h"
#include "http/output.h"
#include "http/process.h"
#include "store/generate.h"
#include "store/store.h"

namespace kiosk::commands {
namespace {

std::atomic<bool> interrupted = false;  // by a stop signal

// "  42 %  420,000 of 1,000,000  260,000 rows/s  3 s left"
std::string Describe(const GenerateProgress& progress, double seconds) {
  const auto share = static_cast<double>(progress.done) / static_cast<double>(progress.total);
  std::ostringstream line;
  line << std::setw(3) << static_cast<int>(share * 100) << " %  " << progress.done << " of "
       << progress.total << "  "
       << static_cast<int64_t>(static_cast<double>(progress.rows) / seconds) << " rows/s  "
       << std::llround(seconds / share - seconds) << " s left";
  return line.str();
}

std::string ProgressBar(const GenerateProgress& progress) {
  constexpr int64_t kWidth = 30;
  const auto filled = static_cast<size_t>(progress.done * kWidth / progress.total);
  return "\r[" + std::string(filled, '=') + std::string(kWidth - filled, ' ') + "]";
}

}  // namespace

void Generate(const Options& options) {
  HandleStopSignals([](int) { interrupted = true; });
  const auto store = OpenDatabase(options, LoadOrigin(options));
  const bool on_terminal = ::isatty(STDERR_FILENO) == 1;
  const auto begin = options.machine.steady_now();
  const auto last = kiosk::Generate(
      *store, options.generate, options.clock(), [&](const GenerateProgress& progress) {
        const std::chrono::duration<double> took = options.machine.steady_now() - begin;
        if (on_terminal) {
          LogRaw(ProgressBar(progress) + Describe(progress, took.count()) + "   ");
        }
        return !interrupted;
      });
  if (on_terminal) LogRaw("\n");
  if (last.done < last.total) throw CommandError("stopped; what was written so far is kept");
}

}  // namespace kiosk::commands
