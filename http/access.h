// Who may ask: pure functions over the Host and Origin headers. Source: SPEC section 6.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiosk::access {

// A Host header without its port, brackets kept: "[::1]:4000" is "[::1]".
[[nodiscard]] std::string_view HostName(std::string_view host);

// Whether a Host header is localhost, *.localhost, an IP literal, or one of `names` (compared
// without case). Anything else may be a name that was pointed here to get around the browser's
// same-origin rule (DNS rebinding).
[[nodiscard]] bool IsHostAllowed(std::string_view host, const std::vector<std::string>& names);

// Whether a page of `origin` may use the API: any port of localhost, 127.0.0.1 and [::1]; the
// server's own pages (`host` is the Host header of the request); or one of `origins`, of which "*"
// allows any.
[[nodiscard]] bool IsOriginAllowed(std::string_view origin, std::string_view host,
                                   const std::vector<std::string>& origins);

}  // namespace kiosk::access
