// What whoever runs the program has: health, metrics, faults in the log, reset and backup.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <regex>
#include <sstream>
#include <thread>

#include "tests/harness.h"
#include "tests/other_program.h"

namespace kiosk::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr char kHealthy[] = R"({"status":"ok"})";
constexpr char kReset[] = R"({"status":"reset"})";
constexpr char kUnavailable[] =
    R"({"error":"storage_unavailable","message":"The database cannot be reached at the moment; nothing was changed."})";
std::string OrderBody(const std::string& user) {
  return R"({"order":{"items":["netflix","tap"],"user_id":")" + user + R"("}})";
}

// Places orders on `kiosk` from several connections until it is told to stop.
class WriteLoad {
 public:
  explicit WriteLoad(const Kiosk& kiosk) {
    for (int w = 0; w < kWriters; ++w) {
      writers_.emplace_back([this, &kiosk, w] {
        Connection connection(kiosk.port());
        for (int i = 0; !enough_; ++i) {
          const std::string user = "load" + std::to_string(w) + "-" + std::to_string(i);
          const auto answer = connection.Ask("POST", "/api/orders", OrderBody(user));
          if (!answer || answer->status != 200) ++failed_;
          ++placed_;
        }
      });
    }
    while (placed_ < 50) std::this_thread::sleep_for(milliseconds(1));
  }
  ~WriteLoad() { Stop(); }
  WriteLoad(const WriteLoad&) = delete;
  WriteLoad& operator=(const WriteLoad&) = delete;

  // Returns after an order that was asked for after the call.
  void AwaitAnother() const {
    const int before = placed_;
    // Each writer may have an older one under way.
    while (placed_ <= before + kWriters) std::this_thread::sleep_for(milliseconds(1));
  }

  // How many orders were asked for; fails the test if any was not placed.
  int Stop() {
    enough_ = true;
    for (std::thread& writer : writers_) writer.join();
    writers_.clear();
    CHECK(failed_.load() == 0);
    return placed_;
  }

 private:
  static constexpr int kWriters = 4;

  std::atomic<bool> enough_ = false;
  std::atomic<int> placed_ = 0;
  std::atomic<int> failed_ = 0;
  std::vector<std::thread> writers_;
};

// --- /metrics ---

// The samples of a metrics page: name with labels, and value.
std::map<std::string, std::string> Samples(const std::string& page) {
  std::map<std::string, std::string> samples;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    const size_t space = line.rfind(' ');
    CHECK(samples.emplace(line.substr(0, space), line.substr(space + 1)).second);
  }
  return samples;
}

// The counts of requests alone.
std::map<std::string, std::string> RequestCounts(
    const std::map<std::string, std::string>& samples) {
  std::map<std::string, std::string> counts;
  const std::string prefix = "kiosk_requests_total{route=\"";
  for (const auto& [name, value] : samples) {
    if (!name.starts_with(prefix)) continue;
    std::string route = name.substr(prefix.size());
    const std::string between = "\",status=\"";
    const size_t end = route.find(between);
    REQUIRE(end != std::string::npos);
    route.replace(end, between.size(), " ");
    counts[route.substr(0, route.find('"'))] = value;
  }
  return counts;
}

}  // namespace

TEST_CASE("/healthz answers 200 while the database does") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path});
  const Answer healthy = Ask(kiosk.port(), "GET", "/healthz");
  CHECK(healthy.status == 200);
  CHECK(healthy.body == kHealthy);
  OtherProgram(path).Execute("ALTER TABLE seed RENAME TO lost");
  CHECK(Ask(kiosk.port(), "GET", "/healthz").body == kUnavailable);
  OtherProgram(path).Execute("ALTER TABLE lost RENAME TO seed");
  CHECK(Ask(kiosk.port(), "GET", "/healthz").body == kHealthy);
}

