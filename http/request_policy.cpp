#include "http/request_policy.h"

#include <algorithm>
#include <iterator>

namespace kiosk {
namespace {

constexpr std::string_view kSentTwice = ",";  // no host, origin, key or site is written so

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// `lower` is in lower case.
bool IsNamed(std::string_view name, std::string_view lower) {
  return name.size() == lower.size() && std::ranges::equal(name, lower, {}, Lower);
}

bool StartsWith(std::string_view name, std::string_view lower) {
  return name.size() >= lower.size() && IsNamed(name.substr(0, lower.size()), lower);
}

bool IsAddedByProxies(std::string_view name) {
  constexpr std::string_view kNames[] = {"forwarded", "via", "x-real-ip", "cf-connecting-ip",
                                         "true-client-ip"};
  if (StartsWith(name, "x-forwarded")) return true;
  return std::ranges::any_of(kNames, [name](auto known) { return IsNamed(name, known); });
}

bool IsRead(std::string_view method) { return method == "GET" || method == "HEAD"; }

bool ChangesState(std::string_view method) { return !IsRead(method) && method != "OPTIONS"; }

// Takes as long for any two texts of one length.
bool EqualInConstantTime(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  int difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == 0;
}

std::optional<WebOrigin> OriginIn(const RequestHead::Field& header) {
  return header ? CanonicalOrigin(*header) : std::nullopt;
}

// The page that sent the request. Where a browser leaves `Origin` out but says that the page is of
// another origin, `Referer` names it.
std::optional<WebOrigin> PageOf(const RequestHead& head) {
  return head.origin ? OriginIn(head.origin) : OriginIn(head.referer);
}

// Any port of localhost, *.localhost, 127.0.0.1 and [::1].
bool IsDevelopmentOrigin(const WebOrigin& origin) {
  return origin.IsHttp() && (origin.host == "localhost" || origin.host.ends_with(".localhost") ||
                             origin.host == "127.0.0.1" || origin.host == "[::1]");
}

bool IsOwn(std::string_view url, const RequestHead& head) {
  const auto host = head.host ? CanonicalAuthority(*head.host) : std::nullopt;
  const auto origin = CanonicalOrigin(url);
  return host && origin && IsSameOrigin(*origin, *host);
}

bool IsLoopbackAuthority(std::string_view text) {
  const auto authority = CanonicalAuthority(text);
  return authority && IsLoopbackHost(authority->host);
}

Denial OriginDenial(const RequestHead& head) {
  std::string message = "This request comes from a page of another origin, and does not name it.";
  if (const auto page = PageOf(head)) {
    const std::string origin = page->Spelling();
    message = "The origin " + origin + " is not allowed; start kiosk with --cors-origin " + origin +
              " to accept it.";
  } else if (head.origin) {
    message = "This Origin is not an origin that --cors-origin can name.";
  }
  return Denial{"origin_not_allowed", message};
}

std::string ControlPageMessage(const RequestHead& head) {
  const auto page = PageOf(head);
  if (!page || !page->IsHttp()) return "Only kiosk's own page may use the control API.";
  const std::string origin = page->Spelling();
  return "A page of " + origin +
         " may not use the control API; start kiosk with --control-origin " + origin +
         " to accept it.";
}

bool IsTokenCharacter(char c) {
  return (c >= '0' && c <= '9') || (Lower(c) >= 'a' && Lower(c) <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// The field names in a comma-separated list, joined again; what is no name is left out.
std::string FieldNames(std::string_view list) {
  std::string names;
  while (!list.empty()) {
    std::string_view name = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), name.size() + 1));
    while (name.starts_with(' ') || name.starts_with('\t')) name.remove_prefix(1);
    while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
    if (name.empty() || !std::ranges::all_of(name, IsTokenCharacter)) continue;
    names.append(names.empty() ? "" : ", ").append(name);
  }
  return names;
}

std::vector<WebOrigin> ParseOrigins(const std::vector<std::string>& texts) {
  std::vector<WebOrigin> origins;
  for (const std::string& text : texts) {
    if (auto origin = CanonicalOrigin(text)) origins.push_back(*std::move(origin));
  }
  return origins;
}

}  // namespace

