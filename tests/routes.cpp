// --delay and --fail: which routes they meet, and that nothing was done when they did.
#include "http/routes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "tests/scenario.h"

using namespace kiosk;
using namespace kiosk::test;

namespace {

constexpr char kInjected[] =
    R"({"error":"injected_failure","message":"This failure was asked for with --fail."})";

struct RouteRequest {
  std::string method;
  std::string target;
  std::string body;
  bool is_api = false;
};

std::string BodyFor(const std::string& method, const std::string& path) {
  if (method == "POST" && path == "/api/orders") {
    return R"({"order":{"items":["netflix"],"user_id":"223"}})";
  }
  if (path.starts_with("/services")) return R"({"name":"Changed"})";
  return method == "POST" ? R"({"product":"P","quantity":1})" : R"({"totalfee":5})";
}

// A request to every route, which it would answer with 2xx.
std::vector<RouteRequest> EveryRoute() {
  std::vector<RouteRequest> requests;
  for (const std::string& label : RouteLabels()) {
    const size_t space = label.find(' ');
    if (space == std::string::npos) continue;  // "other"
    RouteRequest request{label.substr(0, space), label.substr(space + 1), ""};
    const bool is_service = request.target.starts_with("/services");
    const size_t begin = request.target.find('{');
    if (begin != std::string::npos) {
      request.target.replace(begin, std::string::npos, is_service ? "123" : "223");
    }
    request.is_api = true;
    for (const char* own : {"/healthz", "/metrics", "/_kiosk", "/openapi.json", "/docs"}) {
      if (request.target.starts_with(own)) request.is_api = false;
    }
    if (request.target == "/_kiosk/page/223") request.target = "/_kiosk/page/app.js";
    if (request.target == "/api/orders" && request.method == "GET") request.target += "?user_id=a";
    if (request.is_api && request.method != "GET" && request.method != "DELETE") {
      request.body = BodyFor(request.method, request.target);
    }
    requests.push_back(request);
    if (request.method == "GET") requests.push_back({"HEAD", request.target, "", request.is_api});
  }
  REQUIRE(std::ranges::count(requests, true, &RouteRequest::is_api) > 20);
  REQUIRE(std::ranges::count(requests, false, &RouteRequest::is_api) > 10);
  return requests;
}

// A frontend build with one script.
void WriteFrontend(const std::string& folder) {
  std::filesystem::create_directories(folder + "/assets");
  WriteFile(folder + "/index.html", "<h1>Acme</h1>");
  WriteFile(folder + "/assets/main.js", "export {}\n");
}

}  // namespace

TEST_CASE("--fail refuses every route of the API and no other, before anything is changed") {
  const TestServer server({"--fail", "100"});
  std::string before = server.Contents();
  for (const RouteRequest& request : EveryRoute()) {
    CAPTURE(request.method);
    CAPTURE(request.target);
    const Answer answer = server.Ask(request.method, request.target, request.body);
    if (request.target == "/_kiosk/reset") before = server.Contents();
    if (request.is_api) {
      CHECK(answer.status == 503);
      CHECK(answer.body == (request.method == "HEAD" ? "" : kInjected));
    } else {
      CHECK(answer.status == 200);
    }
    CHECK(server.Contents() == before);
  }
}

TEST_CASE("the same requests are answered with something else without --fail") {
  const TestServer server;
  for (const RouteRequest& request : EveryRoute()) {
    CAPTURE(request.method);
    CAPTURE(request.target);
    const int status = server.Ask(request.method, request.target, request.body).status;
    // The shop has no order 223, and the service 123 is used by an order until the reset.
    const bool is_known = !request.target.starts_with("/api/orders/") &&
                          !(request.method == "DELETE" && request.target == "/services/123");
    CHECK((status / 100 == 2) == is_known);
    if (request.method != "DELETE") continue;
    CHECK(server.Ask("POST", "/_kiosk/reset").status == 200);
  }
}

TEST_CASE("--delay holds back every route of the API, refusals too, and no other") {
  constexpr auto kDelay = std::chrono::milliseconds(1500);
  const TestServer server({"--delay", "1500-1600"});
  const std::vector<RouteRequest> requests = EveryRoute();
  std::vector<std::chrono::steady_clock::duration> took(requests.size());
  std::vector<std::thread> clients;
  for (size_t i = 0; i < requests.size(); ++i) {
    clients.emplace_back([&, i] {
      const auto& [method, target, body, is_api] = requests[i];
      Connection connection(server.port());
      const auto begin = std::chrono::steady_clock::now();
      static_cast<void>(connection.Ask(method, target, body));
      took[i] = std::chrono::steady_clock::now() - begin;
    });
  }
  for (std::thread& client : clients) client.join();
  for (size_t i = 0; i < requests.size(); ++i) {
    CAPTURE(requests[i].method);
    CAPTURE(requests[i].target);
    CHECK((took[i] >= kDelay) == requests[i].is_api);
  }
}

