// The command line: what to open, where to listen, and until when.

#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <variant>

#include "data/embedded.h"
#include "http/codec.h"
#include "http/metrics.h"
#include "http/routes.h"
#include "http/server.h"
#include "http/static_files.h"
#include "store/seed.h"
#include "store/store.h"

namespace kiosk {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

// Something that stands in the way, in one line that says what and what to do.
class StartError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Options {
  ServerOptions server;
  ApiOptions api;
  std::string database = "kiosk.db";
  bool in_memory = false;
  std::string seed_file;
  std::string backup_file;
  std::string frontend_folder;
  bool open_browser = false;
};

Timestamp Now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw StartError("cannot read the seed " + path + "; check the path given to --seed");
  return text;
}

Seed ParseSeed(std::string_view text, const std::string& name) {
  auto seed = ReadSeed(text, Now());
  if (const auto* invalid = std::get_if<InvalidField>(&seed)) {
    throw StartError("bad seed " + name + ": " +
                     (invalid->field.empty() ? "" : "at " + invalid->field + ": ") +
                     invalid->message);
  }
  return std::get<Seed>(std::move(seed));
}

Seed LoadSeed(const Options& options) {
  if (options.seed_file.empty()) return ParseSeed(embedded::Seed(), "built in");
  return ParseSeed(ReadFile(options.seed_file), options.seed_file);
}

// From 0 to below 1, on any thread.
double Random() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

// Asks the desktop to show `url`; if it cannot, the printed line is enough.
void OpenInBrowser(const std::string& url) {
  const pid_t child = ::fork();
  if (child != 0) {
    ::waitpid(child, nullptr, 0);
    return;
  }
  if (::fork() == 0) {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execlp("xdg-open", "xdg-open", url.c_str(), nullptr);
  }
  ::_exit(0);
}

// --- the commands ---

void Serve(const Options& options) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // for every thread; they are waited for below

  const Seed seed = LoadSeed(options);
  Server server(options.server, Now);
  const auto store =
      options.in_memory ? Store::InMemory(seed) : Store::Open(options.database, seed);
  Metrics metrics(RouteLabels());
  Api api{
      .store = *store,
      .metrics = metrics,
      .options = options.api,
      .random = Random,
      .frontend = options.frontend_folder.empty() ? nullptr : ReadFolder(options.frontend_folder),
      .log_fault = [](const std::string& id, const std::string& what) {
        LogLine("kiosk: fault " + id + ": " + what);
      }};
  server.Start(api);
  std::cout << "kiosk listening on " << server.url() << std::endl;
  if (options.open_browser) OpenInBrowser(server.url());

  int signal = 0;
  sigwait(&signals, &signal);
  server.Stop();
}

void Reset(const Options& options) {
  const Seed given = LoadSeed(options);
  const auto store = Store::Open(options.database, given);
  const bool keeps_seed = options.seed_file.empty();
  const Seed seed = keeps_seed ? ParseSeed(store->Read(SeedText), "in " + options.database) : given;
  store->Write([&seed](Database& db) {
    ResetTo(db, seed);
    return true;
  });
}

void BackUp(const Options& options) { CopyDatabase(options.database, options.backup_file); }

// --- the command line ---

std::string Version() {
  return std::string("kiosk " KIOSK_VERSION " (" KIOSK_COMMIT ")\nSQLite ") + SqliteVersion() +
         ", cpp-httplib " + HttplibVersion() + ", RapidJSON " + RapidJsonVersion() + ", CLI11 " +
         CLI11_VERSION;
}

std::string CheckDuration(const std::string& text) {
  return ParseDuration(text) ? "" : text + " is not a duration such as 3h, 90m or 0";
}

// "200" or "200-800", in milliseconds, at most a minute.
std::optional<std::pair<int64_t, int64_t>> ParseRange(const std::string& text) {
  int64_t least = 0;
  int64_t most = 0;
  const char* end = text.data() + text.size();
  auto parsed = std::from_chars(text.data(), end, least);
  if (parsed.ec != std::errc()) return std::nullopt;
  most = least;
  if (parsed.ptr != end && *parsed.ptr == '-') {
    parsed = std::from_chars(parsed.ptr + 1, end, most);
    if (parsed.ec != std::errc()) return std::nullopt;
  }
  constexpr int64_t kMinute = 60'000;
  if (parsed.ptr != end || least < 0 || most < least || most > kMinute) return std::nullopt;
  return std::pair(least, most);
}

