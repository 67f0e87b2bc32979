#include "http/ranges.h"

#include <algorithm>
#include <limits>

namespace kiosk {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool IsBytes(std::string_view unit) {
  constexpr std::string_view kBytes = "bytes";
  return std::ranges::equal(unit, kBytes, {},
                            [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
}

// A number too large for 64 bits is larger than any file.
std::optional<uint64_t> ReadNumber(std::string_view digits) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  if (digits.empty()) return std::nullopt;
  uint64_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<uint64_t>(c - '0');
    number = number > (kMax - digit) / 10 ? kMax : number * 10 + digit;
  }
  return number;
}

}  // namespace

RangeDecision DecideRange(std::string_view range, uint64_t size) {
  using Kind = RangeDecision::Kind;
  const size_t equals = range.find('=');
  if (equals == std::string_view::npos || !IsBytes(Trim(range.substr(0, equals)))) return {};
  const std::string_view set = Trim(range.substr(equals + 1));
  const size_t hyphen = set.find('-');
  if (hyphen == std::string_view::npos) return {};
  const std::string_view from = Trim(set.substr(0, hyphen));
  const std::string_view to = Trim(set.substr(hyphen + 1));
  const auto first = ReadNumber(from);
  const auto last = ReadNumber(to);
  if (from.empty()) {  // the last bytes
    if (!last) return {};
    const uint64_t length = std::min(*last, size);
    if (length == 0) return {Kind::kUnsatisfiable};
    return {Kind::kPart, size - length, length};
  }
  if (!first || (!last && !to.empty()) || (last && *last < *first)) return {};
  if (*first >= size) return {Kind::kUnsatisfiable};
  const uint64_t end = last && *last < size ? *last + 1 : size;
  return {Kind::kPart, *first, end - *first};
}

bool AllowsPart(std::string_view if_range, std::string_view tag) {
  return Trim(if_range) == tag && tag.starts_with('"');
}

std::string ContentRange(const RangeDecision& decision, uint64_t size) {
  const std::string all = "/" + std::to_string(size);
  if (decision.kind == RangeDecision::Kind::kUnsatisfiable) return "bytes *" + all;
  return "bytes " + std::to_string(decision.first) + "-" +
         std::to_string(decision.first + decision.length - 1) + all;
}

}  // namespace kiosk
