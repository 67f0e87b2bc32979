// SPEC section 1, on the executable itself.

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <map>
#include <regex>
#include <thread>

#include "data/embedded.h"
#include "http/json.h"
#include "tests/harness.h"

using namespace kiosk;
using namespace kiosk::test;

namespace {

constexpr char kOrderTwo[] = R"({"order":{"items":["netflix","spotify"],"user_id":"johndoe"}})";
constexpr char kPaper[] = R"({"product":"Paper","quantity":5})";

// Everything below a folder, by name: what files hold, and what else there is.
std::map<std::string, std::string> Snapshot(const TemporaryFolder& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    files[entry.path().string()] = entry.is_regular_file() ? ReadFile(entry.path()) : "no file";
  }
  return files;
}

std::vector<std::string> Names(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

ChildOptions In(const TemporaryFolder& folder, void (*before_exec)() = nullptr) {
  return {folder.path(), {}, before_exec};
}

bool IsOneLine(const std::string& text) {
  return text.size() > 1 && text.find('\n') == text.size() - 1;
}

// A run that fails with one line on stderr and nothing on stdout.
void CheckRefused(const Finished& run, int exit_code, const std::string& reason) {
  CHECK(run.exit_code == exit_code);
  CHECK(run.out.empty());
  CHECK_MESSAGE(IsOneLine(run.err), run.err);
  CHECK_MESSAGE(run.err.starts_with("kiosk: "), run.err);
  CHECK_MESSAGE(run.err.find(reason) != std::string::npos, run.err);
}

// A start that is refused and leaves everything below its folder as it was, to the byte.
void CheckRefusedUntouched(const TemporaryFolder& folder, std::vector<std::string> arguments,
                           const std::string& reason, void (*before_exec)() = nullptr) {
  const auto before = Snapshot(folder);
  arguments.insert(arguments.end(), {"--port", "0"});
  CheckRefused(RunKiosk(arguments, In(folder, before_exec)), 1, reason);
  CHECK(Names(folder).size() == static_cast<size_t>(std::ranges::count_if(before, [&](auto& file) {
          return std::filesystem::path(file.first).parent_path() == folder.path();
        })));
  CHECK_MESSAGE(Snapshot(folder) == before, "something was changed");
}

// A port of a listener of ours that takes it in one family only.
class TakenPort {
 public:
  explicit TakenPort(const std::string& address) {
    const bool is_v6 = address.find(':') != std::string::npos;
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr);
    fd_ = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto* any = is_v6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
    socklen_t size = is_v6 ? sizeof v6 : sizeof v4;
    const bool taken = fd_ >= 0 && ::bind(fd_, any, size) == 0 && ::listen(fd_, 1) == 0 &&
                       ::getsockname(fd_, any, &size) == 0;
    if (taken) port_ = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
  }
  ~TakenPort() { ::close(fd_); }
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;
  [[nodiscard]] int port() const { return port_; }  // 0: this machine does not have the address

 private:
  int fd_ = -1;
  int port_ = 0;
};

// A database as kiosk leaves it.
void MakeDatabase(const TemporaryFolder& folder) {
  Kiosk kiosk({"--db", folder.File("kiosk.db")});
  REQUIRE(Ask(kiosk.port(), "POST", "/api/orders", kOrderTwo).status == 200);
  REQUIRE(kiosk.Stop().exit_code == 0);
}

std::string Balance(int port) { return Ask(port, "GET", "/api/users/johndoe").body; }
constexpr char kBalanceAfterTwo[] =
    R"({"user":{"user_id":"johndoe","data":{"balance":384.01,"product_ids":["netflix","spotify"]}}})";

void ExecuteOn(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  CHECK(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

// QueryFile on a copy: reading a database at rest would leave an empty log beside it.
std::string QueryCopy(const std::string& path, const std::string& sql) {
  const TemporaryFolder folder;
  std::filesystem::copy_file(path, folder.File("copy.db"));
  return QueryFile(folder.File("copy.db"), sql);
}

// Without the rights by which root reads and writes what its permissions forbid.
void DropRights() {
  ::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0);
  ::prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0);
}

// An alarm ends it.
void EndSoon() {
  const itimerval soon{{0, 0}, {0, 500'000}};
  ::setitimer(ITIMER_REAL, &soon, nullptr);
}

// As on a full disk: a file can grow to so many bytes and no further.
template <rlim_t kBytes>
void LimitFiles() {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{kBytes, kBytes};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

}  // namespace

TEST_CASE("kiosk serves with or without its name: one line on stdout, the rest is in the log") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"serve"},
                                                    {"serve", "--db", "kiosk.db"},
                                                    {"--quiet", "serve"}}) {
    const TemporaryFolder folder;
    Kiosk kiosk(arguments, In(folder));
    CHECK(Ask(kiosk.port(), "GET", "/healthz").body == R"({"status":"ok"})");
    const auto [exit_code, out, err] = kiosk.Stop();
    CHECK(exit_code == 0);
    CHECK(out == "kiosk listening on http://localhost:" + std::to_string(kiosk.port()) + "\n");
    const bool quiet = std::ranges::find(arguments, "--quiet") != arguments.end();
    CHECK(err.empty() == quiet);
    CHECK(Names(folder) == std::vector<std::string>{"kiosk.db"});
  }
}

TEST_CASE("the port is the one that was asked for, in the environment or, before it, in the line") {
  const std::string port = FreePort();
  const std::string other = FreePort();
  const auto port_of = [](const std::vector<std::string>& arguments,
                          const std::map<std::string, std::string>& environment) {
    // Kiosk adds --port 0 unless there is one, so the run is ended by an alarm.
    std::vector<std::string> all = arguments;
    all.emplace_back("--memory");
    const Finished run = RunKiosk(all, {"", environment, EndSoon});
    CHECK(run.exit_code == 128 + SIGALRM);
    return run.out;
  };
  const auto line = [](const std::string& number) {
    return "kiosk listening on http://localhost:" + number + "\n";
  };
  CHECK(port_of({}, {{"PORT", port}}) == line(port));
  CHECK(port_of({"--port", other}, {{"PORT", port}}) == line(other));
  CHECK(port_of({"serve", "--port=" + other}, {}) == line(other));
  const Kiosk free({"--memory", "--port", "0"});
  CHECK(free.port() > 0);
  CHECK(RunKiosk({"--help"}).out.find("4000") != std::string::npos);
}

