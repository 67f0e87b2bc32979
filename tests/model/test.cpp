#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include "tests/model/generate.h"
#include "tests/model/play.h"

namespace {

// From the environment, so that a run can be repeated or made longer.
uint64_t NumberFrom(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

TEST_CASE("random calls of many clients are answered as a plain model of the contract answers") {
  const uint64_t seed = NumberFrom("KIOSK_MODEL_SEED", std::random_device{}());
  const uint64_t calls = NumberFrom("KIOSK_MODEL_CALLS", 100'000);
  std::cout << "KIOSK_MODEL_SEED=" << seed << std::endl;
  auto rounds = kiosk::model::Generate(seed, calls);
  std::map<std::string, size_t> outcomes;
  const auto difference = kiosk::model::Play(rounds, kiosk::model::Look::kAfterAtOnce, &outcomes);
  if (difference) {
    const auto least = kiosk::model::Shorten(rounds, *difference);
    FAIL("KIOSK_MODEL_SEED=" << seed << ": kiosk and the model differ after "
                             << difference->round + 1 << " rounds:\n"
                             << difference->report
                             << "\n\nthe shortest sequence that shows a difference:"
                             << kiosk::model::Show(rounds) << "\n"
                             << least.report);
  }
  // Sequences that never come to something would say nothing about it.
  for (const char* outcome : {"200",
                              "201",
                              "304",
                              "200 again",
                              "201 again",
                              "400 insufficient_balance",
                              "400 insufficient_balance again",
                              "400 invalid_json",
                              "400 invalid_request",
                              "400 products_already_purchased",
                              "400 products_not_found",
                              "400 services_not_found",
                              "404 service_not_found",
                              "404 order_not_found",
                              "409 order_conflict",
                              "409 order_conflict again",
                              "409 order_exists",
                              "409 service_exists",
                              "409 service_in_use",
                              "412 precondition_failed",
                              "415 unsupported_media_type",
                              "422 idempotency_key_reused"}) {
    CAPTURE(outcome);
    CHECK(outcomes[outcome] > 0);
  }
}