TEST_CASE("a fault answers 500 with an id that stands in the log, and nothing of its text") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Kiosk kiosk({"--db", path});
  OtherProgram(path).Execute("PRAGMA foreign_keys = OFF; DROP TABLE desk_order_services;");
  struct Row {
    std::string name;
    std::string method;
    std::string path;
    std::string body;
  };
  const Row rows[] = {
      {"a read", "GET", "/orders", ""},
      {"a read of one", "GET", "/orders/223", ""},
      {"a write", "POST", "/orders", R"({"totalfee":1,"services":[123]})"},
      {"a change", "PUT", "/orders/223", R"({"totalfee":2})"},
      {"a removal", "DELETE", "/services/123", ""},
      {"the same read again", "GET", "/orders", ""},
  };
  const std::regex form(
      R"(\{"error":"internal_error","message":"Internal error; see ([0-9a-f]{16}) in the server log\."\})");
  std::vector<std::string> ids;
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Answer answer = Ask(kiosk.port(), row.method, row.path, row.body);
    CHECK(answer.status == 500);
    CAPTURE(answer.body);
    std::smatch found;
    REQUIRE(std::regex_match(answer.body, found, form));
    CHECK(std::ranges::find(ids, found[1].str()) == ids.end());
    ids.push_back(found[1]);
    for (const auto& [name, value] : answer.headers) {
      CHECK(value.find("table") == std::string::npos);
    }
  }
  // The rest goes on, and a fault has left nothing behind.
  CHECK(Ask(kiosk.port(), "GET", "/api/products").status == 200);
  CHECK(Ask(kiosk.port(), "POST", "/api/orders", OrderBody("ann")).status == 200);
  CHECK(QueryFile(path, "SELECT count(*), sum(totalfee) FROM desk_orders") == "3|30000");
  const std::string log = kiosk.Stop().err;
  for (const std::string& id : ids) {
    const size_t line = log.find("kiosk: fault " + id + ": ");
    REQUIRE(line != std::string::npos);
    CHECK(log.substr(line, log.find('\n', line) - line).find("desk_order_services") !=
          std::string::npos);
  }
}

TEST_CASE("a fault in the middle of a long answer cuts it off, and the server goes on") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Kiosk kiosk({"--db", path});
  OtherProgram(path).Execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
      "INSERT INTO desk_orders (id, id_number, product, quantity, created_at, updated_at) "
      "SELECT i + 1000, i + 1000, hex(zeroblob(100)), 1, 0, 0 FROM n");
  Connection reader(kiosk.port());
  REQUIRE(reader.SendRaw(RequestText("GET", "/orders")));
  Connection old_reader(kiosk.port());
  REQUIRE(old_reader.SendRaw("GET /orders HTTP/1.0\r\n\r\n"));
  std::this_thread::sleep_for(milliseconds(300));  // both wait for their clients to read on
  OtherProgram(path).Execute("PRAGMA foreign_keys = OFF; DROP TABLE desk_order_services;");
  CHECK_FALSE(reader.Receive().has_value());
  const auto cut_off = old_reader.Receive();
  REQUIRE(cut_off.has_value());
  CHECK_FALSE(cut_off->body.ends_with("]"));
  CHECK(Ask(kiosk.port(), "GET", "/api/products").status == 200);
  CHECK(Ask(kiosk.port(), "GET", "/orders").status == 500);
  const Finished finished = kiosk.Stop();
  CHECK(finished.exit_code == 0);
  CHECK(finished.err.find("kiosk: fault in the middle of an answer: ") != std::string::npos);
}

