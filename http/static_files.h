// The built-in page, and frontend builds from a folder. Source: SPEC section 6.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/api.h"

namespace kiosk {

// Reads the files of the frontend build in `folder`. No path leaves it, also not through links.
// Throws std::runtime_error, in one line, if the folder has no index.html.
[[nodiscard]] FileReader ReadFolder(const std::string& folder);

// Whether a browser asks for a page to show, rather than a script for data.
[[nodiscard]] bool IsNavigation(const Request& request);

// Whether an address is the frontend's when a browser navigates to it: all but those that only
// kiosk answers.
[[nodiscard]] bool BelongsToFrontend(std::string_view path);

// The file under the request's path: the frontend's, or else the built-in page's. A navigation to a
// path without a file extension gets the frontend's index.html. Nothing if there is no such file.
[[nodiscard]] std::optional<Response> ServeFile(Api& api, const Request& request);

// The built-in page, opened at the API reference.
Response GetDocs(Api& api, const Request& request);
Response GetOpenApi(Api& api, const Request& request);
// A file of the built-in page by its name; it is there beside any frontend.
Response GetPageFile(Api& api, const Request& request);

}  // namespace kiosk
