// The sockets of the running program: addresses and ports, idle and slow clients, limits, stopping.
#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>

#include "tests/harness.h"

namespace kiosk::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr char kHealthy[] = R"({"status":"ok"})";

// The tests hold more connections than a process may by default.
void AllowManyDescriptors() {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 8192);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

std::vector<Connection> Connect(const Kiosk& kiosk, size_t count) {
  std::vector<Connection> connections;
  connections.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    connections.emplace_back(kiosk.port());
    REQUIRE(connections.back().connected());
  }
  return connections;
}

// Connections that have been answered once and ask nothing more.
std::vector<Connection> ConnectIdle(const Kiosk& kiosk, size_t count) {
  auto connections = Connect(kiosk, count);
  for (Connection& connection : connections) {
    const auto answer = connection.Ask("GET", "/healthz");
    REQUIRE(answer.has_value());
    REQUIRE(answer->status == 200);
  }
  return connections;
}

// Calls `done` until it holds, for at most 5 seconds.
bool Eventually(const std::function<bool()>& done) {
  const auto begin = steady_clock::now();
  while (!done()) {
    if (steady_clock::now() - begin > std::chrono::seconds(5)) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

struct Latencies {
  double p50_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
};

// How long reads and writes take, each on a connection that stays and on one of its own.
Latencies MeasureActiveRequests(const Kiosk& kiosk, const std::string& users, int rounds) {
  Connection staying(kiosk.port());
  std::vector<double> all;
  const auto measure = [&all](const std::function<std::optional<Answer>()>& ask) {
    const auto begin = steady_clock::now();
    const auto answer = ask();
    all.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count());
    REQUIRE(answer.has_value());
    REQUIRE(answer->status == 200);
  };
  for (int i = 0; i < rounds; ++i) {
    measure([&] { return staying.Ask("GET", "/api/products"); });
    measure([&] { return staying.Ask("GET", "/api/users/" + users + std::to_string(i)); });
    measure([&] { return Connection(kiosk.port()).Ask("GET", "/healthz"); });
  }
  std::ranges::sort(all);
  return {all[all.size() / 2], all[all.size() * 99 / 100], all.back()};
}

void Report(const std::string& beside, const Latencies& latencies) {
  MESSAGE("active requests beside " << beside << ": p50 " << latencies.p50_ms << " ms, p99 "
                                    << latencies.p99_ms << " ms, longest " << latencies.max_ms
                                    << " ms");
}

// A hang is what these tests look for; the bench looks at the milliseconds.
constexpr double kHangMs = 1000 * kSlowdown;

}  // namespace

TEST_CASE("both loopback families answer, under every name of the loopback") {
  Kiosk kiosk({"--memory"});
  const std::string port = ":" + std::to_string(kiosk.port());
  struct Row {
    const char* address;
    std::string host;
  };
  const Row rows[] = {
      {"127.0.0.1", "127.0.0.1" + port}, {"127.0.0.1", "localhost" + port}, {"::1", "[::1]" + port},
      {"::1", "localhost" + port},       {"127.0.0.1", "127.0.0.1"},        {"::1", "[::1]"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.host);
    Connection connection(kiosk.port(), row.address);
    REQUIRE(connection.connected());
    const auto answer = connection.Ask("GET", "/healthz", "", {{"Host", row.host}});
    REQUIRE(answer.has_value());
    CHECK(answer->status == 200);
    CHECK(answer->body == kHealthy);
  }
  const Finished finished = kiosk.Stop();
  CHECK(finished.exit_code == 0);
  CHECK(finished.out == "kiosk listening on http://localhost" + port + "\n");
}

TEST_CASE("--port 0 takes a free port each time") {
  const Kiosk one({"--memory"});
  const Kiosk other({"--memory"});
  CHECK(one.port() != other.port());
  CHECK(Ask(one.port(), "GET", "/healthz").body == kHealthy);
  CHECK(Ask(other.port(), "GET", "/healthz").body == kHealthy);
}

