#include "http/serve_options.h"

#include <algorithm>
#include <chrono>

#include "http/net/listeners.h"
#include "http/option_values.h"
#include "http/origin_options.h"

namespace kiosk {
namespace {

constexpr int kMaxPort = 65535;

// A clock that shows `start` now and runs from there, whatever happens to the system's.
std::function<Timestamp()> StartClock(Timestamp start, const Machine& machine) {
  const auto begin = machine.steady_now();
  return [start, begin, steady_now = machine.steady_now] {
    const auto elapsed = steady_now() - begin;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
    return Timestamp{std::min(start.ms + ms, kMaxTimestamp.ms)};
  };
}

// Who may ask: names of this machine, and pages of other origins.
void AddAccessOptions(CLI::App& app, PolicyOptions& policy) {
  app.add_option("--cors-origin", policy.allowed_origins,
                 "One more allowed browser origin, repeatable; * for any")
      ->type_name("ORIGIN")
      ->allow_extra_args(false)
      ->check(Accepts(CheckCorsOrigin));
  app.add_option("--allow-host", policy.allowed_hosts, "One more accepted Host name, repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->check(Accepts(CheckAllowedHost));
  app.add_option("--control-origin", policy.control_origins,
                 "One more browser origin that may also use the control API, repeatable")
      ->type_name("ORIGIN")
      ->allow_extra_args(false)
      ->check(Accepts(CheckControlOrigin));
  AddChoice<ControlFrom>(
      app, "--control-from",
      "Who may use the control API: this machine, also devices with the key that is printed, or "
      "no client (default: local)",
      {{"local", ControlFrom::kLocal}, {"lan", ControlFrom::kLan}, {"none", ControlFrom::kNone}},
      policy.control_from);
}

// How it answers: rules, forms, and what makes a frontend show its loading and error states.
void AddApiOptions(CLI::App& app, Options& options) {
  app.add_option_function<std::string>(
         "--order-gap",
         [&options](const std::string& text) { options.api.order_gap_ms = *ParseDuration(text); },
         "Least distance between two orders; 0 turns the rule off (default: 3h)")
      ->type_name("DURATION")
      ->check(Accepts(CheckDuration));
  AddChoice<ItemsForm>(app, "--order-items", "How order.data.items is written (default: ids)",
                       {{"ids", ItemsForm::kIds}, {"objects", ItemsForm::kObjects}},
                       options.api.items_form);
  app.add_option_function<std::string>(
         "--delay",
         [&options](const std::string& text) { options.api.delay_ms = *ParseRange(text); },
         "Every answer of the API waits A, or A to B, milliseconds")
      ->type_name("A[-B]")
      ->check(Accepts(CheckRange));
  LimitNumber(
      app.add_option_function<double>(
          "--fail", [&options](double percent) { options.api.failing_share = percent / 100; },
          "That share of API requests answers 503"),
      "PERCENT", 0.0, 100.0);
  app.add_option_function<std::string>(
         "--clock",
         [&options](const std::string& text) {
           options.clock = StartClock(*ParseTimestamp(text), options.machine);
         },
         "Start the server's clock at this time, such as 2022-11-01T09:00:00Z")
      ->type_name("TIME")
      ->check(Accepts(CheckTime));
}

}  // namespace

void AddDatabaseOption(CLI::App& app, Options& options) {
  app.add_option("--db", options.database, "Database file")
      ->type_name("FILE")
      ->check(Accepts(CheckDatabaseName))
      ->capture_default_str();
}

CLI::Option* AddSeedOption(CLI::App& app, Options& options) {
  return app.add_option("--seed", options.seed_file, "Seed (JSON) for a new database")
      ->type_name("FILE")
      ->check(Accepts(CheckNotEmpty));
}

CLI::Option* AddPortOption(CLI::App& app, Options& options) {
  CLI::Option* option =
      app.add_option("--port", options.server.port, "TCP port; 0 picks a free one");
  LimitNumber(option, "N", 0, kMaxPort);
  return option->capture_default_str();
}

void RefuseContradictions(const CLI::App& app) {
  if (app.count("--memory") == 0 || app.count("--db") == 0) return;
  const auto file = app.get_option("--db")->as<std::string>();
  throw CLI::ValidationError("--memory", "keeps nothing, so the database " + file +
                                             " would not be used; give --memory or --db, not both");
}

// With `lan`, makes the key.
void TakeControlFrom(Options& options) {
  ServerOptions& server = options.server;
  if (server.policy.control_from != ControlFrom::kLan) return;
  if (net::IsLoopbackAddress(server.host)) {
    throw CLI::ValidationError("--control-from",
                               "lan needs an address that other devices reach; add --host 0.0.0.0");
  }
  server.policy.control_key = options.machine.random_key();
}

void AddServeOptions(CLI::App& app, Options& options) {
  AddPortOption(app, options)
      ->description("TCP port; 0 picks a free one. Also from the environment: PORT");
  app.add_option("--host", options.server.host, "Address to bind (default: the loopback)")
      ->type_name("ADDR")
      ->check(Accepts(CheckAddressNotEmpty));
  AddDatabaseOption(app, options);
  app.add_flag("--memory", options.in_memory, "Keep nothing after exit");
  AddSeedOption(app, options);
  AddAccessOptions(app, options.server.policy);
  app.add_option("--frontend", options.frontend_folder,
                 "Serve this frontend build in place of the built-in page")
      ->type_name("DIR")
      ->check(Accepts(CheckNotEmpty));
  AddApiOptions(app, options);
  app.add_flag("--until-stdin-ends", options.until_stdin_ends, "Also stop when stdin is closed");
  app.add_flag("--open", options.open_browser, "Open the page in the default browser");
  app.add_flag("--quiet", options.quiet, "No access log");
  AddChoice<LogFormat>(app, "--log-format", "The access log's format (default: text)",
                       {{"text", LogFormat::kText}, {"json", LogFormat::kJson}},
                       options.server.log_format);
}

// For a server whose port the command line does not name: the environment's, if there is one.
void TakePortFromEnvironment(Options& options, const std::string& instead) {
  const std::string text = options.machine.port.value_or("");
  if (text.empty()) return;
  const auto port = ParseNumber<int>(text);
  if (!port || *port > kMaxPort) {
    throw CLI::ValidationError("PORT", text +
                                           " is not a port from 0 to 65535; correct the "
                                           "environment's PORT, or give " +
                                           instead);
  }
  options.server.port = *port;
}

// The port of a kiosk on this machine that was started in the same environment.
void TakeHealthPort(Options& options) {
  TakePortFromEnvironment(options, "the URL of the kiosk");
  if (options.server.port == 0) {
    throw CLI::ValidationError("URL",
                               "port 0 is a free one that only the serving kiosk knows; give the "
                               "URL that it printed, such as http://localhost:4000");
  }
}

}  // namespace kiosk
