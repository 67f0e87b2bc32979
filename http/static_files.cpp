#include "http/static_files.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "data/embedded.h"
#include "http/accept.h"
#include "http/content_hash.h"
#include "http/content_type.h"

namespace kiosk {
namespace {

// For the built-in page: nothing but its own files, no frame around it.
constexpr std::string_view kPagePolicy =
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'";

Response FileAnswer(std::string_view path, std::string content) {
  Response response = Ok(std::move(content));
  response.content_type = ContentType(path);
  response.accepts_ranges = true;
  response.headers.emplace_back(
      "Cache-Control", HasContentHash(path) ? "public, max-age=31536000, immutable" : "no-cache");
  return response;
}

Response PageAnswer(std::string_view name, std::string_view content) {
  Response response = FileAnswer(name, std::string(content));
  response.headers.emplace_back("Content-Security-Policy", kPagePolicy);
  // The control API knows kiosk's own page by it, also in browsers without Sec-Fetch-Site.
  response.headers.emplace_back("Referrer-Policy", "same-origin");
  return response;
}

constexpr std::string_view kIndex = "index.html";

// A navigation and a script get different answers; a browser that goes back must not mix them.
Response WithVary(Response response) {
  response.headers.emplace_back("Vary", "Accept");
  return response;
}

Response RedirectToFolder(const Request& request) {
  Response response;
  response.status = 308;
  std::string location = std::string(request.path) + "/";
  if (!request.query.empty()) location.append("?").append(request.query);
  response.headers.emplace_back("Location", std::move(location));
  response.headers.emplace_back("Cache-Control", "no-cache");
  return response;
}

// While a build is being made again, its page is missing or has nothing in it yet.
Response IndexAnswer(Api& api) {
  auto content = api.frontend(std::string(kIndex));
  if (content && !content->empty()) return FileAnswer(kIndex, *std::move(content));
  return Error(404, "not_found", "The frontend has no index.html at the moment; build it again.");
}

// The file, or the page of a folder, that a path names.
std::optional<Response> FindFile(Api& api, const Request& request, const std::string& path) {
  if (path.empty()) return IndexAnswer(api);
  if (HasHiddenName(path)) return std::nullopt;  // an older pack may hold such files
  const std::string name = path.ends_with('/') ? path + std::string(kIndex) : path;
  if (auto content = api.frontend(name)) return FileAnswer(name, *std::move(content));
  if (path.ends_with('/')) return std::nullopt;
  if (api.frontend(path + "/" + std::string(kIndex))) return RedirectToFolder(request);
  if (auto content = api.frontend(path + ".html")) {
    return FileAnswer(path + ".html", *std::move(content));
  }
  return std::nullopt;
}

bool IsRead(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

// The path below the folder that a request names.
std::string FilePath(const Request& request) {
  return PercentDecode(request.path, PlusSign::kItself).substr(1);
}

}  // namespace

FileReader ReadFolder(const std::string& path, IsProtected is_protected) {
  Folder folder(path, std::move(is_protected));
  if (folder.KindOf(std::string(kIndex)) != Folder::Kind::kFile) {
    throw std::runtime_error("cannot serve the frontend " + path + ": " + WhyNoBuild(path) +
                             "; give --frontend the folder of a build");
  }
  return [folder = std::move(folder)](const std::string& file) { return folder.Read(file); };
}

bool IsNavigation(const Request& request) { return IsRead(request) && PrefersHtml(request.accept); }

bool BelongsToFrontend(std::string_view path) {
  constexpr std::string_view kOwn[] = {"/api",     "/_kiosk",       "/healthz",
                                       "/metrics", "/openapi.json", "/docs"};
  const std::string decoded = PercentDecode(path, PlusSign::kItself);
  return std::ranges::none_of(kOwn, [&decoded](std::string_view own) {
    return decoded.starts_with(own) && (decoded.size() == own.size() || decoded[own.size()] == '/');
  });
}

std::optional<Response> ServeFile(Api& api, const Request& request, bool is_api_path) {
  if (!IsRead(request) || !request.path.starts_with('/')) return std::nullopt;
  if (!api.frontend) {
    if (request.path != "/") return std::nullopt;
    return PageAnswer(kIndex, *embedded::WebFile(kIndex));
  }
  if (!BelongsToFrontend(request.path)) return std::nullopt;
  const bool is_navigation = IsNavigation(request);
  if (is_api_path && !is_navigation) return std::nullopt;
  const std::string path = FilePath(request);
  if (auto file = FindFile(api, request, path)) {
    return is_api_path ? WithVary(*std::move(file)) : *std::move(file);
  }
  if (IsAssetPath(path) || (HasHiddenName(path) && !is_api_path)) return NotFound();
  return WithVary(is_navigation ? IndexAnswer(api) : NotFound());
}

bool IsFile(Api& api, std::string_view path) {
  Request read;
  read.method = "GET";
  read.path = path;
  const auto found = ServeFile(api, read, false);
  return found && found->status != 404;
}

Response GetPage(Api& /*api*/, const Request& /*request*/) {
  return PageAnswer(kIndex, *embedded::WebFile(kIndex));
}

Response GetMissing(const Api& api, const Request& request) {
  if (api.frontend || !IsNavigation(request) || IsAssetPath(request.path)) return NotFound();
  Response response = PageAnswer(kIndex, *embedded::WebFile(kIndex));
  response.status = 404;
  return WithVary(std::move(response));
}

Response GetOpenApi(Api& /*api*/, const Request& /*request*/) {
  return Ok(std::string(embedded::OpenApi()));
}

Response GetPageFile(Api& /*api*/, const Request& request) {
  const std::string& name = request.parameters[0];
  const auto content = embedded::WebFile(name);
  return content ? PageAnswer(name, *content) : NotFound();
}

}  // namespace kiosk
