// Names outside ASCII as browsers send them. Pure functions. Source: RFC 3492.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kiosk {

// "bücher.test" is "xn--bcher-kva.test"; a name in ASCII is itself. Nothing if `name` is not UTF-8.
// Of capital letters outside ASCII it lowers those of Western Europe, Greek and Cyrillic.
[[nodiscard]] std::optional<std::string> EncodeHostName(std::string_view name);

}  // namespace kiosk
