#include "http/web_origin.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace kiosk {
namespace {

constexpr size_t kLongestName = 253;  // RFC 1035
constexpr size_t kLongestLabel = 63;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// Of `text`, an address without brackets, in network byte order.
template <size_t kSize>
std::optional<std::array<unsigned char, kSize>> ParseAddress(int family, const std::string& text) {
  std::array<unsigned char, kSize> bytes{};
  if (::inet_pton(family, text.c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

std::optional<std::string> CanonicalIpv6(std::string_view text) {
  const auto bytes = ParseAddress<16>(AF_INET6, std::string(text));
  std::array<char, INET6_ADDRSTRLEN> shortest{};
  if (!bytes || !::inet_ntop(AF_INET6, bytes->data(), shortest.data(), shortest.size())) {
    return std::nullopt;
  }
  return "[" + std::string(shortest.data()) + "]";
}

// Letters, digits, hyphens, and the underscores of container networks; in lower case.
bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kLongestLabel && std::ranges::all_of(label, [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '-' || c == '_';
  });
}

// URL parsers take a name whose last label is a number for an IPv4 address.
bool IsNumber(std::string_view label) {
  if (std::ranges::all_of(label, IsDigit)) return true;
  if (!label.starts_with("0x")) return false;
  return std::ranges::all_of(label.substr(2),
                             [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
}

bool IsName(std::string_view name) {
  if (name.size() > kLongestName) return false;
  std::string_view label;
  for (size_t begin = 0; begin <= name.size(); begin += label.size() + 1) {
    label = name.substr(begin, name.find('.', begin) - begin);
    if (!IsLabel(label)) return false;
  }
  return !IsNumber(label);
}

std::optional<int> ParsePort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  constexpr int kLargest = 65535;
  const bool is_port = error == std::errc() && end == text.data() + text.size() &&
                       IsDigit(text.front()) && text.size() <= 5 && port <= kLargest;
  return is_port ? std::optional(port) : std::nullopt;
}

bool IsScheme(std::string_view text) {
  return !text.empty() && IsLetter(text.front()) && std::ranges::all_of(text, [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '+' || c == '-' || c == '.';
  });
}

// 0: none that is known here.
int DefaultPort(std::string_view scheme) {
  if (scheme == "http") return 80;
  return scheme == "https" ? 443 : 0;
}

}  // namespace

std::string WebOrigin::Spelling() const {
  if (scheme == "null") return scheme;
  std::string text = scheme + "://" + host;
  if (port != DefaultPort(scheme)) text += ":" + std::to_string(port);
  return text;
}

std::optional<std::string> CanonicalHost(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    return CanonicalIpv6(text.substr(1, text.size() - 2));
  }
  std::string name = Lower(text);
  if (name.ends_with('.')) name.pop_back();
  if (IsName(name) || ParseAddress<4>(AF_INET, name)) return name;
  return std::nullopt;
}

std::optional<Authority> CanonicalAuthority(std::string_view text) {
  Authority authority;
  const size_t colon = text.rfind(':');
  // The colons of an IPv6 address are inside its brackets.
  if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    authority.port = ParsePort(port);
    if (!authority.port && !port.empty()) return std::nullopt;
    text = text.substr(0, colon);
  }
  auto host = CanonicalHost(text);
  if (!host) return std::nullopt;
  authority.host = *std::move(host);
  return authority;
}

std::optional<WebOrigin> CanonicalOrigin(std::string_view text) {
  if (text == "null") return WebOrigin{"null", "", 0};
  const size_t mark = text.find("://");
  if (mark == std::string_view::npos) return std::nullopt;
  WebOrigin origin;
  origin.scheme = Lower(text.substr(0, mark));
  // No page has the address of a WebSocket.
  if (!IsScheme(origin.scheme) || origin.scheme == "ws" || origin.scheme == "wss") {
    return std::nullopt;
  }
  text.remove_prefix(mark + 3);
  text = text.substr(0, text.find_first_of("/?#"));
  // Some web views name the page of a file so, where browsers send "null".
  if (text.empty() && origin.scheme == "file") return origin;
  auto authority = CanonicalAuthority(text);
  if (!authority) return std::nullopt;
  origin.host = std::move(authority->host);
  origin.port = authority->port.value_or(DefaultPort(origin.scheme));
  return origin;
}

bool IsSameOrigin(const WebOrigin& origin, const Authority& host) {
  return origin.IsHttp() && origin.host == host.host &&
         origin.port == host.port.value_or(DefaultPort(origin.scheme));
}

bool IsIpLiteral(std::string_view host) {
  return host.starts_with('[') || ParseAddress<4>(AF_INET, std::string(host)).has_value();
}

bool IsLoopbackHost(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  if (!host.starts_with('[')) {
    const auto v4 = ParseAddress<4>(AF_INET, std::string(host));
    return v4 && v4->front() == 127;
  }
  const auto v6 = ParseAddress<16>(AF_INET6, std::string(host.substr(1, host.size() - 2)));
  constexpr std::array<unsigned char, 16> kLoopback = {0, 0, 0, 0, 0, 0, 0, 0,
                                                       0, 0, 0, 0, 0, 0, 0, 1};
  constexpr std::array<unsigned char, 13> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127};
  return v6 && (*v6 == kLoopback || std::equal(kMapped.begin(), kMapped.end(), v6->begin()));
}

}  // namespace kiosk
