// The table of contents: command → function. The only place that reads the real clock, randomness
// and the environment, and that ends the process.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iomanip>
#include <optional>
#include <random>
#include <sstream>
#include <string>

#include "http/command_line.h"
#include "http/command_options.h"
#include "http/commands.h"
#include "http/output.h"
#include "http/process.h"
#include "http/serve_options.h"

namespace kiosk {
namespace {

constexpr Command kCommands[] = {
    {"serve", "Serve until SIGINT, SIGTERM or SIGHUP (the default)", AddServeOptions,
     commands::Serve},
    {"reset", "Put the database back to its seed", AddResetOptions, commands::Reset},
    {"backup", "Copy the database, also while it is served", AddBackupOptions, commands::Backup},
    {"restore", "Replace the database with a backup", AddRestoreOptions, commands::Restore},
    {"export", "Write the data as a seed (JSON), also while it is served", AddExportOptions,
     commands::Export},
    {"health", "Exit 0 if a kiosk is healthy, otherwise 1", AddHealthOptions, commands::Health},
    {"generate", "Fill the database with plausible data", AddGenerateOptions, commands::Generate},
    {"pack", "Write an executable that carries a frontend, a seed or data", AddPackOptions,
     commands::Pack},
};

Timestamp SystemTime() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
}

double Random() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

std::string RandomKey() {
  std::random_device random;
  std::ostringstream key;
  for (int word = 0; word < 4; ++word) {
    key << std::hex << std::setfill('0') << std::setw(8) << random();
  }
  return key.str();
}

Machine ThisMachine() {
  const char* port = std::getenv("PORT");
  return {.now = SystemTime,
          .steady_now = std::chrono::steady_clock::now,
          .random = Random,
          .random_key = RandomKey,
          .port = port ? std::optional<std::string>(port) : std::nullopt,
          .version = KIOSK_VERSION,
          .commit = KIOSK_COMMIT};
}

}  // namespace
}  // namespace kiosk

int main(int argc, char** argv) {
  kiosk::OpenStandardDescriptors();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error like a full disk
  const int exit_code = kiosk::RunCommandLine(kiosk::kCommands, kiosk::ThisMachine(), argc, argv);
  kiosk::FlushOutput();
  return exit_code;
}
