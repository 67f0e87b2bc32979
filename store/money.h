// Money as whole cents, and its exact form as a JSON number.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiosk {

// An amount in cents. Every amount that was read or stored lies within ±kMaxMoney.
struct Money {
  int64_t cents = 0;
  friend auto operator<=>(const Money&, const Money&) = default;
};

// 90,000,000,000,000.00: below 2^53 cents, so a client's doubles still tell cents apart.
inline constexpr Money kMaxMoney{9'000'000'000'000'000};

// Reads a JSON number that is a whole number of cents, in any spelling ("100.500", "12345e-2").
// Nothing if it is another number, or lies beyond ±kMaxMoney.
[[nodiscard]] std::optional<Money> ParseMoney(std::string_view number);

// The shortest exact form with at most two decimals: "500", "75.99", "0.5".
[[nodiscard]] std::string FormatMoney(Money amount);

}  // namespace kiosk