TEST_CASE("--delay and --fail leave files and preflights alone") {
  constexpr auto kDelay = std::chrono::milliseconds(2000);
  const TemporaryFolder folder;
  WriteFrontend(folder.File("build"));
  REQUIRE(RunKiosk({"pack", "-o", "demo", "--frontend", "build"}, {.folder = folder.path()})
              .exit_code == 0);
  const std::vector<std::string> injected = {"--quiet", "--memory", "--delay",
                                             "2000",    "--fail",   "100"};
  std::vector<std::string> with_folder = injected;
  with_folder.insert(with_folder.end(), {"--frontend", "build"});
  const Headers navigation = {{"Accept", "text/html"}};
  const Headers preflight = {{"Origin", "http://localhost:3000"},
                             {"Access-Control-Request-Method", "POST"}};
  const struct {
    std::string method;
    std::string target;
    Headers headers;
    int status;
    std::string body;
  } rows[] = {
      {"GET", "/", {}, 200, "<h1>Acme</h1>"},
      {"GET", "/assets/main.js", {}, 200, "export {}\n"},
      {"HEAD", "/assets/main.js", {}, 200, ""},
      {"GET", "/basket", navigation, 200, "<h1>Acme</h1>"},
      {"GET", "/orders", navigation, 200, "<h1>Acme</h1>"},
      {"GET", "/users/ana", navigation, 200, "<h1>Acme</h1>"},
      {"GET",
       "/assets/none.js",
       {},
       404,
       R"({"error":"not_found","message":"No resource at this path."})"},
      {"OPTIONS", "/api/orders", preflight, 204, ""},
      {"OPTIONS", "/orders/223", preflight, 204, ""},
  };
  for (const bool packed : {false, true}) {
    CAPTURE(packed);
    const Kiosk kiosk(packed ? injected : with_folder,
                      {.folder = folder.path(), .executable = packed ? folder.File("demo") : ""});
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& row : rows) {
      CAPTURE(row.target);
      const Answer answer = Ask(kiosk.port(), row.method, row.target, "", row.headers);
      CHECK(answer.status == row.status);
      CHECK(answer.body == row.body);
    }
    CHECK(std::chrono::steady_clock::now() - begin < kDelay);
    const Answer refused = Ask(kiosk.port(), "GET", "/api/products", "", navigation);
    CHECK(refused.status == 503);
    CHECK(refused.body == kInjected);
    CHECK(std::chrono::steady_clock::now() - begin >= kDelay);
  }
}

TEST_CASE("--fail with a share refuses some, and what it lets through is done once") {
  const TestServer server({"--fail", "50"});
  int failed = 0;
  for (int i = 0; i < 200; ++i) {
    const Answer answer = server.Ask("GET", "/services");
    if (answer.status == 503) ++failed;
    CHECK((answer.status == 503 || answer.status == 200));
  }
  CHECK(failed > 50);
  CHECK(failed < 150);
  // A client that tries again with the same key: an injected failure is not kept for it.
  const Headers key = {{"Idempotency-Key", "k"}};
  std::vector<Answer> done;
  for (int i = 0; i < 100; ++i) {
    Answer answer = server.Ask("POST", "/orders", R"({"product":"P","quantity":1})", key);
    if (answer.status != 503) done.push_back(std::move(answer));
  }
  REQUIRE(done.size() > 10);
  CHECK(done[0].Header("idempotency-replayed").empty());
  for (size_t i = 0; i < done.size(); ++i) {
    CHECK(done[i].status == 201);
    CHECK(done[i].body == done[0].body);
    CHECK(done[i].Header("idempotency-replayed") == (i == 0 ? "" : "true"));
  }
  CHECK(server.Query("SELECT count(*) FROM desk_orders") == "4");
}

TEST_CASE("--fail 0 and --delay 0 inject nothing") {
  const TestServer server({"--fail", "0", "--delay", "0"});
  for (int i = 0; i < 50; ++i) CHECK(server.Ask("GET", "/services").status == 200);
}

TEST_CASE("a --delay or --fail that is none is refused with 2 and one line") {
  const TemporaryFolder folder;
  const std::pair<std::string, std::string> rows[] = {
      {"--delay", "x"},      {"--delay", "-5"},     {"--delay", "5-1"}, {"--delay", "1-"},
      {"--delay", "1-2-3"},  {"--delay", "999999"}, {"--delay", "1.5"}, {"--delay", ""},
      {"--fail", "101"},     {"--fail", "-1"},      {"--fail", "x"},    {"--fail", "5%"},
      {"--delay", "200 300"}};
  for (const auto& [option, value] : rows) {
    CAPTURE(option);
    CAPTURE(value);
    const Finished run = RunKiosk({option, value}, {.folder = folder.path()});
    CHECK(run.exit_code == 2);
    CHECK(run.out.empty());
    CHECK(run.err.starts_with("kiosk: "));
    CHECK(run.err.find(option) != std::string::npos);
    CHECK(std::ranges::count(run.err, '\n') == 1);
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}
