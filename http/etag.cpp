#include "http/etag.h"

#include "store/hash.h"

namespace kiosk {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

std::string MakeEtag(int64_t generation, std::initializer_list<std::string_view> parts) {
  uint64_t hash = Hash(std::to_string(generation));
  for (const std::string_view part : parts) hash = Hash(part, hash);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string tag = "\"0000000000000000\"";
  for (size_t i = 16; i > 0; --i, hash >>= 4) tag[i] = kDigits[hash & 0xf];
  return tag;
}

bool MatchesEtag(std::string_view list, std::string_view tag, TagComparison comparison) {
  while (!list.empty()) {
    const size_t end = list.find(',');
    std::string_view named = Trim(list.substr(0, end));
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
    if (named == "*") return true;
    if (comparison == TagComparison::kWeak && named.starts_with("W/")) named.remove_prefix(2);
    if (named == tag) return true;
  }
  return false;
}

}  // namespace kiosk
