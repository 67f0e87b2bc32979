// Development servers, proxies and tunnels in front of the running program: hosts, origins, CORS.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tests/scenario.h"

namespace kiosk::test {
namespace {

constexpr char kOrder[] = R"({"order":{"items":["netflix"],"user_id":"ann"}})";
constexpr char kPlaced[] =
    R"({"order":{"order_id":"1","data":{"items":["netflix"],"total":75.99}}})";

const Headers kPage = {{"Origin", "http://localhost:3000"}, {"Sec-Fetch-Site", "same-site"}};

Headers With(Headers headers, const Headers& more) {
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

std::string OwnName() {
  std::array<char, 256> name{};
  REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
  return name.data();
}

}  // namespace

TEST_CASE("an order placed through a development proxy or a TLS proxy is accepted") {
  struct Row {
    std::string name;
    Headers headers;
    std::vector<std::string> arguments = {};
  };
  const Row rows[] = {
      {"Create React App's proxy sends its target", {{"Origin", "http://localhost:4000/api"}}},
      {"a target with a slash", {{"Origin", "http://127.0.0.1:4000/"}}},
      {"a target by another name of the loopback", {{"Origin", "http://[0::1]:4000/api?x"}}},
      {"a proxy that keeps the page's origin", {{"Origin", "http://localhost:5173"}}},
      {"a proxy that keeps host and origin, from a phone",
       {{"Host", "192.168.1.20:5173"}, {"Origin", "http://192.168.1.20:5173"}}},
      {"TLS in front", {{"Host", "192.168.1.20"}, {"Origin", "https://192.168.1.20"}}},
      {"TLS in front, another port",
       {{"Host", "192.168.1.20:8443"}, {"Origin", "https://192.168.1.20:8443"}}},
      {"TLS in front under a name",
       {{"Host", "shop.test"}, {"Origin", "https://shop.test"}},
       {"--allow-host", "shop.test"}},
      {"TLS in front, the host changed",
       {{"Origin", "https://shop.test"}, {"Sec-Fetch-Site", "same-origin"}}},
      {"a tunnel that says so",
       {{"Origin", "https://a.tunnel.test"},
        {"Sec-Fetch-Site", "same-origin"},
        {"X-Forwarded-For", "203.0.113.5"},
        {"Via", "1.1 tunnel"}}},
      {"the machine's name",
       {{"Host", OwnName() + ":4000"}, {"Origin", "http://" + OwnName() + ":4000"}}},
      {"the machine's name on the network", {{"Host", OwnName() + ".local:4000"}}},
      {"a name with a dot at its end", {{"Host", "localhost.:4000"}}},
      {"a page opened from disk", {{"Origin", "null"}}, {"--cors-origin", "null"}},
      {"a page in an app's shell",
       {{"Origin", "capacitor://localhost"}},
       {"--cors-origin", "capacitor://localhost"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const TestServer server(row.arguments);
    const Answer answer = server.Ask("POST", "/api/orders", kOrder, row.headers);
    CHECK(answer.status == 200);
    CHECK(answer.body == kPlaced);
    CHECK(server.Query("SELECT count(*) FROM benefit_orders") == "1");
  }
}

TEST_CASE("a refusal names the origin or host and the option, and the option accepts it") {
  struct Row {
    Headers headers;
    std::string error;
    std::string message;
    std::vector<std::string> option;
  };
  const Row rows[] = {
      {{{"Origin", "http://192.168.1.9:3000/api"}},
       "origin_not_allowed",
       "The origin http://192.168.1.9:3000 is not allowed; start kiosk with --cors-origin "
       "http://192.168.1.9:3000 to accept it.",
       {"--cors-origin", "http://192.168.1.9:3000"}},
      {{{"Origin", "null"}},
       "origin_not_allowed",
       "The origin null is not allowed; start kiosk with --cors-origin null to accept it.",
       {"--cors-origin", "null"}},
      {{{"Origin", "HTTPS://Demo.Test:443"}},
       "origin_not_allowed",
       "The origin https://demo.test is not allowed; start kiosk with --cors-origin "
       "https://demo.test to accept it.",
       {"--cors-origin", "https://demo.test"}},
      {{{"Sec-Fetch-Site", "cross-site"}, {"Referer", "http://demo.test/page"}},
       "origin_not_allowed",
       "The origin http://demo.test is not allowed; start kiosk with --cors-origin "
       "http://demo.test to accept it.",
       {"--cors-origin", "http://demo.test"}},
      {{{"Host", "Demo.Test.:8080"}},
       "host_not_allowed",
       "The host demo.test is not allowed; start kiosk with --allow-host demo.test to accept it.",
       {"--allow-host", "demo.test"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    const TestServer strict;
    const std::string before = strict.Contents();
    const Answer refused = strict.Ask("POST", "/api/orders", kOrder, row.headers);
    CHECK(refused.status == 403);
    CHECK(refused.body == R"({"error":")" + row.error + R"(","message":")" + row.message + R"("})");
    CHECK(refused.Header("access-control-allow-origin").empty());
    CHECK(strict.Contents() == before);
    const TestServer open(row.option);
    CHECK(open.Ask("POST", "/api/orders", kOrder, row.headers).body == kPlaced);
  }
}

TEST_CASE("a preflight is answered on any path, known or not") {
  const TestServer server({"--fail", "100"});
  for (const std::string path : {"/api/orders", "/orders/223", "/api/oders", "/nothing/here",
                                 "/_kiosk/status", "/healthz", "/", "/api/users/%00", "*"}) {
    CAPTURE(path);
    const Answer answer = server.Ask(
        "OPTIONS", path, "",
        With(kPage, {{"Access-Control-Request-Method", "DELETE"},
                     {"Access-Control-Request-Headers", "authorization,baggage,x-requested-with"},
                     {"Access-Control-Request-Private-Network", "true"}}));
    CHECK(answer.status == 204);
    CHECK(answer.body.empty());
    CHECK(answer.Header("access-control-allow-origin") == "http://localhost:3000");
    CHECK(answer.Header("access-control-allow-credentials") == "true");
    CHECK(answer.Header("access-control-allow-methods") ==
          "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    CHECK(answer.Header("access-control-allow-headers") ==
          "authorization, baggage, x-requested-with");
    CHECK(answer.Header("access-control-allow-private-network") == "true");
    CHECK(answer.Header("access-control-max-age") == "600");
    CHECK(answer.Header("vary") == "Origin");
  }
  // Without an origin it is an ordinary question.
  for (const auto& [path, allow] : std::vector<std::pair<std::string, std::string>>{
           {"*", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"},
           {"/nothing/here", "OPTIONS"},
           {"/api/products", "GET, HEAD, OPTIONS"}}) {
    CAPTURE(path);
    const Answer answer = server.Ask("OPTIONS", path);
    CHECK(answer.status == 204);
    CHECK(answer.Header("allow") == allow);
    CHECK(answer.Header("access-control-allow-origin").empty());
  }
  // What is not asked for is not granted.
  const Answer plain =
      server.Ask("OPTIONS", "/orders", "", With(kPage, {{"Access-Control-Request-Method", "PUT"}}));
  CHECK(plain.status == 204);
  CHECK(plain.Header("access-control-allow-headers").empty());
  CHECK(plain.Header("access-control-allow-private-network").empty());
}

TEST_CASE("an allowed page can read every error") {
  const TestServer server;
  const TestServer failing({"--fail", "100"});
  struct Row {
    std::string method;
    std::string target;
    std::string body;
    int status;
    Headers headers = {};
  };
  const Row rows[] = {
      {"GET", "/api/oders", "", 404},
      {"GET", "/orders/none", "", 404},
      {"DELETE", "/api/products", "", 405},
      {"POST", "/orders", "{", 400},
      {"POST", "/orders", "x", 415, {{"Content-Type", "text/plain"}}},
      {"POST", "/orders", "", 413, {{"Content-Length", "99999999"}}},
      {"POST", "/orders", "", 400, {{"Content-Length", "x"}}},
      {"GET", "/" + Repeat("x", 9000), "", 414},
      {"GET", "/orders", "", 403, {{"Host", "evil.example"}}},
      {"GET", "/api/products", "", 400, {{"Broken name", "x"}}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target.substr(0, 20));
    CAPTURE(row.status);
    const Answer answer = server.Ask(row.method, row.target, row.body, With(row.headers, kPage));
    CHECK(answer.status == row.status);
    CHECK(answer.Header("access-control-allow-origin") == "http://localhost:3000");
    CHECK(answer.Header("access-control-allow-credentials") == "true");
    CHECK(answer.Header("access-control-expose-headers") ==
          "ETag, Location, Link, X-Total-Count, Idempotency-Replayed");
    CHECK(answer.Header("vary") == "Origin");
  }
  const Answer injected = failing.Ask("GET", "/api/products", "", kPage);
  CHECK(injected.status == 503);
  CHECK(injected.Header("access-control-allow-origin") == "http://localhost:3000");
}

TEST_CASE("a request in absolute form is answered under the host policy of its authority") {
  const TestServer server({"--allow-host", "shop.test"});
  CHECK(server.Ask("GET", "http://localhost:4000/services/123").status == 200);
  CHECK(server.Ask("POST", "http://shop.test/api/orders", kOrder).body == kPlaced);
  CHECK(server.Ask("GET", "http://evil.example/services/123").status == 403);
  CHECK(server.Ask("GET", "http://shop.test/services/123", "", {{"Host", "evil.example"}}).status ==
        403);
  CHECK(server.Ask("GET", "http://shop.test/_kiosk/info").status == 403);
  CHECK(server.Ask("GET", "http://localhost/_kiosk/info").status == 200);
}

TEST_CASE("a host or an origin that never matches exits 2 and names the spelling that works") {
  struct Row {
    std::string option;
    std::string value;
    std::string works;
  };
  const Row rows[] = {
      {"--allow-host", "http://x.com", "x.com"},
      {"--allow-host", "x.com:80", "x.com"},
      {"--allow-host", "x.com/", "x.com"},
      {"--allow-host", "*.x.com", "shop.x.com"},
      {"--allow-host", "x.com,y.com", "x.com"},
      {"--allow-host", "::1", "[::1]"},
      {"--allow-host", "", "shop.test"},
      {"--cors-origin", "https://*.site", "https://shop.site"},
      {"--cors-origin", "http://localhost:*", "http://localhost:3000"},
      {"--cors-origin", "https://demo.test/", "https://demo.test"},
      {"--cors-origin", "https://demo.test/page", "https://demo.test"},
      {"--cors-origin", "demo.test", "http://demo.test"},
      {"--cors-origin", "demo.test:3000", "http://demo.test:3000"},
      {"--cors-origin", "http://", "http://shop.test:3000"},
      {"--cors-origin", "ws://demo.test", "http://demo.test"},
      {"--cors-origin", "", "http://shop.test:3000"},
      {"--control-origin", "demo.test:3000", "http://demo.test:3000"},
      {"--control-origin", "https://*.site", "https://shop.site"},
      {"--control-origin", "http://demo.test/", "http://demo.test"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.option);
    CAPTURE(row.value);
    const Finished refused = RunKiosk({"--memory", "--port", "0", row.option, row.value});
    CHECK(refused.exit_code == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.starts_with("kiosk: " + row.option + ": "));
    CHECK(refused.err.ends_with(" " + row.works + "; see kiosk --help\n"));
    CHECK(std::ranges::count(refused.err, '\n') == 1);
    const Kiosk accepted({"--memory", row.option, row.works});
  }
}

}  // namespace kiosk::test