TEST_CASE("a port that another kiosk has, in either family, is refused at once") {
  struct Row {
    std::string name;
    std::vector<std::string> first;
    std::vector<std::string> second;
  };
  const Row rows[] = {
      {"both families, both families", {}, {}},
      {"both families, IPv4", {}, {"--host", "127.0.0.1"}},
      {"both families, IPv6", {}, {"--host", "::1"}},
      {"both families, every address", {}, {"--host", "0.0.0.0"}},
      {"IPv4, both families", {"--host", "127.0.0.1"}, {}},
      {"IPv6, both families", {"--host", "::1"}, {}},
      {"every address, both families", {"--host", "0.0.0.0"}, {}},
      {"every address of both families, both families", {"--host", "::"}, {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    auto first_arguments = row.first;
    first_arguments.insert(first_arguments.begin(), "--memory");
    const Kiosk first(first_arguments);
    const std::string port = std::to_string(first.port());
    auto second_arguments = row.second;
    for (const auto& argument : {"--memory", "--port"}) second_arguments.emplace_back(argument);
    second_arguments.push_back(port);
    const auto begin = steady_clock::now();
    const Finished second = RunKiosk(second_arguments);
    CHECK(steady_clock::now() - begin < std::chrono::seconds(5));
    CHECK(second.exit_code == 1);
    CHECK(second.out.empty());
    CHECK(second.err == "kiosk: port " + port +
                            " is in use, perhaps by another kiosk; stop that one, or choose "
                            "another port with --port (0 picks a free one)\n");
    const bool only_v6 = !row.first.empty() && row.first[1] == "::1";
    Connection connection(first.port(), only_v6 ? "::1" : "127.0.0.1");
    const auto answer = connection.Ask("GET", "/healthz");
    REQUIRE(answer.has_value());
    CHECK(answer->body == kHealthy);
  }
}

namespace {

// Makes a system call fail with `error` when its argument `argument` is `value`, for this process
// and what it executes.
void FailSystemCall(long call, size_t argument, unsigned value, unsigned error) {
  const auto number_at = static_cast<unsigned>(offsetof(seccomp_data, nr));
  const auto argument_at =
      static_cast<unsigned>(offsetof(seccomp_data, args) + argument * sizeof(uint64_t));
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument_at),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    ::_exit(126);
  }
}

// A kernel without IPv6.
void RefuseV6Sockets() { FailSystemCall(SYS_socket, 0, AF_INET6, EAFNOSUPPORT); }

// A kernel with IPv6 and no address for it, as net.ipv6.conf.all.disable_ipv6 leaves it.
void RefuseV6Addresses() {
  FailSystemCall(SYS_bind, 2, static_cast<unsigned>(sizeof(sockaddr_in6)), EADDRNOTAVAIL);
}

}  // namespace

TEST_CASE("a machine without IPv6 serves on IPv4 all the same") {
  for (auto* without_v6 : {RefuseV6Sockets, RefuseV6Addresses}) {
    ChildOptions options;
    options.before_exec = without_v6;
    const Kiosk kiosk({"--memory"}, options);
    CHECK(Ask(kiosk.port(), "GET", "/healthz").body == kHealthy);
    CHECK_FALSE(Connection(kiosk.port(), "::1").connected());
  }
}

TEST_CASE("idle clients and ones that drip a byte a second keep no active client waiting") {
  AllowManyDescriptors();
  const Kiosk kiosk({"--memory", "--quiet"});
  const auto idle = ConnectIdle(kiosk, 400);
  const auto dripping = Connect(kiosk, 50);
  std::atomic<bool> enough = false;
  std::thread drip([&] {
    const std::string request = RequestText("GET", "/healthz");
    for (size_t next = 0; !enough; ++next) {
      for (const Connection& connection : dripping) {
        static_cast<void>(connection.SendRaw(request.substr(next % request.size(), 1)));
      }
      for (int i = 0; i < 20 && !enough; ++i) std::this_thread::sleep_for(milliseconds(50));
    }
  });
  const Latencies latencies = MeasureActiveRequests(kiosk, "drip", 400);
  enough = true;
  drip.join();
  Report("400 idle and 50 dripping connections", latencies);
  CHECK(latencies.max_ms < kHangMs);
  CHECK(kiosk.Threads() < 500);
}

TEST_CASE("half-sent requests keep no active client waiting") {
  AllowManyDescriptors();
  const Kiosk kiosk({"--memory", "--quiet"});
  const auto half_sent = Connect(kiosk, 400);
  const std::string post = RequestText("POST", "/services", R"({"name": "never"})");
  const std::string halves[] = {
      "GET /healt",
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n",
      post.substr(0, post.size() - 5),
      "POST /services HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n10\r\n{\"na",
  };
  for (size_t i = 0; i < half_sent.size(); ++i) {
    REQUIRE(half_sent[i].SendRaw(halves[i % std::size(halves)]));
  }
  const Latencies latencies = MeasureActiveRequests(kiosk, "half", 400);
  Report("400 half-sent requests", latencies);
  CHECK(latencies.max_ms < kHangMs);
  CHECK(kiosk.Threads() < 450);
  CHECK(Ask(kiosk.port(), "GET", "/services").body.find("never") == std::string::npos);
}