void RequestHead::SetTarget(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!StartsWith(target, scheme)) continue;
    target.remove_prefix(scheme.size());
    authority = target.substr(0, target.find_first_of("/?"));
    target.remove_prefix(authority->size());
    break;
  }
  path = target.substr(0, target.find('?'));
  query = target.substr(std::min(target.size(), path.size() + 1));
  if (path.empty()) path = "/";
}

void RequestHead::AddHeader(std::string_view name, std::string_view value) {
  struct Known {
    std::string_view name;
    Field RequestHead::*field;
  };
  static constexpr Known kKnown[] = {
      {"host", &RequestHead::host},
      {"origin", &RequestHead::origin},
      {"referer", &RequestHead::referer},
      {"sec-fetch-site", &RequestHead::fetch_site},
      {"user-agent", &RequestHead::user_agent},
      {"kiosk-control-key", &RequestHead::control_key},
      {"access-control-request-method", &RequestHead::preflight_method},
      {"access-control-request-headers", &RequestHead::preflight_headers},
      {"access-control-request-private-network", &RequestHead::preflight_network},
  };
  if (IsAddedByProxies(name)) forwarded_by = name;
  const auto* const known =
      std::ranges::find_if(kKnown, [name](const Known& one) { return IsNamed(name, one.name); });
  if (known == std::end(kKnown)) return;
  Field& field = this->*(known->field);
  field = field ? kSentTwice : value;
}

RequestPolicy::RequestPolicy(const PolicyOptions& options, const std::string& own_name)
    : origins_(ParseOrigins(options.allowed_origins)),
      control_origins_(ParseOrigins(options.control_origins)),
      allows_any_origin_(std::ranges::find(options.allowed_origins, "*") !=
                         options.allowed_origins.end()),
      control_from_(options.control_from),
      control_key_(options.control_key) {
  std::vector<std::string> names = options.allowed_hosts;
  names.push_back(own_name);
  names.push_back(own_name + ".local");
  for (const std::string& name : names) {
    if (auto host = CanonicalHost(name)) hosts_.push_back(*std::move(host));
  }
}

Verdict RequestPolicy::Judge(const RequestHead& head, Area area) const {
  Verdict verdict;
  const bool is_control = area == Area::kControl;
  verdict.grants_cors =
      head.origin && (IsControlOrigin(head) || (!is_control && !IsCrossSite(head)));
  if ((verdict.denial = CheckHosts(head))) return verdict;
  if (is_control) {
    if (auto reason = WhyNotLocal(head)) verdict.denial = Denial{"local_only", *std::move(reason)};
    return verdict;
  }
  verdict.is_cross_site = IsCrossSite(head);
  if (verdict.is_cross_site && ChangesState(head.method)) verdict.denial = OriginDenial(head);
  return verdict;
}

// Any other name may be one that was pointed here to get around the browser's same-origin rule (DNS
// rebinding).
std::optional<Denial> RequestPolicy::CheckHosts(const RequestHead& head) const {
  for (const RequestHead::Field& field : {head.host, head.authority}) {
    if (!field) continue;
    const auto authority = CanonicalAuthority(*field);
    if (authority && IsHostAllowed(authority->host)) continue;
    const std::string message = authority ? "The host " + authority->host +
                                                " is not allowed; start kiosk with --allow-host " +
                                                authority->host + " to accept it."
                                          : "This Host is not a name that --allow-host can accept.";
    return Denial{"host_not_allowed", message};
  }
  return std::nullopt;
}

bool RequestPolicy::IsHostAllowed(const std::string& host) const {
  return host == "localhost" || host.ends_with(".localhost") || IsIpLiteral(host) ||
         std::ranges::find(hosts_, host) != hosts_.end();
}

