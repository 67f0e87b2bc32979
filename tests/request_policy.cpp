#include "http/request_policy.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "http/origin_options.h"
#include "http/routes.h"

using namespace kiosk;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

const std::string kKey = "0123456789abcdef0123456789abcdef";

// A request as the tables below write it; Host is localhost:4000 unless they say otherwise.
struct Asked {
  std::string method = "GET";
  std::string target = "/";
  Pairs headers = {};
  bool from_loopback = true;
};

RequestHead HeadOf(const Asked& asked) {
  RequestHead head;
  head.method = asked.method;
  head.from_loopback = asked.from_loopback;
  head.SetTarget(asked.target);
  for (const auto& [name, value] : asked.headers) head.AddHeader(name, value);
  if (!head.host) head.AddHeader("Host", "localhost:4000");
  return head;
}

RequestHead HeadOf(const Asked&&) = delete;  // the head has views into it

std::string CodeOf(const PolicyOptions& options, const Asked& asked, Area area = Area::kOpen) {
  const auto verdict = RequestPolicy(options, "Box").Judge(HeadOf(asked), area);
  return verdict.denial ? verdict.denial->code : "";
}

bool IsHostAllowed(const std::string& host, const std::vector<std::string>& names = {}) {
  return CodeOf({.allowed_hosts = names}, {.headers = {{"Host", host}}}).empty();
}

std::string HeaderOf(const HeaderList& headers, const std::string& name) {
  for (const auto& [known, value] : headers) {
    if (known == name) return value;
  }
  return "";
}

}  // namespace

TEST_CASE("a Host is the loopback, an IP literal, the machine's name, or one that is allowed") {
  const std::vector<std::string> names = {"kiosk-demo", "Shop.Example."};
  for (const std::string host : {"localhost",
                                 "LocalHost:4000",
                                 "localhost.:4000",
                                 "app.localhost",
                                 "a.b.localhost:80",
                                 "127.0.0.1",
                                 "127.0.0.1:4000",
                                 "192.168.1.20:4000",
                                 "0.0.0.0",
                                 "[::1]",
                                 "[::1]:4000",
                                 "[FE80::1]:4000",
                                 "kiosk-demo",
                                 "KIOSK-demo:4000",
                                 "shop.example",
                                 "shop.example.:1",
                                 "box",
                                 "BOX:4000",
                                 "box.local",
                                 "box.local.:80"}) {
    CAPTURE(host);
    CHECK(IsHostAllowed(host, names));
  }
  for (const std::string host : {"",
                                 "evil.example",
                                 "evil.example:4000",
                                 "localhost.evil.example",
                                 "evil-localhost",
                                 "xlocalhost",
                                 ".localhost",
                                 "127.0.0.1.evil.example",
                                 "127.0.0.1.nip.io",
                                 "[evil]",
                                 "[]",
                                 "[::1",
                                 "::1",
                                 "[::1].evil.example",
                                 "localhost:evil",
                                 "localhost@evil.example",
                                 "127.1",
                                 "2130706433",
                                 "0x7f.0.0.1",
                                 "256.0.0.1",
                                 "127.0.0.1:4000:80",
                                 "sub.kiosk-demo",
                                 "kiosk-demo.evil.example",
                                 ":4000",
                                 "box.local.evil.example",
                                 "box.lan",
                                 "local"}) {
    CAPTURE(host);
    CHECK_FALSE(IsHostAllowed(host, names));
  }
}

TEST_CASE("the host policy also applies to the authority of an absolute target") {
  CHECK(CodeOf({}, {.target = "http://localhost:4000/api"}).empty());
  CHECK(CodeOf({}, {.target = "http://evil.example/api"}) == "host_not_allowed");
  CHECK(CodeOf({}, {.target = "http://u@localhost/api"}) == "host_not_allowed");
  CHECK(CodeOf({}, {.target = "http:///api"}) == "host_not_allowed");
  CHECK(CodeOf({}, {.target = "http://localhost/", .headers = {{"Host", "evil.example"}}}) ==
        "host_not_allowed");
}

