#include "http/punycode.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace kiosk {
namespace {

constexpr uint32_t kFirstOutsideAscii = 0x80;
constexpr uint32_t kBase = 36;
constexpr uint32_t kLeast = 1;
constexpr uint32_t kMost = 26;
constexpr uint32_t kSkew = 38;
constexpr uint32_t kDamp = 700;
constexpr uint32_t kFirstBias = 72;

uint32_t Lower(uint32_t point) {
  constexpr uint32_t kTimes = 0xD7;  // the sign among the letters
  if (point >= 0xC0 && point <= 0xDE && point != kTimes) return point + 0x20;
  if (point >= 0x391 && point <= 0x3A9) return point + 0x20;
  if (point >= 0x400 && point <= 0x40F) return point + 0x50;
  return point >= 0x410 && point <= 0x42F ? point + 0x20 : point;
}

std::optional<std::u32string> DecodeUtf8(std::string_view text) {
  std::u32string points;
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : 4;
    if ((first >= 0x80 && first < 0xC2) || first > 0xF4 || i + length > text.size()) {
      return std::nullopt;
    }
    uint32_t point = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if (next >> 6 != 2) return std::nullopt;
      point = point << 6 | (next & 0x3FU);
    }
    points += static_cast<char32_t>(Lower(point));
    i += length;
  }
  return points;
}

char Digit(uint32_t value) {
  return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26));
}

uint32_t Adapt(uint32_t delta, uint32_t count, bool is_first) {
  delta = is_first ? delta / kDamp : delta / 2;
  delta += delta / count;
  uint32_t k = 0;
  for (; delta > (kBase - kLeast) * kMost / 2; k += kBase) delta /= kBase - kLeast;
  return k + (kBase - kLeast + 1) * delta / (delta + kSkew);
}

void AppendVariable(std::string& out, uint32_t value, uint32_t bias) {
  for (uint32_t k = kBase;; k += kBase) {
    const uint32_t threshold = std::clamp(k > bias ? k - bias : 0, kLeast, kMost);
    if (value < threshold) break;
    out += Digit(threshold + (value - threshold) % (kBase - threshold));
    value = (value - threshold) / (kBase - threshold);
  }
  out += Digit(value);
}

// A label of at most 63 code points, so that nothing below overflows.
std::string EncodeLabel(const std::u32string& label) {
  std::string out;
  for (const char32_t point : label) {
    if (point < kFirstOutsideAscii) out += static_cast<char>(point);
  }
  const auto basic = static_cast<uint32_t>(out.size());
  if (basic == label.size()) return out;
  if (basic > 0) out += '-';
  uint32_t point = kFirstOutsideAscii;
  uint32_t delta = 0;
  uint32_t bias = kFirstBias;
  for (uint32_t handled = basic; handled < label.size(); ++delta, ++point) {
    uint32_t next = std::numeric_limits<uint32_t>::max();
    for (const char32_t candidate : label) {
      if (candidate >= point) next = std::min(next, static_cast<uint32_t>(candidate));
    }
    delta += (next - point) * (handled + 1);
    point = next;
    for (const char32_t candidate : label) {
      if (candidate < point) ++delta;
      if (candidate != point) continue;
      AppendVariable(out, delta, bias);
      bias = Adapt(delta, handled + 1, handled == basic);
      delta = 0;
      ++handled;
    }
  }
  return "xn--" + out;
}

}  // namespace

std::optional<std::string> EncodeHostName(std::string_view name) {
  constexpr size_t kLongestLabel = 63;
  const auto points = DecodeUtf8(name);
  if (!points) return std::nullopt;
  std::string encoded;
  size_t begin = 0;
  while (begin <= points->size()) {
    const size_t end = std::min(points->find(U'.', begin), points->size());
    const std::u32string label = points->substr(begin, end - begin);
    if (label.size() > kLongestLabel) return std::nullopt;
    encoded.append(begin > 0 ? "." : "").append(EncodeLabel(label));
    begin = end + 1;
  }
  return encoded;
}

}  // namespace kiosk
