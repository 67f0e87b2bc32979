#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http/commands.h"
#include "http/initial_data.h"
#include "http/metrics.h"
#include "http/output.h"
#include "http/parsing_turn.h"
#include "http/process.h"
#include "http/routes.h"
#include "http/server.h"
#include "store/store.h"

namespace kiosk::commands {
namespace {

// The address for other devices, with the control key if they may use it.
std::string LanLine(const PolicyOptions& policy, const Server& server) {
  const std::string url = server.lan_url();
  if (policy.control_from != ControlFrom::kLan) {
    return url.empty() ? "" : "kiosk for other devices: " + url;
  }
  return "kiosk for other devices: " + (url.empty() ? server.url() : url) +
         "/_kiosk/#key=" + policy.control_key +
         " (the key controls kiosk; plain HTTP can be read on a hostile network)";
}

void PrintAddresses(const Options& options, const Server& server) {
  PrintLine("kiosk listening on " + server.url());
  const std::string lan_line = LanLine(options.server.policy, server);
  if (!lan_line.empty()) PrintLine(lan_line);
}

// In memory or in its file; a seed that it does not take is named in the log.
std::unique_ptr<Store> OpenStore(const Options& options, const Origin& origin) {
  if (options.in_memory) return Store::InMemory(origin);
  auto store = OpenDatabase(options, origin);
  if (!options.seed_file.empty() && !store->is_new()) {
    LogLine("kiosk: " + options.database + " keeps the data that it has; kiosk reset --seed " +
            options.seed_file + " puts the seed in its place");
  }
  return store;
}

}  // namespace

void Serve(const Options& options) {
  LimitKeptMemory();
  BlockStopSignals();  // before any thread starts
  const Origin origin = LoadOrigin(options);
  std::unique_ptr<Store> store;
  FileReader frontend = LoadFrontend(options, store);
  ServerOptions server_options = options.server;
  if (options.quiet) server_options.log_format = LogFormat::kNone;
  Server server(std::move(server_options), {options.clock, options.machine.now});
  store = OpenStore(options, origin);
  store->ReportTo([](const std::string& what) { LogLine("kiosk: " + what); });
  Metrics metrics(RouteLabels());
  Api api{.store = *store,
          .metrics = metrics,
          .options = options.api,
          .random = options.machine.random,
          .packed = options.pack && options.seed_file.empty() ? std::optional(options.pack->image())
                                                              : std::nullopt,
          .frontend = std::move(frontend),
          .log_fault = [](const std::string& id, const std::string& what) {
            LogLine("kiosk: fault " + id + ": " + what);
          }};
  server.Start(api);
  PrintAddresses(options, server);
  if (options.open_browser) OpenInBrowser(server.url());
  if (options.until_stdin_ends) StopWhenStdinEnds();
  WaitForStopSignal();
  server.Stop();
}

}  // namespace kiosk::commands