TEST_CASE("both loopback families answer unless one address was asked for") {
  {
    const Kiosk kiosk({"--memory"});
    CHECK(Connection(kiosk.port(), "127.0.0.1").connected());
    CHECK(Connection(kiosk.port(), "::1").connected() == (TakenPort("::1").port() != 0));
  }
  {
    Kiosk kiosk({"--memory", "--host", "127.0.0.2"});
    CHECK(Connection(kiosk.port(), "127.0.0.2").Ask("GET", "/healthz")->status == 200);
    CHECK(!Connection(kiosk.port(), "127.0.0.1").connected());
    CHECK(kiosk.Stop().out ==
          "kiosk listening on http://127.0.0.2:" + std::to_string(kiosk.port()) + "\n");
  }
  const Kiosk kiosk({"--memory", "--host", "0.0.0.0"});
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
  CheckRefused(RunKiosk({"--memory", "--port", "0", "--host", "not an address"}), 1,
               "not an address");
  CheckRefused(RunKiosk({"--memory", "--port", "0", "--host", "192.0.2.1"}), 1, "--host");
}

TEST_CASE("a port that is taken, by whomever and in whichever family, is refused") {
  const TemporaryFolder folder;
  const Kiosk first({"--memory"});
  const std::string kiosk_port = std::to_string(first.port());
  const TakenPort v4("127.0.0.1");
  const TakenPort v6("::1");
  for (const std::string& port :
       {kiosk_port, std::to_string(v4.port()), std::to_string(v6.port())}) {
    if (port == "0") continue;  // a machine without IPv6 cannot have the port taken there
    CAPTURE(port);
    CheckRefused(RunKiosk({"--port", port}, In(folder)), 1,
                 "port " + port +
                     " is in use, perhaps by another kiosk; stop that one, or choose another port "
                     "with --port (0 picks a free one)");
    CHECK(Names(folder).empty());  // nothing was made before that was known
  }
  CHECK(Ask(first.port(), "GET", "/healthz").status == 200);
}

TEST_CASE("--db names the file, and what it holds outlives the kiosk") {
  const TemporaryFolder folder;
  const std::string path = folder.File("my shop.db");
  {
    Kiosk kiosk({"--db", path});
    CHECK(Ask(kiosk.port(), "POST", "/api/orders", kOrderTwo).status == 200);
    CHECK(Ask(kiosk.port(), "POST", "/orders", kPaper).status == 201);
    CHECK(kiosk.Stop().exit_code == 0);
  }
  CHECK(Names(folder) == std::vector<std::string>{"my shop.db"});
  const Kiosk kiosk({"--db", path});
  CHECK(Balance(kiosk.port()) == kBalanceAfterTwo);
  CHECK(Ask(kiosk.port(), "GET", "/orders/226").status == 200);
}

TEST_CASE("what was acknowledged is there after SIGKILL") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  for (int round = 0; round < 5; ++round) {
    Kiosk kiosk({"--db", path, "--quiet"});
    const std::string id = std::to_string(226 + round);
    if (round > 0) {
      CHECK(Ask(kiosk.port(), "GET", "/orders/" + std::to_string(225 + round)).status == 200);
      CHECK(Balance(kiosk.port()) == kBalanceAfterTwo);
    } else {
      CHECK(Ask(kiosk.port(), "POST", "/api/orders", kOrderTwo).status == 200);
    }
    const Answer answer = Ask(kiosk.port(), "POST", "/orders", kPaper);
    CHECK(answer.status == 201);
    CHECK(answer.Header("location") == "/orders/" + id);
    kiosk.Kill();
  }
  CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
  CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") == "8");
}

TEST_CASE("SIGINT and SIGTERM end it with 0, and the log is in the database file") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const TemporaryFolder folder;
    Kiosk kiosk({"--quiet"}, In(folder));
    CHECK(Ask(kiosk.port(), "POST", "/api/orders", kOrderTwo).status == 200);
    CHECK(std::filesystem::exists(folder.File("kiosk.db-wal")));
    kiosk.Signal(signal);
    CHECK(kiosk.WaitForExit(std::chrono::seconds(5)) == 0);
    CHECK(Names(folder) == std::vector<std::string>{"kiosk.db"});
    CHECK(QueryCopy(folder.File("kiosk.db"), "SELECT balance FROM users") == "38401");
  }
}

TEST_CASE("--memory keeps nothing and leaves no file, however it ends") {
  for (const int signal : {SIGTERM, SIGKILL}) {
    const TemporaryFolder folder;
    {
      Kiosk kiosk({"--memory"}, {folder.path(), {{"TMPDIR", folder.path()}}});
      CHECK(Ask(kiosk.port(), "POST", "/api/orders", kOrderTwo).status == 200);
      CHECK(Balance(kiosk.port()) == kBalanceAfterTwo);
      CHECK(Ask(kiosk.port(), "GET", "/_kiosk/backup").status == 200);
      CHECK(Names(folder).empty());
      kiosk.Signal(signal);
      CHECK(kiosk.WaitForExit(std::chrono::seconds(5)) == (signal == SIGTERM ? 0 : 128 + SIGKILL));
    }
    CHECK(Names(folder).empty());
  }
  // A database that is there is not looked at.
  const TemporaryFolder folder;
  MakeDatabase(folder);
  const auto before = Snapshot(folder);
  {
    Kiosk kiosk({"--memory"}, In(folder));
    CHECK(Balance(kiosk.port()) ==
          R"({"user":{"user_id":"johndoe","data":{"balance":500,"product_ids":[]}}})");
    kiosk.Stop();
  }
  CHECK(Snapshot(folder) == before);
}

