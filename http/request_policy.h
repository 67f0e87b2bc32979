// Who may ask for what: pure functions over a request's peer, target and headers. Source: SPEC
// section 6 (hosts, CORS) and section 7, "Who may use it".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/web_origin.h"

namespace kiosk {

// Who may use the control API: clients on this machine, also those with the control key, no client.
enum class ControlFrom { kLocal, kLan, kNone };

struct PolicyOptions {
  std::vector<std::string> allowed_hosts = {};    // --allow-host
  std::vector<std::string> allowed_origins = {};  // --cors-origin; "*" allows any
  std::vector<std::string> control_origins = {};  // --control-origin
  ControlFrom control_from = ControlFrom::kLocal;
  std::string control_key = {};  // with kLan
};

// What the policy looks at. Views into the request.
struct RequestHead {
  // A header that is sent twice reads as a value that matches nothing.
  using Field = std::optional<std::string_view>;

  std::string_view method;
  std::string_view path;   // still percent-encoded, without the query
  std::string_view query;  // without the question mark
  Field authority;         // of a target in absolute form
  bool from_loopback = false;
  Field host;
  Field origin;
  Field referer;
  Field fetch_site;
  Field user_agent;
  Field control_key;
  Field preflight_method;
  Field preflight_headers;
  Field preflight_network;
  std::string_view forwarded_by;  // the name of a header that only proxies add

  // Takes the target apart, in origin form or in absolute form.
  void SetTarget(std::string_view target);
  void AddHeader(std::string_view name, std::string_view value);

  [[nodiscard]] bool IsPreflight() const { return method == "OPTIONS" && preflight_method; }
};

// The parts of the API with rules of their own.
enum class Area { kOpen, kControl };

// A refusal, which is a 403.
struct Denial {
  std::string code;
  std::string message;
};

struct Verdict {
  std::optional<Denial> denial;
  bool is_cross_site = false;  // sent by a page of an origin that is not allowed
  bool grants_cors = false;    // a page of another origin may read the response
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// Any thread.
class RequestPolicy {
 public:
  // `own_name`: what the machine calls itself. Options that do not parse match nothing.
  RequestPolicy(const PolicyOptions& options, const std::string& own_name);

  [[nodiscard]] Verdict Judge(const RequestHead& head, Area area) const;

 private:
  [[nodiscard]] std::optional<Denial> CheckHosts(const RequestHead& head) const;
  [[nodiscard]] bool IsHostAllowed(const std::string& host) const;
  [[nodiscard]] bool IsOriginAllowed(std::string_view origin, const RequestHead& head) const;
  [[nodiscard]] bool IsCrossSite(const RequestHead& head) const;
  [[nodiscard]] bool IsControlOrigin(const RequestHead& head) const;
  [[nodiscard]] std::optional<std::string> WhyNotLocal(const RequestHead& head) const;
  [[nodiscard]] bool IsOwnPage(const RequestHead& head) const;
  [[nodiscard]] bool HasControlKey(const RequestHead& head) const;

  std::vector<std::string> hosts_;
  std::vector<WebOrigin> origins_;
  std::vector<WebOrigin> control_origins_;
  bool allows_any_origin_ = false;
  ControlFrom control_from_;
  std::string control_key_;
};

// The CORS headers of the response to such a request.
[[nodiscard]] HeaderList CorsHeaders(const RequestHead& head, bool grants_cors);

}  // namespace kiosk
