#include "http/accept.h"

#include <algorithm>
#include <string>

namespace kiosk {
namespace {

std::string_view TakeUntil(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return taken;
}

// Without spaces, in lower case.
std::string Normalized(std::string_view text) {
  std::string normalized;
  for (const char c : text) {
    if (c != ' ' && c != '\t') {
      normalized += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return normalized;
}

// In thousandths; what is not a weight counts as none.
int ReadWeight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  int weight = text[0] == '1' ? 1000 : 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  int unit = 100;
  for (size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') return 0;
    weight += (text[i] - '0') * unit;
  }
  return std::min(weight, 1000);
}

struct Range {
  std::string type;
  int weight = 1000;
};

Range ReadRange(std::string_view text) {
  Range range{Normalized(TakeUntil(text, ';'))};
  while (!text.empty()) {
    const std::string parameter = Normalized(TakeUntil(text, ';'));
    if (parameter.starts_with("q=")) range.weight = ReadWeight(parameter.substr(2));
  }
  return range;
}

}  // namespace

bool PrefersHtml(std::string_view accept) {
  int html = 0;
  int json_before = 0;  // of equal weights the first wins
  int other = 0;
  while (!accept.empty()) {
    const Range range = ReadRange(TakeUntil(accept, ','));
    if (range.type == "text/html" || range.type == "application/xhtml+xml") {
      html = std::max(html, range.weight);
    } else {
      other = std::max(other, range.weight);
      const bool is_json = range.type == "application/json" || range.type.ends_with("+json");
      if (is_json && html == 0) json_before = std::max(json_before, range.weight);
    }
  }
  return html > 0 && html >= other && html > json_before;
}

}  // namespace kiosk