TEST_CASE("--seed is what a new database holds") {
  const TemporaryFolder folder;
  WriteFile(folder.File("seed.json"),
            R"({"starting_balance":12.5,"products":[{"id":"p","name":"P","price":0.5}]})");
  {
    Kiosk kiosk({"--seed", "seed.json"}, In(folder));
    CHECK(Ask(kiosk.port(), "GET", "/api/products").body ==
          R"({"products":[{"id":"p","name":"P","price":0.5}]})");
    CHECK(Ask(kiosk.port(), "GET", "/orders").body == "[]");
    CHECK(Balance(kiosk.port()) ==
          R"({"user":{"user_id":"johndoe","data":{"balance":12.5,"product_ids":[]}}})");
    CHECK(kiosk.Stop().exit_code == 0);
  }
  WriteFile(folder.File("other.json"), R"({"starting_balance":1})");
  const Kiosk kiosk({"--seed", "other.json"}, In(folder));
  CHECK(Ask(kiosk.port(), "GET", "/api/products").body ==
        R"({"products":[{"id":"p","name":"P","price":0.5}]})");
}

TEST_CASE("a bad seed is refused with its file, the place in it and the reason") {
  struct Row {
    std::string text;
    std::string reason;
  };
  const Row rows[] = {
      {"", "bad seed seed.json: not valid JSON at byte 0: "},
      {R"({"starting_balance":1,})", "bad seed seed.json: not valid JSON at byte 22: "},
      {"[]", "bad seed seed.json: The body must be an object."},
      {R"({"starting_balance":-1})",
       "bad seed seed.json: `starting_balance` must not be negative."},
      {R"({"starting_balance":1,"products":[{"id":"p","name":"P","price":1.005}]})",
       "bad seed seed.json: `products[0].price` must be a number with at most "
       "two decimals"},
      {R"({"starting_balance":1,"orders":[{"id":"1","totalfee":1,"services":[9]}]})",
       "bad seed seed.json: `orders[0].services` names a service that is not in the seed."},
      {"{\"starting_balance\":1,\"line\\nbreak\":1}", "bad seed seed.json: Unknown field: `line"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const TemporaryFolder folder;
    WriteFile(folder.File("seed.json"), row.text);
    CheckRefusedUntouched(folder, {"--seed", "seed.json"}, row.reason);
    CheckRefusedUntouched(folder, {"--seed", "seed.json", "--memory"}, row.reason);
  }
  const TemporaryFolder folder;
  CheckRefusedUntouched(folder, {"--seed", "missing.json"}, "cannot read the seed missing.json");
  CheckRefusedUntouched(folder, {"--seed", folder.path()}, "cannot read the seed " + folder.path());
}

TEST_CASE("--order-gap is the least distance between two orders") {
  const auto order = [](const std::string& time) {
    return R"({"product":"P","quantity":1,"datetime":"2030-01-01T)" + time + "Z\"}";
  };
  struct Row {
    std::string gap;
    std::string refused;
    std::string next;  // none: nothing is refused
    std::string accepted;
  };
  const Row rows[] = {
      {"", "14:59:59.999", "2030-01-01T15:00:00.000Z", "15:00:00"},
      {"90m", "13:29:59", "2030-01-01T13:30:00.000Z", "13:30:00"},
      {"1h30m", "13:29:59", "2030-01-01T13:30:00.000Z", "13:30:00"},
      {"250ms", "12:00:00.249", "2030-01-01T12:00:00.250Z", "12:00:00.250"},
      {"0", "", "", "12:00:00"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.gap);
    std::vector<std::string> arguments = {"--memory", "--quiet"};
    if (!row.gap.empty()) arguments.insert(arguments.end(), {"--order-gap", row.gap});
    const Kiosk kiosk(arguments);
    CHECK(Ask(kiosk.port(), "POST", "/orders", order("12:00:00")).status == 201);
    if (!row.next.empty()) {
      const Answer refused = Ask(kiosk.port(), "POST", "/orders", order(row.refused));
      CHECK(refused.status == 409);
      CHECK(refused.body.find(R"("conflicts_with":"226","next_available":")" + row.next + '"') !=
            std::string::npos);
    }
    CHECK(Ask(kiosk.port(), "POST", "/orders", order(row.accepted)).status == 201);
  }
}

TEST_CASE("--order-items writes an order's items as ids or as objects") {
  struct Row {
    std::vector<std::string> arguments;
    std::string items;
  };
  const std::string ids = R"(["netflix","spotify"])";
  const std::string objects = R"([{"id":"netflix","name":"Netflix","price":75.99},)"
                              R"({"id":"spotify","name":"Spotify","price":40}])";
  const Row rows[] = {
      {{}, ids}, {{"--order-items", "ids"}, ids}, {{"--order-items", "objects"}, objects}};
  for (const Row& row : rows) {
    std::vector<std::string> arguments = row.arguments;
    arguments.insert(arguments.end(), {"--memory", "--quiet"});
    const Kiosk kiosk(arguments);
    CHECK(Ask(kiosk.port(), "POST", "/api/orders", kOrderTwo).body ==
          R"({"order":{"order_id":"1","data":{"items":)" + row.items + R"(,"total":115.99}}})");
    CHECK(Ask(kiosk.port(), "GET", "/api/orders/1").body.find(R"("items":)" + row.items) !=
          std::string::npos);
  }
}

