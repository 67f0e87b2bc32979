// The memory of large bodies: all that are parsed at a time are bounded together.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "http/parsing_turn.h"
#include "tests/scenario.h"

using namespace kiosk;
using namespace kiosk::test;

namespace {

// VmHWM of a process: the most memory that it ever had, in KiB.
long PeakKib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    long kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib;
  }
  return -1;
}

// A list of `item` that fills 1 MiB.
std::string ListOf(const std::string& item) {
  std::string body = "[" + item;
  while (body.size() + item.size() + 2 <= 1'048'576) body += "," + item;
  return body + "]";
}

}  // namespace

TEST_CASE(
    "forty clients with bodies of 1 MiB do not make the server grow by what each would take") {
  TestServer server;
  const std::vector<std::string> bodies = {ListOf("{}"), ListOf("1"), ListOf(R"("")"),
                                           ListOf(Repeat("[", 31) + Repeat("]", 31))};
  CHECK(server.Ask("GET", "/orders").status == 200);
  constexpr size_t kClients = 40 / kSlowdown;  // a sanitizer parses one body at a time for seconds
  for (const std::string& body : bodies) {
    CAPTURE(body.substr(0, 20));
    const std::vector<std::string> requests(kClients, RequestText("POST", "/orders", body));
    CHECK(CountStatuses(AskAtOnce(server.port(), requests)) == std::to_string(kClients) + "x400");
  }
  const long peak = PeakKib(server.kiosk().pid());
  MESSAGE("the most memory: ", peak, " KiB");
  // 40 bodies of 1 MiB, one of them parsed. A sanitizer keeps what was freed.
  CHECK(peak < 110'000 * kSlowdown);
}

TEST_CASE("small bodies never wait for large ones") {
  const ParsingTurn large(ParsingTurn::kBudget);
  auto small = std::async(std::launch::async, [] { const ParsingTurn turn(ParsingTurn::kSmall); });
  CHECK(small.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
}

TEST_CASE("large bodies wait until there is room") {
  auto first = std::make_unique<ParsingTurn>(ParsingTurn::kBudget);
  std::atomic<bool> has_turn = false;
  std::thread second([&has_turn] {
    const ParsingTurn turn(2 * ParsingTurn::kBudget);
    has_turn = true;
  });
  CHECK(!has_turn);
  first.reset();
  second.join();
  CHECK(has_turn);
}
