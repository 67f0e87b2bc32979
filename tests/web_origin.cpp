#include "http/web_origin.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "http/origin_options.h"
#include "http/punycode.h"

using namespace kiosk;

namespace {

std::string Host(const std::string& text) { return CanonicalHost(text).value_or("(none)"); }

std::string Origin(const std::string& text) {
  const auto origin = CanonicalOrigin(text);
  return origin ? origin->Spelling() : "(none)";
}

}  // namespace

TEST_CASE("a host has one canonical spelling") {
  const std::pair<std::string, std::string> rows[] = {
      {"localhost", "localhost"},
      {"LocalHost", "localhost"},
      {"localhost.", "localhost"},
      {"Shop.Example.", "shop.example"},
      {"my_service", "my_service"},
      {"xn--bcher-kva.test", "xn--bcher-kva.test"},
      {"127.0.0.1", "127.0.0.1"},
      {"127.0.0.1.", "127.0.0.1"},
      {"[::1]", "[::1]"},
      {"[0:0:0:0:0:0:0:1]", "[::1]"},
      {"[FE80::A]", "[fe80::a]"},
      {"[2001:db8:0:0:1::]", "[2001:db8:0:0:1::]"},
      {std::string(63, 'a'), std::string(63, 'a')},
  };
  for (const auto& [text, host] : rows) {
    CAPTURE(text);
    CHECK(Host(text) == host);
    CHECK(Host(host) == host);
  }
}

TEST_CASE("what is neither a name nor an IP literal is no host") {
  for (const std::string text :
       {"",           ".",           "..",          "a..b",        ".localhost",  "localhost..",
        "a b",        "a,b",         "a/b",         "a@b",         "%6cocalhost", "a:80",
        "::1",        "[::1",        "::1]",        "[]",          "[evil]",      "[127.0.0.1]",
        "[::1%eth0]", "[::1].evil",  "127.1",       "2130706433",  "0x7f.0.0.1",  "256.0.0.1",
        "1.2.3.4.5",  "127.0.0.0x1", "b\xc3\xbc.x", "*.localhost", "a\\b"}) {
    CAPTURE(text);
    CHECK(Host(text) == "(none)");
  }
  CHECK(Host(std::string(64, 'a')) == "(none)");
  std::string longest;
  for (int i = 0; i < 126; ++i) longest += "a.";
  CHECK(Host(longest + "b") == longest + "b");
  CHECK(Host(longest + "bc") == "(none)");
}