TEST_CASE("the access log has one line a request, as text, as JSON, or not at all") {
  const auto log_of = [](const std::vector<std::string>& arguments) {
    Kiosk kiosk(arguments);
    CHECK(Ask(kiosk.port(), "GET", "/api/products").status == 200);
    CHECK(Ask(kiosk.port(), "POST", "/api/orders?a=\"b", kOrderTwo).status == 200);
    CHECK(Ask(kiosk.port(), "GET", "/nothing%0A\"here\"").status == 404);
    return kiosk.Stop().err;
  };
  const auto lines_of = [](const std::string& log) {
    std::vector<std::string> lines;
    for (size_t begin = 0; begin < log.size();) {
      const size_t end = log.find('\n', begin);
      lines.push_back(log.substr(begin, end - begin));
      begin = end + 1;
    }
    return lines;
  };
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--memory"}, {"--memory", "--log-format", "text"}}) {
    const auto lines = lines_of(log_of(arguments));
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].find(" 127.0.0.1 GET /api/products 200 ") != std::string::npos);
    CHECK(lines[1].find(" 127.0.0.1 POST /api/orders?a=\"b 200 ") != std::string::npos);
    CHECK(lines[2].find(" 127.0.0.1 GET /nothing%0A\"here\" 404 ") != std::string::npos);
  }
  const auto lines = lines_of(log_of({"--memory", "--log-format", "json"}));
  REQUIRE(lines.size() == 3);
  const std::array<std::array<std::string, 3>, 3> expected = {
      {{"GET", "/api/products", "200"},
       {"POST", "/api/orders?a=\"b", "200"},
       {"GET", "/nothing%0A\"here\"", "404"}}};
  for (size_t i = 0; i < 3; ++i) {
    const auto parsed = ParseJson(lines[i]);
    REQUIRE_MESSAGE(std::holds_alternative<Json>(parsed), lines[i]);
    const auto& line = std::get<Json>(parsed);
    for (const char* name : {"time", "remote", "method", "target"}) {
      REQUIRE((line.Find(name) && line.Find(name)->As<std::string>()));
    }
    for (const char* name : {"status", "bytes", "ms"}) {
      REQUIRE((line.Find(name) && line.Find(name)->As<Json::Number>()));
    }
    CHECK(*line.Find("remote")->As<std::string>() == "127.0.0.1");
    CHECK(*line.Find("method")->As<std::string>() == expected[i][0]);
    CHECK(*line.Find("target")->As<std::string>() == expected[i][1]);
    CHECK(line.Find("status")->As<Json::Number>()->digits == expected[i][2]);
  }
  CHECK(log_of({"--memory", "--quiet"}).empty());
}

TEST_CASE("--version names the program, its commit and its libraries") {
  const Finished run = RunKiosk({"--version"});
  CHECK(run.exit_code == 0);
  CHECK(run.err.empty());
  CHECK(std::regex_match(run.out.substr(0, run.out.find('\n')),
                         std::regex(R"(kiosk \d+\.\d+\.\d+ \([^ )]+\))")));
  for (const std::string library : {"SQLite 3.", "cpp-httplib 0.", "RapidJSON 1.", "CLI11 "}) {
    CAPTURE(library);
    CHECK(run.out.find(library) != std::string::npos);
  }
}

TEST_CASE("--help names every command and option") {
  const Finished run = RunKiosk({"--help"});
  CHECK(run.exit_code == 0);
  CHECK(run.err.empty());
  for (const std::string name :
       {"serve",         "reset",         "backup",       "health",      "--port",
        "PORT",          "--host",        "--db",         "kiosk.db",    "--memory",
        "--seed",        "--cors-origin", "--allow-host", "--order-gap", "3h",
        "--order-items", "--quiet",       "--log-format", "--version",   "--help"}) {
    CAPTURE(name);
    CHECK(run.out.find(name) != std::string::npos);
  }
  for (const std::string command : {"serve", "reset", "backup"}) {
    const Finished help = RunKiosk({command, "--help"});
    CHECK(help.exit_code == 0);
    CHECK(!help.out.empty());
    CHECK(help.err.empty());
  }
}

TEST_CASE("what the command line does not know is refused with 2 and one line") {
  struct Row {
    std::vector<std::string> arguments;
    std::string reason;
  };
  const Row rows[] = {
      {{"--nonsense"}, "--nonsense"},
      {{"serve", "--nonsense"}, "--nonsense"},
      {{"-x"}, "-x"},
      {{"nonsense"}, "nonsense"},
      {{"serve", "nonsense"}, "nonsense"},
      {{"reset", "nonsense"}, "nonsense"},
      {{"reset", "--port", "1"}, "--port"},
      {{"serve", "reset"}, "reset"},
      {{"backup"}, "FILE"},
      {{"backup", "a", "b"}, "b"},
      {{"--port"}, "--port"},
      {{"--port", "http"}, "--port"},
      {{"--port", "-1"}, "--port"},
      {{"--port", "65536"}, "--port"},
      {{"--port", "4000.5"}, "--port"},
      {{"--order-gap", "3"}, "3 is not a duration such as 3h, 90m or 0"},
      {{"--order-gap", "-3h"}, "-3h is not a duration"},
      {{"--order-gap", ""}, "is not a duration"},
      {{"--order-items", "names"}, "--order-items"},
      {{"--log-format", "xml"}, "--log-format"},
      {{"--quiet=maybe"}, "--quiet"},
      {{"--nonsense\nwith a line break"}, "--nonsense"},
  };
  for (const Row& row : rows) {
    const std::string last = row.arguments.back();
    CAPTURE(last);
    const TemporaryFolder folder;
    CheckRefused(RunKiosk(row.arguments, In(folder)), 2, row.reason);
    CHECK(Names(folder).empty());
  }
}

TEST_CASE("a PORT in the environment that is none is named, where a port is wanted") {
  const TemporaryFolder folder;
  for (const std::string wrong : {"http", "-1", "65536", "4000.5", "80 ", "0x50"}) {
    CAPTURE(wrong);
    const ChildOptions options{folder.path(), {{"PORT", wrong}}};
    const Finished run = RunKiosk({"--memory"}, options);
    CheckRefused(run, 2, wrong);
    CHECK(run.err == "kiosk: PORT: " + wrong +
                         " is not a port from 0 to 65535; correct the environment's PORT, or give "
                         "--port; see kiosk --help\n");
    CHECK(RunKiosk({"serve"}, options).err == run.err);
    CHECK(Names(folder).empty());
    CHECK(Kiosk({"--memory", "--port", "0"}, options).port() > 0);
  }
  // Other commands take no port from there, a pack least of all.
  const ChildOptions options{folder.path(), {{"PORT", "http"}}};
  CHECK(RunKiosk({"reset"}, options).exit_code == 0);
  CHECK(RunKiosk({"backup", "copy.db"}, options).exit_code == 0);
  CHECK(RunKiosk({"pack", "-o", "demo"}, {folder.path(), {{"PORT", "1234"}}}).exit_code == 0);
  const Finished help = RunKiosk({"--help"}, {.executable = folder.File("demo")});
  CHECK(help.out.starts_with("demo: a packed kiosk. It carries its own data and port 4000.\n"));
}

