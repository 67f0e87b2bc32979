#include "http/option_values.h"

#include "store/timestamp.h"

namespace kiosk {
namespace {

// Refuses as a file's path what SQLite takes for memory or for a URI, and other programs for their
// stdout. `option` comes before the spelling that works, `instead` before both.
std::string CheckPath(const std::string& text, const std::string& option,
                      const std::string& instead) {
  std::string name = text;
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const std::string spelling = option + "./" + text + " for a file of that name";
  if (name.empty()) return "the name is empty; give the name of a file";
  if (name == ":memory:" || name == "-" || name.starts_with("file::memory:")) {
    return text + " is not a file; use " + instead + spelling;
  }
  if (name.starts_with("file:")) {
    return text + " looks like a URI, and " + (option.empty() ? "FILE " : option) +
           "takes a path; use " + spelling;
  }
  if (name.back() == '/') return text + " is a folder; use " + option + text + "kiosk.db";
  return "";
}

}  // namespace

std::string CheckDuration(const std::string& text) {
  return ParseDuration(text) ? "" : text + " is not a duration such as 3h, 90m or 0";
}

std::string CheckAddressNotEmpty(const std::string& text) {
  return text.empty() ? "the address is empty; leave the option out for the loopback" : "";
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
  return CheckPath(text, "-o ", "");
}

std::string CheckDemoName(const std::string& text) {
  const bool is_name = !text.empty() && std::ranges::none_of(text, [](unsigned char c) {
    return c < 0x20 || c == 0x7F;
  });
  return is_name ? "" : text + " is not a name without control characters";
}

std::optional<std::pair<int64_t, int64_t>> ParseRange(const std::string& text) {
  const size_t hyphen = text.find('-');
  const auto least = ParseNumber<int64_t>(text.substr(0, hyphen));
  const auto most =
      hyphen == std::string::npos ? least : ParseNumber<int64_t>(text.substr(hyphen + 1));
  constexpr int64_t kMinute = 60'000;
  if (!least || !most || *most < *least || *most > kMinute) return std::nullopt;
  return std::pair(*least, *most);
}

std::string CheckRange(const std::string& text) {
  if (ParseRange(text)) return "";
  return text + " is not a time in milliseconds such as 200 or 200-800, at most 60000 and the " +
         "shorter one first";
}

std::string CheckDatabaseName(const std::string& text) {
  if (text.empty()) return "no file is named; use --db kiosk.db, or --memory for none";
  return CheckPath(text, "--db ", "--memory, or ");
}

std::string CheckFileName(const std::string& text) { return CheckPath(text, "", ""); }

std::string CheckExportName(const std::string& text) {
  if (text.empty()) return "the name is empty; leave FILE out for stdout, or give a name";
  return CheckPath(text, "", text == "-" ? "no FILE for stdout, or " : "");
}

std::string CheckTime(const std::string& text) {
  return ParseTimestamp(text) ? "" : text + " is not a time such as 2022-11-01T09:00:00Z";
}

CLI::Validator Accepts(std::string (*check)(const std::string&)) {
  return CLI::Validator(check, "");
}

}  // namespace kiosk
