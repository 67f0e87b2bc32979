// Fibers, deadlines and worker threads, without a connection.
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "http/net/deadlines.h"
#include "http/net/fiber.h"
#include "http/net/workers.h"

namespace kiosk::net {
namespace {

using std::chrono::seconds;

struct Waiter {
  Deadlines<Waiter>::Deadline deadline;
};

}  // namespace

TEST_CASE("a fiber goes on where it yielded") {
  Fiber fiber;
  std::string steps;
  CHECK_FALSE(fiber.Start([&] {
    steps += "a";
    fiber.Yield();
    steps += "b";
    fiber.Yield();
    steps += "c";
  }));
  steps += "1";
  CHECK_FALSE(fiber.Resume());
  steps += "2";
  CHECK(fiber.Resume());
  CHECK(steps == "a1b2c");
  // It can be started again.
  CHECK(fiber.Start([&] { steps += "d"; }));
  CHECK(steps == "a1b2cd");
}

TEST_CASE("a fiber keeps what it computed with") {
  Fiber fiber;
  double sum = 0;
  const bool ended = fiber.Start([&] {
    double x = 1;
    for (int i = 0; i < 10; ++i) {
      x = std::sqrt(x + i);
      fiber.Yield();
      sum += x;
    }
  });
  REQUIRE_FALSE(ended);
  double other = 1;
  for (int i = 0; i < 10; ++i) {
    other = std::sqrt(other * 3 + i);
    fiber.Resume();
  }
  double expected = 0;
  double x = 1;
  for (int i = 0; i < 10; ++i) expected += x = std::sqrt(x + i);
  CHECK(sum == expected);
}

TEST_CASE("each fiber has exceptions of its own") {
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<std::string> caught(3);
  for (size_t i = 0; i < caught.size(); ++i) {
    fibers.push_back(std::make_unique<Fiber>());
    Fiber& fiber = *fibers.back();
    const bool ended = fiber.Start([&fiber, &caught, i] {
      try {
        throw std::runtime_error(std::to_string(i));
      } catch (const std::exception&) {
        fiber.Yield();
        try {
          throw;
        } catch (const std::exception& error) {
          caught[i] = error.what();
        }
      }
    });
    REQUIRE_FALSE(ended);
  }
  try {
    throw std::logic_error("outside");
  } catch (const std::logic_error& error) {
    for (const size_t i : {size_t{1}, size_t{0}, size_t{2}}) CHECK(fibers[i]->Resume());
    CHECK(std::string(error.what()) == "outside");
  }
  CHECK(caught == std::vector<std::string>{"0", "1", "2"});
  CHECK(std::uncaught_exceptions() == 0);
}

TEST_CASE("a thousand fibers wait together") {
  std::vector<std::unique_ptr<Fiber>> fibers(1000);
  int woken = 0;
  for (auto& fiber : fibers) {
    fiber = std::make_unique<Fiber>();
    const bool ended = fiber->Start([&woken, &fiber] {
      fiber->Yield();
      ++woken;
    });
    REQUIRE_FALSE(ended);
  }
  for (auto& fiber : fibers) CHECK(fiber->Resume());
  CHECK(woken == 1000);
}

TEST_CASE("deadlines come in their order, and can be moved and removed") {
  Deadlines<Waiter> deadlines;
  const Moment begin{};
  Waiter a, b, c, d;
  CHECK(deadlines.Next() == Deadlines<Waiter>::kNever);
  CHECK(deadlines.TakeExpired(begin) == nullptr);
  deadlines.Set(a, begin + seconds(60));
  deadlines.Set(b, begin + seconds(20));
  deadlines.Set(c, begin + seconds(30));
  deadlines.Set(d, begin + seconds(25));
  deadlines.Set(a, begin + seconds(10));  // earlier
  deadlines.Set(b, begin + seconds(40));  // later
  deadlines.Set(d, Deadlines<Waiter>::kNever);
  CHECK(deadlines.Next() == begin + seconds(10));
  CHECK(deadlines.TakeExpired(begin + seconds(9)) == nullptr);
  CHECK(deadlines.TakeExpired(begin + seconds(10)) == &a);
  CHECK(deadlines.TakeExpired(begin + seconds(29)) == nullptr);
  CHECK(deadlines.TakeExpired(begin + seconds(50)) == &c);
  CHECK(deadlines.TakeExpired(begin + seconds(50)) == &b);
  CHECK(deadlines.TakeExpired(begin + seconds(999)) == nullptr);
  deadlines.Set(b, begin + seconds(70));
  deadlines.Remove(b);
  CHECK(deadlines.Next() == Deadlines<Waiter>::kNever);
}

TEST_CASE("workers run everything that was added before they end") {
  std::atomic<int> ran = 0;
  {
    Workers workers(3);
    for (int i = 0; i < 100; ++i) workers.Add([&ran] { ++ran; });
  }
  CHECK(ran == 100);
}

}  // namespace kiosk::net
