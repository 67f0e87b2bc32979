// A moment in UTC, and its RFC 3339 form.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiosk {

// Milliseconds since 1970-01-01T00:00:00Z, within the years 0000 to 9999.
struct Timestamp {
  int64_t ms = 0;
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

inline constexpr Timestamp kMinTimestamp{-62'167'219'200'000};  // 0000-01-01T00:00:00.000Z
inline constexpr Timestamp kMaxTimestamp{253'402'300'799'999};  // 9999-12-31T23:59:59.999Z

// Reads an RFC 3339 date-time with a zone ("Z" or "+02:00"). The fraction is optional and what
// goes beyond milliseconds is dropped. Nothing when it is malformed, not on the calendar, a leap
// second, or outside the years 0000 to 9999 in UTC.
[[nodiscard]] std::optional<Timestamp> ParseTimestamp(std::string_view text);

// Reads a moment relative to the day of `now` in UTC: "+1d 11:00" is 11:00 of the day after, "-2d
// 09:30" and "+0d 14:00" likewise. Nothing when it is malformed or outside the years 0000 to 9999.
[[nodiscard]] std::optional<Timestamp> ParseRelativeTimestamp(std::string_view text, Timestamp now);

// Whether `text` is relative to a day, in the years 0000 to 9999 or not.
[[nodiscard]] bool IsRelativeTimestamp(std::string_view text);

// Always 24 characters: "2022-11-01T11:11:11.111Z".
[[nodiscard]] std::string FormatTimestamp(Timestamp moment);

// Reads the length of a time in milliseconds: "3h", "90m", "45s", "250ms", parts of these in a row
// ("1h30m"), or a bare "0". Nothing when it is malformed or longer than 366 days.
[[nodiscard]] std::optional<int64_t> ParseDuration(std::string_view text);

// "3 hours", "90 minutes", "1500 ms": the largest unit that divides it.
[[nodiscard]] std::string FormatDuration(int64_t ms);

}  // namespace kiosk
