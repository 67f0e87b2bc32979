// The table of methods, paths and functions: the API at a glance.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/api.h"
#include "http/request_policy.h"

namespace kiosk {

// An answer, and the route it was found under for the metrics.
struct Answered {
  Response response;
  size_t route = 0;  // an index into RouteLabels()
};

// Answers a request. Never throws: a fault becomes 500, 503 or 507 and hides its text.
[[nodiscard]] Answered Dispatch(Api& api, Request& request);

// The control API is everything below /_kiosk/ but the page and the status, whether there is such a
// route or not.
[[nodiscard]] Area AreaOf(std::string_view path);

// "GET /orders/{id}" and so on; the last one is for requests that found no route.
[[nodiscard]] std::vector<std::string> RouteLabels();
[[nodiscard]] size_t OtherRoute();

}  // namespace kiosk
