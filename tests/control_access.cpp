// Who may use the control API, over the running program: every route against every reason to
// refuse.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "http/routes.h"
#include "tests/scenario.h"

namespace kiosk::test {
namespace {

struct ControlRequest {
  std::string method;
  std::string target;
};

// Every control route with each method that reaches it, and one that is not there.
std::vector<ControlRequest> EveryControlRequest() {
  std::vector<ControlRequest> requests = {{"GET", "/_kiosk/none"}, {"OPTIONS", "/_kiosk/reset"}};
  for (const std::string& label : RouteLabels()) {
    const size_t space = label.find(' ');
    if (space == std::string::npos) continue;  // "other"
    const std::string method = label.substr(0, space);
    const std::string target = label.substr(space + 1);
    if (AreaOf(target) != Area::kControl) continue;
    requests.push_back({method, target});
    requests.push_back({method, target + "/"});
    requests.push_back({method, "http://localhost" + target});
    if (method == "GET") requests.push_back({"HEAD", target});
  }
  REQUIRE(requests.size() > 10);
  return requests;
}

std::string LocalOnly(const std::string& message) {
  return R"({"error":"local_only","message":")" + message + R"("})";
}

constexpr char kNotHere[] = "The control API answers only under localhost or a loopback address.";
constexpr char kNotThisPage[] = "Only kiosk's own page may use the control API.";
constexpr char kPageOfAnother[] =
    "A page of http://localhost:3000 may not use the control API; start kiosk with "
    "--control-origin http://localhost:3000 to accept it.";

const std::string kBrowser = "Mozilla/5.0 (X11; Linux x86_64; rv:89.0)";

bool HasCors(const Answer& answer) { return !answer.Header("access-control-allow-origin").empty(); }

}  // namespace

TEST_CASE("every control route is refused for each reason, and nothing changes") {
  const TestServer server({"--cors-origin", "*"});
  REQUIRE(server.Ask("POST", "/orders", R"({"product":"Chair","quantity":1})").status == 201);
  const std::string before = server.Contents();
  const std::string through = "The control API does not answer through a proxy (";
  struct Row {
    Headers headers;
    std::string message;
  };
  const Row rows[] = {
      {{{"Host", "192.168.1.20:4000"}}, kNotHere},
      {{{"Host", "0.0.0.0"}}, kNotHere},
      {{{"Forwarded", "for=203.0.113.5"}}, through + "Forwarded)."},
      {{{"X-Forwarded-For", "127.0.0.1"}}, through + "X-Forwarded-For)."},
      {{{"X-Forwarded-Proto", "https"}}, through + "X-Forwarded-Proto)."},
      {{{"x-forwarded-host", "localhost"}}, through + "x-forwarded-host)."},
      {{{"Via", "1.1 tunnel"}}, through + "Via)."},
      {{{"X-Real-IP", "127.0.0.1"}}, through + "X-Real-IP)."},
      {{{"CF-Connecting-IP", "203.0.113.5"}}, through + "CF-Connecting-IP)."},
      {{{"True-Client-IP", "203.0.113.5"}}, through + "True-Client-IP)."},
      {{{"Sec-Fetch-Site", "cross-site"}}, kNotThisPage},  // an image of any page
      {{{"Sec-Fetch-Site", "same-site"}}, kNotThisPage},
      {{{"Sec-Fetch-Site", "same-site"}, {"Referer", "http://localhost:3000/"}}, kPageOfAnother},
      {{{"Origin", "http://localhost:3000"}}, kPageOfAnother},
      {{{"Origin", "http://localhost:3000/x"}, {"Sec-Fetch-Site", "same-site"}}, kPageOfAnother},
      {{{"Origin", "null"}}, kNotThisPage},
      {{{"Origin", ""}}, kNotThisPage},
      {{{"Referer", "http://localhost:3000/x"}}, kPageOfAnother},
      {{{"User-Agent", kBrowser}}, kNotThisPage},
  };
  for (const auto& [method, target] : EveryControlRequest()) {
    CAPTURE(method);
    CAPTURE(target);
    for (const Row& row : rows) {
      CAPTURE(row.message);
      const Answer answer = server.Ask(method, target, "", row.headers);
      CHECK(answer.status == 403);
      CHECK(answer.body == (method == "HEAD" ? "" : LocalOnly(row.message)));
      CHECK_FALSE(HasCors(answer));
    }
  }
  CHECK(server.Contents() == before);
}

TEST_CASE("the control API is used by clients on this machine and by kiosk's own page") {
  const TestServer server;
  const std::string own = "http://localhost:" + std::to_string(server.port());
  const std::string host = own.substr(own.find("//") + 2);
  const Headers clients[] = {
      {},
      {{"Host", "127.0.0.1"}},
      {{"Host", "[::1]:4000"}},
      {{"Host", "kiosk.localhost:80"}},
      {{"User-Agent", "curl/8.5.0"}},
      {{"Host", host}, {"Origin", own}, {"Sec-Fetch-Site", "same-origin"}},
      {{"Host", host}, {"Origin", own}, {"User-Agent", kBrowser}},
      {{"Host", host}, {"Referer", own + "/_kiosk/"}, {"User-Agent", kBrowser}},
  };
  for (const Headers& client : clients) {
    CHECK(server.Ask("GET", "/_kiosk/info", "", client).status == 200);
    CHECK(server.Ask("HEAD", "/_kiosk/backup", "", client).status == 200);
    CHECK(server.Ask("GET", "/_kiosk/export", "", client).status == 200);
    REQUIRE(server.Ask("DELETE", "/orders/223").status / 100 == 2);
    CHECK(server.Ask("POST", "/_kiosk/reset", "", client).body == R"({"status":"reset"})");
    CHECK(server.Ask("GET", "/orders/223").status == 200);
  }
  // An address that was typed: a read, but no change.
  const Headers typed = {{"Sec-Fetch-Site", "none"}, {"User-Agent", kBrowser}};
  CHECK(server.Ask("GET", "/_kiosk/backup", "", typed).status == 200);
  CHECK(server.Ask("POST", "/_kiosk/reset", "", typed).body == LocalOnly(kNotThisPage));
}

TEST_CASE("a control origin may use the control API, and the shop and the desk") {
  const TestServer server({"--control-origin", "http://Shop.Test:80"});
  const Headers page = {{"Origin", "http://shop.test"}, {"Sec-Fetch-Site", "cross-site"}};
  const Answer reset = server.Ask("POST", "/_kiosk/reset", "", page);
  CHECK(reset.status == 200);
  CHECK(reset.Header("access-control-allow-origin") == "http://shop.test");
  CHECK(reset.Header("access-control-allow-credentials") == "true");
  CHECK(server.Ask("POST", "/services", R"({"name":"Polish"})", page).status == 201);

  Headers preflight = page;
  preflight.emplace_back("Access-Control-Request-Method", "POST");
  preflight.emplace_back("Access-Control-Request-Headers", "kiosk-control-key");
  const Answer granted = server.Ask("OPTIONS", "/_kiosk/reset", "", preflight);
  CHECK(granted.status == 204);
  CHECK(granted.Header("access-control-allow-origin") == "http://shop.test");
  CHECK(granted.Header("access-control-allow-headers") == "kiosk-control-key");

  const std::string before = server.Contents();
  for (const std::string other :
       {"http://shop.test:8080", "https://shop.test", "http://a.shop.test", "null"}) {
    CAPTURE(other);
    const Answer refused = server.Ask("POST", "/_kiosk/reset", "", {{"Origin", other}});
    CHECK(refused.status == 403);
    CHECK_FALSE(HasCors(refused));
    preflight[0].second = other;
    CHECK(server.Ask("OPTIONS", "/_kiosk/reset", "", preflight).status == 403);
  }
  Headers tunnel = page;
  tunnel.emplace_back("X-Forwarded-For", "203.0.113.5");
  CHECK(server.Ask("POST", "/_kiosk/reset", "", tunnel).status == 403);
  CHECK(server.Contents() == before);
}

TEST_CASE("page and status are public, also through a tunnel") {
  const TestServer server(
      {"--order-items", "objects", "--order-gap", "90m", "--delay", "5-9", "--fail", "2.5"});
  const Headers tunnel = {{"Host", "192.168.1.20"},
                          {"X-Forwarded-For", "203.0.113.5"},
                          {"Origin", "http://localhost:3000"}};
  const Answer status = server.Ask("GET", "/_kiosk/status", "", tunnel);
  CHECK(status.status == 200);
  CHECK(status.Header("access-control-allow-origin") == "http://localhost:3000");
  CHECK(
      status.body ==
      R"({"version":"0.1.0","order_gap_ms":5400000,"order_items":"objects","injected":[)"
      R"("API responses are delayed by 5 to 9 ms.","2.5 % of the API requests fail with 503."]})");
  for (const std::string path : {"/_kiosk", "/_kiosk/", "/_kiosk/page/app.js", "/", "/docs"}) {
    CAPTURE(path);
    const Answer page = server.Ask("GET", path, "", tunnel);
    CHECK(page.status == 200);
    CHECK(page.Header("referrer-policy") == "same-origin");
  }
  CHECK(server.Ask("POST", "/_kiosk/status", "", {{"Via", "x"}}).status == 405);
}

TEST_CASE("--control-from none turns the control API off, and nothing else") {
  const TestServer server({"--control-from", "none", "--control-origin", "http://shop.test"});
  const std::string off =
      LocalOnly("The control API is off; start kiosk without --control-from none to use it.");
  const std::string before = server.Contents();
  for (const auto& [method, target] : EveryControlRequest()) {
    CAPTURE(method);
    CAPTURE(target);
    for (const Headers& headers :
         {Headers{}, Headers{{"Sec-Fetch-Site", "same-origin"}},
          Headers{{"Origin", "http://shop.test"}}, Headers{{"Kiosk-Control-Key", ""}}}) {
      const Answer answer = server.Ask(method, target, "", headers);
      CHECK(answer.status == 403);
      CHECK(answer.body == (method == "HEAD" ? "" : off));
    }
  }
  CHECK(server.Contents() == before);
  CHECK(server.Ask("GET", "/_kiosk/status").status == 200);
  CHECK(server.Ask("POST", "/services", R"({"name":"Polish"})").status == 201);
}

TEST_CASE("--control-from lan prints a key, which replaces the conditions on peer and host") {
  const TemporaryFolder folder;
  const std::string database = folder.File("kiosk.db");
  const std::string in_url = "/_kiosk/#key=";
  std::string keys[2];
  for (std::string& key : keys) {
    Kiosk kiosk({"--db", database, "--host", "0.0.0.0", "--control-from", "lan"});
    std::string line;
    while (line.find('\n') == std::string::npos)
      line = kiosk.Printed().substr(kiosk.Printed().find('\n') + 1);
    CAPTURE(line);
    REQUIRE(line.find(in_url) != std::string::npos);
    CHECK(line.find("plain HTTP can be read on a hostile network") != std::string::npos);
    key = line.substr(line.find(in_url) + in_url.size(), 32);
    CHECK(key.find_first_not_of("0123456789abcdef") == std::string::npos);
    const auto ask = [&](const std::string& with, const Headers& more = {}) {
      Headers headers = {{"Host", "192.168.1.20:4000"}, {"Kiosk-Control-Key", with}};
      headers.insert(headers.end(), more.begin(), more.end());
      return Ask(kiosk.port(), "GET", "/_kiosk/info", "", headers).status;
    };
    CHECK(ask(key) == 200);
    CHECK(ask(key, {{"Referer", "http://192.168.1.20:4000/_kiosk/"}, {"User-Agent", kBrowser}}) ==
          200);
    CHECK(ask(key, {{"User-Agent", kBrowser}}) == 403);
    CHECK(ask(key, {{"Origin", "http://192.168.1.20:3000"}}) == 403);
    CHECK(ask(key, {{"X-Forwarded-For", "203.0.113.5"}}) == 403);
    CHECK(ask(key + "0") == 403);
    CHECK(ask(key.substr(1)) == 403);
    CHECK(ask("") == 403);
    CHECK(ask(std::string(32, '0')) == 403);
    CHECK(Ask(kiosk.port(), "GET", "/_kiosk/info").status == 200);
    CHECK(Ask(kiosk.port(), "GET", "/_kiosk/info", "",
              {{"Host", "evil.example"}, {"Kiosk-Control-Key", key}})
              .body.starts_with(R"({"error":"host_not_allowed",)"));
    const Finished stopped = kiosk.Stop();
    CHECK(stopped.exit_code == 0);
    CHECK(stopped.err.find(key) == std::string::npos);
    CHECK_FALSE(stopped.err.empty());
  }
  CHECK(keys[0] != keys[1]);
}

TEST_CASE("other devices are given an address, and without lan no key") {
  Kiosk kiosk({"--memory", "--host", "0.0.0.0"});
  const std::string port = std::to_string(kiosk.port());
  const std::string printed = kiosk.Stop().out;
  CHECK(printed.starts_with("kiosk listening on http://localhost:" + port + "\n"));
  CHECK(printed.find("key") == std::string::npos);
}

TEST_CASE("--control-from is local, lan or none, and lan needs a host that others reach") {
  const std::vector<std::vector<std::string>> wrong = {
      {"--control-from", "lan"},
      {"--control-from", "lan", "--host", "127.0.0.1"},
      {"--control-from", "lan", "--host", "127.9.9.9"},
      {"--control-from", "lan", "--host", "localhost"},
      {"--control-from", "lan", "--host", "::1"},
      {"--control-from", "lan", "--host", "[::1]"},
      {"--control-from", "lan", "--host", "::ffff:127.0.0.1"},
      {"--control-from", "everywhere"},
      {"--control-from", "LAN"},
      {"--control-from", "1"},
      {"--control-from", ""},
  };
  for (std::vector<std::string> arguments : wrong) {
    arguments.insert(arguments.end(), {"--memory", "--port", "0"});
    const Finished refused = RunKiosk(arguments);
    CHECK(refused.exit_code == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.starts_with("kiosk: --control-from: "));
  }
}

TEST_CASE("--control-origin takes nothing but http and https origins") {
  for (const std::string wrong : {"*", "null", "demo.test", "http://demo.test/", "file://",
                                  "capacitor://localhost", "https://*.site", ""}) {
    CAPTURE(wrong);
    const Finished refused = RunKiosk({"--memory", "--port", "0", "--control-origin", wrong});
    CHECK(refused.exit_code == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.starts_with("kiosk: --control-origin: "));
    CHECK(refused.err.find(" http") != std::string::npos);
  }
}

}  // namespace kiosk::test