namespace {

// Orders in a list of more than the sockets' buffers hold: a megabyte.
constexpr int kLongList = 3'000;

// Desk orders made in the file itself, which no kiosk serves at the time.
void InsertOrders(const std::string& path, int count) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  const std::string sql =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
      std::to_string(count) +
      ") INSERT INTO desk_orders (id, id_number, product, quantity, created_at, updated_at) "
      "SELECT i + 1000, i + 1000, hex(zeroblob(100)), 1, 0, 0 FROM n";
  CHECK(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

// A database file that was seeded and closed.
std::string NewDatabase(const TemporaryFolder& folder) {
  const std::string path = folder.File("kiosk.db");
  Kiosk kiosk({"--db", path});
  REQUIRE(kiosk.Stop().exit_code == 0);
  return path;
}

// Another program that has the database file open and keeps others from writing.
class WriteLock {
 public:
  explicit WriteLock(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  ~WriteLock() { sqlite3_close(database_); }
  WriteLock(const WriteLock&) = delete;
  WriteLock& operator=(const WriteLock&) = delete;

 private:
  sqlite3* database_ = nullptr;
};

// What waits in the kernel to be sent from `port` of 127.0.0.1, in bytes (proc(5), /proc/net/tcp).
size_t Unsent(int port) {
  std::istringstream table(ReadFile("/proc/net/tcp"));
  std::string line;
  size_t unsent = 0;
  while (std::getline(table, line)) {
    std::string number, local, remote, state, queues;
    std::istringstream(line) >> number >> local >> remote >> state >> queues;
    const size_t colon = local.find(':');
    if (colon == std::string::npos || std::stoi(local.substr(colon + 1), nullptr, 16) != port) {
      continue;
    }
    unsent += std::stoul(queues.substr(0, queues.find(':')), nullptr, 16);
  }
  return unsent;
}

}  // namespace

TEST_CASE("a client that never reads a long answer takes no megabytes of the kernel's memory") {
  const TemporaryFolder folder;
  const std::string path = NewDatabase(folder);
  InsertOrders(path, kLongList);
  const Kiosk kiosk({"--db", path, "--quiet"});
  Connection reader(kiosk.port());
  REQUIRE(reader.SendRaw(RequestText("GET", "/orders")));
  CHECK(Eventually([&] { return Unsent(kiosk.port()) > 100'000; }));
  std::this_thread::sleep_for(milliseconds(200));
  CHECK(Unsent(kiosk.port()) < 500'000);
  const auto answer = reader.Receive();
  REQUIRE(answer.has_value());
  CHECK(std::ranges::count(answer->body, '{') >= kLongList);
}

TEST_CASE("SIGTERM answers what runs and ends within 2 seconds, whoever idles") {
  AllowManyDescriptors();
  const TemporaryFolder folder;
  const std::string path = NewDatabase(folder);
  InsertOrders(path, kLongList);
  for (const int signal : {SIGTERM, SIGINT}) {
    CAPTURE(signal);
    Kiosk kiosk({"--db", path, "--quiet"});
    const auto idle = ConnectIdle(kiosk, 100);
    const auto half_sent = Connect(kiosk, 10);
    for (const Connection& connection : half_sent) {
      REQUIRE(connection.SendRaw("POST /api/orders HTTP/1.1\r\nHost: localhost\r\nContent-Le"));
    }
    // 10 readers of a long list, of which nobody has read anything yet, and 10 writers that wait
    // for a lock: all of them run when the signal comes.
    auto readers = Connect(kiosk, 10 / kSlowdown);
    for (const Connection& reader : readers) {
      REQUIRE(reader.SendRaw(RequestText("GET", "/orders")));
    }
    auto lock = std::make_optional<WriteLock>(path);
    auto writers = Connect(kiosk, 10);
    const std::string user = "stop" + std::to_string(signal) + "-";
    for (size_t i = 0; i < writers.size(); ++i) {
      REQUIRE(writers[i].SendRaw(RequestText("POST", "/api/orders",
                                             R"({"order": {"items": ["netflix"], "user_id": ")" +
                                                 user + std::to_string(i) + R"("}})")));
    }
    std::this_thread::sleep_for(milliseconds(300));
    kiosk.Signal(signal);
    const auto begin = steady_clock::now();
    std::this_thread::sleep_for(milliseconds(100));
    lock.reset();

    std::vector<std::thread> reading;
    std::atomic<int> read_whole = 0;
    reading.reserve(readers.size());
    for (Connection& reader : readers) {
      reading.emplace_back([&read_whole, &reader] {
        const auto answer = reader.Receive();
        if (answer && answer->status == 200 && answer->body.ends_with("]") &&
            std::ranges::count(answer->body, '{') >= kLongList) {
          ++read_whole;
        }
      });
    }
    int acknowledged = 0;
    for (Connection& writer : writers) {
      const auto answer = writer.Receive();
      if (answer && answer->status == 200) ++acknowledged;
    }
    CHECK(acknowledged == 10);
    CHECK(kiosk.WaitForExit(milliseconds(5000 * kSlowdown)) == 0);
    CHECK(steady_clock::now() - begin < milliseconds(2000 * kSlowdown));
    for (std::thread& thread : reading) thread.join();
    CHECK(read_whole.load() == 10 / kSlowdown);
    CHECK(QueryFile(path, "SELECT count(*), sum(balance) FROM users WHERE user_id GLOB '" + user +
                              "*'") == "10|424010");
    CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
  }
}

TEST_CASE("SIGTERM in the middle of writing loses nothing that was acknowledged") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Kiosk kiosk({"--db", path, "--quiet"});
  std::mutex mutex;
  std::vector<std::string> acknowledged;
  std::vector<std::thread> writers;
  for (int w = 0; w < 8; ++w) {
    writers.emplace_back([&, w] {
      Connection connection(kiosk.port());
      for (int i = 0;; ++i) {
        const std::string user = "w" + std::to_string(w) + "-" + std::to_string(i);
        const auto answer = connection.Ask(
            "POST", "/api/orders",
            R"({"order": {"items": ["tap", "spotify"], "user_id": ")" + user + R"("}})");
        if (!answer || answer->status != 200) return;
        const std::scoped_lock lock(mutex);
        acknowledged.push_back(user);
      }
    });
  }
  std::this_thread::sleep_for(milliseconds(500));
  kiosk.Signal(SIGTERM);
  const auto begin = steady_clock::now();
  CHECK(kiosk.WaitForExit(milliseconds(5000 * kSlowdown)) == 0);
  CHECK(steady_clock::now() - begin < milliseconds(2000 * kSlowdown));
  for (std::thread& writer : writers) writer.join();
  REQUIRE(acknowledged.size() > 8);
  const std::string present =
      "\n" + QueryFile(path, "SELECT user_id FROM users WHERE balance = 40000") + "\n";
  for (const std::string& user : acknowledged) {
    REQUIRE_MESSAGE(present.find("\n" + user + "\n") != std::string::npos, user);
  }
  CHECK_FALSE(ReadFile(path).empty());
  CHECK(ReadFile(path + "-wal").empty());  // what was written is in the file itself
}

TEST_CASE("a request on a connection is followed by the next, whatever its form") {
  const Kiosk kiosk({"--memory"});
  const std::string service = R"({"name":"Polish"})";
  struct Row {
    std::string name;
    std::string request;
    int status;
  };
  const Row rows[] = {
      {"DELETE without a body", RequestText("DELETE", "/orders/223"), 200},
      {"POST without a body", RequestText("POST", "/_kiosk/reset"), 200},
      {"POST with an empty body",
       RequestText("POST", "/_kiosk/reset", "", {{"Content-Length", "0"}}), 200},
      {"GET with a body", RequestText("GET", "/healthz", service), 200},
      {"GET with a chunked body",
       RequestText("GET", "/healthz", "11\r\n" + service + "\r\n0\r\n\r\n",
                   {{"Transfer-Encoding", "chunked"}}),
       200},
      {"DELETE with a body", RequestText("DELETE", "/orders/404", service), 404},
      {"OPTIONS", RequestText("OPTIONS", "/orders"), 204},
      {"a refusal of the domain", RequestText("GET", "/orders/404"), 404},
      {"a method that the path does not have", RequestText("PUT", "/orders", "{}"), 405},
      {"a chunked body",
       RequestText("POST", "/services",
                   "4\r\n{\"na\r\n7;x=y\r\nme\":\"Po\r\n6\r\nlish\"}\r\n0\r\n\r\n",
                   {{"Transfer-Encoding", "chunked"}}),
       201},
      {"a chunked body with a trailer",
       RequestText("POST", "/services", "11\r\n" + service + "\r\n0\r\nExpires: never\r\n\r\n",
                   {{"Transfer-Encoding", "chunked"}}),
       201},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Connection connection(kiosk.port());
    REQUIRE(connection.SendRaw(row.request));
    const auto answer = connection.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->status == row.status);
    CHECK(answer->Header("connection").empty());
    const auto next = connection.Ask("GET", "/healthz");
    REQUIRE(next.has_value());
    CHECK(next->status == 200);
    CHECK(next->body == kHealthy);
  }
}

TEST_CASE("pipelined requests are answered in their order") {
  const Kiosk kiosk({"--memory"});
  Connection connection(kiosk.port());
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    const std::string user = "p" + std::to_string(i);
    requests += RequestText("POST", "/api/orders",
                            R"({"order":{"items":["tap"],"user_id":")" + user + R"("}})");
    requests += RequestText("GET", "/api/users/" + user);
  }
  REQUIRE(connection.SendRaw(requests));
  for (int i = 0; i < 200; ++i) {
    const auto ordered = connection.Receive();
    REQUIRE(ordered.has_value());
    REQUIRE(ordered->body == R"({"order":{"order_id":")" + std::to_string(i + 1) +
                                 R"(","data":{"items":["tap"],"total":60}}})");
    const auto user = connection.Receive();
    REQUIRE(user.has_value());
    REQUIRE(user->body == R"({"user":{"user_id":"p)" + std::to_string(i) +
                              R"(","data":{"balance":440,"product_ids":["tap"]}}})");
  }
}

