// Hosts and origins: the one parser for headers and for the command line. Pure functions. Source:
// SPEC section 6, RFC 6454 and the URL standard's host parser.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kiosk {

// A host with its port, as in a `Host` header or in a URL.
struct Authority {
  std::string host;         // as CanonicalHost writes it
  std::optional<int> port;  // nothing: the default port of the scheme
};

// Scheme, host and port of a page. `null` (a page opened from disk) has the scheme "null" alone.
struct WebOrigin {
  std::string scheme;  // lower case
  std::string host;    // as CanonicalHost writes it; empty for "null" and "file"
  int port = 0;        // with the default filled in; 0: none, which only schemes unknown here have

  // As a browser writes it in `Origin`: "http://localhost:4000", without a default port.
  [[nodiscard]] std::string Spelling() const;
  [[nodiscard]] bool IsHttp() const { return scheme == "http" || scheme == "https"; }
  bool operator==(const WebOrigin&) const = default;
};

// A host name or an IP literal, without a port: in lower case, without a dot at its end, IPv6 in
// its shortest form and in brackets. Nothing if it is neither; an IPv4 address must have four
// numbers.
[[nodiscard]] std::optional<std::string> CanonicalHost(std::string_view text);

// "Shop.Test.:80" is {"shop.test", 80}. Nothing if `text` is not a host with or without a port.
[[nodiscard]] std::optional<Authority> CanonicalAuthority(std::string_view text);

// The origin at the front of `text`. What follows its host and port, from a slash, question mark or
// hash on, is ignored: development proxies send "http://localhost:4000/api". Nothing if there is
// none.
[[nodiscard]] std::optional<WebOrigin> CanonicalOrigin(std::string_view text);

// Whether a page of `origin` was loaded from this host and port, with http or https: a proxy in
// front may have added TLS.
[[nodiscard]] bool IsSameOrigin(const WebOrigin& origin, const Authority& host);

// Of hosts as CanonicalHost writes them.
[[nodiscard]] bool IsIpLiteral(std::string_view host);
// localhost, *.localhost, 127.0.0.0/8, ::1, and 127.0.0.0/8 as IPv6.
[[nodiscard]] bool IsLoopbackHost(std::string_view host);

}  // namespace kiosk
