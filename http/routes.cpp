#include "http/routes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>

#include "http/api_benefits.h"
#include "http/api_desk.h"
#include "http/api_export.h"
#include "http/api_ops.h"
#include "http/api_services.h"
#include "http/parsing_turn.h"
#include "http/ranges.h"
#include "http/static_files.h"
#include "store/parking.h"

namespace kiosk {
namespace {

using Handler = Response (*)(Api&, const Request&);

// Delays and failures are injected into the API alone; the control API has rules of its own about
// who may use it.
enum class Kind { kApi, kOperation, kControl };

struct Route {
  std::string_view method;
  std::string_view path;  // a segment in braces is a parameter
  Handler handler;
  Kind kind = Kind::kApi;
  bool is_long = false;  // reads many rows, which other requests must not wait for
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
    {"GET", "/orders", ListOrders, Kind::kApi, true},
    {"GET", "/orders/{id}", GetOrder},
    {"PUT", "/orders/{id}", UpdateOrder},
    {"PATCH", "/orders/{id}", UpdateOrder},
    {"DELETE", "/orders/{id}", DeleteOrder},
    {"GET", "/services", ListServices},
    {"POST", "/services", CreateService},
    {"GET", "/services/{id}", GetService},
    {"PUT", "/services/{id}", RenameService},
    {"PATCH", "/services/{id}", RenameService},
    {"DELETE", "/services/{id}", DeleteService},

    // For whoever runs it.
    {"GET", "/healthz", GetHealth, Kind::kOperation},
    {"GET", "/metrics", GetMetrics, Kind::kOperation},
    {"GET", "/openapi.json", GetOpenApi, Kind::kOperation},
    {"GET", "/docs", GetPage, Kind::kOperation},
    {"GET", "/_kiosk", GetPage, Kind::kOperation},
    {"GET", "/_kiosk/page/{file}", GetPageFile, Kind::kOperation},
    {"GET", "/_kiosk/status", GetStatus, Kind::kOperation},

