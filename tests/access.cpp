#include "http/access.h"

#include <doctest/doctest.h>

#include <string>

using namespace kiosk;

TEST_CASE("a Host header's name is what stands before its port") {
  struct Row {
    std::string host;
    std::string name;
  };
  const Row rows[] = {
      {"localhost", "localhost"},
      {"localhost:4000", "localhost"},
      {"127.0.0.1:1", "127.0.0.1"},
      {"[::1]", "[::1]"},
      {"[::1]:4000", "[::1]"},
      {"localhost:65535", "localhost"},
      {"localhost:", "localhost:"},
      {"localhost:123456", "localhost:123456"},
      {"localhost:4a", "localhost:4a"},
      {"", ""},
      {":4000", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.host);
    CHECK(access::HostName(row.host) == row.name);
  }
}

TEST_CASE("a Host is this machine's loopback, an IP literal, or a name that was allowed") {
  const std::vector<std::string> names = {"kiosk-demo", "Shop.Example"};
  for (const std::string host :
       {"localhost", "LocalHost:4000", "app.localhost", "a.b.localhost:80", "127.0.0.1",
        "127.0.0.1:4000", "192.168.1.20:4000", "0.0.0.0", "[::1]", "[::1]:4000", "[fe80::1]:4000",
        "kiosk-demo", "KIOSK-demo:4000", "shop.example"}) {
    CAPTURE(host);
    CHECK(access::IsHostAllowed(host, names));
  }
  for (const std::string host : {"",
                                 "evil.example",
                                 "evil.example:4000",
                                 "localhost.evil.example",
                                 "evil-localhost",
                                 "xlocalhost",
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
                                 ":4000"}) {
    CAPTURE(host);
    CHECK(!access::IsHostAllowed(host, names));
  }
}

TEST_CASE("an Origin is a loopback one on any port, the server's own, or one that was allowed") {
  struct Row {
    std::string origin;
    std::string host;
    bool allowed;
  };
  const Row rows[] = {
      {"http://localhost:3000", "localhost:4000", true},
      {"http://localhost", "localhost:4000", true},
      {"https://localhost:5173", "localhost:4000", true},
      {"http://127.0.0.1:3000", "localhost:4000", true},
      {"http://[::1]:3000", "localhost:4000", true},
      {"http://192.168.1.20:4000", "192.168.1.20:4000", true},  // its own page, from elsewhere
      {"http://kiosk-demo:4000", "kiosk-demo:4000", true},
      {"http://192.168.1.20:3000", "192.168.1.20:4000", false},  // another port is another site
      {"https://192.168.1.20:4000", "192.168.1.20:4000", false},
      {"http://evil.example", "localhost:4000", false},
      {"http://localhost.evil.example", "localhost:4000", false},
      {"http://app.localhost:3000", "localhost:4000", false},
      {"http://evil.example:80@localhost", "localhost:4000", false},
      {"http://127.0.0.2", "localhost:4000", false},
      {"file://localhost", "localhost:4000", false},
      {"ftp://localhost:3000", "localhost:4000", false},
      {"localhost:3000", "localhost:4000", false},
      {"null", "localhost:4000", false},
      {"", "localhost:4000", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.origin);
    CHECK(access::IsOriginAllowed(row.origin, row.host, {}) == row.allowed);
  }
}

TEST_CASE("an Origin that was allowed is compared whole, without case; * is any") {
  const std::vector<std::string> one = {"https://shop.example"};
  CHECK(access::IsOriginAllowed("https://shop.example", "localhost:4000", one));
  CHECK(access::IsOriginAllowed("https://SHOP.example", "localhost:4000", one));
  CHECK(!access::IsOriginAllowed("http://shop.example", "localhost:4000", one));
  CHECK(!access::IsOriginAllowed("https://shop.example:8443", "localhost:4000", one));
  CHECK(!access::IsOriginAllowed("https://shop.example.evil", "localhost:4000", one));
  CHECK(!access::IsOriginAllowed("https://a.shop.example", "localhost:4000", one));
  CHECK(access::IsOriginAllowed("http://localhost:3000", "localhost:4000", one));
  CHECK(access::IsOriginAllowed("https://anything.example", "localhost:4000", {"*"}));
  CHECK(access::IsOriginAllowed("null", "localhost:4000", {"*"}));
}
