#include "http/routes.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "http/api_benefits.h"
#include "http/api_desk.h"
#include "http/api_ops.h"

namespace kiosk {
namespace {

using Handler = Response (*)(Api&, const Request&);

struct Route {
  std::string_view method;
  std::string_view path;  // a segment in braces is a parameter
  Handler handler;
};

constexpr Route kRoutes[] = {
    // The benefits shop; the prototype of its frontend calls it without the prefix.
    {"GET", "/api/users/{user_id}", GetUser},
    {"GET", "/users/{user_id}", GetUser},
    {"GET", "/api/products", ListProducts},
    {"GET", "/products", ListProducts},
    {"POST", "/api/orders", PlaceOrder},
    {"GET", "/api/orders", ListBenefitOrders},
    {"GET", "/api/orders/{order_id}", GetBenefitOrder},

    // The order desk; POST /orders also takes the shop's orders.
    {"POST", "/orders", CreateOrder},
    {"GET", "/orders", ListOrders},
    {"GET", "/orders/{id}", GetOrder},
    {"PUT", "/orders/{id}", UpdateOrder},
    {"PATCH", "/orders/{id}", UpdateOrder},
    {"DELETE", "/orders/{id}", DeleteOrder},
    {"GET", "/services", ListServices},
    {"POST", "/services", CreateService},
    {"GET", "/services/{id}", GetService},
    {"PUT", "/services/{id}", RenameService},
    {"DELETE", "/services/{id}", DeleteService},

    // For whoever runs it.
    {"GET", "/healthz", GetHealth},
    {"GET", "/metrics", GetMetrics},
    {"GET", "/_kiosk/info", GetInfo},
    {"POST", "/_kiosk/reset", Reset},
    {"GET", "/_kiosk/backup", DownloadBackup},
};

std::string_view TakeSegment(std::string_view& path) {
  path.remove_prefix(1);  // its slash
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

// Whether the path is one of the pattern's, whatever its parameters; a slash at its end is ignored.
bool Matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    if (path.front() != '/') return false;
    const std::string_view wanted = TakeSegment(pattern);
    const std::string_view segment = TakeSegment(path);
    if (wanted.front() == '{' ? segment.empty() : wanted != segment) return false;
  }
  return pattern.empty() && (path.empty() || path == "/");
}

std::vector<std::string> Parameters(std::string_view pattern, std::string_view path) {
  std::vector<std::string> parameters;
  while (!pattern.empty()) {
    const std::string_view wanted = TakeSegment(pattern);
    const std::string_view segment = TakeSegment(path);
    if (wanted.front() == '{') parameters.push_back(PercentDecode(segment, PlusSign::kItself));
  }
  return parameters;
}

// The methods a path answers to, for Allow; empty for an unknown path.
std::string AllowedMethods(std::string_view path) {
  std::string allowed;
  for (const Route& route : kRoutes) {
    if (!Matches(route.path, path)) continue;
    allowed.append(route.method).append(route.method == "GET" ? ", HEAD, " : ", ");
  }
  return allowed.empty() ? allowed : allowed + "OPTIONS";
}

Response AnswerWithoutRoute(const Request& request) {
  const std::string allowed = AllowedMethods(request.path);
  if (allowed.empty()) return NotFound();
  Response response;
  if (request.method == "OPTIONS") {
    response.status = 204;
  } else {
    response = Error(405, "method_not_allowed", "This address answers only to " + allowed + ".");
  }
  response.headers.emplace_back("Allow", allowed);
  return response;
}

// Whether "application/json" is what the header says, whatever its parameters.
bool IsJsonType(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  std::ranges::transform(type, type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return type == "application/json";
}

// Tags an answer to a GET, and leaves its body out if the client has it already.
void TagAnswer(const Request& request, Response& response) {
  if (response.status != 200 || response.next_piece) return;
  const std::string tag = EntityTag(response.body);
  response.headers.emplace_back("ETag", tag);
  if (request.if_none_match && NamesTag(*request.if_none_match, tag, TagComparison::kWeak)) {
    response.status = 304;
    response.body.clear();
  }
}

Response AnswerFault(Api& api, const Request& request, const std::exception& fault) {
  // Unlike among the answers of any two processes, as far as the clock goes on.
  const std::string id =
      EntityTag(std::to_string(request.now.ms) + "-" + std::to_string(++api.faults)).substr(1, 16);
  api.log_fault(id, fault.what());
  if (const auto* storage = dynamic_cast<const StorageFault*>(&fault)) {
    if (storage->kind() == StorageFault::Kind::kFull) {
      return Error(507, "insufficient_storage", "The disk is full; nothing was changed.");
    }
    if (storage->kind() == StorageFault::Kind::kUnavailable) {
      return Error(503, "storage_unavailable",
                   "The database cannot be reached at the moment; nothing was changed.");
    }
  }
  return Error(500, "internal_error", "Something went wrong; the log tells more under " + id + ".");
}

}  // namespace

Answered Dispatch(Api& api, Request& request) {
  const bool is_head = request.method == "HEAD";
  for (const Route& route : kRoutes) {
    if (route.method != (is_head ? "GET" : request.method)) continue;
    if (!Matches(route.path, request.path)) continue;
    const auto index = static_cast<size_t>(std::distance(std::begin(kRoutes), &route));
    if (!request.body.empty() && route.method != "GET" && !IsJsonType(request.content_type)) {
      return {Error(415, "unsupported_media_type",
                    "A body must be sent with Content-Type: application/json."),
              index};
    }
    request.parameters = Parameters(route.path, request.path);
    try {
      Response response = route.handler(api, request);
      if (route.method == "GET") TagAnswer(request, response);
      return {std::move(response), index};
    } catch (const std::exception& fault) {
      return {AnswerFault(api, request, fault), index};
    }
  }
  return {AnswerWithoutRoute(request), OtherRoute()};
}

std::vector<std::string> RouteLabels() {
  std::vector<std::string> labels;
  for (const Route& route : kRoutes) {
    labels.push_back(std::string(route.method) + " " + std::string(route.path));
  }
  labels.emplace_back("other");
  return labels;
}

size_t OtherRoute() { return std::size(kRoutes); }

}  // namespace kiosk
