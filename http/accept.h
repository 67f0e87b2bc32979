// What a client would like to be sent. Pure. Source: RFC 9110, section 12.5.1.
#pragma once

#include <string_view>

namespace kiosk {

// Whether the value of an Accept header prefers a page: it names HTML, and nothing else more. A
// browser's navigation does; a script that takes anything, or JSON first, does not.
[[nodiscard]] bool PrefersHtml(std::string_view accept);

}  // namespace kiosk
