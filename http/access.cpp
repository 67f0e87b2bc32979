#include "http/access.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace kiosk::access {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameText(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && SameText(text.substr(text.size() - end.size()), end);
}

bool IsIpLiteral(std::string_view name) {
  std::array<char, 16> address{};
  if (name.size() > 2 && name.front() == '[' && name.back() == ']') {
    const std::string inner(name.substr(1, name.size() - 2));
    return ::inet_pton(AF_INET6, inner.c_str(), address.data()) == 1;
  }
  return ::inet_pton(AF_INET, std::string(name).c_str(), address.data()) == 1;
}

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string_view HostName(std::string_view host) {
  const size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || !IsPort(host.substr(colon + 1))) return host;
  return host.substr(0, colon);
}

bool IsHostAllowed(std::string_view host, const std::vector<std::string>& names) {
  const std::string_view name = HostName(host);
  if (SameText(name, "localhost") || EndsWith(name, ".localhost") || IsIpLiteral(name)) return true;
  return std::ranges::any_of(names, [name](const auto& known) { return SameText(name, known); });
}

bool IsOriginAllowed(std::string_view origin, std::string_view host,
                     const std::vector<std::string>& origins) {
  const auto is_listed = [origin](const std::string& known) {
    return known == "*" || SameText(origin, known);
  };
  if (std::ranges::any_of(origins, is_listed)) return true;
  std::string_view authority = origin;
  if (origin.starts_with("http://")) {
    authority.remove_prefix(7);
    if (SameText(authority, host)) return true;
  } else if (origin.starts_with("https://")) {
    authority.remove_prefix(8);
  } else {
    return false;
  }
  const std::string_view name = HostName(authority);
  return SameText(name, "localhost") || name == "127.0.0.1" || name == "[::1]";
}

}  // namespace kiosk::access
