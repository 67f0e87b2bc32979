#include "tests/crash/in_process.h"

#include <cstdlib>
#include <iostream>
#include <random>
#include <variant>

#include "data/embedded.h"
#include "http/codec.h"
#include "http/seed_reader.h"

namespace kiosk::test {
namespace {

constexpr int64_t kBegin = 1700000000000;

std::optional<uint64_t> NumberFromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  if (!text) return std::nullopt;
  return std::stoull(text);
}

}  // namespace

std::atomic<int64_t> InProcess::now_ = kBegin;

Seed BuiltInSeed() { return std::get<Seed>(ReadSeed(embedded::Seed(), Timestamp{kBegin})); }

InProcess::InProcess(Store& store)
    : store_(store),
      metrics_(RouteLabels()),
      api_{.store = store,
           .metrics = metrics_,
           .log_fault = [](const std::string&, const std::string&) {}} {}

Received InProcess::Ask(const Asked& asked) {
  Request request;
  request.method = asked.method;
  request.path = asked.target;
  request.body = asked.body;
  request.content_type = "application/json";
  if (!asked.key.empty()) request.idempotency_key = asked.key;
  request.now = Timestamp{++now_};
  request.system_time = request.now;
  Response response = Dispatch(api_, request).response;
  Received received{response.status, std::move(response.body), false};
  for (const auto& [name, value] : response.headers) {
    received.replayed |= name == "Idempotency-Replayed" && value == "true";
  }
  return received;
}

State InProcess::Read(std::vector<std::string>& wrong) {
  return store_.Read([&wrong](Database& db) { return State::Read(db, wrong); });
}

uint64_t CrashSeed() {
  static const uint64_t seed = [] {
    const uint64_t chosen =
        NumberFromEnvironment("KIOSK_CRASH_SEED").value_or(std::random_device{}());
    std::cout << "KIOSK_CRASH_SEED=" << chosen << std::endl;
    return chosen;
  }();
  return seed;
}

uint64_t CrashRounds() { return NumberFromEnvironment("KIOSK_CRASH_ROUNDS").value_or(20); }

std::string Summary(const std::vector<std::string>& wrong) {
  constexpr size_t kShown = 10;
  std::string text;
  for (size_t i = 0; i < wrong.size() && i < kShown; ++i) text += "\n" + wrong[i];
  if (wrong.size() > kShown) text += "\nand " + std::to_string(wrong.size() - kShown) + " more";
  return text;
}

}  // namespace kiosk::test