    // Who may use it is section 7's to say.
    {"GET", "/_kiosk/info", GetInfo, Kind::kControl},
    {"POST", "/_kiosk/reset", Reset, Kind::kControl, true},
    {"GET", "/_kiosk/backup", DownloadBackup, Kind::kControl, true},
    {"GET", "/_kiosk/export", DownloadExport, Kind::kControl, true},
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

// The methods that the routes of a path have, for Allow; empty for an unknown path.
std::string RoutedMethods(std::string_view path) {
  std::string allowed;
  for (const Route& route : kRoutes) {
    if (!Matches(route.path, path)) continue;
    allowed.append(route.method).append(route.method == "GET" ? ", HEAD, " : ", ");
  }
  return allowed.empty() ? allowed : allowed + "OPTIONS";
}

constexpr char kEveryMethod[] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

// A file, or the answer to a path or a method that nothing else answers to.
Response AnswerWithoutRoute(Api& api, const Request& request) {
  std::string allowed = RoutedMethods(request.path);
  if (auto file = ServeFile(api, request, !allowed.empty())) return *std::move(file);
  if (allowed.empty() && IsFile(api, request.path)) allowed = "GET, HEAD, OPTIONS";
  Response response;
  if (request.method == "OPTIONS") {
    // Also for a path that is not there: after its preflight a page then reads the 404.
    if (allowed.empty()) allowed = request.path == "*" ? kEveryMethod : "OPTIONS";
    response.status = 204;
  } else if (allowed.empty()) {
    return GetMissing(api, request);
  } else {
    response = Error(405, "method_not_allowed", "This address answers only to " + allowed + ".");
  }
  response.headers.emplace_back("Allow", allowed);
  return response;
}

// The route of a request; null if there is none, or its path is the frontend's.
const Route* FindRoute(const Api& api, const Request& request) {
  if (api.frontend && IsNavigation(request) && BelongsToFrontend(request.path)) return nullptr;
  const std::string_view method = request.method == "HEAD" ? "GET" : request.method;
  const auto* const route = std::ranges::find_if(kRoutes, [&](const Route& candidate) {
    return candidate.method == method && Matches(candidate.path, request.path);
  });
  return route == std::end(kRoutes) ? nullptr : route;
}

// Whether the header says application/json or application/*+json, whatever its parameters.
bool IsJsonType(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  std::ranges::transform(type, type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  constexpr std::string_view kApplication = "application/";
  if (!type.starts_with(kApplication)) return false;
  std::string_view subtype = type;
  subtype.remove_prefix(kApplication.size());
  return subtype == "json" || (subtype.size() > 5 && subtype.ends_with("+json"));
}

constexpr int64_t kNoGeneration = 0;  // of what is not in the database

// Tags an answer to a GET, and leaves its body out if the client has it already.
void TagAnswer(const Request& request, int64_t generation, Response& response) {
  if (response.status != 200 || response.next_piece) return;
  const std::string tag = EtagOf(generation, response);
  response.headers.emplace_back("ETag", tag);
  if (request.if_none_match && MatchesEtag(*request.if_none_match, tag, TagComparison::kWeak)) {
    response.status = 304;
    response.body.clear();
  }
}

// Leaves of a file the part that a GET asks for. The answer has its tag already.
void SelectRange(const Request& request, Response& response) {
  if (!response.accepts_ranges || response.status != 200 || !request.range) return;
  if (request.method != "GET") return;  // RFC 9110, section 14.2
  if (request.if_range && !AllowsPart(*request.if_range, EtagOf(kNoGeneration, response))) return;
  const RangeDecision decision = DecideRange(*request.range, response.body.size());
  if (decision.kind == RangeDecision::Kind::kWhole) return;
  const std::string content_range = ContentRange(decision, response.body.size());
  if (decision.kind == RangeDecision::Kind::kUnsatisfiable) {
    response = Error(416, "range_not_satisfiable", "The file has no such bytes.");
    response.accepts_ranges = true;
  } else {
    response.status = 206;
    response.body = response.body.substr(decision.first, decision.length);
  }
  response.headers.emplace_back("Content-Range", content_range);
}

// What --delay and --fail ask for, before anything is changed.
std::optional<Response> InjectFailure(Api& api) {
  const auto [least, most] = api.options.delay_ms;
  if (most > 0) {
    const auto extra = static_cast<double>(most - least + 1) * api.random();
    SleepFor(std::chrono::milliseconds(least + static_cast<int64_t>(extra)));
  }
  if (api.options.failing_share > 0 && api.random() < api.options.failing_share) {
    return Error(503, "injected_failure", "This failure was asked for with --fail.");
  }
  return std::nullopt;
}

Response AnswerFault(Api& api, const Request& request, const std::exception& fault) {
  // Unlike among the answers of any two processes, as far as the clock goes on.
  const std::string id = MakeEtag(kNoGeneration, {std::to_string(request.system_time.ms),
                                                  std::to_string(++api.faults)})
                             .substr(1, 16);
  const auto* storage = dynamic_cast<const StorageFault*>(&fault);
  const bool is_gone = storage && storage->kind() == StorageFault::Kind::kFileGone;
  if (!is_gone) api.log_fault(id, fault.what());
  if (storage) {
    if (storage->kind() == StorageFault::Kind::kFull) {
      return Error(507, "insufficient_storage", "The disk is full; nothing was changed.");
    }
    if (is_gone || storage->kind() == StorageFault::Kind::kUnavailable) {
      return Error(503, "storage_unavailable",
                   "The database cannot be reached at the moment; nothing was changed.");
    }
  }
  return Error(500, "internal_error", "Internal error; see " + id + " in the server log.");
}

// What is long, or may wait for its turn, runs where no other request waits for it.
Response RunHandler(const Route& route, Api& api, const Request& request) {
  Response response;
  const auto run = [&] {
    const ParsingTurn turn(request.body.size());  // until the parsed body is gone
    response = route.handler(api, request);
  };
  if (route.is_long || request.body.size() > ParsingTurn::kSmall) {
    RunAside(run);
  } else {
    run();
  }
  return response;
}

}  // namespace

Answered Dispatch(Api& api, Request& request) {
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  const Route* route = FindRoute(api, request);
  const size_t index =
      route ? static_cast<size_t>(std::distance(std::begin(kRoutes), route)) : OtherRoute();
  try {
    if (route && !request.body.empty() && !IsJsonType(request.content_type)) {
      return {NotJson(), index};
    }
    if (route) request.parameters = Parameters(route->path, request.path);
    // Read before the content, so that old content never gets the tag of a new generation.
    const int64_t generation =
        route && route->kind == Kind::kApi ? api.store.generation() : kNoGeneration;
    if (route && route->kind == Kind::kApi) {
      if (auto failure = InjectFailure(api)) return {*std::move(failure), index};
    }
    Response response = route ? RunHandler(*route, api, request) : AnswerWithoutRoute(api, request);
    if (is_read) TagAnswer(request, generation, response);
    SelectRange(request, response);
    if (is_read && route && api.frontend && BelongsToFrontend(request.path)) {
      // A navigation and a script get different answers; a browser that goes back must not mix
      // them.
      response.headers.emplace_back("Vary", "Accept");
    }
    return {std::move(response), index};
  } catch (const std::exception& fault) {
    return {AnswerFault(api, request, fault), index};
  }
}

Area AreaOf(std::string_view path) {
  if (!path.starts_with("/_kiosk/")) return Area::kOpen;
  const bool is_open = std::ranges::any_of(kRoutes, [path](const Route& route) {
    return route.kind != Kind::kControl && Matches(route.path, path);
  });
  return is_open ? Area::kOpen : Area::kControl;
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
