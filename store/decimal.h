// The exact value of a JSON number, from its digits. Integers and money are both read here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiosk {

// `number` times 10^`decimals`, if it is a JSON number (RFC 8259, section 6) in any spelling and
// the product is an integer within ±`max`: "1.50" and "15e-1" with one decimal are 15. The cost
// grows with the length of the text only, whatever the exponent.
[[nodiscard]] std::optional<int64_t> ParseDecimal(std::string_view number, int decimals,
                                                  int64_t max);

// The length of the longest JSON number at the front of `text`; 0 if there is none.
[[nodiscard]] size_t NumberLength(std::string_view text);

// The one spelling of a JSON number's value: "1", "1.0" and "10e-1" are all "1e0".
[[nodiscard]] std::string CanonicalNumber(std::string_view number);

}  // namespace kiosk
