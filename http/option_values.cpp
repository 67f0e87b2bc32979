#include "http/option_values.h"

#include <charconv>

#include "store/timestamp.h"

namespace kiosk {

std::string CheckDuration(const std::string& text) {
  return ParseDuration(text) ? "" : text + " is not a duration such as 3h, 90m or 0";
}

std::string CheckNotEmpty(const std::string& text) {
  return text.empty() ? "the name is empty; leave the option out, or give a name" : "";
}

// What pack writes is an executable, whatever it is called.
std::string CheckDemoFile(const std::string& text) {
  if (text.ends_with(".kiosk")) {
    return text + " would be a demo file, which this kiosk cannot write; choose a name without " +
           ".kiosk for an executable";
  }
  return CheckNotEmpty(text);
}

std::string CheckDemoName(const std::string& text) {
  const bool is_name = !text.empty() && std::ranges::none_of(text, [](unsigned char c) {
    return c < 0x20 || c == 0x7F;
  });
  return is_name ? "" : text + " is not a name without control characters";
}

std::optional<std::pair<int64_t, int64_t>> ParseRange(const std::string& text) {
  int64_t least = 0;
  int64_t most = 0;
  const char* end = text.data() + text.size();
  auto parsed = std::from_chars(text.data(), end, least);
  if (parsed.ec != std::errc()) return std::nullopt;
  most = least;
  if (parsed.ptr != end && *parsed.ptr == '-') {
    parsed = std::from_chars(parsed.ptr + 1, end, most);
    if (parsed.ec != std::errc()) return std::nullopt;
  }
  constexpr int64_t kMinute = 60'000;
  if (parsed.ptr != end || least < 0 || most < least || most > kMinute) return std::nullopt;
  return std::pair(least, most);
}

std::string CheckRange(const std::string& text) {
  return ParseRange(text) ? "" : text + " is not a time in milliseconds such as 200 or 200-800";
}

// A file by its path: what SQLite takes for memory or for a URI is never one.
std::string CheckDatabaseName(const std::string& text) {
  std::string name = text;
  std::ranges::transform(name, name.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  if (name.empty()) return "no file is named; use --db kiosk.db, or --memory for none";
  if (name == ":memory:" || name.starts_with("file::memory:")) {
    return text + " is not a file; use --memory, or --db ./" + text + " for a file of that name";
  }
  if (name.starts_with("file:")) {
    return text + " looks like a URI, and --db takes a path; use --db ./" + text +
           " for a file of that name";
  }
  if (name.back() == '/') return text + " is a folder; use --db " + text + "kiosk.db";
  return "";
}

std::string CheckTime(const std::string& text) {
  return ParseTimestamp(text) ? "" : text + " is not a time such as 2022-11-01T09:00:00Z";
}

CLI::Validator Accepts(std::string (*check)(const std::string&)) {
  return CLI::Validator(check, "");
}

}  // namespace kiosk
