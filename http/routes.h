// The table of methods, paths and functions: the API at a glance.
#pragma once

#include <string>
#include <vector>

#include "http/api.h"

namespace kiosk {

// An answer, and the route it was found under for the metrics.
struct Answered {
  Response response;
  size_t route = 0;  // an index into RouteLabels()
};

// Answers a request. Never throws: a fault becomes 500, 503 or 507 and hides its text.
[[nodiscard]] Answered Dispatch(Api& api, Request& request);

// "GET /orders/{id}" and so on; the last one is for requests that found no route.
[[nodiscard]] std::vector<std::string> RouteLabels();
[[nodiscard]] size_t OtherRoute();

}  // namespace kiosk
