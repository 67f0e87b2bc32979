#include "store/money.h"

#include <algorithm>

namespace kiosk {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at the front of `text`, and removes them from it.
std::string_view TakeDigits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), IsDigit);
  const auto count = static_cast<size_t>(end - text.begin());
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

bool TakeOneOf(std::string_view& text, std::string_view wanted) {
  if (text.empty() || wanted.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Far beyond any exponent that could matter; keeps the arithmetic on exponents small.
constexpr int64_t kHugeExponent = 1'000'000;

// The exponent after 'e', nothing if there are no digits.
std::optional<int64_t> TakeExponent(std::string_view& text) {
  const bool negative = TakeOneOf(text, "-");
  if (!negative) TakeOneOf(text, "+");
  const std::string_view digits = TakeDigits(text);
  if (digits.empty()) return std::nullopt;
  int64_t exponent = 0;
  for (const char c : digits) exponent = std::min(exponent * 10 + (c - '0'), kHugeExponent);
  return negative ? -exponent : exponent;
}

}  // namespace

std::optional<Money> ParseMoney(std::string_view number) {
  const bool negative = TakeOneOf(number, "-");
  const std::string_view whole = TakeDigits(number);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return std::nullopt;
  std::string_view fraction;
  if (TakeOneOf(number, ".")) {
    fraction = TakeDigits(number);
    if (fraction.empty()) return std::nullopt;
  }
  int64_t exponent = 0;
  if (TakeOneOf(number, "eE")) {
    const auto taken = TakeExponent(number);
    if (!taken) return std::nullopt;
    exponent = *taken;
  }
  if (!number.empty()) return std::nullopt;

  const int64_t decimals = static_cast<int64_t>(fraction.size()) - exponent;
  if (decimals > 2) return std::nullopt;
  int64_t cents = 0;
  const auto append = [&cents](char digit) {
    cents = cents * 10 + (digit - '0');
    return cents <= kMaxMoney.cents;
  };
  if (!std::all_of(whole.begin(), whole.end(), append)) return std::nullopt;
  if (!std::all_of(fraction.begin(), fraction.end(), append)) return std::nullopt;
  for (int64_t i = decimals; i < 2 && cents != 0; ++i) {
    if (!append('0')) return std::nullopt;
  }
  return Money{negative ? -cents : cents};
}

std::string FormatMoney(Money amount) {
  const int64_t magnitude = amount.cents < 0 ? -amount.cents : amount.cents;
  std::string text = amount.cents < 0 ? "-" : "";
  text += std::to_string(magnitude / 100);
  const int64_t fraction = magnitude % 100;
  if (fraction != 0) {
    text += '.';
    text += static_cast<char>('0' + fraction / 10);
    if (fraction % 10 != 0) text += static_cast<char>('0' + fraction % 10);
  }
  return text;
}

}  // namespace kiosk
