// The hosts and origins of the command line. A value that no request can match is refused, with the
// spelling that works. Pure functions.
#pragma once

#include <string>

namespace kiosk {

// What is wrong with the value of --allow-host, --cors-origin and --control-origin, and what to
// write instead; empty if nothing is.
[[nodiscard]] std::string CheckAllowedHost(const std::string& text);
[[nodiscard]] std::string CheckCorsOrigin(const std::string& text);
[[nodiscard]] std::string CheckControlOrigin(const std::string& text);

}  // namespace kiosk
