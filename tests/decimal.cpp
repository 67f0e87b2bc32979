// The exact value of a number from its digits.
#include "store/decimal.h"

#include <doctest/doctest.h>

#include <string>

using namespace kiosk;

TEST_CASE("an integer is read in any spelling that denotes it") {
  constexpr int64_t kMax = (1LL << 53) - 1;
  struct Row {
    const char* text;
    std::optional<int64_t> integer;
  };
  const Row rows[] = {
      {"1", 1},
      {"1.0", 1},
      {"1.000000000000000000000000000000", 1},
      {"1e2", 100},
      {"1E+2", 100},
      {"10e-1", 1},
      {"1000e-3", 1},
      {"0.001e3", 1},
      {"12.50e1", 125},
      {"-0", 0},
      {"-0.0e5", 0},
      {"0e999999999999999999999", 0},
      {"0e-999999999999999999999", 0},
      {"-12", -12},
      {"9007199254740991", kMax},
      {"9007199254740991.0", kMax},
      {"9.007199254740991e15", kMax},
      {"9007199254740992", std::nullopt},
      {"9007199254740991.5", std::nullopt},
      {"18446744073709551617", std::nullopt},
      {"1e16", std::nullopt},
      {"1e999999999", std::nullopt},
      {"1e99999999999999999999999", std::nullopt},
      {"1e-999999999", std::nullopt},
      {"1.5", std::nullopt},
      {"1e-1", std::nullopt},
      {"15e-1", std::nullopt},
      {"01", std::nullopt},
      {"1.", std::nullopt},
      {".1", std::nullopt},
      {"+1", std::nullopt},
      {"1e", std::nullopt},
      {"0x1", std::nullopt},
      {" 1", std::nullopt},
      {"1 ", std::nullopt},
      {"Infinity", std::nullopt},
      {"", std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(ParseDecimal(row.text, 0, kMax) == row.integer);
  }
}

TEST_CASE("a number as long as a body is read exactly, whatever its exponent") {
  const std::string zeros(1'000'000, '0');
  CHECK(ParseDecimal("7" + zeros + "e-1000000", 0, 100) == 7);
  CHECK(ParseDecimal("7" + zeros + "e-1000001", 0, 100) == std::nullopt);
  CHECK(ParseDecimal("0." + zeros + "7e1000001", 0, 100) == 7);
  CHECK(ParseDecimal("0." + zeros + "7e1000002", 0, 100) == 70);
  CHECK(ParseDecimal("0." + zeros + "7e1000003", 0, 100) == std::nullopt);
  CHECK(ParseDecimal("7." + zeros, 2, 1000) == 700);
  CHECK(ParseDecimal("1e" + zeros + "2", 0, 100) == 100);
  CHECK(ParseDecimal("1e" + std::string(1'000'000, '9'), 0, 100) == std::nullopt);
  CHECK(ParseDecimal("0e-" + std::string(1'000'000, '9'), 0, 100) == 0);
}

TEST_CASE("the bound is exact on both sides") {
  constexpr int64_t kMax = INT64_MAX;
  CHECK(ParseDecimal("9223372036854775807", 0, kMax) == kMax);
  CHECK(ParseDecimal("-9223372036854775807", 0, kMax) == -kMax);
  CHECK(ParseDecimal("9223372036854775808", 0, kMax) == std::nullopt);
  CHECK(ParseDecimal("92233720368547758.07", 2, kMax) == kMax);
  CHECK(ParseDecimal("92233720368547758.08", 2, kMax) == std::nullopt);
}
