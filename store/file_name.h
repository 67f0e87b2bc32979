// Names of files that are made from names that people give. Pure. Source: SPEC section 8.
#pragma once

#include <string>
#include <string_view>

namespace kiosk {

// The name of a demo as the beginning of a file name on any system: characters other than letters,
// digits, spaces, hyphens and underscores become hyphens, and at most 64 bytes are kept.
[[nodiscard]] std::string FileNameOf(std::string_view name);

}  // namespace kiosk