TEST_CASE("a database that another program keeps locked answers 503, to all that wait alike") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Kiosk kiosk({"--db", path});
  OtherProgram other(path);
  other.Execute("BEGIN IMMEDIATE");
  constexpr size_t kWriters = 8;
  std::vector<Connection> writers;
  const auto begin = steady_clock::now();
  for (size_t i = 0; i < kWriters; ++i) {
    writers.emplace_back(kiosk.port(), "127.0.0.1", std::chrono::seconds(20));
    REQUIRE(writers.back().SendRaw(
        RequestText("POST", "/api/orders", OrderBody("locked" + std::to_string(i)),
                    {{"Idempotency-Key", "locked" + std::to_string(i)}})));
  }
  // Reads do not wait for any lock.
  CHECK(Ask(kiosk.port(), "GET", "/healthz").body == kHealthy);
  CHECK(Ask(kiosk.port(), "GET", "/orders").status == 200);
  CHECK(steady_clock::now() - begin < std::chrono::seconds(1));
  for (Connection& writer : writers) {
    const auto answer = writer.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->status == 503);
    CHECK(answer->body == kUnavailable);
  }
  CHECK(steady_clock::now() - begin < std::chrono::seconds(6));
  other.Execute("ROLLBACK");
  CHECK(QueryFile(path, "SELECT count(*) FROM users") == "0");
  CHECK(QueryFile(path, "SELECT count(*) FROM idempotent_answers") == "0");
  // The same requests, with the same keys, are done when the lock is gone.
  for (size_t i = 0; i < kWriters; ++i) {
    const Answer answer =
        Ask(kiosk.port(), "POST", "/api/orders", OrderBody("locked" + std::to_string(i)),
            {{"Idempotency-Key", "locked" + std::to_string(i)}});
    CHECK(answer.status == 200);
    CHECK(answer.Header("idempotency-replayed").empty());
  }
  CHECK(kiosk.Stop().err.find("database is locked") != std::string::npos);
}