TEST_CASE("a port from the environment is taken before the one that was packed") {
  const TemporaryFolder folder;
  REQUIRE(RunKiosk({"pack", "-o", "demo", "--port", FreePort()}, In(folder)).exit_code == 0);
  const std::string port = FreePort();
  const Finished run =
      RunKiosk({"--memory"}, {folder.path(), {{"PORT", port}}, EndSoon, folder.File("demo")});
  CHECK(run.out == "kiosk listening on http://localhost:" + port + "\n");
}

TEST_CASE("a file that is no database of ours is refused and left as it is") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const std::string where = "cannot use the database kiosk.db: ";
  SUBCASE("of another application") {
    ExecuteOn(path, "PRAGMA application_id = 7; CREATE TABLE a (b); INSERT INTO a VALUES (1)");
    CheckRefusedUntouched(folder, {}, where + "it belongs to another application; choose another");
  }
  SUBCASE("of no application") {
    ExecuteOn(path, "PRAGMA journal_mode = WAL; CREATE TABLE a (b)");
    CheckRefusedUntouched(folder, {}, where + "it belongs to another application; choose another");
  }
  SUBCASE("of a newer schema") {
    MakeDatabase(folder);
    ExecuteOn(path, "PRAGMA user_version = 999");
    CheckRefusedUntouched(folder, {}, where + "it was made by a newer kiosk (schema 999");
  }
  SUBCASE("of an older schema") {
    MakeDatabase(folder);
    ExecuteOn(path, "PRAGMA user_version = 0");
    CheckRefusedUntouched(folder, {}, where + "it was made by an older kiosk (schema 0, this one");
  }
  SUBCASE("without a table") {
    MakeDatabase(folder);
    ExecuteOn(path, "DROP TABLE seed");
    CheckRefusedUntouched(folder, {}, where + "no such table: seed");
  }
  SUBCASE("a text file") {
    WriteFile(path, "Dear diary,\n");
    CheckRefusedUntouched(folder, {}, where + "it is not an SQLite database; choose another file");
  }
  SUBCASE("a long text file") {
    WriteFile(path, std::string(100'000, 'x'));
    CheckRefusedUntouched(folder, {}, where + "it is not an SQLite database; choose another file");
  }
  SUBCASE("a folder") {
    std::filesystem::create_directory(path);
    CheckRefusedUntouched(folder, {}, where + "it is not a plain file; choose another one");
  }
  SUBCASE("in a folder that is not there") {
    CheckRefusedUntouched(folder, {"--db", "no/kiosk.db"},
                          "cannot use the database no/kiosk.db: No such file or directory");
  }
  SUBCASE("below a file") {
    WriteFile(path, "Dear diary,\n");
    CheckRefusedUntouched(folder, {"--db", "kiosk.db/kiosk.db"},
                          "cannot use the database kiosk.db/kiosk.db: Not a directory");
  }
  SUBCASE("a pipe") {
    REQUIRE(::mkfifo(path.c_str(), 0666) == 0);
    CheckRefusedUntouched(folder, {}, where + "it is not a plain file; choose another one");
    CHECK(std::filesystem::is_fifo(path));
  }
  SUBCASE("a link to a pipe") {
    REQUIRE(::mkfifo(folder.File("pipe").c_str(), 0666) == 0);
    std::filesystem::create_symlink("pipe", path);
    CheckRefusedUntouched(folder, {},
                          "cannot use the database pipe: it is not a plain file; choose another");
    CHECK(std::filesystem::is_symlink(path));
  }
}

TEST_CASE("reset and backup refuse what is no database of ours just so") {
  const TemporaryFolder folder;
  WriteFile(folder.File("kiosk.db"), "Dear diary,\n");
  REQUIRE(::mkfifo(folder.File("pipe").c_str(), 0666) == 0);
  const auto before = Snapshot(folder);
  const std::string reason = "cannot use the database kiosk.db: it is not an SQLite database";
  CheckRefused(RunKiosk({"reset"}, In(folder)), 1, reason);
  CheckRefused(RunKiosk({"backup", "copy.db"}, In(folder)), 1, reason);
  const std::string no_file = "cannot use the database pipe: it is not a plain file";
  CheckRefused(RunKiosk({"reset", "--db", "pipe"}, In(folder)), 1, no_file);
  CheckRefused(RunKiosk({"backup", "--db", "pipe", "copy.db"}, In(folder)), 1, no_file);
  CheckRefused(
      RunKiosk({"pack", "-o", "pipe"}, In(folder)), 1,
      "cannot write pipe: it is not a plain file, and only an earlier demo of the same name is "
      "replaced; choose another name with -o");
  CHECK(Snapshot(folder) == before);
}

TEST_CASE("an empty file becomes a database") {
  const TemporaryFolder folder;
  WriteFile(folder.File("kiosk.db"), "");
  Kiosk kiosk({}, In(folder));
  CHECK(Ask(kiosk.port(), "GET", "/orders/223").status == 200);
  CHECK(kiosk.Stop().exit_code == 0);
  CHECK(Names(folder) == std::vector<std::string>{"kiosk.db"});
}

TEST_CASE("a link to a file that is not there makes that file, and stays a link") {
  namespace fs = std::filesystem;
  const TemporaryFolder folder;
  fs::create_directory(folder.File("data"));
  fs::create_symlink("data/next.db", folder.File("kiosk.db"));
  fs::create_symlink("shop.db", folder.File("data/next.db"));
  {
    Kiosk kiosk({"--quiet"}, In(folder));
    CHECK(Ask(kiosk.port(), "POST", "/api/orders", kOrderTwo).status == 200);
    CHECK(fs::exists(folder.File("data/shop.db-wal")));
    CHECK(kiosk.Stop().exit_code == 0);
  }
  CHECK(fs::is_symlink(folder.File("kiosk.db")));
  CHECK(fs::is_symlink(folder.File("data/next.db")));
  CHECK(Names(folder) == std::vector<std::string>{"data", "kiosk.db"});
  CHECK(QueryCopy(folder.File("data/shop.db"), "SELECT balance FROM users") == "38401");

  // So does a link to an empty file, and the copy that a backup makes.
  WriteFile(folder.File("empty.db"), "");
  fs::create_symlink("empty.db", folder.File("link.db"));
  CHECK(RunKiosk({"reset", "--db", "link.db"}, In(folder)).exit_code == 0);
  CHECK(fs::is_symlink(folder.File("link.db")));
  CHECK(QueryCopy(folder.File("empty.db"), "SELECT count(*) FROM desk_orders") == "3");
  fs::create_symlink("data/copy.db", folder.File("copy.db"));
  CHECK(RunKiosk({"backup", "copy.db"}, In(folder)).exit_code == 0);
  CHECK(fs::is_symlink(folder.File("copy.db")));
  CHECK(QueryCopy(folder.File("data/copy.db"), "SELECT balance FROM users") == "38401");
}

TEST_CASE("a link that leads nowhere is refused and left as it is") {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("no folder/kiosk.db", folder.File("kiosk.db"));
  CheckRefused(RunKiosk({"--port", "0"}, In(folder)), 1,
               "cannot use the database no folder/kiosk.db: No such file or directory; choose "
               "another place with --db, or use --memory");
  std::filesystem::create_symlink("loop.db", folder.File("loop.db"));
  CheckRefused(RunKiosk({"--port", "0", "--db", "loop.db"}, In(folder)), 1,
               "cannot use the database loop.db: Too many levels of symbolic links; choose another "
               "file with --db");
  CHECK(std::filesystem::is_symlink(folder.File("kiosk.db")));
  CHECK(std::filesystem::is_symlink(folder.File("loop.db")));
  CHECK(Names(folder).size() == 2);
}

TEST_CASE("a file or a folder that may not be written is refused and left as it is") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  SUBCASE("a file that may only be read") {
    MakeDatabase(folder);
    ::chmod(path.c_str(), 0444);
    CheckRefusedUntouched(folder, {}, "it is read-only; make it writable, or choose another file",
                          DropRights);
  }
  SUBCASE("a file that may not even be read") {
    MakeDatabase(folder);
    ::chmod(path.c_str(), 0);
    CheckRefusedUntouched(folder, {}, "kiosk.db: Permission denied", DropRights);
    ::chmod(path.c_str(), 0644);
  }
  SUBCASE("a file in a folder that may only be read") {
    MakeDatabase(folder);
    ::chmod(folder.path().c_str(), 0555);
    CheckRefusedUntouched(folder, {}, "cannot use the database kiosk.db: ", DropRights);
  }
  SUBCASE("a new file in a folder that may only be read") {
    ::chmod(folder.path().c_str(), 0555);
    CheckRefusedUntouched(folder, {}, "kiosk.db: Permission denied; choose another place with --db",
                          DropRights);
  }
  ::chmod(folder.path().c_str(), 0755);
}

