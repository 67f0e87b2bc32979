// The built-in page, and frontend builds from a folder. Source: SPEC section 6.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/api.h"
#include "store/folder.h"

namespace kiosk {

// Reads the files of the frontend build in the folder at `path`, but none that is protected. No
// path leaves it, also not through links. Throws std::runtime_error, in one line, if it has no
// index.html.
[[nodiscard]] FileReader ReadFolder(const std::string& path, IsProtected is_protected);

// Whether a browser asks for a page to show, rather than a script for data.
[[nodiscard]] bool IsNavigation(const Request& request);

// Whether an address is the frontend's when a browser navigates to it: all but those that only
// kiosk answers.
[[nodiscard]] bool BelongsToFrontend(std::string_view path);

// The file under the request's path: the frontend's, or else the built-in page's. A navigation to
// any other path gets the frontend's index.html, unless the path ends in the extension of an asset.
// `is_api_path`: the API has a route of that path, for all that is no navigation. Nothing if the
// path is not the frontend's.
[[nodiscard]] std::optional<Response> ServeFile(Api& api, const Request& request, bool is_api_path);

// Whether there is such a file.
[[nodiscard]] bool IsFile(Api& api, std::string_view path);

// The built-in page; its path says which view it opens.
Response GetPage(Api& api, const Request& request);
// The answer at a path that is nothing: 404, to a navigation as a page that says so.
Response GetMissing(const Api& api, const Request& request);
Response GetOpenApi(Api& api, const Request& request);
// A file of the built-in page by its name; it is there beside any frontend.
Response GetPageFile(Api& api, const Request& request);

}  // namespace kiosk