TEST_CASE("a client of HTTP/1.0 gets an answer that ends with its connection") {
  const TemporaryFolder folder;
  const std::string path = NewDatabase(folder);
  InsertOrders(path, 2'000);
  const Kiosk kiosk({"--db", path});
  const std::string all = Ask(kiosk.port(), "GET", "/orders").body;
  REQUIRE(std::ranges::count(all, '{') > 2'000);
  for (const std::string keep_alive : {"", "Connection: Keep-Alive\r\n"}) {
    CAPTURE(keep_alive);
    Connection connection(kiosk.port());
    REQUIRE(connection.SendRaw("GET /orders HTTP/1.0\r\n" + keep_alive + "\r\n"));
    const auto answer = connection.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->status == 200);
    CHECK(answer->Header("transfer-encoding").empty());
    CHECK(answer->Header("connection") == "close");
    CHECK(answer->body == all);
    CHECK(connection.IsClosedByServer());
  }
  for (const std::string keep_alive :
       {"", "Connection: Keep-Alive\r\n", "Connection: keep-alive\r\n"}) {
    CAPTURE(keep_alive);
    Connection connection(kiosk.port());
    REQUIRE(connection.SendRaw("GET /healthz HTTP/1.0\r\n" + keep_alive + "\r\n"));
    const auto answer = connection.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->Header("connection") == "close");
    CHECK(answer->body == kHealthy);
    CHECK(connection.IsClosedByServer());
  }
}