TEST_CASE("on a full disk no database is begun, and one that is there is left as it is") {
  const TemporaryFolder folder;
  SUBCASE("a new one") {
    CheckRefusedUntouched(folder, {}, "cannot use the database kiosk.db: ", LimitFiles<16 * 1024>);
  }
  SUBCASE("a new one, nearly") {
    CheckRefusedUntouched(folder, {}, "cannot use the database kiosk.db: ", LimitFiles<48 * 1024>);
  }
  SUBCASE("an empty one") {
    WriteFile(folder.File("kiosk.db"), "");
    CheckRefusedUntouched(folder, {}, "cannot use the database kiosk.db: ", LimitFiles<16 * 1024>);
  }
  SUBCASE("one that is there") {
    MakeDatabase(folder);
    CheckRefusedUntouched(folder, {}, "cannot use the database kiosk.db: ", LimitFiles<4 * 1024>);
    const Kiosk kiosk({"--db", folder.File("kiosk.db")});
    CHECK(Balance(kiosk.port()) == kBalanceAfterTwo);
  }
  SUBCASE("a copy") {
    MakeDatabase(folder);
    const auto before = Snapshot(folder);
    CheckRefused(RunKiosk({"backup", "copy.db"}, In(folder, LimitFiles<40 * 1024>)), 1,
                 "cannot use the database copy.db: ");
    CHECK(Snapshot(folder) == before);
  }
}

TEST_CASE("a damaged database is refused and left as it is") {
  const TemporaryFolder folder;
  MakeDatabase(folder);
  const std::string path = folder.File("kiosk.db");
  const std::string good = ReadFile(path);
  const std::string reason = "cannot use the database kiosk.db: it is damaged or not a database";
  REQUIRE(good.size() > 3 * 4096);
  SUBCASE("garbage behind the first page") {
    WriteFile(path, good.substr(0, 4096) + std::string(good.size() - 4096, 'x'));
    CheckRefusedUntouched(folder, {}, reason);
  }
  SUBCASE("garbage behind the header") {
    WriteFile(path, good.substr(0, 100) + std::string(good.size() - 100, 'x'));
    CheckRefusedUntouched(folder, {}, reason);
  }
  SUBCASE("cut off behind the first page") {
    WriteFile(path, good.substr(0, 4096));
    CheckRefusedUntouched(folder, {}, reason);
  }
  SUBCASE("cut off within a page") {
    WriteFile(path, good.substr(0, 5000));
    CheckRefusedUntouched(folder, {}, reason);
  }
  SUBCASE("cut off within the header") {
    WriteFile(path, good.substr(0, 60));
    CheckRefusedUntouched(folder, {}, "kiosk.db: it is not an SQLite database");
  }
}

