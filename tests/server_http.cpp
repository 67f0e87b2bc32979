// HTTP as RFC 9110 and 9112 have it, over the socket: forms of requests and limits. Source: SPEC
// section 6.
#include <doctest/doctest.h>

#include <string>

#include "tests/harness.h"

namespace kiosk::test {
namespace {

constexpr char kHealthy[] = R"({"status":"ok"})";

// The status line and the rest of the first response to these bytes; empty if there is none.
std::optional<Answer> Send(const Kiosk& kiosk, const std::string& bytes) {
  Connection connection(kiosk.port());
  REQUIRE(connection.SendRaw(bytes));
  return connection.Receive();
}

}  // namespace

TEST_CASE("a target in absolute form is served like its path") {
  const Kiosk kiosk({"--memory", "--quiet"});
  for (const std::string target :
       {"http://localhost/healthz", "http://127.0.0.1:4000/healthz", "HTTP://LOCALHOST/healthz"}) {
    CAPTURE(target);
    const auto answer = Send(kiosk, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    REQUIRE(answer.has_value());
    CHECK(answer->status == 200);
    CHECK(answer->body == kHealthy);
  }
  const auto page = Send(kiosk, "GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n");
  REQUIRE(page.has_value());
  CHECK(page->Header("content-type").starts_with("text/html"));
}

TEST_CASE("the host policy applies to the authority of a target and to Host") {
  const Kiosk kiosk({"--memory", "--quiet"});
  struct Row {
    std::string target, host;
  };
  const Row rows[] = {{"http://evil.example/healthz", "localhost"},
                      {"http://localhost/healthz", "evil.example"},
                      {"https://evil.example:4000/healthz", "evil.example"}};
  for (const Row& row : rows) {
    CAPTURE(row.target);
    CAPTURE(row.host);
    const auto answer =
        Send(kiosk, "GET " + row.target + " HTTP/1.1\r\nHost: " + row.host + "\r\n\r\n");
    REQUIRE(answer.has_value());
    CHECK(answer->status == 403);
    CHECK(answer->body.find("host_not_allowed") != std::string::npos);
  }
}

TEST_CASE("empty lines before a request line are skipped") {
  const Kiosk kiosk({"--memory", "--quiet"});
  Connection connection(kiosk.port());
  for (int i = 0; i < 3; ++i) {
    REQUIRE(connection.SendRaw("\r\n" + RequestText("GET", "/healthz") + "\r\n"));
    const auto answer = connection.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->body == kHealthy);
  }
}

TEST_CASE("Expect is compared without case") {
  const Kiosk kiosk({"--memory", "--quiet"});
  const std::string body = R"({"name":"Polish"})";
  Connection connection(kiosk.port());
  const std::string request = RequestText("POST", "/services", body, {{"Expect", "100-Continue"}});
  REQUIRE(connection.SendRaw(request.substr(0, request.size() - body.size())));
  CHECK(connection.ReceiveLine() == "HTTP/1.1 100 Continue");
  CHECK(connection.ReceiveLine() == "");
  REQUIRE(connection.SendRaw(body));
  const auto answer = connection.Receive();
  REQUIRE(answer.has_value());
  CHECK(answer->status == 201);
}

TEST_CASE("a TLS handshake closes the connection immediately") {
  const Kiosk kiosk({"--memory", "--quiet"});
  Connection connection(kiosk.port());
  REQUIRE(connection.SendRaw("\x16\x03\x01"));
  CHECK_FALSE(connection.ReceiveLine().has_value());
  CHECK(connection.IsClosedByServer());
}

TEST_CASE("Content-Encoding identity is no encoding") {
  const Kiosk kiosk({"--memory", "--quiet"});
  CHECK(Ask(kiosk.port(), "POST", "/services", R"({"name":"Polish"})",
            {{"Content-Encoding", "identity"}})
            .status == 201);
}

TEST_CASE("a method that the library does not know is answered by the path it is sent to") {
  const Kiosk kiosk({"--memory", "--quiet"});
  Connection connection(kiosk.port());
  struct Row {
    std::string method, path;
    int status;
  };
  const Row rows[] = {{"BREW", "/orders", 405},   {"TRACE", "/orders", 405},
                      {"PRI", "/healthz", 405},   {"CONNECT", "/orders/223", 405},
                      {"PROPFIND", "/nope", 404}, {"get", "/orders", 405}};
  for (const Row& row : rows) {
    CAPTURE(row.method);
    const auto answer = connection.Ask(row.method, row.path);
    REQUIRE(answer.has_value());
    CHECK(answer->status == row.status);
    CHECK(answer->Header("allow").empty() == (row.status == 404));
    CHECK(answer->Header("connection").empty());
  }
}

TEST_CASE("percent signs in a header are themselves") {
  const Kiosk kiosk({"--memory", "--quiet"});
  const std::string body = R"({"order":{"items":["tap"],"user_id":"ann"}})";
  const Headers key{{"Idempotency-Key", "a%20b"}};
  CHECK(Ask(kiosk.port(), "POST", "/api/orders", body, key).status == 200);
  CHECK(Ask(kiosk.port(), "POST", "/api/orders", body, key).Header("idempotency-replayed") ==
        "true");
  CHECK(Ask(kiosk.port(), "POST", "/api/orders", body, {{"Idempotency-Key", "a b"}})
            .Header("idempotency-replayed")
            .empty());
  // 255 bytes, as they are sent.
  std::string longest;
  for (int i = 0; i < 85; ++i) longest += "%41";
  CHECK(Ask(kiosk.port(), "POST", "/services", R"({"name":"A"})", {{"Idempotency-Key", longest}})
            .status == 201);
  CHECK(Ask(kiosk.port(), "POST", "/services", R"({"name":"A"})",
            {{"Idempotency-Key", longest + "%"}})
            .status == 400);
}

TEST_CASE("a path of nothing but escapes is served in full length") {
  const Kiosk kiosk({"--memory", "--quiet"});
  std::string id;
  while (id.size() < 8100) id += "%41";
  CHECK(Ask(kiosk.port(), "GET", "/orders/" + id).status == 404);
  CHECK(Ask(kiosk.port(), "GET", "/" + std::string(8191, 'a')).status == 404);
  CHECK(Ask(kiosk.port(), "GET", "/api/users/a%2Fb%2520c").body ==
        R"({"user":{"user_id":"a/b%20c","data":{"balance":500,"product_ids":[]}}})");
}

}  // namespace kiosk::test
