// The types of a frontend's files, by their names. Pure. Source: SPEC section 6.
#pragma once

#include <string_view>

namespace kiosk {

// The content type of a file, by its extension regardless of case; "application/octet-stream" for
// an unknown one.
[[nodiscard]] std::string_view ContentType(std::string_view path);

// Whether a path ends in an extension that is served as an asset, regardless of case. A page is
// none: "about.html" may be a route of the frontend, "john@example.com" is no file.
[[nodiscard]] bool IsAssetPath(std::string_view path);

}  // namespace kiosk
