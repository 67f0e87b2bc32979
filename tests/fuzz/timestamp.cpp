// Timestamps and durations: what is read is written in one form only, and that form is read back.
#include "store/timestamp.h"

#include <cstring>

#include "tests/fuzz/fuzz.h"

namespace kiosk::fuzz {
namespace {

constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
constexpr int64_t kYear = 366LL * 24 * 60 * 60 * 1000;

bool IsCanonical(std::string_view text) {
  if (text.size() != kForm.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kForm[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i]) return false;
  }
  return true;
}

void CheckMoment(Timestamp moment) {
  const std::string written = FormatTimestamp(moment);
  Require(IsCanonical(written), "a time is written in its one form", written);
  Require(ParseTimestamp(written) == moment, "what is written is read back", written);
  // The same moment in another zone.
  const int64_t shift = (moment.ms % 1439) * 60'000;
  const Timestamp there{moment.ms + shift};
  if (there < kMinTimestamp || there > kMaxTimestamp) return;
  const int64_t minutes = (shift < 0 ? -shift : shift) / 60'000;
  const auto two = [](int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  std::string local = FormatTimestamp(there);
  Require((there < moment) == (local < written), "times sort as their texts do", local);
  local.pop_back();
  local += (shift < 0 ? '-' : '+') + two(minutes / 60) + ':' + two(minutes % 60);
  Require(ParseTimestamp(local) == moment, "a zone's distance is taken off", local);
}

void Check(std::string_view text) {
  if (const auto moment = ParseTimestamp(text)) {
    Require(*moment >= kMinTimestamp && *moment <= kMaxTimestamp, "a time is on the calendar");
    CheckMoment(*moment);
    if (IsCanonical(text)) {
      Require(FormatTimestamp(*moment) == text, "the one form is written as it was read", text);
    }
  }
  if (text.size() >= sizeof(uint64_t)) {
    uint64_t number = 0;
    std::memcpy(&number, text.data(), sizeof number);
    const auto span = static_cast<uint64_t>(kMaxTimestamp.ms - kMinTimestamp.ms + 1);
    CheckMoment(Timestamp{kMinTimestamp.ms + static_cast<int64_t>(number % span)});
  }
  if (const auto duration = ParseDuration(text)) {
    Require(*duration >= 0 && *duration <= kYear, "a duration is at most a year");
    Require(!FormatDuration(*duration).empty(), "a duration can be told");
    Require(ParseDuration(std::to_string(*duration / 1000) + "s" +
                          std::to_string(*duration % 1000) + "ms") == duration,
            "a duration is the sum of its parts", text);
  }
}

}  // namespace
}  // namespace kiosk::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kiosk::fuzz::Check(kiosk::fuzz::AsText(data, size));
  return 0;
}
