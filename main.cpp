// The command line: what to open, where to listen, and until when.

#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <map>
#include <random>
#include <sstream>
#include <variant>

#include "data/embedded.h"
#include "http/codec.h"
#include "http/health.h"
#include "http/metrics.h"
#include "http/origin_options.h"
#include "http/output.h"
#include "http/parsing_turn.h"
#include "http/process.h"
#include "http/routes.h"
#include "http/seed_reader.h"
#include "http/seed_writer.h"
#include "http/server.h"
#include "http/sockets.h"
#include "http/static_files.h"
#include "http/web_origin.h"
#include "store/export.h"
#include "store/file_name.h"
#include "store/generate.h"
#include "store/pack.h"
#include "store/restore.h"
#include "store/seed.h"
#include "store/store.h"
#include "store/temporary_file.h"

namespace kiosk {
namespace {

namespace fs = std::filesystem;

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

// Something that stands in the way, in one line that says what and what to do.
class StartError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

Timestamp SystemTime() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
}

// A clock that shows `start` now and runs from there, whatever happens to the system's.
std::function<Timestamp()> StartClock(Timestamp start) {
  const auto begin = std::chrono::steady_clock::now();
  return [start, begin] {
    const auto elapsed = std::chrono::steady_clock::now() - begin;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
    return Timestamp{std::min(start.ms + ms, kMaxTimestamp.ms)};
  };
}

struct Options {
  ServerOptions server;
  ApiOptions api;
  std::string database = "kiosk.db";
  bool in_memory = false;
  std::string seed_file;
  std::string frontend_folder;
  std::string target;      // the file that backup or pack writes
  std::string health_url;  // empty: localhost and the port of `server`
  std::string pack_name;
  std::map<std::string, std::string> packed_options;  // given to pack, for the demo to serve with
  bool with_data = false;
  GenerateOrder generate;
  const Pack* pack = nullptr;  // what this executable carries
  bool open_browser = false;
  bool until_stdin_ends = false;
  bool quiet = false;
  std::function<Timestamp()> clock = SystemTime;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  try {
    if (file) return {std::istreambuf_iterator<char>(file), {}};
  } catch (const std::ios_base::failure&) {  // a folder can be opened, but not read
  }
  throw StartError("cannot read the seed " + path + "; check the path given to --seed");
}

Seed ParseSeed(std::string_view text, const std::string& name, Timestamp now) {
  auto seed = ReadSeed(text, now);
  if (const auto* invalid = std::get_if<InvalidField>(&seed)) {
    throw StartError("bad seed " + name + ": " + SeedErrorText(*invalid));
  }
  return std::get<Seed>(std::move(seed));
}

// What a new database starts with: the seed asked for, or what this executable carries.
Origin LoadOrigin(const Options& options) {
  if (!options.seed_file.empty()) {
    return ParseSeed(ReadFile(options.seed_file), options.seed_file, options.clock());
  }
  if (options.pack) return options.pack->image();
  return ParseSeed(embedded::Seed(), "built in", options.clock());
}

// The files that a frontend's folder may hold and that are never opened as a part of it. `store` is
// the database that is open, once it is.
IsProtected ProtectDatabase(const Options& options, const std::unique_ptr<Store>* store) {
  return [database = fs::absolute(options.database).string(), store](const FileId& file) {
    if (BelongsToDatabase(database, file)) return true;
    const auto opened = store && *store ? (*store)->Files() : std::vector<FileId>();
    return std::ranges::find(opened, file) != opened.end();
  };
}

FileReader LoadFrontend(const Options& options, const std::unique_ptr<Store>& store) {
  if (!options.frontend_folder.empty()) {
    return ReadFolder(options.frontend_folder, ProtectDatabase(options, &store));
  }
  if (!options.pack || options.pack->file_count() == 0) return nullptr;
  return [pack = options.pack](const std::string& path) { return pack->ReadFile(path); };
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

// 128 bits.
std::string NewControlKey() {
  std::random_device random;
  std::ostringstream key;
  for (int word = 0; word < 4; ++word) {
    key << std::hex << std::setfill('0') << std::setw(8) << random();
  }
  return key.str();
}

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

// --- the commands ---

void Serve(const Options& options) {
  LimitKeptMemory();
  BlockStopSignals();  // before any thread starts
  const Origin origin = LoadOrigin(options);
  std::unique_ptr<Store> store;
  FileReader frontend = LoadFrontend(options, store);
  ServerOptions server_options = options.server;
  if (options.quiet) server_options.log_format = LogFormat::kNone;
  Server server(std::move(server_options), {options.clock, SystemTime});
  store = options.in_memory ? Store::InMemory(origin) : Store::Open(options.database, origin);
  if (!options.seed_file.empty() && !store->is_new()) {
    LogLine("kiosk: " + options.database + " keeps the data that it has; kiosk reset --seed " +
            options.seed_file + " puts the seed in its place");
  }
  store->ReportTo([](const std::string& what) { LogLine("kiosk: " + what); });
  Metrics metrics(RouteLabels());
  Api api{.store = *store,
          .metrics = metrics,
          .options = options.api,
          .random = Random,
          .packed = options.pack && options.seed_file.empty() ? std::optional(options.pack->image())
                                                              : std::nullopt,
          .frontend = std::move(frontend),
          .log_fault = [](const std::string& id, const std::string& what) {
            LogLine("kiosk: fault " + id + ": " + what);
          }};
  server.Start(api);
  PrintLine("kiosk listening on " + server.url());
  const std::string lan_line = LanLine(options.server.policy, server);
  if (!lan_line.empty()) PrintLine(lan_line);
  if (options.open_browser) OpenInBrowser(server.url());
  if (options.until_stdin_ends) StopWhenStdinEnds();
  WaitForStopSignal();
  server.Stop();
}

// To the seed given, to what this executable carries, or to the database's own seed.
void Reset(const Options& options) {
  const Origin given = LoadOrigin(options);
  const auto store = Store::Open(options.database, given);
  const bool keeps_seed = options.seed_file.empty() && !options.pack;
  const Origin origin =
      keeps_seed ? ParseSeed(store->Read(SeedText), "in " + options.database, options.clock())
                 : given;
  store->ResetTo(origin);
}

void BackUp(const Options& options) {
  TemporaryFile::RemoveOnSignals();
  CopyDatabase(options.database, options.target);
}

void RestoreBackup(const Options& options) {
  TemporaryFile::RemoveOnSignals();
  const std::string former = Restore(options.target, options.database, SystemTime());
  PrintLine("kiosk restored " + options.database + " from " + options.target + "; " + former);
}

void Health(const Options& options) {
  const WebOrigin origin = options.health_url.empty()
                               ? WebOrigin{"http", "localhost", options.server.port}
                               : *CanonicalOrigin(options.health_url);
  const std::string unhealthy = FindUnhealthy(origin);
  if (!unhealthy.empty()) throw StartError(unhealthy);
}

// To the file named, or to stdout.
void Export(const Options& options) {
  const auto write = [&options](const std::function<void(std::string_view)>& append) {
    data_export::ReadFrom(options.database, [&append](Database& db) { WriteSeed(db, append); });
  };
  if (!options.target.empty()) return data_export::WriteNewFile(options.target, write);
  write([](std::string_view piece) { std::cout << piece; });
  if (!std::cout.flush()) throw StartError("cannot write the export to stdout");
}

void WritePack(const Options& options) {
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

std::atomic<bool> interrupted = false;

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

void Generate(const Options& options) {
  HandleStopSignals([](int) { interrupted = true; });
  const auto store = Store::Open(options.database, LoadOrigin(options));
  const bool on_terminal = ::isatty(STDERR_FILENO) == 1;
  const auto begin = std::chrono::steady_clock::now();
  int64_t reported_tenths = 0;
  const auto last =
      Generate(*store, options.generate, options.clock(), [&](const GenerateProgress& progress) {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        const int64_t tenths = progress.done * 10 / progress.total;
        if (on_terminal) {
          LogRaw(ProgressBar(progress) + Describe(progress, took.count()) + "   ");
        } else if (tenths > reported_tenths) {
          LogLine(Describe(progress, took.count()));
        }
        reported_tenths = tenths;
        return !interrupted;
      });
  if (on_terminal) LogRaw("\n");
  if (last.done < last.total) throw StartError("stopped; what was written so far is kept");
}

// --- the command line ---

std::string Version() {
  return std::string("kiosk " KIOSK_VERSION " (" KIOSK_COMMIT ")\nSQLite ") + SqliteVersion() +
         ", cpp-httplib " + HttplibVersion() + ", RapidJSON " + RapidJsonVersion() + ", CLI11 " +
         CLI11_VERSION;
}

std::string CheckDuration(const std::string& text) {
  return ParseDuration(text) ? "" : text + " is not a duration such as 3h, 90m or 0";
}

std::string CheckNotEmpty(const std::string& text) {
  return text.empty() ? "the name is empty; leave the option out, or give a name" : "";
}

// What pack writes is an executable, whatever it is called.
std::string CheckTarget(const std::string& text) {
  if (text.ends_with(".kiosk")) {
    return text + " would be a demo file, which this kiosk cannot write; choose a name without " +
           ".kiosk for an executable";
  }
  return CheckNotEmpty(text);
}

std::string CheckName(const std::string& text) {
  const bool is_name = !text.empty() && std::ranges::none_of(text, [](unsigned char c) {
    return c < 0x20 || c == 0x7F;
  });
  return is_name ? "" : text + " is not a name without control characters";
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

// A file by its path: what SQLite takes for memory or for a URI is never one.
std::string CheckDatabaseName(const std::string& text) {
  std::string name = text;
  std::ranges::transform(name, name.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  if (name.empty()) return "no file is named; use --db kiosk.db, or --memory for none";
  if (name == ":memory:" || name.starts_with("file::memory:")) {
    return text + " is not a file; use --memory, or --db ./" + text + " for a file of that name";
  }
  if (name.starts_with("file:")) {
    return text + " looks like a URI, and --db takes a path; use --db ./" + text +
           " for a file of that name";
  }
  if (name.back() == '/') return text + " is a folder; use --db " + text + "kiosk.db";
  return "";
}

std::string CheckTime(const std::string& text) {
  return ParseTimestamp(text) ? "" : text + " is not a time such as 2022-11-01T09:00:00Z";
}

// An option whose value is one of a few words.
template <class Value>
void AddChoice(CLI::App& app, const std::string& name, const std::string& description,
               const std::vector<std::pair<std::string, Value>>& choices, Value& value) {
  std::string words;
  for (const auto& choice : choices) words += (words.empty() ? "" : "|") + choice.first;
  const auto find = [choices](const std::string& text) {
    const auto found = std::ranges::find(choices, text, &std::pair<std::string, Value>::first);
    return found == choices.end() ? std::nullopt : std::optional(found->second);
  };
  const auto check = [find, words](const std::string& text) {
    return find(text) ? "" : text + " is not one of " + words;
  };
  app.add_option_function<std::string>(
         name, [&value, find](const std::string& text) { value = *find(text); }, description)
      ->type_name(words)
      ->check(CLI::Validator(check, ""));
}

// A number from `least` to `most`; --help shows `name` in its place.
template <class Number>
void LimitNumber(CLI::Option* option, const std::string& name, Number least, Number most) {
  const auto check = [least, most](const std::string& text) -> std::string {
    Number number{};
    const bool is_number = CLI::detail::lexical_cast(text, number);
    if (is_number && number >= least && number <= most) return "";
    std::ostringstream message;
    message << text << " is not a number from " << least << " to " << most;
    return message.str();
  };
  option->type_name(name)->check(CLI::Validator(check, ""));
}

void AddDatabaseOption(CLI::App& app, Options& options) {
  app.add_option("--db", options.database, "Database file")
      ->type_name("FILE")
      ->check(CLI::Validator(CheckDatabaseName, ""))
      ->capture_default_str();
}

CLI::Option* AddSeedOption(CLI::App& app, Options& options) {
  return app.add_option("--seed", options.seed_file, "Seed (JSON) for a new database")
      ->type_name("FILE")
      ->check(CLI::Validator(CheckNotEmpty, ""));
}

CLI::Option* AddPortOption(CLI::App& app, Options& options) {
  CLI::Option* option =
      app.add_option("--port", options.server.port, "TCP port; 0 picks a free one");
  LimitNumber(option, "N", 0, 65535);
  return option->capture_default_str();
}

// The options of serve that a demo keeps, as far as this version has them.
constexpr const char* kDemoOptions[] = {"port", "order-gap", "order-items", "delay",
                                        "fail", "clock",     "record",      "strip"};

template <typename App>
auto FindDemoOption(App& app, const std::string& name) -> decltype(app.get_option_no_throw(name)) {
  const bool is_kept = std::ranges::find(kDemoOptions, name) != std::end(kDemoOptions);
  return is_kept ? app.get_option_no_throw("--" + name) : nullptr;
}

// Sets an option of serve as if its default were `value`. Throws CLI::ParseError if that is none.
void SetDefault(CLI::Option& option, const std::string& value) {
  option.run_callback_for_default()->default_val(value);
}

// What this executable carries becomes the default.
void Unpack(const Pack& pack, Options& options) {
  options.pack = &pack;
  options.api.name = pack.name();
  options.database = FileNameOf(pack.name()) + ".db";
}

// The options that it carries, checked like those of a command line, and what --help says of it.
void UnpackOptions(const Pack& pack, CLI::App& app, const Options& options) {
  std::string others;
  for (const auto& [name, value] : pack.options()) {
    CLI::Option* option = FindDemoOption(app, name);
    if (!option) {
      throw StartError("this demo carries an option that this kiosk does not know: " + name);
    }
    try {
      SetDefault(*option, value);
    } catch (const CLI::ParseError& error) {
      throw StartError(std::string("this demo carries a bad option: ") + error.what());
    }
    if (name == "port") continue;
    others.append(others.empty() ? "--" : ", --").append(name).append(" ").append(value);
  }
  const int64_t files = pack.file_count();
  app.description(pack.name() + ": a packed kiosk. It carries " +
                  (files > 0 ? "a frontend of " + std::to_string(files) + " files, " : "") +
                  "its own data and port " + std::to_string(options.server.port) + "." +
                  (others.empty() ? "" : " It serves with " + others + "."));
}

// Who may ask: names of this machine, and pages of other origins.
void AddAccessOptions(CLI::App& app, PolicyOptions& policy) {
  app.add_option("--cors-origin", policy.allowed_origins,
                 "One more allowed browser origin, repeatable; * for any")
      ->type_name("ORIGIN")
      ->allow_extra_args(false)
      ->check(CLI::Validator(CheckCorsOrigin, ""));
  app.add_option("--allow-host", policy.allowed_hosts, "One more accepted Host name, repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->check(CLI::Validator(CheckAllowedHost, ""));
  app.add_option("--control-origin", policy.control_origins,
                 "One more browser origin that may also use the control API, repeatable")
      ->type_name("ORIGIN")
      ->allow_extra_args(false)
      ->check(CLI::Validator(CheckControlOrigin, ""));
  AddChoice<ControlFrom>(
      app, "--control-from",
      "Who may use the control API: this machine, also devices with the key that is printed, or "
      "no client (default: local)",
      {{"local", ControlFrom::kLocal}, {"lan", ControlFrom::kLan}, {"none", ControlFrom::kNone}},
      policy.control_from);
}

// With `lan`, makes the key.
void TakeControlFrom(ServerOptions& server) {
  if (server.policy.control_from != ControlFrom::kLan) return;
  if (IsLoopbackAddress(server.host)) {
    throw CLI::ValidationError("--control-from",
                               "lan needs an address that other devices reach; add --host 0.0.0.0");
  }
  server.policy.control_key = NewControlKey();
}

void AddServeOptions(CLI::App& app, Options& options) {
  AddPortOption(app, options)
      ->description("TCP port; 0 picks a free one. Also from the environment: PORT");
  app.add_option("--host", options.server.host, "Address to bind (default: the loopback)")
      ->type_name("ADDR");
  AddDatabaseOption(app, options);
  app.add_flag("--memory", options.in_memory, "Keep nothing after exit");
  AddSeedOption(app, options);
  AddAccessOptions(app, options.server.policy);
  app.add_option_function<std::string>(
         "--order-gap",
         [&options](const std::string& text) { options.api.order_gap_ms = *ParseDuration(text); },
         "Least distance between two orders; 0 turns the rule off (default: 3h)")
      ->type_name("DURATION")
      ->check(CLI::Validator(CheckDuration, ""));
  AddChoice<ItemsForm>(app, "--order-items", "How order.data.items is written (default: ids)",
                       {{"ids", ItemsForm::kIds}, {"objects", ItemsForm::kObjects}},
                       options.api.items_form);
  app.add_option("--frontend", options.frontend_folder,
                 "Serve this frontend build in place of the built-in page")
      ->type_name("DIR")
      ->check(CLI::Validator(CheckNotEmpty, ""));
  app.add_option_function<std::string>(
         "--delay",
         [&options](const std::string& text) { options.api.delay_ms = *ParseRange(text); },
         "Every answer of the API waits A, or A to B, milliseconds")
      ->type_name("A[-B]")
      ->check(CLI::Validator(CheckRange, ""));
  LimitNumber(
      app.add_option_function<double>(
          "--fail", [&options](double percent) { options.api.failing_share = percent / 100; },
          "That share of API requests answers 503"),
      "PERCENT", 0.0, 100.0);
  app.add_option_function<std::string>(
         "--clock",
         [&options](const std::string& text) { options.clock = StartClock(*ParseTimestamp(text)); },
         "Start the server's clock at this time, such as 2022-11-01T09:00:00Z")
      ->type_name("TIME")
      ->check(CLI::Validator(CheckTime, ""));
  app.add_flag("--until-stdin-ends", options.until_stdin_ends, "Also stop when stdin is closed");
  app.add_flag("--open", options.open_browser, "Open the page in the default browser");
  app.add_flag("--quiet", options.quiet, "No access log");
  AddChoice<LogFormat>(app, "--log-format", "The access log's format (default: text)",
                       {{"text", LogFormat::kText}, {"json", LogFormat::kJson}},
                       options.server.log_format);
}

// The options that `pack` keeps for a demo: described and checked as those of `serve`.
void AddDemoOptions(CLI::App& packing, CLI::App& serve, Options& options) {
  for (const std::string name : kDemoOptions) {
    CLI::Option* served = FindDemoOption(serve, name);
    if (!served) continue;
    const auto keep = [&options, name, served](const std::string& value) {
      SetDefault(*served, value);
      options.packed_options[name] = value;
    };
    packing
        .add_option_function<std::string>("--" + name, keep,
                                          "The demo's: " + served->get_description())
        ->type_name(served->get_type_name());
  }
}

// Refuses an option of `serve` that was given to another command, which does not have it or would
// not see it.
void RefuseOptionsOfServe(const CLI::App& serve, int argc, char** argv) {
  const auto asked = serve.get_subcommands();
  if (asked.empty() || asked.front()->get_name() == "serve") return;
  const CLI::App& command = *asked.front();
  for (const std::string& argument : std::vector<std::string>(argv + 1, argv + argc)) {
    const std::string name = argument.substr(0, argument.find('='));
    const CLI::Option* option = name.starts_with("--") ? serve.get_option_no_throw(name) : nullptr;
    if (!option || name == "--help" || name == "--version") continue;
    if (!command.get_option_no_throw(name)) {
      std::string kept;
      for (const char* other : kDemoOptions) {
        if (FindDemoOption(serve, other)) kept.append(kept.empty() ? "--" : ", --").append(other);
      }
      throw CLI::ValidationError(
          name, "an option of serve, which " + command.get_name() + " does not take" +
                    (command.get_name() == "pack" ? "; a demo keeps " + kept : ""));
    }
    if (option->count() > 0 && FindDemoOption(serve, name.substr(2))) {
      throw CLI::ValidationError(name, "give it after " + command.get_name());
    }
  }
}

using Command = void (*)(const Options&);

// The words that may stand first; `command` becomes the one that does.
void AddCommands(CLI::App& app, Options& options, Command& command) {
  CLI::App* serve =
      app.add_subcommand("serve", "Serve until SIGINT, SIGTERM or SIGHUP (the default)");
  serve->fallthrough()->set_help_flag();  // its options are the program's
  CLI::App* reset = app.add_subcommand("reset", "Put the database back to its seed");
  AddDatabaseOption(*reset, options);
  AddSeedOption(*reset, options);
  reset->callback([&command] { command = Reset; });
  CLI::App* backup = app.add_subcommand("backup", "Copy the database, also while it is served");
  AddDatabaseOption(*backup, options);
  backup->add_option("FILE", options.target, "The copy")->type_name("")->required();
  backup->callback([&command] { command = BackUp; });
  CLI::App* restore = app.add_subcommand("restore", "Replace the database with a backup");
  AddDatabaseOption(*restore, options);
  restore->add_option("FILE", options.target, "The backup")->required();
  restore->callback([&command] { command = RestoreBackup; });

  CLI::App* exporting =
      app.add_subcommand("export", "Write the data as a seed (JSON), also while it is served");
  AddDatabaseOption(*exporting, options);
  exporting->add_option("FILE", options.target, "The new file (default: stdout)");
  exporting->callback([&command] { command = Export; });

  CLI::App* health = app.add_subcommand("health", "Exit 0 if a kiosk is healthy, otherwise 1");
  health
      ->add_option("URL", options.health_url,
                   "Default: http://localhost:$PORT, or the port of serve")
      ->type_name("")
      ->check(CLI::Validator(CheckHealthUrl, ""));
  health->callback([&command] { command = Health; });

  CLI::App* generate = app.add_subcommand("generate", "Fill the database with plausible data");
  AddDatabaseOption(*generate, options);
  AddSeedOption(*generate, options);
  LimitNumber(generate->add_option("--users", options.generate.users,
                                   "Users of the shop, with their orders"),
              "N", int64_t{0}, int64_t{10'000'000});
  LimitNumber(generate->add_option("--orders", options.generate.orders, "Orders of the desk"), "N",
              int64_t{0}, int64_t{5'000'000});  // until the year 7000 or so
  generate
      ->add_option("--random-seed", options.generate.random_seed, "The same seed, the same data")
      ->type_name("N");
  generate->callback([&command, &options] {
    if (options.generate.users + options.generate.orders == 0) {
      throw CLI::RequiredError("--users or --orders");
    }
    command = Generate;
  });
  CLI::App* packing =
      app.add_subcommand("pack", "Write an executable that carries a frontend, a seed or data");
  AddDatabaseOption(*packing, options);
  CLI::Option* seed = AddSeedOption(*packing, options);
  packing->add_option("-o,--output", options.target, "The new executable")
      ->type_name("FILE")
      ->check(CLI::Validator(CheckTarget, ""))
      ->required();
  packing->add_option("--frontend", options.frontend_folder, "The frontend build it serves")
      ->type_name("DIR")
      ->check(CLI::Validator(CheckNotEmpty, ""));
  packing->add_flag("--with-data", options.with_data, "It starts with the present database")
      ->excludes(seed);
  packing->add_option("--name", options.pack_name, "Its name, and that of its database")
      ->type_name("NAME")
      ->check(CLI::Validator(CheckName, ""));
  AddDemoOptions(*packing, app, options);
  packing->callback([&command] { command = WritePack; });
}

// For a server whose port the command line does not name: the environment's, if there is one.
void TakePortFromEnvironment(Options& options) {
  const char* text = std::getenv("PORT");
  if (!text || *text == '\0') return;
  const char* end = text + std::strlen(text);
  int port = 0;
  const auto [rest, error] = std::from_chars(text, end, port);
  if (error != std::errc() || rest != end || port < 0 || port > 65535) {
    throw CLI::ValidationError("PORT", std::string(text) +
                                           " is not a port from 0 to 65535; correct the "
                                           "environment's PORT, or give --port");
  }
  options.server.port = port;
}

// The port of a kiosk on this machine that was started in the same environment.
void TakeHealthPort(Options& options) {
  TakePortFromEnvironment(options);
  if (options.server.port == 0) {
    throw CLI::ValidationError("URL",
                               "port 0 is a free one that only the serving kiosk knows; give the "
                               "URL that it printed, such as http://localhost:4000");
  }
}

// Says what is wrong in one line, whatever the names in it hold.
int Fail(int exit_code, const std::string& what) {
  LogLine("kiosk: " + what);
  return exit_code;
}

int ParseAndRun(int argc, char** argv) {
  Options options;
  options.api.version = KIOSK_VERSION;
  CLI::App app("A benefits shop and an order desk in one file: a real backend to build against.",
               "kiosk");
  app.set_version_flag("--version", Version());
  app.require_subcommand(0, 1);
  const auto pack = Pack::OfThisExecutable();
  if (pack) Unpack(*pack, options);
  AddServeOptions(app, options);
  if (pack) UnpackOptions(*pack, app, options);

  Command command = Serve;
  AddCommands(app, options, command);

  try {
    try {
      app.parse(argc, argv);
    } catch (const CLI::ExtrasError&) {
      RefuseOptionsOfServe(app, argc, argv);
      throw;
    }
    RefuseOptionsOfServe(app, argc, argv);
    const bool serves = app.get_subcommands().empty() || app.got_subcommand("serve");
    if (serves && app.count("--port") == 0) TakePortFromEnvironment(options);
    if (app.got_subcommand("health") && options.health_url.empty()) TakeHealthPort(options);
    TakeControlFrom(options.server);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    std::string what = error.what();
    std::ranges::replace(what, '\n', ' ');
    const auto asked = app.get_subcommands();
    const bool serves = asked.empty() || app.got_subcommand("serve");
    return Fail(kExitUsage,
                what + "; see kiosk " + (serves ? "" : asked.front()->get_name() + " ") + "--help");
  }
  command(options);
  return 0;
}

int Run(int argc, char** argv) {
  try {
    return ParseAndRun(argc, argv);
  } catch (const std::exception& error) {
    return Fail(kExitFailure, error.what());
  }
}

}  // namespace
}  // namespace kiosk

int main(int argc, char** argv) {
  kiosk::OpenStandardDescriptors();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error like a full disk
  const int exit_code = kiosk::Run(argc, argv);
  kiosk::FlushOutput();
  return exit_code;
}
