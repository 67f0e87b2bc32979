// Clients that are silent, slow or many, and what they cost the others: no thread, little memory
// and no time.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/harness.h"

namespace kiosk::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr char kHealthy[] = R"({"status":"ok"})";
constexpr long kMaxThreads = 40;
constexpr long kMaxKib = 40L * 1024;  // of an ordinary build
constexpr double kHangMs = 1000 * kSlowdown;

// The tests hold more connections than a process may by default.
void AllowDescriptors(rlim_t count) {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = std::min(limit.rlim_max, count);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

std::vector<Connection> Connect(const Kiosk& kiosk, size_t count, const std::string& bytes = "") {
  std::vector<Connection> connections;
  connections.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    connections.emplace_back(kiosk.port());
    REQUIRE(connections.back().connected());
    if (!bytes.empty()) REQUIRE(connections.back().SendRaw(bytes));
  }
  return connections;
}

double Ms(steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count();
}

// Asks on one connection and on new ones; the time that 99 of 100 requests stay under.
double MeasureP99(const Kiosk& kiosk, int rounds) {
  Connection staying(kiosk.port());
  std::vector<double> all;
  for (int i = 0; i < rounds; ++i) {
    auto begin = steady_clock::now();
    const auto answer = staying.Ask("GET", "/api/users/active");
    REQUIRE(answer.has_value());
    REQUIRE(answer->status == 200);
    all.push_back(Ms(begin));
    begin = steady_clock::now();
    REQUIRE(Ask(kiosk.port(), "GET", "/healthz").status == 200);
    all.push_back(Ms(begin));
  }
  std::ranges::sort(all);
  return all[all.size() * 99 / 100];
}

std::string OrderLimit() { return RequestText("GET", "/orders"); }

}  // namespace

TEST_CASE("five thousand connections take no thread, little memory and no time from others") {
  constexpr size_t kThousand = 1000 / kSlowdown;
  AllowDescriptors(10'000);
  const Kiosk kiosk({"--memory", "--quiet"});
  const auto silent = Connect(kiosk, 3 * kThousand);
  const auto half = Connect(kiosk, 2 * kThousand, "GET /orders HTTP/1.1\r\nHost: localhost\r\nX-");
  auto idle = Connect(kiosk, kThousand);
  for (Connection& connection : idle) {
    const auto answer = connection.Ask("GET", "/healthz");
    REQUIRE(answer.has_value());
    REQUIRE(answer->body == kHealthy);
  }
  const auto dripping = Connect(kiosk, 450 / kSlowdown);
  std::atomic<bool> enough = false;
  std::thread drip([&] {
    const std::string request = RequestText("GET", "/healthz");
    for (size_t next = 0; !enough; ++next) {
      for (const Connection& connection : dripping) {
        static_cast<void>(connection.SendRaw(request.substr(next % request.size(), 1)));
      }
      for (int i = 0; i < 10 && !enough; ++i) std::this_thread::sleep_for(milliseconds(50));
    }
  });
  const double p99 = MeasureP99(kiosk, 500 / kSlowdown);
  enough = true;
  drip.join();
  MESSAGE("p99 " << p99 << " ms, " << kiosk.ResidentKib() << " KiB, " << kiosk.Threads()
                 << " threads");
  CHECK(p99 < kHangMs);
  CHECK(kiosk.Threads() <= kMaxThreads);
  if (kSlowdown == 1) CHECK(kiosk.ResidentKib() <= kMaxKib);
  // Those that idled are still served.
  for (size_t i = 0; i < idle.size(); i += 100) {
    const auto answer = idle[i].Ask("GET", "/healthz");
    REQUIRE(answer.has_value());
    CHECK(answer->body == kHealthy);
  }
}

TEST_CASE("delayed requests take no thread and are answered together") {
  const Kiosk kiosk({"--memory", "--quiet", "--delay", "1000"});
  AllowDescriptors(10'000);
  constexpr size_t kDelayed = 1000 / kSlowdown;
  auto delayed = Connect(kiosk, kDelayed);
  const auto begin = steady_clock::now();
  for (const Connection& connection : delayed) {
    REQUIRE(connection.SendRaw(RequestText("GET", "/api/products")));
  }
  CHECK(Ask(kiosk.port(), "GET", "/healthz").body == kHealthy);  // which is not delayed
  CHECK(kiosk.Threads() <= kMaxThreads);
  for (Connection& connection : delayed) {
    const auto answer = connection.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->status == 200);
  }
  const double took = Ms(begin);
  CHECK(took >= 1000);
  CHECK(took < 9000);  // one after the other they would take 1,000 seconds
}

TEST_CASE("a stop ends delays and answers the requests that wait for them") {
  Kiosk kiosk({"--memory", "--quiet", "--delay", "60000"});
  auto delayed = Connect(kiosk, 20, RequestText("POST", "/services", R"({"name": "Late"})"));
  CHECK(Ask(kiosk.port(), "GET", "/healthz").body == kHealthy);
  kiosk.Signal(SIGTERM);
  for (Connection& connection : delayed) {
    const auto answer = connection.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->status == 201);
    CHECK(connection.IsClosedByServer());
  }
  CHECK(kiosk.WaitForExit(milliseconds(2000 * kSlowdown)) == 0);
}

