#include "store/timestamp.h"

#include <chrono>

namespace kiosk {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;

// Reads text from the front; after the first mismatch everything fails.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool AtEnd() const { return text_.empty(); }

  bool Take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  // Exactly `width` digits.
  bool Digits(int width, int& value) {
    value = 0;
    for (int i = 0; i < width; ++i) {
      if (!Digit(value)) return false;
    }
    return true;
  }

  // One digit, appended to `value`.
  bool Digit(int& value) {
    if (text_.empty() || text_.front() < '0' || text_.front() > '9') return false;
    value = value * 10 + (text_.front() - '0');
    text_.remove_prefix(1);
    return true;
  }

 private:
  std::string_view text_;
};

// ".123456" as 123 ms; no fraction at all is 0.
bool TakeFraction(Reader& in, int& ms) {
  ms = 0;
  if (!in.Take('.')) return true;
  int digits = 0;
  int digit = 0;
  for (; in.Digit(digit); ++digits, digit = 0) {
    if (digits < 3) ms = ms * 10 + digit;
  }
  for (int i = digits; i < 3; ++i) ms *= 10;
  return digits > 0;
}

// "Z" or "+hh:mm", as the zone's distance from UTC.
bool TakeZone(Reader& in, int64_t& offset) {
  offset = 0;
  if (in.Take('Z') || in.Take('z')) return true;
  const bool west = in.Take('-');
  if (!west && !in.Take('+')) return false;
  int hours = 0;
  int minutes = 0;
  if (!in.Digits(2, hours) || !in.Take(':') || !in.Digits(2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  offset = (west ? -1 : 1) * (hours * kHour + minutes * kMinute);
  return true;
}

// Overwrites the `width` characters from `at` on.
void PutDigits(std::string& text, size_t at, size_t width, int value) {
  for (size_t i = at + width; i > at; value /= 10) text[--i] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::optional<Timestamp> ParseTimestamp(std::string_view text) {
  Reader in(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0;
  int64_t offset = 0;
  const bool well_formed = in.Digits(4, year) && in.Take('-') && in.Digits(2, month) &&
                           in.Take('-') && in.Digits(2, day) && (in.Take('T') || in.Take('t')) &&
                           in.Digits(2, hour) && in.Take(':') && in.Digits(2, minute) &&
                           in.Take(':') && in.Digits(2, second) && TakeFraction(in, ms) &&
                           TakeZone(in, offset) && in.AtEnd();
  if (!well_formed || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const Timestamp moment{days * kDay + hour * kHour + minute * kMinute + second * kSecond + ms -
                         offset};
  if (moment < kMinTimestamp || moment > kMaxTimestamp) return std::nullopt;
  return moment;
}

namespace {

// The milliseconds from the beginning of the day of seeding.
std::optional<int64_t> ParseDistance(std::string_view text) {
  constexpr size_t kMaxDigits = 10;  // more than the days of 10,000 years, and no overflow
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int64_t sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto take = [&text](size_t count) -> std::optional<int64_t> {
    int64_t number = 0;
    for (size_t i = 0; i < count; ++i) {
      if (i >= text.size() || text[i] < '0' || text[i] > '9') return std::nullopt;
      number = number * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    return number;
  };
  const size_t digits = text.find('d');
  if (digits == 0 || digits > kMaxDigits) return std::nullopt;
  const auto days = take(digits);
  if (!days || !text.starts_with("d ")) return std::nullopt;
  text.remove_prefix(2);
  const auto hour = take(2);
  if (!hour || *hour > 23 || !text.starts_with(':')) return std::nullopt;
  text.remove_prefix(1);
  const auto minute = take(2);
  if (!minute || *minute > 59 || !text.empty()) return std::nullopt;
  return sign * *days * kDay + (*hour * 60 + *minute) * 60'000;
}

}  // namespace

bool IsRelativeTimestamp(std::string_view text) { return ParseDistance(text).has_value(); }

std::optional<Timestamp> ParseRelativeTimestamp(std::string_view text, Timestamp now) {
  const auto distance = ParseDistance(text);
  if (!distance) return std::nullopt;
  const int64_t today = now.ms - ((now.ms % kDay) + kDay) % kDay;
  const Timestamp moment{today + *distance};
  if (moment < kMinTimestamp || moment > kMaxTimestamp) return std::nullopt;
  return moment;
}

std::string FormatTimestamp(Timestamp moment) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds{moment.ms}};
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{midnight};
  const int ms = static_cast<int>((time - midnight).count());
  std::string text = "0000-00-00T00:00:00.000Z";
  PutDigits(text, 0, 4, static_cast<int>(date.year()));
  PutDigits(text, 5, 2, static_cast<int>(static_cast<unsigned>(date.month())));
  PutDigits(text, 8, 2, static_cast<int>(static_cast<unsigned>(date.day())));
  PutDigits(text, 11, 2, ms / static_cast<int>(kHour));
  PutDigits(text, 14, 2, ms / static_cast<int>(kMinute) % 60);
  PutDigits(text, 17, 2, ms / static_cast<int>(kSecond) % 60);
  PutDigits(text, 20, 3, ms % static_cast<int>(kSecond));
  return text;
}

std::optional<int64_t> ParseDuration(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  int64_t total = 0;
  while (!text.empty()) {
    const size_t digits = text.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos || digits > 12) return std::nullopt;
    int64_t count = 0;
    for (const char c : text.substr(0, digits)) count = count * 10 + (c - '0');
    text.remove_prefix(digits);
    const size_t letters = std::min(text.find_first_of("0123456789"), text.size());
    const std::string_view unit = text.substr(0, letters);
    text.remove_prefix(letters);
    const int64_t scale = unit == "h"    ? kHour
                          : unit == "m"  ? kMinute
                          : unit == "s"  ? kSecond
                          : unit == "ms" ? 1
                                         : 0;
    if (scale == 0 || count > 366 * kDay / scale) return std::nullopt;
    total += count * scale;
    if (total > 366 * kDay) return std::nullopt;
  }
  return total;
}

std::string FormatDuration(int64_t ms) {
  const auto counted = [](int64_t count, const char* unit) {
    return std::to_string(count) + " " + unit + (count == 1 ? "" : "s");
  };
  if (ms % kHour == 0) return counted(ms / kHour, "hour");
  if (ms % kMinute == 0) return counted(ms / kMinute, "minute");
  if (ms % kSecond == 0) return counted(ms / kSecond, "second");
  return std::to_string(ms) + " ms";
}

}  // namespace kiosk