TEST_CASE("a client that expects 100 Continue gets it, and then its answer") {
  const Kiosk kiosk({"--memory"});
  const std::string body = R"({"name":"Polish"})";
  for (const Headers& headers : {Headers{{"Expect", "100-continue"}},
                                 {{"Expect", "100-Continue"}},
                                 {{"Expect", "100-continue"}, {"Transfer-Encoding", "chunked"}},
                                 {{"Expect", "100-CONTINUE"}, {"Transfer-Encoding", "chunked"}}}) {
    const std::string sent = headers.size() == 1 ? body : "11\r\n" + body + "\r\n0\r\n\r\n";
    const std::string request = RequestText("POST", "/services", sent, headers);
    Connection connection(kiosk.port());
    REQUIRE(connection.SendRaw(request.substr(0, request.size() - sent.size())));
    // Nothing of the body goes out before the server has asked for it.
    CHECK(connection.ReceiveLine() == "HTTP/1.1 100 Continue");
    CHECK(connection.ReceiveLine() == "");
    REQUIRE(connection.SendRaw(sent));
    const auto answer = connection.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->status == 201);
  }
  // A body that is refused anyway is not asked for.
  Connection connection(kiosk.port());
  REQUIRE(connection.SendRaw(RequestText(
      "POST", "/services", "", {{"Expect", "100-continue"}, {"Content-Length", "99999999"}})));
  CHECK(connection.ReceiveLine() == "HTTP/1.1 413 Payload Too Large");
}

