#include "http/static_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "data/embedded.h"
#include "store/folder.h"

namespace kiosk {
namespace {

namespace fs = std::filesystem;

struct Type {
  std::string_view extension;
  std::string_view type;  // cppcheck-suppress unusedStructMember ; used through an iterator
};

constexpr Type kTypes[] = {
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/x-icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    {"txt", "text/plain; charset=utf-8"},
    {"xml", "application/xml"},
    {"pdf", "application/pdf"},
    {"wasm", "application/wasm"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
};

// For the built-in page: nothing but its own files, no frame around it.
constexpr std::string_view kPagePolicy =
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'";

std::string_view FileName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Without the dot; empty if there is none.
std::string_view Extension(std::string_view path) {
  const std::string_view name = FileName(path);
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? "" : name.substr(dot + 1);
}

std::string_view TypeOf(std::string_view path) {
  const std::string_view extension = Extension(path);
  const auto* const found = std::ranges::find(kTypes, extension, &Type::extension);
  return found == std::end(kTypes) ? "application/octet-stream" : found->type;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); }

// Whether a build tool put a hash of the content into the name, so that the file never changes:
// "main.1a2b3c4d.js" anywhere, "index-DiwrgTda.js" in the folders where bundlers do so.
bool HasHashedName(std::string_view path) {
  std::string_view stem = FileName(path);
  stem = stem.substr(0, stem.find_last_of('.'));
  const size_t mark = stem.find_last_of(".-");
  if (mark == std::string_view::npos) return false;
  const std::string_view hash = stem.substr(mark + 1);
  if (hash.size() < 8) return false;
  if (std::ranges::all_of(hash, IsHex) && std::ranges::any_of(hash, IsDigit)) return true;
  const bool in_bundle = path.starts_with("assets/") || path.starts_with("static/") ||
                         path.find("/immutable/") != std::string_view::npos;
  return in_bundle && (std::ranges::any_of(hash, IsDigit) || std::ranges::any_of(hash, IsUpper));
}

Response FileAnswer(std::string_view path, std::string content) {
  Response response = Ok(std::move(content));
  response.content_type = TypeOf(path);
  response.headers.emplace_back(
      "Cache-Control", HasHashedName(path) ? "public, max-age=31536000, immutable" : "no-cache");
  return response;
}

Response PageAnswer(std::string_view name, std::string_view content) {
  Response response = FileAnswer(name, std::string(content));
  response.headers.emplace_back("Content-Security-Policy", kPagePolicy);
  return response;
}

constexpr std::string_view kIndex = "index.html";

}  // namespace

FileReader ReadFolder(const std::string& folder) {
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error || !fs::is_regular_file(root / kIndex)) {
    throw std::runtime_error("cannot serve the frontend " + folder +
                             ": it has no index.html; give --frontend the folder of a build");
  }
  return [root](const std::string& path) -> std::optional<std::string> {
    if (path.find('\0') != std::string::npos) return std::nullopt;
    std::error_code missing;
    const fs::path file = fs::canonical(root / path, missing);
    if (missing || !fs::is_regular_file(file, missing)) return std::nullopt;
    // After every link was followed, the file must still lie below the root.
    if (!LiesIn(root, file)) return std::nullopt;
    std::ifstream stream(file, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(stream), {}};
    return stream.bad() || !stream.is_open() ? std::nullopt : std::optional(std::move(content));
  };
}

bool IsNavigation(const Request& request) {
  return (request.method == "GET" || request.method == "HEAD") &&
         request.accept.find("text/html") != std::string_view::npos;
}

bool BelongsToFrontend(std::string_view path) {
  constexpr std::string_view kOwn[] = {"/api",     "/_kiosk",       "/healthz",
                                       "/metrics", "/openapi.json", "/docs"};
  return std::ranges::none_of(kOwn, [path](std::string_view own) {
    return path.starts_with(own) && (path.size() == own.size() || path[own.size()] == '/');
  });
}

std::optional<Response> ServeFile(Api& api, const Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  std::string path = PercentDecode(request.path, PlusSign::kItself);
  path.erase(0, 1);
  if (!api.frontend) {
    if (!path.empty()) return std::nullopt;
    return PageAnswer(kIndex, *embedded::WebFile(kIndex));
  }
  if (!BelongsToFrontend(request.path)) return std::nullopt;
  if (path.empty() || path.back() == '/') path += kIndex;
  if (auto content = api.frontend(path)) return FileAnswer(path, *std::move(content));
  const bool is_route = Extension(path).empty() || path.ends_with("/index.html");
  if (!IsNavigation(request) || !is_route) return std::nullopt;
  return FileAnswer(kIndex, api.frontend(std::string(kIndex)).value_or(""));
}

Response GetDocs(Api& /*api*/, const Request& /*request*/) {
  return PageAnswer(kIndex, *embedded::WebFile(kIndex));
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
