// Numbers: what is read is what the digits say, and is written in its one shortest form.
#include "store/money.h"

#include <optional>

#include "store/decimal.h"
#include "tests/fuzz/fuzz.h"

namespace kiosk::fuzz {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A JSON number (RFC 8259, section 6), taken apart.
struct Number {
  bool negative = false;
  std::string digits;  // before and after the point
  long decimals = 0;   // how many of them stand after it, with the exponent taken in
};

std::string TakeDigits(std::string_view& text) {
  std::string digits;
  for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1)) digits += text.front();
  return digits;
}

bool Take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Number> ReadNumber(std::string_view text) {
  Number number;
  number.negative = Take(text, '-');
  number.digits = TakeDigits(text);
  if (number.digits.empty() || (number.digits.size() > 1 && number.digits[0] == '0')) return {};
  if (Take(text, '.')) {
    const std::string fraction = TakeDigits(text);
    if (fraction.empty()) return {};
    number.digits += fraction;
    number.decimals = static_cast<long>(fraction.size());
  }
  if (Take(text, 'e') || Take(text, 'E')) {
    const bool negative = Take(text, '-');
    if (!negative) Take(text, '+');
    const std::string exponent = TakeDigits(text);
    if (exponent.empty()) return {};
    const long value = std::strtol(exponent.c_str(), nullptr, 10);  // at most LONG_MAX
    const long bounded = value < 1'000'000'000 ? value : 1'000'000'000;
    number.decimals += negative ? bounded : -bounded;
  }
  if (!text.empty()) return {};
  return number;
}

// `number` times 10^`decimals` by writing its zeros out; nothing if that is no integer within
// `max`.
std::optional<std::string> Scaled(const Number& number, long decimals, std::string_view max) {
  std::string scaled = number.digits;
  const size_t first = scaled.find_first_not_of('0');
  if (first == std::string::npos) return "0";
  scaled.erase(0, first);
  long zeros = decimals - number.decimals;
  for (; zeros < 0 && scaled.back() == '0'; ++zeros) scaled.pop_back();
  if (zeros < 0 || zeros > 20) return {};
  scaled.append(static_cast<size_t>(zeros), '0');
  if (scaled.size() > max.size() || (scaled.size() == max.size() && scaled > max)) return {};
  return (number.negative ? "-" : "") + scaled;
}

void CheckInteger(std::string_view text, const std::optional<Number>& number) {
  constexpr int64_t kMax = (1LL << 53) - 1;
  const auto wanted = number ? Scaled(*number, 0, std::to_string(kMax)) : std::nullopt;
  const auto integer = ParseDecimal(text, 0, kMax);
  Require(integer.has_value() == wanted.has_value(), "an integer is read if and only if it is one");
  if (integer) Require(std::to_string(*integer) == *wanted, "an integer is exact", *wanted);
}

void Check(std::string_view text) {
  const auto number = ReadNumber(text);
  CheckInteger(text, number);
  const auto wanted = number ? Scaled(*number, 2, "9000000000000000") : std::nullopt;
  const auto money = ParseMoney(text);
  Require(money.has_value() == wanted.has_value(), "an amount is read if and only if it is one");
  if (!money) return;
  Require(std::to_string(money->cents) == *wanted, "the cents are those of the digits", *wanted);
  const std::string written = FormatMoney(*money);
  Require(ParseMoney(written) == money, "what is written is read back", written);
  const size_t point = written.find('.');
  const bool is_shortest =
      point == std::string::npos || (written.size() - point <= 3 && written.back() != '0');
  Require(is_shortest && written.find_first_not_of("-.0123456789") == std::string::npos,
          "the shortest form is written", written);
}

}  // namespace
}  // namespace kiosk::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kiosk::fuzz::Check(kiosk::fuzz::AsText(data, size));
  return 0;
}
