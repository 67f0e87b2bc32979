#include "http/commands.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <variant>

#include "http/health.h"
#include "http/initial_data.h"
#include "http/output.h"
#include "http/seed_writer.h"
#include "http/web_origin.h"
#include "store/export.h"
#include "store/pack.h"
#include "store/restore.h"
#include "store/store.h"
#include "store/temporary_file.h"

namespace kiosk::commands {
namespace {

// Waits for the reader, unlike the output of a server. Throws CommandError.
void WriteToStdout(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
    if (written >= 0 || errno == EINTR) continue;
    if (errno == EAGAIN) {  // another process made the shared descriptor non-blocking
      pollfd reader{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&reader, 1, -1);
      continue;
    }
    throw CommandError(
        "cannot write the export to stdout: " + std::generic_category().message(errno) +
        "; give it a FILE, or correct where stdout goes");
  }
}

}  // namespace

void Reset(const Options& options) {
  const Origin given = LoadOrigin(options);
  const auto store = OpenDatabase(options, given);
  const bool keeps_seed = options.seed_file.empty() && !options.pack;
  const Origin origin =
      keeps_seed ? ParseSeed(store->Read(SeedText), "in " + options.database, options.clock())
                 : given;
  store->ResetTo(origin);
}

void Backup(const Options& options) {
  TemporaryFile::RemoveOnSignals();
  CopyDatabase(options.database, options.target);
}

void Restore(const Options& options) {
  TemporaryFile::RemoveOnSignals();
  const std::string former =
      kiosk::Restore(options.target, options.database, options.machine.now());
  PrintLine("kiosk restored " + options.database + " from " + options.target + "; " + former);
}

void Health(const Options& options) {
  const WebOrigin origin = options.health_url.empty()
                               ? WebOrigin{"http", "localhost", options.server.port}
                               : *CanonicalOrigin(options.health_url);
  const std::string unhealthy = FindUnhealthy(origin);
  if (!unhealthy.empty()) throw CommandError(unhealthy);
}

void Export(const Options& options) {
  const auto write = [&options](const std::function<void(std::string_view)>& append) {
    data_export::ReadFrom(options.database, [&append](Database& db) { WriteSeed(db, append); });
  };
  if (!options.target.empty()) return data_export::WriteNewFile(options.target, write);
  write(WriteToStdout);
}

void Pack(const Options& options) {
  PackOrder order;
  order.present = options.pack;
  if (!options.frontend_folder.empty()) order.frontend_folder = options.frontend_folder;
  if (!options.with_data) order.origin = LoadOrigin(options);
  order.database_file = options.database;
  order.is_protected = ProtectDatabase(options, nullptr);
  order.name = options.pack_name.empty() ? std::filesystem::path(options.target).filename().string()
                                         : options.pack_name;
  if (options.pack) order.options = options.pack->options();
  for (const auto& [name, value] : options.packed_options) order.options[name] = value;
  for (const std::string& left_out : WritePack(options.target, order)) {
    LogLine("kiosk: left out " + left_out);
  }
}

}  // namespace kiosk::commands