TEST_CASE("/metrics is read by Prometheus, and counts what was asked") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path});
  struct Row {
    std::string counted_as;
    std::string method;
    std::string path;
    std::string body;
    int times;
    Headers headers = {};
  };
  const Row rows[] = {
      {"GET /api/users/{user_id} 200", "GET", "/api/users/ann", "", 7},
      {"GET /api/users/{user_id} 200", "HEAD", "/api/users/ann", "", 2},
      {"GET /api/users/{user_id} 400", "GET", "/api/users/%00", "", 1},
      {"GET /users/{user_id} 200", "GET", "/users/bob", "", 3},
      {"GET /api/products 200", "GET", "/api/products", "", 5},
      {"GET /api/products 304", "GET", "/api/products", "", 2, {{"If-None-Match", "*"}}},
      {"POST /api/orders 400", "POST", "/api/orders", "{}", 4},
      {"POST /api/orders 415", "POST", "/api/orders", "{}", 1, {{"Content-Type", "text/plain"}}},
      {"POST /orders 201", "POST", "/orders", R"({"product":"Chair","quantity":1})", 6},
      {"GET /orders/{id} 404", "GET", "/orders/nobody", "", 3},
      {"DELETE /orders/{id} 200", "DELETE", "/orders/223", "", 1},
      {"DELETE /orders/{id} 404", "DELETE", "/orders/223", "", 2},
      {"PUT /services/{id} 200", "PUT", "/services/123", R"({"name":"A \"b\" \\ c"})", 1},
      {"GET /healthz 200", "GET", "/healthz", "", 2},
      {"POST /_kiosk/reset 200", "POST", "/_kiosk/reset", "", 1},
      {"GET /_kiosk/backup 200", "GET", "/_kiosk/backup", "", 1},
      {"other 404", "GET", "/nothing/\"quoted\\\"", "", 3},
      {"other 405", "PATCH", "/services", "{}", 2},
      {"other 204", "OPTIONS", "/orders", "", 2},
      {"other 403", "GET", "/healthz", "", 4, {{"Host", "evil.example"}}},
      {"other 413", "POST", "/orders", "", 1, {{"Content-Length", "99999999"}}},
      {"other 400", "POST", "/orders", "", 1, {{"Content-Length", "x"}}},
  };
  std::map<std::string, std::string> expected;
  int total = 0;
  std::map<std::string, int> sums;
  for (const Row& row : rows) {
    CAPTURE(row.counted_as);
    for (int i = 0; i < row.times; ++i) {
      Connection connection(kiosk.port());
      const auto answer = connection.Ask(row.method, row.path, row.body, row.headers);
      REQUIRE(answer.has_value());
      CHECK(row.counted_as.ends_with(" " + std::to_string(answer->status)));
    }
    sums[row.counted_as] += row.times;
    total += row.times;
  }
  for (const auto& [counted_as, times] : sums) expected[counted_as] = std::to_string(times);

  const Answer page = Ask(kiosk.port(), "GET", "/metrics");
  CHECK(page.status == 200);
  CHECK(page.Header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  const auto samples = Samples(page.body);
  CHECK(RequestCounts(samples) == expected);
  CHECK(samples.at("kiosk_request_duration_seconds_count") == std::to_string(total));
  CHECK(samples.at("kiosk_request_duration_seconds_bucket{le=\"+Inf\"}") == std::to_string(total));
  CHECK(std::stod(samples.at("kiosk_request_duration_seconds_sum")) > 0);
  // Cumulative, as a histogram's buckets are.
  int64_t bucket = 0;
  for (std::string rest = page.body; !rest.empty();) {
    const std::string line = rest.substr(0, rest.find('\n'));
    rest.erase(0, line.size() + 1);
    if (!line.starts_with("kiosk_request_duration_seconds_bucket")) continue;
    const int64_t count = std::stoll(line.substr(line.rfind(' ') + 1));
    CHECK(count >= bucket);
    bucket = count;
  }
  // Two users, six orders, a removal that was done and two that were not, a name and a reset; the
  // refused ones of them wrote nothing, but were asked of the writer all the same.
  CHECK(std::stoll(samples.at("kiosk_commits_total")) >= 11);
  CHECK(samples.at("kiosk_orders_per_commit_count") == samples.at("kiosk_commits_total"));
  CHECK(std::stoll(samples.at("kiosk_orders_per_commit_sum")) >=
        std::stoll(samples.at("kiosk_commits_total")));
  const uintmax_t size =
      std::filesystem::file_size(path) + std::filesystem::file_size(path + "-wal");
  CHECK(samples.at("kiosk_database_size_bytes") == std::to_string(size));
  // The page that was read counts from the next one on.
  CHECK(RequestCounts(Samples(Ask(kiosk.port(), "GET", "/metrics").body)).at("GET /metrics 200") ==
        "1");

  const char* promtool = std::getenv("PROMTOOL");
  REQUIRE_MESSAGE(promtool != nullptr, "PROMTOOL must name Prometheus' promtool; see make test");
  WriteFile(folder.File("metrics"), page.body);
  const std::string command = std::string("'") + promtool + "' check metrics <'" +
                              folder.File("metrics") + "' >'" + folder.File("verdict") + "' 2>&1";
  CHECK(std::system(command.c_str()) == 0);
  CHECK(ReadFile(folder.File("verdict")).empty());
}

TEST_CASE("under load the metrics count every write, and several to a commit") {
  const TemporaryFolder folder;
  const Kiosk kiosk({"--db", folder.File("kiosk.db"), "--quiet"});
  WriteLoad load(kiosk);
  std::this_thread::sleep_for(milliseconds(300));
  const int placed = load.Stop();
  const auto samples = Samples(Ask(kiosk.port(), "GET", "/metrics").body);
  CHECK(RequestCounts(samples).at("POST /api/orders 200") == std::to_string(placed));
  CHECK(std::stoll(samples.at("kiosk_orders_per_commit_sum")) >= placed);
  CHECK(std::stoll(samples.at("kiosk_commits_total")) <
        std::stoll(samples.at("kiosk_orders_per_commit_sum")));
}