TEST_CASE("clients that do not read a long list take no thread and hold up no other client") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  REQUIRE(RunKiosk({"generate", "--db", path, "--users", "10", "--orders", "20000"}).exit_code ==
          0);
  Kiosk kiosk({"--db", path, "--quiet"});
  auto readers = Connect(kiosk, 200 / kSlowdown, OrderLimit());
  const double p99 = MeasureP99(kiosk, 200 / kSlowdown);
  MESSAGE("p99 " << p99 << " ms");
  CHECK(p99 < kHangMs);
  CHECK(kiosk.Threads() <= kMaxThreads);
  const auto whole = readers[0].Receive();
  REQUIRE(whole.has_value());
  CHECK(whole->body.starts_with("[{"));
  CHECK(whole->body.ends_with("}]"));
  readers.clear();
  CHECK(Ask(kiosk.port(), "GET", "/healthz").body == kHealthy);
  CHECK(kiosk.Stop().exit_code == 0);
}

TEST_CASE("when descriptors run out, the connection that has been idle longest is closed") {
  ChildOptions options;
  options.before_exec = [] {
    const rlimit limit{64, 64};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  };
  const Kiosk kiosk({"--memory", "--quiet"}, options);
  auto idle = Connect(kiosk, 60);
  for (int i = 0; i < 10; ++i) {
    CAPTURE(i);
    Connection active(kiosk.port());
    const auto answer = active.Ask("GET", "/healthz");
    REQUIRE(answer.has_value());
    CHECK(answer->body == kHealthy);
  }
  CHECK(idle.front().IsClosedByServer());
  const auto last = idle.back().Ask("GET", "/healthz");
  REQUIRE(last.has_value());
  CHECK(last->body == kHealthy);
}

TEST_CASE("a client that reads nothing does not keep its neighbour in a pipeline waiting") {
  const Kiosk kiosk({"--memory", "--quiet"});
  Connection greedy(kiosk.port());
  std::string requests;
  for (int i = 0; i < 5000; ++i) requests += RequestText("GET", "/api/products");
  std::thread sender([&] { static_cast<void>(greedy.SendRaw(requests)); });
  for (int i = 0; i < 20; ++i) {
    const auto begin = steady_clock::now();
    CHECK(Ask(kiosk.port(), "GET", "/healthz").body == kHealthy);
    CHECK(Ms(begin) < kHangMs);
  }
  for (int i = 0; i < 5000; ++i) {
    const auto answer = greedy.Receive();
    REQUIRE(answer.has_value());
    REQUIRE(answer->status == 200);
  }
  sender.join();
}

}  // namespace kiosk::test