TEST_CASE("a second kiosk on the same database is refused, on whichever port") {
  const TemporaryFolder folder;
  Kiosk first({"--quiet"}, In(folder));
  CHECK(Ask(first.port(), "POST", "/api/orders", kOrderTwo).status == 200);
  const std::string reason = "cannot use the database kiosk.db: another kiosk is using it; stop";
  CheckRefused(RunKiosk({"--port", "0"}, In(folder)), 1, reason);
  CheckRefused(RunKiosk({"reset"}, In(folder)), 1, reason);
  // Under another name, too.
  std::filesystem::create_symlink(folder.File("kiosk.db"), folder.File("link.db"));
  CheckRefused(
      RunKiosk({"--port", "0", "--db", "link.db"}, In(folder)), 1,
      "cannot use the database " + folder.File("kiosk.db") + ": another kiosk is using it");
  CHECK(Balance(first.port()) == kBalanceAfterTwo);
  CHECK(first.Stop().exit_code == 0);
  const Kiosk second({"--quiet"}, In(folder));
  CHECK(Balance(second.port()) == kBalanceAfterTwo);
}

TEST_CASE("of kiosks that start at the same time on one new database, exactly one serves") {
  for (int round = 0; round < 8; ++round) {
    const TemporaryFolder folder;
    if (round % 2 == 1) WriteFile(folder.File("kiosk.db"), "");
    std::array<Finished, 4> runs;
    std::vector<std::thread> threads;
    for (Finished& run : runs) {
      threads.emplace_back([&folder, &run] {
        run = RunKiosk({"--port", "0"}, {folder.path(), {}, [] {
                                           const itimerval soon{{0, 0}, {kSlowdown, 0}};
                                           ::setitimer(ITIMER_REAL, &soon, nullptr);
                                         }});
      });
    }
    for (std::thread& thread : threads) thread.join();
    int serving = 0;
    for (const Finished& run : runs) {
      if (run.exit_code == 128 + SIGALRM) {
        ++serving;
        CHECK(run.out.starts_with("kiosk listening on "));
      } else {
        CheckRefused(run, 1, "another kiosk is using it");
      }
    }
    CHECK(serving == 1);
    CHECK(QueryCopy(folder.File("kiosk.db"), "PRAGMA integrity_check") == "ok");
    Kiosk kiosk({"--quiet"}, In(folder));
    CHECK(Ask(kiosk.port(), "GET", "/orders/225").status == 200);
    CHECK(kiosk.Stop().exit_code == 0);
    CHECK(Names(folder) == std::vector<std::string>{"kiosk.db"});
  }
}

TEST_CASE("reset puts the database back to its own seed, or to the one that is given") {
  const TemporaryFolder folder;
  WriteFile(folder.File("own.json"),
            R"({"starting_balance":200,"products":[{"id":"netflix","name":"N","price":1},)"
            R"({"id":"spotify","name":"S","price":2}]})");
  WriteFile(folder.File("other.json"), R"({"starting_balance":7})");
  const auto products_and_balance = [&folder] {
    Kiosk kiosk({"--quiet"}, In(folder));
    const std::string answers =
        Ask(kiosk.port(), "GET", "/api/products").body + " " + Balance(kiosk.port());
    CHECK(kiosk.Stop().exit_code == 0);
    return answers;
  };
  const std::string own =
      R"({"products":[{"id":"netflix","name":"N","price":1},{"id":"spotify","name":"S","price":2}]} )";
  {
    Kiosk kiosk({"--seed", "own.json"}, In(folder));
    CHECK(Ask(kiosk.port(), "POST", "/api/orders", kOrderTwo).status == 200);
    CHECK(kiosk.Stop().exit_code == 0);
  }
  CHECK(
      products_and_balance() ==
      own +
          R"({"user":{"user_id":"johndoe","data":{"balance":197,"product_ids":["netflix","spotify"]}}})");
  const Finished reset = RunKiosk({"reset"}, In(folder));
  CHECK(reset.exit_code == 0);
  CHECK(reset.out.empty());
  CHECK(reset.err.empty());
  CHECK(QueryCopy(folder.File("kiosk.db"), "SELECT count(*) FROM users") == "0");
  CHECK(products_and_balance() ==
        own + R"({"user":{"user_id":"johndoe","data":{"balance":200,"product_ids":[]}}})");
  CHECK(RunKiosk({"reset", "--seed", "other.json"}, In(folder)).exit_code == 0);
  const std::string other =
      R"({"products":[]} {"user":{"user_id":"johndoe","data":{"balance":7,"product_ids":[]}}})";
  CHECK(products_and_balance() == other);
  // From then on that is its own.
  CHECK(RunKiosk({"reset"}, In(folder)).exit_code == 0);
  CHECK(products_and_balance() == other);
  CHECK(Names(folder) == std::vector<std::string>{"kiosk.db", "other.json", "own.json"});

  const auto before = Snapshot(folder);
  WriteFile(folder.File("own.json"), R"({"starting_balance":-1})");
  CheckRefused(RunKiosk({"reset", "--seed", "own.json"}, In(folder)), 1, "starting_balance");
  CHECK(ReadFile(folder.File("kiosk.db")) == before.at(folder.File("kiosk.db")));
}

TEST_CASE("reset makes a database that is not there") {
  const TemporaryFolder folder;
  CHECK(RunKiosk({"reset", "--db", "new.db"}, In(folder)).exit_code == 0);
  CHECK(Names(folder) == std::vector<std::string>{"new.db"});
  CHECK(QueryFile(folder.File("new.db"), "SELECT count(*) FROM products") == "6");
}

