// Which bytes of a file a client asked for. Pure. Source: RFC 9110, section 14, and SPEC section 6.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiosk {

struct RangeDecision {
  enum class Kind {
    kWhole,          // 200
    kPart,           // 206, the bytes from `first` on
    kUnsatisfiable,  // 416
  };
  Kind kind = Kind::kWhole;
  uint64_t first = 0;
  uint64_t length = 0;
  bool operator==(const RangeDecision&) const = default;
};

// What a Range header asks of a file of `size` bytes. One range of bytes is served; several, other
// units and what is no range are ignored.
[[nodiscard]] RangeDecision DecideRange(std::string_view range, uint64_t size);

// Whether an If-Range header allows to send a part: it names exactly the present, strong tag. A
// date never does, for files are sent without one.
[[nodiscard]] bool AllowsPart(std::string_view if_range, std::string_view tag);

// The value of Content-Range for a decision that is not kWhole: "bytes 0-499/1234", "bytes */1234".
[[nodiscard]] std::string ContentRange(const RangeDecision& decision, uint64_t size);

}  // namespace kiosk
