#include "store/decimal.h"

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

// Larger than the number of digits in any text, so that a number cannot make up for it.
constexpr int64_t kHugeExponent = 1'000'000'000'000'000;

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

// A number as it is written: the digits before and after the point, and the power of ten.
struct Parts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  int64_t exponent = 0;
  size_t length = 0;
};

// The longest number at the front of `text`; nothing if there is none.
std::optional<Parts> ReadFront(std::string_view text) {
  std::string_view rest = text;
  Parts parts;
  parts.negative = TakeOneOf(rest, "-");
  const std::string_view begin = rest;
  parts.whole = TakeOneOf(rest, "0") ? begin.substr(0, 1) : TakeDigits(rest);
  if (parts.whole.empty()) return std::nullopt;
  parts.length = text.size() - rest.size();
  if (TakeOneOf(rest, ".")) {
    parts.fraction = TakeDigits(rest);
    if (parts.fraction.empty()) return parts;
    parts.length = text.size() - rest.size();
  }
  if (TakeOneOf(rest, "eE")) {
    if (const auto exponent = TakeExponent(rest)) {
      parts.exponent = *exponent;
      parts.length = text.size() - rest.size();
    }
  }
  return parts;
}

}  // namespace

size_t NumberLength(std::string_view text) {
  const auto parts = ReadFront(text);
  return parts ? parts->length : 0;
}

std::optional<int64_t> ParseDecimal(std::string_view number, int decimals, int64_t max) {
  const auto parts = ReadFront(number);
  if (!parts || parts->length != number.size()) return std::nullopt;
  // `value` has the digits up to the last one that is not zero; `zeros` are those after it.
  int64_t value = 0;
  int64_t zeros = 0;
  const auto append = [&value, max](int digit) {
    if (value > (max - digit) / 10) return false;
    value = value * 10 + digit;
    return true;
  };
  for (const std::string_view digits : {parts->whole, parts->fraction}) {
    for (const char c : digits) {
      if (c == '0') {
        ++zeros;
        continue;
      }
      for (; zeros > 0 && value != 0; --zeros) {
        if (!append(0)) return std::nullopt;
      }
      zeros = 0;
      if (!append(c - '0')) return std::nullopt;
    }
  }
  if (value == 0) return 0;
  int64_t scale = zeros + parts->exponent - std::ssize(parts->fraction) + decimals;
  if (scale < 0) return std::nullopt;
  for (; scale > 0; --scale) {
    if (!append(0)) return std::nullopt;
  }
  return parts->negative ? -value : value;
}

std::string CanonicalNumber(std::string_view number) {
  const auto parts = ReadFront(number);
  if (!parts) return std::string(number);
  std::string digits(parts->whole);
  digits += parts->fraction;
  const size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return "0e0";
  const size_t last = digits.find_last_not_of('0');
  const auto zeros = static_cast<int64_t>(digits.size() - 1 - last);
  const int64_t exponent = parts->exponent - std::ssize(parts->fraction) + zeros;
  return (parts->negative ? "-" : "") + digits.substr(first, last + 1 - first) + "e" +
         std::to_string(exponent);
}

}  // namespace kiosk