TEST_CASE("a reset puts the data back to the seed while others write") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path, "--quiet"});
  const std::string products = Ask(kiosk.port(), "GET", "/api/products").body;
  const std::string services = Ask(kiosk.port(), "GET", "/services").body;
  {
    WriteLoad load(kiosk);
    for (int i = 0; i < 5; ++i) {
      const Answer reset = Ask(kiosk.port(), "POST", "/_kiosk/reset");
      CHECK(reset.status == 200);
      CHECK(reset.body == kReset);
      CHECK(QueryFile(path, kCountUnbalanced) == "0");
    }
    load.Stop();
  }
  CHECK(Ask(kiosk.port(), "PUT", "/services/123", R"({"name":"Changed"})").status == 200);
  CHECK(Ask(kiosk.port(), "DELETE", "/orders/224").status == 200);
  CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").body == kReset);
  CHECK(Ask(kiosk.port(), "GET", "/api/products").body == products);
  CHECK(Ask(kiosk.port(), "GET", "/services").body == services);
  CHECK(QueryFile(path,
                  "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM benefit_orders), "
                  "(SELECT group_concat(id) FROM (SELECT id FROM desk_orders ORDER BY id))") ==
        "0|0|223,224,225");
  CHECK(Ask(kiosk.port(), "POST", "/api/orders", OrderBody("ann")).body ==
        R"({"order":{"order_id":"1","data":{"items":["netflix","tap"],"total":135.99}}})");
}

TEST_CASE("a backup under full write load is whole and consistent") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  ChildOptions options;
  options.environment["TMPDIR"] = folder.File("tmp");
  std::filesystem::create_directory(folder.File("tmp"));
  const Kiosk kiosk({"--db", path, "--quiet"}, options);
  std::vector<std::string> copies;
  int placed = 0;
  {
    WriteLoad load(kiosk);
    for (int i = 0; i < 4; ++i) {
      const Answer backup = Ask(kiosk.port(), "GET", "/_kiosk/backup");
      CHECK(backup.status == 200);
      CHECK(backup.Header("content-type") == "application/vnd.sqlite3");
      copies.push_back(folder.File("downloaded" + std::to_string(i)));
      WriteFile(copies.back(), backup.body);
      load.AwaitAnother();
      copies.push_back(folder.File("copied" + std::to_string(i)));
      const Finished copied = RunKiosk({"backup", "--db", path, copies.back()});
      CHECK(copied.exit_code == 0);
      CHECK(copied.err.empty());
      load.AwaitAnother();
    }
    placed = load.Stop();
  }
  int64_t orders_before = 0;
  for (const std::string& copy : copies) {
    CAPTURE(copy);
    CHECK(QueryFile(copy, "PRAGMA integrity_check") == "ok");
    CHECK(QueryFile(copy, "PRAGMA foreign_key_check").empty());
    CHECK(QueryFile(copy, kCountUnbalanced) == "0");
    const int64_t orders = std::stoll(QueryFile(copy, "SELECT count(*) FROM benefit_orders"));
    CHECK(orders > orders_before);  // each was taken while the load went on
    CHECK(orders <= placed);
    orders_before = orders;
    CHECK_FALSE(std::filesystem::exists(copy + "-journal"));
  }
  CHECK(std::filesystem::is_empty(folder.File("tmp")));
  // A copy is a database like any other.
  const Kiosk restored({"--db", copies.back()});
  CHECK(
      Ask(restored.port(), "GET", "/api/users/load0-0").body ==
      R"({"user":{"user_id":"load0-0","data":{"balance":364.01,"product_ids":["netflix","tap"]}}})");
}

TEST_CASE("a database in memory has a backup too") {
  const TemporaryFolder folder;
  const Kiosk kiosk({"--memory"});
  CHECK(Ask(kiosk.port(), "POST", "/api/orders", OrderBody("ann")).status == 200);
  WriteFile(folder.File("copy"), Ask(kiosk.port(), "GET", "/_kiosk/backup").body);
  CHECK(QueryFile(folder.File("copy"), "PRAGMA integrity_check") == "ok");
  CHECK(QueryFile(folder.File("copy"), "SELECT balance FROM users") == "36401");
}

