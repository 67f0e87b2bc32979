// Methods that no route has, standard or not, over the executable.
#include <doctest/doctest.h>

#include "tests/harness.h"

namespace kiosk::test {

TEST_CASE("any method that a known path does not support is 405 with Allow, an unknown path 404") {
  Kiosk kiosk({"--memory"});
  struct Row {
    std::string path;
    std::string allow;  // empty: the path is unknown
  };
  const Row rows[] = {
      {"/orders", "POST, GET, HEAD, OPTIONS"},
      {"/orders/223", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"},
      {"/orders?limit=5", "POST, GET, HEAD, OPTIONS"},
      {"/api/products", "GET, HEAD, OPTIONS"},
      {"/healthz", "GET, HEAD, OPTIONS"},
      {"/_kiosk/reset", "POST, OPTIONS"},
      {"/", "GET, HEAD, OPTIONS"},
      {"/nothing", ""},
      {"*", ""},
  };
  int sent = 0;
  for (const Row& row : rows) {
    for (const std::string method : {"FOO", "get", "G", "TRACE", "CONNECT", "PROPFIND", "QUERY",
                                     "GETT", "M-SEARCH", "PRI", "$%&'*+-.^_`|~", "A%0aB"}) {
      CAPTURE(method + " " + row.path);
      const Answer answer = Ask(kiosk.port(), method, row.path);
      ++sent;
      CHECK(answer.Header("allow") == row.allow);
      if (row.allow.empty()) {
        CHECK(answer.status == 404);
        CHECK(answer.body == R"({"error":"not_found","message":"No resource at this path."})");
      } else {
        CHECK(answer.status == 405);
        CHECK(answer.body ==
              R"({"error":"method_not_allowed","message":"This address answers only to )" +
                  row.allow + ".\"}");
      }
    }
  }
  const Answer after = Ask(kiosk.port(), "GET", "/orders/223");
  CHECK(after.status == 200);
  const std::string log = kiosk.Stop().err;
  CHECK(std::count(log.begin(), log.end(), '\n') == sent + 1);
  CHECK(log.find(" FOO /orders 405 ") != std::string::npos);
  CHECK(log.find(" $%&'*+-.^_`|~ /orders 405 ") != std::string::npos);
}

TEST_CASE("a method that is read byte by byte is the same method") {
  const Kiosk kiosk({"--memory"});
  for (const std::string method : {"GET", "FOO", "PATCH"}) {
    Connection connection(kiosk.port());
    for (const char byte : RequestText(method, "/api/products")) {
      REQUIRE(connection.SendRaw(std::string(1, byte)));
    }
    const auto answer = connection.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->status == (method == "GET" ? 200 : 405));
  }
}

TEST_CASE("the body of a request with an unknown method is not taken for another request") {
  const Kiosk kiosk({"--memory"});
  const std::string smuggled = RequestText("DELETE", "/orders/223");
  for (const std::string method : {"FOO", "TRACE", "CONNECT"}) {
    for (const Headers& headers : {Headers{}, {{"Expect", "100-continue"}}}) {
      Connection connection(kiosk.port());
      const auto answer = connection.Ask(method, "/orders", smuggled, headers);
      REQUIRE(answer.has_value());
      CHECK(answer->status == 405);
      CHECK(connection.IsClosedByServer());
    }
  }
  CHECK(Ask(kiosk.port(), "GET", "/orders/223").status == 200);
}

TEST_CASE("a request line whose method is no token is malformed") {
  const Kiosk kiosk({"--memory"});
  for (const std::string line : {"G(T /orders HTTP/1.1", " /orders HTTP/1.1",
                                 "G\"T /orders HTTP/1.1", "G\x01T /orders HTTP/1.1", "FOO",
                                 "FOO /orders", "FOO /orders HTTP/3.0", "FOO /orders HTTP/1.1 x"}) {
    CAPTURE(line);
    Connection connection(kiosk.port());
    REQUIRE(connection.SendRaw(line + "\r\nHost: localhost\r\n\r\n"));
    const auto answer = connection.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->status == 400);
    CHECK(connection.IsClosedByServer());
  }
  Connection connection(kiosk.port());
  REQUIRE(
      connection.SendRaw(std::string(65, 'M') + " /orders HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  CHECK(connection.Receive()->status == 400);
}

TEST_CASE("hosts and origins are checked for every method") {
  const Kiosk kiosk({"--memory"});
  for (const std::string method : {"FOO", "TRACE"}) {
    CHECK(Ask(kiosk.port(), method, "/orders", "", {{"Host", "evil.test"}}).status == 403);
    CHECK(Ask(kiosk.port(), method, "/orders", "", {{"Origin", "http://evil.test"}}).status == 403);
  }
}

}  // namespace kiosk::test