std::string CheckRange(const std::string& text) {
  return ParseRange(text) ? "" : text + " is not a time in milliseconds such as 200 or 200-800";
}

void AddDatabaseOption(CLI::App& app, Options& options) {
  app.add_option("--db", options.database, "Database file")->capture_default_str();
}

void AddSeedOption(CLI::App& app, Options& options) {
  app.add_option("--seed", options.seed_file, "Seed (JSON) for a new database");
}

void AddServeOptions(CLI::App& app, Options& options) {
  app.add_option("--port", options.server.port, "TCP port; 0 picks a free one")
      ->envname("PORT")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--host", options.server.host, "Address to bind (default: the loopback)");
  AddDatabaseOption(app, options);
  app.add_flag("--memory", options.in_memory, "Keep nothing after exit");
  AddSeedOption(app, options);
  app.add_option("--cors-origin", options.server.allowed_origins,
                 "One more allowed browser origin, repeatable; * for any")
      ->allow_extra_args(false);
  app.add_option("--allow-host", options.server.allowed_hosts,
                 "One more accepted Host name, repeatable")
      ->allow_extra_args(false);
  app.add_option_function<std::string>(
         "--order-gap",
         [&options](const std::string& text) { options.api.order_gap_ms = *ParseDuration(text); },
         "Least distance between two orders; 0 turns the rule off (default: 3h)")
      ->check(CLI::Validator(CheckDuration, "DURATION"));
  app.add_option("--order-items", options.api.items_form, "How order.data.items is written")
      ->transform(CLI::CheckedTransformer(std::map<std::string, ItemsForm>{
          {"ids", ItemsForm::kIds}, {"objects", ItemsForm::kObjects}}));
  app.add_option("--frontend", options.frontend_folder,
                 "Serve this frontend build in place of the built-in page");
  app.add_option_function<std::string>(
         "--delay",
         [&options](const std::string& text) { options.api.delay_ms = *ParseRange(text); },
         "Every answer of the API waits A, or A to B, milliseconds")
      ->type_name("A[-B]")
      ->check(CLI::Validator(CheckRange, ""));
  app.add_option_function<double>(
         "--fail", [&options](double percent) { options.api.failing_share = percent / 100; },
         "That share of API requests answers 503")
      ->type_name("PERCENT")
      ->check(CLI::Range(0.0, 100.0));
  app.add_flag("--open", options.open_browser, "Open the page in the default browser");
  app.add_flag_callback(
      "--quiet", [&options] { options.server.log_format = LogFormat::kNone; }, "No access log");
  app.add_option("--log-format", options.server.log_format, "The access log's format")
      ->transform(CLI::CheckedTransformer(std::map<std::string, LogFormat>{
          {"text", LogFormat::kText}, {"json", LogFormat::kJson}}));
}

int Run(int argc, char** argv) {
  Options options;
  options.api.version = KIOSK_VERSION;
  CLI::App app("A benefits shop and an order desk in one file: a real backend to build against.",
               "kiosk");
  app.set_version_flag("--version", Version());
  app.require_subcommand(0, 1);
  AddServeOptions(app, options);

  std::function<void(const Options&)> command = Serve;
  app.add_subcommand("serve", "Serve until SIGINT or SIGTERM (the default)")->fallthrough();
  CLI::App* reset = app.add_subcommand("reset", "Put the database back to its seed");
  AddDatabaseOption(*reset, options);
  AddSeedOption(*reset, options);
  reset->callback([&command] { command = Reset; });
  CLI::App* backup = app.add_subcommand("backup", "Copy the database, also while it is served");
  AddDatabaseOption(*backup, options);
  backup->add_option("FILE", options.backup_file, "The copy")->required();
  backup->callback([&command] { command = BackUp; });

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    std::string what = error.what();
    std::ranges::replace(what, '\n', ' ');
    std::cerr << "kiosk: " << what << "; see kiosk --help" << std::endl;
    return kExitUsage;
  }
  try {
    command(options);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "kiosk: " << error.what() << std::endl;
    return kExitFailure;
  }
}

}  // namespace
}  // namespace kiosk

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error like a full disk
  return kiosk::Run(argc, argv);
}