TEST_CASE("backup copies a database that is served, at rest, or left by a crash") {
  const TemporaryFolder folder;
  const auto back_up = [&folder](const std::string& name) {
    const Finished run = RunKiosk({"backup", name}, In(folder));
    CHECK(run.exit_code == 0);
    CHECK(run.out.empty());
    CHECK(run.err.empty());
    CHECK(QueryCopy(folder.File(name), "PRAGMA integrity_check") == "ok");
    CHECK(QueryCopy(folder.File(name), "SELECT balance FROM users") == "38401");
  };
  {
    Kiosk kiosk({"--quiet"}, In(folder));
    CHECK(Ask(kiosk.port(), "POST", "/api/orders", kOrderTwo).status == 200);
    back_up("served.db");
    CHECK(Ask(kiosk.port(), "POST", "/orders", kPaper).status == 201);
    kiosk.Kill();
  }
  back_up("crashed.db");
  CHECK(Names(folder) == std::vector<std::string>{"crashed.db", "kiosk.db", "served.db"});
  CHECK(QueryCopy(folder.File("crashed.db"), "SELECT count(*) FROM desk_orders") == "4");
  {
    Kiosk kiosk({"--quiet"}, In(folder));
    CHECK(kiosk.Stop().exit_code == 0);
  }
  back_up("rest.db");
  CHECK(Names(folder) ==
        std::vector<std::string>{"crashed.db", "kiosk.db", "rest.db", "served.db"});
  CHECK(RunKiosk({"backup", "--db", "rest.db", "copy.db"}, In(folder)).exit_code == 0);
  const Kiosk kiosk({"--db", folder.File("copy.db"), "--quiet"});
  CHECK(Balance(kiosk.port()) == kBalanceAfterTwo);

  const std::string taken = ReadFile(folder.File("rest.db"));
  CheckRefused(RunKiosk({"backup", "rest.db"}, In(folder)), 1,
               "rest.db: the file exists already; choose another name for the copy");
  CHECK(ReadFile(folder.File("rest.db")) == taken);
  CheckRefused(RunKiosk({"backup", "new.db", "--db", "missing.db"}, In(folder)), 1,
               "missing.db: No such file or directory");
}

TEST_CASE("a copy taken while orders are placed is whole and adds up") {
  const TemporaryFolder folder;
  const Kiosk kiosk({"--quiet"}, In(folder));
  std::atomic<bool> done = false;
  std::atomic<int> placed = 0;
  std::vector<std::thread> clients;
  for (int client = 0; client < 4; ++client) {
    clients.emplace_back([&, client] {
      Connection connection(kiosk.port());
      for (int i = 0; i < 100'000 && !done; ++i) {
        const std::string user = std::to_string(client) + "-" + std::to_string(i);
        const auto answer =
            connection.Ask("POST", "/api/orders",
                           R"({"order":{"items":["netflix","tap"],"user_id":")" + user + "\"}}");
        if (!answer || answer->status != 200) return;
        ++placed;
      }
    });
  }
  for (int i = 0; i < 5; ++i) {
    const int before = placed;
    const std::string name = "copy " + std::to_string(i);
    const Finished run = RunKiosk({"backup", name}, In(folder));
    CHECK_MESSAGE(run.exit_code == 0, run.err);
    const std::string copy = folder.File(name);
    CHECK(QueryFile(copy, "PRAGMA integrity_check") == "ok");
    CHECK(QueryFile(copy, "PRAGMA foreign_key_check").empty());
    CHECK(QueryFile(copy, kCountUnbalanced) == "0");
    CHECK(std::stoi(QueryFile(copy, "SELECT count(*) FROM users")) >= before);
  }
  done = true;
  for (std::thread& client : clients) client.join();
  CHECK(placed > 0);
  CHECK(QueryFile(folder.File("kiosk.db"), "SELECT count(*) FROM users") == std::to_string(placed));
}

namespace {
// For the child that becomes the kiosk in an empty root; a plain pointer, since it may only make
// system calls.
const char* g_root = nullptr;
}  // namespace

TEST_CASE("the executable alone in an empty root starts and serves") {
  const TemporaryFolder root;
  std::filesystem::copy_file(KioskPath(), root.File("kiosk"));
  g_root = root.path().c_str();
  const auto enter_root = [] {
    if (::geteuid() != 0) {
      // As root of a user namespace of its own.
      char map[32];
      const int size = std::snprintf(map, sizeof map, "0 %u 1", ::geteuid());
      if (::unshare(CLONE_NEWUSER) != 0) ::_exit(126);
      const int fd = ::open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
      if (::write(fd, map, static_cast<size_t>(size)) != size) ::_exit(125);
    }
    if (::chroot(g_root) != 0 || ::chdir("/") != 0) ::_exit(124);
    ::execl("/kiosk", "kiosk", "--port", "0", nullptr);
    ::_exit(123);
  };
  Kiosk kiosk({}, {"", {}, enter_root});
  CHECK(Ask(kiosk.port(), "POST", "/api/orders", kOrderTwo).status == 200);
  CHECK(Balance(kiosk.port()) == kBalanceAfterTwo);
  CHECK(Ask(kiosk.port(), "GET", "/orders/223").status == 200);
  CHECK(kiosk.Stop().exit_code == 0);
  CHECK(Names(root) == std::vector<std::string>{"kiosk", "kiosk.db"});
}

TEST_CASE("--open asks the desktop to show the page, once it is served") {
  const TemporaryFolder folder;
  // Stands in for the desktop: writes down what it was asked, and whether the page was there.
  WriteFile(folder.File("xdg-open"),
            "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$0.asked.new\"\n"
            "mv \"$0.asked.new\" \"$0.asked\"\n");
  ::chmod(folder.File("xdg-open").c_str(), 0755);
  Kiosk kiosk({"--quiet", "--memory", "--open"},
              {.environment = {{"PATH", folder.path() + ":/usr/bin:/bin"}}});
  std::string asked;
  for (int i = 0; i < 500 && asked.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    asked = ReadFile(folder.File("xdg-open.asked"));
  }
  CHECK(asked == "http://localhost:" + std::to_string(kiosk.port()) + "\n");
  CHECK(kiosk.Stop().exit_code == 0);
}

TEST_CASE("--open without a desktop serves all the same") {
  const TemporaryFolder folder;
  Kiosk kiosk({"--quiet", "--memory", "--open"}, {.environment = {{"PATH", folder.path()}}});
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
  CHECK(kiosk.Stop().exit_code == 0);
}