TEST_CASE("a target is a path and a query, also in absolute form") {
  struct Row {
    std::string target;
    std::string authority;  // empty: none
    std::string path;
    std::string query;
  };
  const Row rows[] = {
      {"/a/b?c=d", "", "/a/b", "c=d"},
      {"/", "", "/", ""},
      {"*", "", "*", ""},
      {"http://h:1/a?b?c", "h:1", "/a", "b?c"},
      {"HTTPS://h/a", "h", "/a", ""},
      {"http://h", "h", "/", ""},
      {"http://h?q", "h", "/", "q"},
      {"/http://h/a", "", "/http://h/a", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    RequestHead head;
    head.SetTarget(row.target);
    CHECK(head.authority.value_or("") == row.authority);
    CHECK(head.path == row.path);
    CHECK(head.query == row.query);
  }
}

TEST_CASE("a page may change state if its origin is allowed or the server's own") {
  struct Row {
    Pairs headers;
    bool allowed;
    std::vector<std::string> origins = {};
    std::vector<std::string> control_origins = {};
  };
  const Row rows[] = {
      {{}, true},
      // Development servers.
      {{{"Origin", "http://localhost:3000"}}, true},
      {{{"Origin", "https://localhost:5173"}}, true},
      {{{"Origin", "http://app.localhost:3000"}}, true},
      {{{"Origin", "http://127.0.0.1:3000"}}, true},
      {{{"Origin", "http://[::1]:3000"}}, true},
      {{{"Origin", "http://LOCALHOST.:3000"}}, true},
      {{{"Origin", "http://127.0.0.2:3000"}}, false},
      {{{"Origin", "tauri://localhost"}}, false},
      {{{"Origin", "http://xlocalhost:3000"}}, false},
      // Proxies that send their target.
      {{{"Origin", "http://localhost:4000/api"}}, true},
      {{{"Origin", "http://shop.test/api"}, {"Host", "192.168.1.2:4000"}}, false},
      {{{"Origin", "http://192.168.1.2:4000/api"}, {"Host", "192.168.1.2:4000"}}, true},
      // A proxy that adds TLS.
      {{{"Origin", "https://192.168.1.2"}, {"Host", "192.168.1.2"}}, true},
      {{{"Origin", "https://192.168.1.2:8443"}, {"Host", "192.168.1.2:8443"}}, true},
      {{{"Origin", "https://192.168.1.2"}, {"Host", "192.168.1.2:4000"}}, false},
      {{{"Origin", "https://shop.test"}, {"Sec-Fetch-Site", "same-origin"}}, true},
      {{{"Origin", "https://shop.test"}, {"Sec-Fetch-Site", "same-site"}}, false},
      {{{"Origin", "https://shop.test"}, {"Sec-Fetch-Site", "same-origin, cross-site"}}, false},
      // Others.
      {{{"Origin", "http://evil.example"}}, false},
      {{{"Origin", "null"}}, false},
      {{{"Origin", ""}}, false},
      {{{"Origin", "http://localhost:3000"}, {"Origin", "http://localhost:3000"}}, false},
      // Without Origin.
      {{{"Sec-Fetch-Site", "none"}}, true},
      {{{"Sec-Fetch-Site", "same-site"}}, true},
      {{{"Sec-Fetch-Site", "cross-site"}}, false},
      {{{"Sec-Fetch-Site", "cross-site"}, {"Referer", "http://localhost:3000/x"}}, true},
      {{{"Sec-Fetch-Site", "cross-site"}, {"Referer", "http://evil.example/x"}}, false},
      {{{"Sec-Fetch-Site", "same-site"}, {"Referer", "http://evil.example/x"}}, false},
      {{{"Referer", "http://192.168.1.9:3000/x"}}, true},
      // Options.
      {{{"Origin", "https://shop.test"}}, true, {"https://shop.test"}},
      {{{"Origin", "https://SHOP.test:443/x"}}, true, {"https://shop.test"}},
      {{{"Origin", "https://shop.test"}}, true, {"HTTPS://Shop.Test.:443"}},
      {{{"Origin", "http://shop.test"}}, false, {"https://shop.test"}},
      {{{"Origin", "https://a.shop.test"}}, false, {"https://shop.test"}},
      {{{"Origin", "https://shop.test:8443"}}, false, {"https://shop.test"}},
      {{{"Origin", "null"}}, true, {"null"}},
      {{{"Origin", "http://evil.example"}}, false, {"null"}},
      {{{"Origin", "http://any.example"}}, true, {"*"}},
      {{{"Origin", "null"}}, true, {"*"}},
      {{{"Sec-Fetch-Site", "cross-site"}}, true, {"*"}},
      {{{"Origin", "https://shop.test"}}, true, {}, {"https://shop.test"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.headers);
    CAPTURE(row.origins);
    const PolicyOptions options{.allowed_origins = row.origins,
                                .control_origins = row.control_origins};
    CHECK(CodeOf(options, {.method = "POST", .headers = row.headers}) ==
          (row.allowed ? "" : "origin_not_allowed"));
    const Asked reading{.headers = row.headers};
    const RequestHead head = HeadOf(reading);
    const Verdict read = RequestPolicy(options, "box").Judge(head, Area::kOpen);
    CHECK_FALSE(read.denial);
    CHECK(read.is_cross_site != row.allowed);
    CHECK(read.grants_cors == (row.allowed && head.origin.has_value()));
  }
}

TEST_CASE("the option accepts what the refusal suggests, and then the request is allowed") {
  for (const std::string origin :
       {"http://evil.example", "http://Evil.Example:80/x", "https://shop.test:8443", "null",
        "file://", "capacitor://localhost", "http://[FE80::1]:3000", "http://10.0.0.1:3000/api"}) {
    CAPTURE(origin);
    const Asked asked{.method = "POST", .headers = {{"Origin", origin}}};
    const auto refused = RequestPolicy({}, "box").Judge(HeadOf(asked), Area::kOpen);
    REQUIRE(refused.denial);
    const std::string& message = refused.denial->message;
    const size_t begin = message.find("--cors-origin ") + std::string("--cors-origin ").size();
    const std::string suggested = message.substr(begin, message.find(' ', begin) - begin);
    CHECK(CheckCorsOrigin(suggested).empty());
    CHECK(CodeOf({.allowed_origins = {suggested}}, asked).empty());
  }
  const Asked asked{.headers = {{"Host", "Shop.Test.:80"}}};
  CHECK(RequestPolicy({}, "box").Judge(HeadOf(asked), Area::kOpen).denial->message ==
        "The host shop.test is not allowed; start kiosk with --allow-host shop.test to accept it.");
  CHECK(CodeOf({.allowed_hosts = {"shop.test"}}, asked).empty());
}

TEST_CASE("the control API is everything below /_kiosk/ but the page and the status") {
  for (const char* open : {"/_kiosk", "/_kiosk/", "/_kiosk/status", "/_kiosk/status/",
                           "/_kiosk/page/app.js", "/", "/orders", "/_kioskx/reset", "/healthz"}) {
    CAPTURE(open);
    CHECK(AreaOf(open) == Area::kOpen);
  }
  for (const char* control :
       {"/_kiosk/info", "/_kiosk/reset", "/_kiosk/reset/", "/_kiosk/backup", "/_kiosk/export",
        "/_kiosk/none", "/_kiosk//status", "/_kiosk/status/x"}) {
    CAPTURE(control);
    CHECK(AreaOf(control) == Area::kControl);
  }
}

TEST_CASE("the control API is local") {
  struct Row {
    Asked asked;
    bool admitted;
  };
  const std::string browser = "Mozilla/5.0 (X11; Linux x86_64)";
  const Row rows[] = {
      {{}, true},
      {{.method = "POST"}, true},
      {{.headers = {{"Host", "127.0.0.1:4000"}}}, true},
      {{.headers = {{"Host", "[::1]:4000"}}}, true},
      {{.headers = {{"Host", "kiosk.localhost"}}}, true},
      {{.headers = {{"Host", "127.3.2.1"}}}, true},
      {{.target = "http://localhost:4000/"}, true},
      // The peer, the host.
      {{.from_loopback = false}, false},
      {{.headers = {{"Host", "192.168.1.20:4000"}}}, false},
      {{.headers = {{"Host", "0.0.0.0:4000"}}}, false},
      {{.headers = {{"Host", "box"}}}, false},
      {{.target = "http://192.168.1.20/"}, false},
      {{.target = "http://localhost/", .headers = {{"Host", "192.168.1.20"}}}, false},
      // Proxies and tunnels.
      {{.headers = {{"Forwarded", "for=1.2.3.4"}}}, false},
      {{.headers = {{"X-Forwarded-For", "1.2.3.4"}}}, false},
      {{.headers = {{"x-forwarded-proto", "https"}}}, false},
      {{.headers = {{"X-FORWARDED-HOST", "localhost"}}}, false},
      {{.headers = {{"X-Forwarded-Anything", ""}}}, false},
      {{.headers = {{"Via", "1.1 x"}}}, false},
      {{.headers = {{"X-Real-IP", "127.0.0.1"}}}, false},
      {{.headers = {{"CF-Connecting-IP", "127.0.0.1"}}}, false},
      {{.headers = {{"True-Client-IP", "127.0.0.1"}}}, false},
      {{.headers = {{"X-Forward", "x"}, {"Viable", "x"}}}, true},
      // Browsers.
      {{.method = "POST", .headers = {{"Sec-Fetch-Site", "same-origin"}}}, true},
      {{.headers = {{"Sec-Fetch-Site", "none"}}}, true},
      {{.method = "HEAD", .headers = {{"Sec-Fetch-Site", "none"}}}, true},
      {{.method = "POST", .headers = {{"Sec-Fetch-Site", "none"}}}, false},
      {{.headers = {{"Sec-Fetch-Site", "same-site"}}}, false},
      {{.headers = {{"Sec-Fetch-Site", "cross-site"}}}, false},
      {{.headers = {{"Sec-Fetch-Site", ""}}}, false},
      {{.headers = {{"Origin", "http://localhost:4000"}}}, true},
      {{.headers = {{"Origin", "http://localhost:3000"}}}, false},
      {{.headers = {{"Origin", "http://127.0.0.1:4000"}}}, false},
      {{.headers = {{"Origin", "null"}}}, false},
      {{.headers = {{"Origin", ""}}}, false},
      {{.headers = {{"Referer", "http://localhost:4000/_kiosk/"}}}, true},
      {{.headers = {{"Referer", "http://localhost:3000/"}}}, false},
      {{.headers = {{"Referer", "http://evil.example/"}}}, false},
      {{.headers = {{"Referer", "about:blank"}}}, false},
      {{.headers = {{"Origin", "http://localhost:4000"}, {"Referer", "http://evil.example/"}}},
       false},
      {{.headers = {{"User-Agent", browser}}}, false},
      {{.headers = {{"User-Agent", browser}, {"Referer", "http://localhost:4000/"}}}, true},
      {{.headers = {{"User-Agent", browser}, {"Origin", "http://localhost:4000"}}}, true},
      {{.headers = {{"User-Agent", browser}, {"Sec-Fetch-Site", "same-origin"}}}, true},
      {{.headers = {{"User-Agent", "curl/8.0"}}}, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.asked.method);
    CAPTURE(row.asked.target);
    CAPTURE(row.asked.headers);
    const std::string expected = row.admitted ? "" : "local_only";
    CHECK(CodeOf({}, row.asked, Area::kControl) == expected);
    // Neither option opens it, and none closes it.
    CHECK(CodeOf({.allowed_origins = {"*"}}, row.asked, Area::kControl) == expected);
    CHECK(CodeOf({.control_from = ControlFrom::kLan, .control_key = kKey}, row.asked,
                 Area::kControl) == expected);
    CHECK(CodeOf({.control_origins = {"http://localhost:3000"}, .control_from = ControlFrom::kNone},
                 row.asked, Area::kControl) == "local_only");
  }
}

TEST_CASE("a control origin may use the control API, and only from this machine") {
  const PolicyOptions options{.control_origins = {"http://localhost:3000"}};
  const std::pair<std::string, std::string> page = {"Origin", "http://localhost:3000"};
  const std::pair<std::string, std::string> site = {"Sec-Fetch-Site", "same-site"};
  CHECK(CodeOf(options, {.method = "POST", .headers = {page}}, Area::kControl).empty());
  CHECK(CodeOf(options, {.method = "POST", .headers = {page, site}}, Area::kControl).empty());
  CHECK(CodeOf(options, {.headers = {page, site, {"Via", "x"}}}, Area::kControl) == "local_only");
  CHECK(CodeOf(options, {.headers = {page}, .from_loopback = false}, Area::kControl) ==
        "local_only");
  CHECK(CodeOf(options, {.headers = {site, {"Referer", "http://localhost:3000/"}}},
               Area::kControl) == "local_only");
  CHECK(CodeOf(options, {.headers = {{"Origin", "http://localhost:3001"}}}, Area::kControl) ==
        "local_only");
}

TEST_CASE("the control key replaces the conditions on peer and host, and no other") {
  const PolicyOptions lan{.control_from = ControlFrom::kLan, .control_key = kKey};
  const std::pair<std::string, std::string> host = {"Host", "192.168.1.20:4000"};
  const auto asked = [&](const std::string& key, const Pairs& more = {}) {
    Asked result{.headers = {host, {"Kiosk-Control-Key", key}}, .from_loopback = false};
    result.headers.insert(result.headers.end(), more.begin(), more.end());
    return result;
  };
  CHECK(CodeOf(lan, asked(kKey), Area::kControl).empty());
  CHECK(CodeOf(lan, asked(kKey, {{"Origin", "http://192.168.1.20:4000"}}), Area::kControl).empty());
  CHECK(CodeOf(lan, asked(kKey, {{"Origin", "http://192.168.1.20:3000"}}), Area::kControl) ==
        "local_only");
  CHECK(CodeOf(lan, asked(kKey, {{"Via", "x"}}), Area::kControl) == "local_only");
  CHECK(CodeOf(lan, asked(kKey, {{"Kiosk-Control-Key", kKey}}), Area::kControl) == "local_only");
  for (const std::string& wrong :
       {std::string(), kKey + "0", kKey.substr(1), "f" + kKey.substr(1)}) {
    CHECK(CodeOf(lan, asked(wrong), Area::kControl) == "local_only");
  }
  // Section 6 still applies, and other modes have no key.
  CHECK(CodeOf(lan, {.headers = {{"Host", "evil.example"}, {"Kiosk-Control-Key", kKey}}},
               Area::kControl) == "host_not_allowed");
  for (const ControlFrom other : {ControlFrom::kLocal, ControlFrom::kNone}) {
    CHECK(CodeOf({.control_from = other, .control_key = kKey}, asked(kKey), Area::kControl) ==
          "local_only");
  }
  CHECK(CodeOf({.control_from = ControlFrom::kLan}, asked(""), Area::kControl) == "local_only");
}

TEST_CASE("a preflight is granted what it asks for") {
  const Asked preflight{.method = "OPTIONS",
                        .headers = {{"Origin", "http://localhost:3000"},
                                    {"Access-Control-Request-Method", "PUT"},
                                    {"Access-Control-Request-Headers",
                                     "authorization,baggage , x-requested-with,,a b"},
                                    {"Access-Control-Request-Private-Network", "true"}}};
  const RequestHead head = HeadOf(preflight);
  const HeaderList granted = CorsHeaders(head, true);
  CHECK(HeaderOf(granted, "Vary") == "Origin");
  CHECK(HeaderOf(granted, "Access-Control-Allow-Origin") == "http://localhost:3000");
  CHECK(HeaderOf(granted, "Access-Control-Allow-Credentials") == "true");
  CHECK(HeaderOf(granted, "Access-Control-Allow-Headers") ==
        "authorization, baggage, x-requested-with");
  CHECK(HeaderOf(granted, "Access-Control-Allow-Private-Network") == "true");
  CHECK(CorsHeaders(head, false) == HeaderList{{"Vary", "Origin"}});
}