TEST_CASE("kiosk backup leaves what exists alone") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Kiosk kiosk({"--db", path});
  REQUIRE(kiosk.Stop().exit_code == 0);
  WriteFile(folder.File("taken"), "precious");
  WriteFile(folder.File("text.db"), "no database at all, but long enough to look at its header\n");
  struct Row {
    std::string name;
    std::string from;
    std::string to;
    std::string says;
  };
  const Row rows[] = {
      {"a file that exists", path, folder.File("taken"), "the file exists already"},
      {"the database itself", path, path, "the file exists already"},
      {"no such database", folder.File("missing.db"), folder.File("new"), "No such file"},
      {"not a database", folder.File("text.db"), folder.File("new"), "not an SQLite database"},
      {"no such folder", path, folder.File("none/new"), "No such file"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::string before = ReadFile(path);
    const Finished finished = RunKiosk({"backup", "--db", row.from, row.to});
    CHECK(finished.exit_code == 1);
    CHECK(finished.out.empty());
    CAPTURE(finished.err);
    CHECK(finished.err.starts_with("kiosk: "));
    CHECK(finished.err.find(row.says) != std::string::npos);
    CHECK(std::ranges::count(finished.err, '\n') == 1);
    CHECK(ReadFile(path) == before);
    CHECK(ReadFile(folder.File("taken")) == "precious");
    CHECK_FALSE(std::filesystem::exists(folder.File("new")));
  }
}

namespace {

// An address of this machine that is not the loopback; empty if it has none.
std::string OwnAddress() {
  ifaddrs* all = nullptr;
  REQUIRE(::getifaddrs(&all) == 0);
  std::string found;
  for (const ifaddrs* one = all; one && found.empty(); one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || !(one->ifa_flags & IFF_UP)) {
      continue;
    }
    sockaddr_in address{};
    std::memcpy(&address, one->ifa_addr, sizeof address);
    if (ntohl(address.sin_addr.s_addr) >> 24 == 127) continue;
    char text[INET_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
    found = text;
  }
  ::freeifaddrs(all);
  return found;
}

// Gives this thread a network of its own, with a second address on its loopback interface. Returns
// that address; empty where the system does not let us.
std::string EnterOwnNetwork() {
  if (::unshare(CLONE_NEWNET) != 0) return "";
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  bool done = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  const std::string address = "198.51.100.1";  // for documentation: nobody has it
  std::strcpy(request.ifr_name, "lo:0");
  sockaddr_in wanted{};
  wanted.sin_family = AF_INET;
  ::inet_pton(AF_INET, address.c_str(), &wanted.sin_addr);
  std::memcpy(&request.ifr_addr, &wanted, sizeof wanted);
  done = done && ::ioctl(fd, SIOCSIFADDR, &request) == 0;
  ::close(fd);
  return done ? address : "";
}

void CheckFromElsewhere(const std::string& address) {
  REQUIRE_MESSAGE(!address.empty(),
                  "this test needs an address besides the loopback, or the right to make one");
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path, "--host", "0.0.0.0"});
  const auto ask = [&](const std::string& from, const std::string& method,
                       const std::string& target, const Headers& headers) {
    Connection connection(kiosk.port(), from);
    const auto answer = connection.Ask(method, target, "", headers);
    return answer.value_or(Answer{});
  };
  const Headers by_address = {{"Host", address + ":4000"}};
  CHECK(ask(address, "GET", "/api/users/ann", by_address).status == 200);  // the API itself is open
  CHECK(ask(address, "GET", "/_kiosk/status", by_address).status == 200);
  for (const Headers& headers :
       {by_address, Headers{{"Host", "localhost"}},
        Headers{{"Host", "127.0.0.1"}, {"X-Forwarded-For", "127.0.0.1"}},
        Headers{
            {"Host", "127.0.0.1"}, {"X-Real-IP", "127.0.0.1"}, {"Forwarded", "for=127.0.0.1"}}}) {
    CAPTURE(headers[0].second);
    for (const auto& [method, target] :
         std::vector<std::pair<std::string, std::string>>{{"POST", "/_kiosk/reset"},
                                                          {"GET", "/_kiosk/backup"},
                                                          {"HEAD", "/_kiosk/backup"},
                                                          {"GET", "/_kiosk/export"},
                                                          {"GET", "/_kiosk/info"}}) {
      CAPTURE(target);
      const Answer answer = ask(address, method, target, headers);
      CHECK(answer.status == 403);
      if (method != "HEAD") CHECK(answer.body.starts_with(R"({"error":"local_only",)"));
    }
  }
  CHECK(QueryFile(path, "SELECT user_id FROM users") == "ann");
  // From the loopback both are answered by the same server.
  CHECK(ask("127.0.0.1", "GET", "/_kiosk/backup", {}).body.starts_with("SQLite format 3"));
  CHECK(ask("127.0.0.1", "POST", "/_kiosk/reset", {}).body == kReset);
  CHECK(QueryFile(path, "SELECT count(*) FROM users") == "0");
}

}  // namespace

