#include "http/origin_options.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "http/punycode.h"
#include "http/web_origin.h"

namespace kiosk {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// What was probably meant, taken apart.
struct Guess {
  std::string scheme;  // lower case; empty if there was none
  std::string host;    // "*.shop.test" without its wildcard
  std::string port;    // with its colon
  bool has_wildcard = false;
};

// "http://x", "https:x", "http//x" and "//x": takes the scheme and the slashes away.
std::string TakeScheme(std::string_view& text) {
  std::string scheme;
  size_t end = text.find("://");
  const std::string lower = Lower(text);
  for (const std::string_view known : {"http", "https", "ws", "wss"}) {
    if (!lower.starts_with(known)) continue;
    const std::string rest = lower.substr(known.size());
    if (rest.starts_with(':') || rest.starts_with("//")) end = known.size();
  }
  if (end != std::string_view::npos) {
    scheme = lower.substr(0, end);
    text.remove_prefix(end + 1);
  }
  while (text.starts_with('/')) text.remove_prefix(1);
  if (scheme == "ws" || scheme == "wss") scheme.replace(0, 2, "http");  // a page's, not a socket's
  return scheme;
}

// "127.1" and "0x7f000001" are addresses for a URL parser, which writes them with four numbers.
std::optional<std::string> LongIpv4(const std::string& text) {
  in_addr address{};
  std::array<char, INET_ADDRSTRLEN> written{};
  if (::inet_aton(text.c_str(), &address) == 0) return std::nullopt;
  if (!::inet_ntop(AF_INET, &address, written.data(), written.size())) return std::nullopt;
  return written.data();
}

// The host of `text` as a browser sends it; nothing if there is none in it.
std::optional<std::string> GuessHost(std::string_view text) {
  const std::string lower = Lower(text);
  if (auto host = CanonicalHost(lower)) return host;
  if (auto host = CanonicalHost("[" + lower + "]")) return host;
  if (auto address = LongIpv4(lower)) return address;
  const auto encoded = EncodeHostName(lower);
  return encoded ? CanonicalHost(*encoded) : std::nullopt;
}

Guess TakeApart(std::string_view text) {
  Guess guess;
  text = Trim(text);
  while (text.starts_with('\'') || text.starts_with('"')) text.remove_prefix(1);
  guess.scheme = TakeScheme(text);
  text = text.substr(0, text.find_first_of("/?#\\,; \t'\""));  // of a list the first
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  guess.has_wildcard = text.find('*') != std::string_view::npos || text.starts_with('.');
  const size_t colon = text.rfind(':');
  // "::1" has no port.
  if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos &&
      (text.find(':') == colon || text[colon - 1] == ']')) {
    guess.port = text.substr(colon);
    text = text.substr(0, colon);
  }
  while (text.starts_with('*') || text.starts_with('.')) text.remove_prefix(1);
  guess.host = GuessHost(text).value_or("");
  return guess;
}

bool IsList(std::string_view text) {
  return Trim(text).find_first_of(",; \t") != std::string_view::npos;
}

// "shop.test" for "*.test": one of those that were meant.
std::string OneOf(const Guess& guess, std::string_view text) {
  const bool is_whole_name =
      guess.host.empty() || text.find("*.") == std::string_view::npos || IsIpLiteral(guess.host);
  return is_whole_name ? guess.host : "shop." + guess.host;
}

std::string SuggestOrigin(std::string_view text) {
  const std::string lower = Lower(Trim(text));
  for (const std::string_view opaque : {"null", "about:", "data:"}) {
    if (lower.starts_with(opaque)) return "null";  // what browsers send for such a page
  }
  const Guess guess = TakeApart(text);
  if (guess.scheme == "file") return "null";  // what browsers send for a page opened from disk
  const std::string host = OneOf(guess, text);
  if (host.empty()) return "http://shop.test:3000";
  const std::string scheme = !guess.scheme.empty()  ? guess.scheme
                             : guess.port == ":443" ? "https"
                                                    : "http";
  const bool is_port_zero = guess.port.find_first_not_of(":0") == std::string::npos;
  const std::string port = guess.port.find('*') != std::string::npos ? ":3000"
                           : is_port_zero                            ? ""
                                                                     : guess.port;
  const auto origin = CanonicalOrigin(scheme + "://" + host + port);
  return origin ? origin->Spelling() : "http://" + host;
}

// Whether `text` is an origin and nothing else, which is then what a browser sends.
bool IsOriginAlone(const std::string& text) {
  const auto origin = CanonicalOrigin(text);
  if (!origin || (origin->IsHttp() && origin->port == 0)) return false;  // nothing is at port 0
  return text == "null" || text.find_first_of("/?#", text.find("://") + 3) == std::string::npos;
}

std::string Explain(const std::string& text, const std::string& kind,
                    const std::string& suggestion) {
  if (IsList(text)) {
    return text + " is a list; give the option once for each " + kind + ", such as " + suggestion;
  }
  if (TakeApart(text).has_wildcard) {
    return text + " has a wildcard, which matches nothing; give each " + kind + ", such as " +
           suggestion;
  }
  return (text.empty() ? "an empty text" : text) + " never matches; give the " + kind + " as " +
         suggestion;
}

}  // namespace

std::string CheckAllowedHost(const std::string& text) {
  if (CanonicalHost(text)) return "";
  const std::string host = OneOf(TakeApart(text), text);
  return Explain(text, "host name", host.empty() ? "shop.test" : host);
}

std::string CheckCorsOrigin(const std::string& text) {
  if (text == "*" || IsOriginAlone(text)) return "";
  const std::string suggestion = SuggestOrigin(text);
  const bool is_any = TakeApart(text).host.empty() && text.find('*') != std::string::npos;
  return is_any ? text + " never matches; give * for any origin"
                : Explain(text, "origin", suggestion);
}

std::string CheckControlOrigin(const std::string& text) {
  const auto origin = CanonicalOrigin(text);
  if (origin && origin->IsHttp() && IsOriginAlone(text)) return "";
  if (text == "*" || text == "null") {
    return text +
           " would open the control API to unknown pages; give each origin, such as "
           "http://shop.test:3000";
  }
  std::string suggestion = SuggestOrigin(text);
  if (const auto page = CanonicalOrigin(suggestion); !page || !page->IsHttp()) {
    suggestion = "http://" + (page && !page->host.empty() ? page->host : "shop.test:3000");
  }
  return Explain(text, "http or https origin", suggestion);
}

}  // namespace kiosk
