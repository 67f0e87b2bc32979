#include "http/content_type.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace kiosk {
namespace {

struct Type {
  std::string_view extension;
  std::string_view type;  // cppcheck-suppress unusedStructMember ; used through an iterator
};

constexpr std::string_view kBytes = "application/octet-stream";
constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kScript = "text/javascript; charset=utf-8";
constexpr std::string_view kText = "text/plain; charset=utf-8";

constexpr Type kTypes[] = {
    // pages, scripts, styles
    {"html", kHtml},
    {"htm", kHtml},
    {"xhtml", "application/xhtml+xml"},
    {"js", kScript},
    {"mjs", kScript},
    {"cjs", kScript},
    {"css", "text/css; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"manifest", "text/cache-manifest"},
    {"appcache", "text/cache-manifest"},
    // images
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"apng", "image/apng"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"jfif", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"jxl", "image/jxl"},
    {"heic", "image/heic"},
    {"heif", "image/heif"},
    {"bmp", "image/bmp"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"ico", "image/x-icon"},
    {"cur", "image/x-icon"},
    {"hdr", "image/vnd.radiance"},
    {"ktx2", "image/ktx2"},
    // fonts
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    {"ttc", "font/collection"},
    {"eot", "application/vnd.ms-fontobject"},
    // audio
    {"mp3", "audio/mpeg"},
    {"m4a", "audio/mp4"},
    {"aac", "audio/aac"},
    {"wav", "audio/wav"},
    {"ogg", "audio/ogg"},
    {"oga", "audio/ogg"},
    {"opus", "audio/ogg"},
    {"flac", "audio/flac"},
    {"weba", "audio/webm"},
    {"aif", "audio/aiff"},
    {"aiff", "audio/aiff"},
    {"mid", "audio/midi"},
    {"midi", "audio/midi"},
    // video, its playlists and subtitles
    {"mp4", "video/mp4"},
    {"m4v", "video/mp4"},
    {"webm", "video/webm"},
    {"ogv", "video/ogg"},
    {"mov", "video/quicktime"},
    {"mkv", "video/x-matroska"},
    {"avi", "video/x-msvideo"},
    {"mpg", "video/mpeg"},
    {"mpeg", "video/mpeg"},
    {"3gp", "video/3gpp"},
    {"ts", "video/mp2t"},
    {"m4s", "video/iso.segment"},
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"mpd", "application/dash+xml"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"srt", "application/x-subrip"},
    // 3D models
    {"glb", "model/gltf-binary"},
    {"gltf", "model/gltf+json"},
    {"obj", "model/obj"},
    {"mtl", "model/mtl"},
    {"stl", "model/stl"},
    {"3mf", "model/3mf"},
    {"ply", kBytes},
    {"fbx", kBytes},
    {"usdz", "model/vnd.usdz+zip"},
    // text and data
    {"txt", kText},
    {"text", kText},
    {"log", kText},
    {"md", "text/markdown; charset=utf-8"},
    {"markdown", "text/markdown; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"tsv", "text/tab-separated-values; charset=utf-8"},
    {"xml", "application/xml"},
    {"xsl", "application/xslt+xml"},
    {"rss", "application/rss+xml"},
    {"atom", "application/atom+xml"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"toml", "application/toml"},
    {"json5", "application/json5"},
    {"jsonld", "application/ld+json"},
    {"geojson", "application/geo+json"},
    {"ics", "text/calendar; charset=utf-8"},
    {"vcf", "text/vcard; charset=utf-8"},
    {"bin", kBytes},
    {"dat", kBytes},
    {"data", kBytes},
    {"pck", kBytes},
    // documents
    {"pdf", "application/pdf"},
    {"epub", "application/epub+zip"},
    {"rtf", "application/rtf"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    // archives and downloads
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"tgz", "application/gzip"},
    {"tar", "application/x-tar"},
    {"bz2", "application/x-bzip2"},
    {"xz", "application/x-xz"},
    {"zst", "application/zstd"},
    {"br", kBytes},
    {"7z", "application/x-7z-compressed"},
    {"rar", "application/vnd.rar"},
    {"jar", "application/java-archive"},
    {"apk", "application/vnd.android.package-archive"},
    {"exe", kBytes},
    {"dmg", kBytes},
};

// In lower case, without the dot; empty if there is none.
std::string Extension(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const size_t dot = name.rfind('.');
  std::string extension(dot == std::string_view::npos ? "" : name.substr(dot + 1));
  std::ranges::transform(extension, extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return extension;
}

const Type* Find(std::string_view path) {
  const auto* const found = std::ranges::find(kTypes, Extension(path), &Type::extension);
  return found == std::end(kTypes) ? nullptr : found;
}

}  // namespace

std::string_view ContentType(std::string_view path) {
  const Type* const known = Find(path);
  return known ? known->type : kBytes;
}

bool IsAssetPath(std::string_view path) {
  const Type* const known = Find(path);
  return known && known->type != kHtml;
}

}  // namespace kiosk