TEST_CASE("reset and backup are answered only to this machine") {
  const std::string address = OwnAddress();
  if (!address.empty()) CheckFromElsewhere(address);
  // In a network of its own, on a thread that ends with it.
  std::thread([&address] {
    const std::string own = EnterOwnNetwork();
    try {
      if (!own.empty() || address.empty()) CheckFromElsewhere(own);
    } catch (...) {
      // The check that failed has been reported.
    }
  }).join();
}

TEST_CASE("both families of the loopback may reset and back up") {
  struct Row {
    std::vector<std::string> arguments;
    std::string from;
  };
  const Row rows[] = {
      {{"--memory"}, "127.0.0.1"},
      {{"--memory"}, "::1"},
      {{"--memory", "--host", "::"}, "127.0.0.1"},  // which arrives as ::ffff:127.0.0.1
      {{"--memory", "--host", "::"}, "::1"},
  };
  for (const auto& [arguments, from] : rows) {
    CAPTURE(from);
    const Kiosk kiosk(arguments);
    Connection connection(kiosk.port(), from);
    const auto reset = connection.Ask("POST", "/_kiosk/reset");
    REQUIRE(reset.has_value());
    CHECK(reset->body == kReset);
    const auto backup = connection.Ask("GET", "/_kiosk/backup");
    REQUIRE(backup.has_value());
    CHECK(backup->status == 200);
    CHECK(backup->body.starts_with("SQLite format 3"));
  }
}

TEST_CASE("the log has one line a request, whatever the client wrote") {
  for (const std::string format : {"text", "json"}) {
    CAPTURE(format);
    Kiosk kiosk({"--memory", "--log-format", format});
    constexpr int kRequests = 5;
    for (const std::string target :
         {"/healthz", "/\x1b[31mred", "/a\rb", "/\"quoted\\\"", "/%0akiosk:%20fault"}) {
      Connection connection(kiosk.port());
      REQUIRE(connection.SendRaw("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
      REQUIRE(connection.Receive().has_value());
    }
    const std::string log = kiosk.Stop().err;
    CAPTURE(log);
    CHECK(std::ranges::count(log, '\n') == kRequests);
    CHECK(log.find('\x1b') == std::string::npos);
    CHECK(log.find('\r') == std::string::npos);
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
      CHECK(line.starts_with(format == "json" ? "{\"time\":\"20" : "20"));
      CHECK(line.ends_with(format == "json" ? "}" : " ms"));
    }
  }
}

TEST_CASE("--quiet writes no access log") {
  Kiosk kiosk({"--memory", "--quiet"});
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
  CHECK(Ask(kiosk.port(), "GET", "/nothing").status == 404);
  CHECK(kiosk.Stop().err.empty());
}

}  // namespace kiosk::test