bool RequestPolicy::IsOriginAllowed(std::string_view origin, const RequestHead& head) const {
  if (allows_any_origin_) return true;
  const auto parsed = CanonicalOrigin(origin);
  if (!parsed) return false;
  return IsDevelopmentOrigin(*parsed) || IsOwn(origin, head) ||
         std::ranges::find(origins_, *parsed) != origins_.end() ||
         std::ranges::find(control_origins_, *parsed) != control_origins_.end();
}

bool RequestPolicy::IsCrossSite(const RequestHead& head) const {
  if (head.fetch_site == "same-origin") return false;  // pages cannot set it
  if (head.origin) return !IsOriginAllowed(*head.origin, head);
  if (head.fetch_site != "cross-site" && head.fetch_site != "same-site") return false;
  if (head.referer) return !IsOriginAllowed(*head.referer, head);
  return head.fetch_site == "cross-site" && !allows_any_origin_;
}

bool RequestPolicy::IsControlOrigin(const RequestHead& head) const {
  const auto origin = OriginIn(head.origin);
  return origin && std::ranges::find(control_origins_, *origin) != control_origins_.end();
}

// Why the control API does not answer this request; nothing if it does.
std::optional<std::string> RequestPolicy::WhyNotLocal(const RequestHead& head) const {
  if (control_from_ == ControlFrom::kNone) {
    return "The control API is off; start kiosk without --control-from none to use it.";
  }
  if (!head.forwarded_by.empty()) {
    return "The control API does not answer through a proxy (" + std::string(head.forwarded_by) +
           ").";
  }
  // A preflight cannot carry the key; the request that follows it does.
  const bool is_asking = control_from_ == ControlFrom::kLan && head.IsPreflight();
  if (!is_asking && !HasControlKey(head)) {
    if (!head.from_loopback) return "The control API answers only on the machine kiosk runs on.";
    const bool is_local = head.host && IsLoopbackAuthority(*head.host) &&
                          (!head.authority || IsLoopbackAuthority(*head.authority));
    if (!is_local) return "The control API answers only under localhost or a loopback address.";
  }
  if (!IsControlOrigin(head) && !IsOwnPage(head)) return ControlPageMessage(head);
  return std::nullopt;
}

// A request of kiosk's own page, of a person who typed the address, or of no browser.
bool RequestPolicy::IsOwnPage(const RequestHead& head) const {
  if (head.fetch_site) {
    return head.fetch_site == "same-origin" || (head.fetch_site == "none" && IsRead(head.method));
  }
  if (head.origin && !IsOwn(*head.origin, head)) return false;
  if (head.referer && !IsOwn(*head.referer, head)) return false;
  // Every browser that sends neither says that it is one.
  const bool is_browser = head.user_agent && head.user_agent->starts_with("Mozilla/");
  return head.origin || head.referer || !is_browser;
}

bool RequestPolicy::HasControlKey(const RequestHead& head) const {
  return control_from_ == ControlFrom::kLan && !control_key_.empty() && head.control_key &&
         EqualInConstantTime(*head.control_key, control_key_);
}

HeaderList CorsHeaders(const RequestHead& head, bool grants_cors) {
  HeaderList headers = {{"Vary", "Origin"}};
  if (!grants_cors || !head.origin) return headers;
  headers.emplace_back("Access-Control-Allow-Origin", *head.origin);
  headers.emplace_back("Access-Control-Allow-Credentials", "true");
  if (!head.IsPreflight()) {
    headers.emplace_back("Access-Control-Expose-Headers",
                         "ETag, Location, Link, X-Total-Count, Idempotency-Replayed");
    return headers;
  }
  headers.emplace_back("Access-Control-Allow-Methods",
                       "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  if (std::string names = FieldNames(head.preflight_headers.value_or("")); !names.empty()) {
    headers.emplace_back("Access-Control-Allow-Headers", std::move(names));
  }
  if (head.preflight_network == "true") {
    headers.emplace_back("Access-Control-Allow-Private-Network", "true");
  }
  headers.emplace_back("Access-Control-Max-Age", "600");
  return headers;
}

}  // namespace kiosk
