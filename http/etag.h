// Entity tags, and the conditions that name them (RFC 9110, sections 8.8.3 and 13.1).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace kiosk {

// A strong tag, with its quotes, of a response that consists of these parts. `generation` is the
// database's, so that no tag matches after the content was replaced; 0 for what is not in it.
[[nodiscard]] std::string MakeEtag(int64_t generation,
                                   std::initializer_list<std::string_view> parts);

// Whether a list of tags, as in If-Match, names this one ("*" names any). Weak tags (W/) count only
// where weak comparison is asked for, as for If-None-Match.
enum class TagComparison { kStrong, kWeak };
[[nodiscard]] bool MatchesEtag(std::string_view list, std::string_view tag,
                               TagComparison comparison);

}  // namespace kiosk