TEST_CASE("an authority is a host with or without a port") {
  struct Row {
    std::string text;
    std::string host;  // empty: none
    std::optional<int> port = std::nullopt;
  };
  const Row rows[] = {
      {"localhost:4000", "localhost", 4000},
      {"localhost", "localhost"},
      {"localhost:", "localhost"},
      {"LOCALHOST.:04000", "localhost", 4000},
      {"[::1]:4000", "[::1]", 4000},
      {"[::1]", "[::1]"},
      {"127.0.0.1:65535", "127.0.0.1", 65535},
      {":4000", ""},
      {"localhost:65536", ""},
      {"localhost:123456", ""},
      {"localhost:4a", ""},
      {"localhost:-1", ""},
      {"localhost:+1", ""},
      {"localhost: 1", ""},
      {"127.0.0.1:4000:80", ""},
      {"::1", ""},
      {"localhost@evil.example", ""},
      {"localhost,evil.example", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto authority = CanonicalAuthority(row.text);
    CHECK((authority ? authority->host : "") == row.host);
    if (authority) CHECK(authority->port == row.port);
  }
}

TEST_CASE("an origin is scheme, host and port; what follows them is ignored") {
  const std::pair<std::string, std::string> rows[] = {
      {"http://localhost:4000", "http://localhost:4000"},
      {"http://localhost:4000/", "http://localhost:4000"},
      {"http://localhost:4000/api", "http://localhost:4000"},
      {"http://localhost:4000?x", "http://localhost:4000"},
      {"http://localhost:4000#x", "http://localhost:4000"},
      {"HTTP://LocalHost:80/api", "http://localhost"},
      {"https://shop.test:443", "https://shop.test"},
      {"https://shop.test:80", "https://shop.test:80"},
      {"http://shop.test:443", "http://shop.test:443"},
      {"http://shop.test.", "http://shop.test"},
      {"http://[0:0::1]:3000", "http://[::1]:3000"},
      {"null", "null"},
      {"file://", "file://"},
      {"file:///index.html", "file://"},
      {"capacitor://localhost", "capacitor://localhost"},
      {"chrome-extension://abcdef", "chrome-extension://abcdef"},
      {"tauri://localhost:1", "tauri://localhost:1"},
      {"", "(none)"},
      {"localhost:3000", "(none)"},
      {"//localhost", "(none)"},
      {"http:/localhost", "(none)"},
      {"http://", "(none)"},
      {"http:///x", "(none)"},
      {"://localhost", "(none)"},
      {"1http://localhost", "(none)"},
      {"ws://localhost", "(none)"},
      {"http://localhost:3000.evil.example", "(none)"},
      {"http://localhost@evil.example", "(none)"},
      {"http://evil.example:80@localhost", "(none)"},
      {"http://localhost\\evil", "(none)"},
      {"http://a.test http://b.test", "(none)"},
      {"http://a.test, http://b.test", "(none)"},
      {"http://*.site", "(none)"},
      {"http://localhost:*", "(none)"},
      {"http://a.example%0d%0ax", "(none)"},
      {"Null", "(none)"},
      {"*", "(none)"},
  };
  for (const auto& [text, origin] : rows) {
    CAPTURE(text);
    CHECK(Origin(text) == origin);
  }
}

TEST_CASE("a page is the server's own if host and port are, with either scheme") {
  struct Row {
    std::string origin;
    std::string host;
    bool same;
  };
  const Row rows[] = {
      {"http://localhost:4000", "localhost:4000", true},
      {"https://localhost:4000", "localhost:4000", true},
      {"https://shop.test", "shop.test", true},
      {"https://shop.test", "shop.test:443", true},
      {"http://shop.test", "shop.test", true},
      {"http://shop.test", "shop.test:80", true},
      {"https://shop.test", "SHOP.test.", true},
      {"https://shop.test/page", "shop.test", true},
      {"http://[::1]:4000", "[0::1]:4000", true},
      {"https://shop.test", "shop.test:80", false},
      {"http://shop.test", "shop.test:443", false},
      {"http://localhost:3000", "localhost:4000", false},
      {"http://localhost", "localhost:4000", false},
      {"http://localhost:4000", "127.0.0.1:4000", false},
      {"http://a.shop.test", "shop.test", false},
      {"tauri://localhost", "localhost", false},
      {"null", "localhost", false},
      {"file://", "localhost", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.origin);
    CAPTURE(row.host);
    CHECK(IsSameOrigin(*CanonicalOrigin(row.origin), *CanonicalAuthority(row.host)) == row.same);
  }
}

TEST_CASE("the loopback has names and addresses") {
  for (const std::string host : {"localhost", "a.localhost", "127.0.0.1", "127.9.8.7", "[::1]",
                                 "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"}) {
    CAPTURE(host);
    CHECK(IsLoopbackHost(Host(host)));
  }
  for (const std::string host : {"0.0.0.0", "[::]", "192.168.1.20", "[fe80::1]", "shop.test",
                                 "xlocalhost", "localhost.test", "[::ffff:10.0.0.1]"}) {
    CAPTURE(host);
    CHECK_FALSE(IsLoopbackHost(Host(host)));
  }
}

TEST_CASE("the command line names the spelling of a host that works") {
  const std::pair<std::string, std::string> rows[] = {
      {"http://x.com", "x.com"},
      {"https://x.com:8443/path", "x.com"},
      {"x.com:80", "x.com"},
      {"x.com/", "x.com"},
      {"x.com:", "x.com"},
      {"//x.com", "x.com"},
      {"user@x.com", "x.com"},
      {" x.com", "x.com"},
      {"\"x.com\"", "x.com"},
      {"*.x.com", "shop.x.com"},
      {".x.com", "x.com"},
      {"x.com,y.com", "x.com"},
      {"x.com y.com", "x.com"},
      {"*", "shop.test"},
      {"", "shop.test"},
      {"::1", "[::1]"},
      {"127.1", "127.0.0.1"},
      {"0x7f000001", "127.0.0.1"},
      {"[::1]:4000", "[::1]"},
      {"b\xc3\xbc"
       "cher.test",
       "xn--bcher-kva.test"},
      {"B\xc3\x9c"
       "CHER.test:80",
       "xn--bcher-kva.test"},
  };
  for (const auto& [text, works] : rows) {
    CAPTURE(text);
    const std::string message = CheckAllowedHost(text);
    CHECK(message.ends_with(" " + works));
    CHECK(CheckAllowedHost(works).empty());
  }
  for (const std::string accepted : {"x.com", "X.Com", "x.com.", "my_host", "[::1]", "10.0.0.1"}) {
    CHECK(CheckAllowedHost(accepted).empty());
  }
}

TEST_CASE("the command line names the spelling of an origin that works") {
  const std::pair<std::string, std::string> rows[] = {
      {"demo.test", "http://demo.test"},
      {"demo.test:3000", "http://demo.test:3000"},
      {"demo.test:443", "https://demo.test"},
      {"https://demo.test/", "https://demo.test"},
      {"https://demo.test/page?x#y", "https://demo.test"},
      {"https://user:pw@demo.test", "https://demo.test"},
      {"https://*.site", "https://shop.site"},
      {"http://localhost:*", "http://localhost:3000"},
      {"http://*.site:*", "http://shop.site:3000"},
      {"http:/demo.test", "http://demo.test"},
      {"http:demo.test", "http://demo.test"},
      {"//demo.test", "http://demo.test"},
      {"wss://demo.test", "https://demo.test"},
      {"http://a.test,http://b.test", "http://a.test"},
      {"http://a.test http://b.test", "http://a.test"},
      {"::1", "http://[::1]"},
      {"http://127.1:3000", "http://127.0.0.1:3000"},
      {"http://b\xc3\xbc"
       "cher.test",
       "http://xn--bcher-kva.test"},
      {"NULL", "null"},
      {"file:///home/me/index.html", "null"},
      {"http://", "http://shop.test:3000"},
      {"", "http://shop.test:3000"},
  };
  for (const auto& [text, works] : rows) {
    CAPTURE(text);
    CHECK(CheckCorsOrigin(text).ends_with(" " + works));
    CHECK(CheckCorsOrigin(works).empty());
  }
  CHECK(CheckCorsOrigin("http://*") == "http://* never matches; give * for any origin");
  for (const std::string accepted : {"*", "null", "http://demo.test", "HTTPS://Demo.Test:443",
                                     "capacitor://localhost", "file://", "http://[::1]:3000"}) {
    CAPTURE(accepted);
    CHECK(CheckCorsOrigin(accepted).empty());
  }
}

TEST_CASE("only http and https origins open the control API") {
  for (const std::string refused : {"*", "null", "capacitor://localhost", "file://", "demo.test",
                                    "http://demo.test/", "https://*.site", ""}) {
    CAPTURE(refused);
    const std::string message = CheckControlOrigin(refused);
    REQUIRE_FALSE(message.empty());
    const std::string works = message.substr(message.rfind(' ') + 1);
    CHECK(CheckControlOrigin(works).empty());
  }
  CHECK(CheckControlOrigin("http://localhost:3000").empty());
  CHECK(CheckControlOrigin("https://demo.test").empty());
}

TEST_CASE("names outside ASCII are written as browsers send them") {
  const std::pair<std::string, std::string> rows[] = {
      {"ascii.test", "ascii.test"},
      {"b\xc3\xbc"
       "cher",
       "xn--bcher-kva"},
      {"m\xc3\x9cnchen.de", "xn--mnchen-3ya.de"},
      {"\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4\xb8\x8d\xe8\xaf\xb4\xe4"
       "\xb8\xad\xe6\x96\x87",
       "xn--ihqwcrb4cv8a8dqg056pqjye"},
      {"\xd0\xbf\xd0\xbe\xd1\x87\xd0\xb5\xd0\xbc\xd1\x83\xd0\xb6\xd0\xb5\xd0\xbe\xd0\xbd\xd0\xb8"
       "\xd0\xbd\xd0\xb5\xd0\xb3\xd0\xbe\xd0\xb2\xd0\xbe\xd1\x80\xd1\x8f\xd1\x82\xd0\xbf\xd0\xbe"
       "\xd1\x80\xd1\x83\xd1\x81\xd1\x81\xd0\xba\xd0\xb8",
       "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"},
      {"\xf0\x9f\x98\x80.test", "xn--e28h.test"},
      {"\xff", "(none)"},
      {"\xc3", "(none)"},
  };
  for (const auto& [name, sent] : rows) CHECK(EncodeHostName(name).value_or("(none)") == sent);
}