TEST_CASE("a client that has ended its own direction is answered") {
  const Kiosk kiosk({"--memory"});
  Connection connection(kiosk.port());
  REQUIRE(connection.SendRaw(RequestText("POST", "/services", R"({"name":"Polish"})")));
  connection.FinishSending();
  const auto answer = connection.Receive();
  REQUIRE(answer.has_value());
  CHECK(answer->body == R"({"id":790,"name":"Polish"})");
  CHECK(connection.IsClosedByServer());
}

TEST_CASE("HEAD of a long list leaves the connection good for the next request") {
  const TemporaryFolder folder;
  const std::string path = NewDatabase(folder);
  InsertOrders(path, 2'000);
  const Kiosk kiosk({"--db", path});
  Connection connection(kiosk.port());
  const auto head = connection.Ask("HEAD", "/orders");
  REQUIRE(head.has_value());
  CHECK(head->status == 200);
  CHECK(head->body.empty());
  const auto next = connection.Ask("GET", "/healthz");
  REQUIRE(next.has_value());
  CHECK(next->body == kHealthy);
}

TEST_CASE("SIGTERM ends it within 2 seconds although a lock or a reader keeps requests running") {
  const TemporaryFolder folder;
  const std::string path = NewDatabase(folder);
  InsertOrders(path, kLongList);
  Kiosk kiosk({"--db", path, "--quiet"});
  CHECK(Ask(kiosk.port(), "GET", "/api/users/ann").status == 200);
  auto readers = Connect(kiosk, 20);  // that never read
  for (const Connection& reader : readers) {
    REQUIRE(reader.SendRaw(RequestText("GET", "/orders")));
  }
  const WriteLock lock(path);  // that is never given up
  auto writers = Connect(kiosk, 5);
  for (const Connection& writer : writers) {
    REQUIRE(writer.SendRaw(RequestText("POST", "/services", R"({"name":"never"})")));
  }
  std::this_thread::sleep_for(milliseconds(200));
  kiosk.Signal(SIGTERM);
  const auto begin = steady_clock::now();
  CHECK(kiosk.WaitForExit(milliseconds(5000 * kSlowdown)) == 0);
  CHECK(steady_clock::now() - begin < milliseconds(2000 * kSlowdown));
  CHECK(QueryFile(path, "SELECT user_id FROM users") == "ann");
  CHECK(QueryFile(path, "SELECT count(*) FROM services") == "3");
}

TEST_CASE("out of descriptors it makes clients wait their turn, and goes on when some leave") {
  ChildOptions options;
  options.before_exec = [] {
    const rlimit limit{40, 40};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  };
  const Kiosk kiosk({"--memory", "--quiet"}, options);
  for (int round = 0; round < 3; ++round) {
    auto connections = Connect(kiosk, 100);
    for (const Connection& connection : connections) {
      REQUIRE(connection.SendRaw(RequestText("GET", "/healthz", "", {{"Connection", "close"}})));
    }
    // All of them are answered, although they never had descriptors at once.
    for (Connection& connection : connections) {
      const auto answer = connection.Receive();
      REQUIRE(answer.has_value());
      CHECK(answer->body == kHealthy);
    }
    // Idle ones hold what there is, until they leave.
    const auto idle = Connect(kiosk, 100);
  }
  CHECK(Ask(kiosk.port(), "GET", "/healthz").body == kHealthy);
}

TEST_CASE("a client that asks for the end of the connection gets it") {
  const Kiosk kiosk({"--memory"});
  for (const std::string header : {"close", "Close", "foo, close"}) {
    CAPTURE(header);
    Connection connection(kiosk.port(), "127.0.0.1", std::chrono::seconds(2));
    const auto answer = connection.Ask("GET", "/healthz", "", {{"Connection", header}});
    REQUIRE(answer.has_value());
    CHECK(answer->status == 200);
    CHECK(answer->Header("connection") == "close");
    CHECK(connection.IsClosedByServer());
  }
}

}  // namespace kiosk::test
