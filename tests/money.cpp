#include "store/money.h"

#include <doctest/doctest.h>

using namespace kiosk;

TEST_CASE("money is read from the number's own digits") {
  struct Row {
    const char* text;
    std::optional<int64_t> cents;
  };
  const Row rows[] = {
      {"0", 0},
      {"-0", 0},
      {"500", 50000},
      {"75.99", 7599},
      {"0.5", 50},
      {"0.50", 50},
      {"-1.01", -101},
      {"1e2", 10000},
      {"7.599e1", 7599},
      {"1E-2", 1},
      {"100e-2", 100},
      {"0e999999999999", 0},
      {"90000000000000", 9'000'000'000'000'000},
      {"90000000000000.00", 9'000'000'000'000'000},
      {"-90000000000000", -9'000'000'000'000'000},
      {"90000000000000.01", std::nullopt},
      {"-90000000000000.01", std::nullopt},
      {"1e999999999999", std::nullopt},
      {"1.005", std::nullopt},
      {"1.000", 100},
      {"100.500", 10050},
      {"12345e-2", 12345},
      {"1E3", 100000},
      {"0e999999", 0},
      {"1.0001", std::nullopt},
      {"1e-999999999", std::nullopt},
      {"1e-3", std::nullopt},
      {"", std::nullopt},
      {"-", std::nullopt},
      {"01", std::nullopt},
      {".5", std::nullopt},
      {"5.", std::nullopt},
      {"1e", std::nullopt},
      {"1e+", std::nullopt},
      {"+1", std::nullopt},
      {"1 ", std::nullopt},
      {"NaN", std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto money = ParseMoney(row.text);
    CHECK(money.has_value() == row.cents.has_value());
    if (money && row.cents) CHECK(money->cents == *row.cents);
  }
}

TEST_CASE("money is written with at most two decimals") {
  CHECK(FormatMoney(Money{0}) == "0");
  CHECK(FormatMoney(Money{50000}) == "500");
  CHECK(FormatMoney(Money{7599}) == "75.99");
  CHECK(FormatMoney(Money{50}) == "0.5");
  CHECK(FormatMoney(Money{5}) == "0.05");
  CHECK(FormatMoney(Money{1050}) == "10.5");
  CHECK(FormatMoney(Money{-101}) == "-1.01");
  CHECK(FormatMoney(kMaxMoney) == "90000000000000");
}
