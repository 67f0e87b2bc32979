#include "store/money.h"

#include "store/decimal.h"

namespace kiosk {

std::optional<Money> ParseMoney(std::string_view number) {
  const auto cents = ParseDecimal(number, 2, kMaxMoney.cents);
  return cents ? std::optional(Money{*cents}) : std::nullopt;
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
