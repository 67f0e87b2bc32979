// Heads of requests: where they end, what is in them, and what is refused.
#include <doctest/doctest.h>

#include <string>

#include "http/net/framing.h"

namespace kiosk::net {
namespace {

using namespace std::string_literals;
using State = HeadScanner::State;

const std::string kGet = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
const std::string kPost = "POST /services HTTP/1.1\r\nHost: localhost\r\n";

// The status that a head is refused with, or 0; scanned and parsed as the reader does.
int Refusal(const std::string& text) {
  HeadScanner scanner;
  const State state = scanner.Scan(text);
  if (scanner.error()) return scanner.error()->status;
  REQUIRE(state == State::kComplete);
  Head head;
  const FramingError* error = ParseHead(std::string_view(text).substr(0, scanner.size()), head);
  return error ? error->status : 0;
}

std::string Lines(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += "X-" + std::to_string(i) + ": a\r\n";
  return lines;
}

}  // namespace

TEST_CASE("a head is taken apart") {
  const std::string text =
      "POST /a%20b?x=1&y=%25#part HTTP/1.1\r\nhOST:  localhost:4000\t\r\nX: a%0d%0ab\r\nEmpty:\r\n"
      "Content-Length: 12\r\nExpect: 100-Continue\r\nConnection: keep-alive, Close\r\n\r\n";
  Head head;
  REQUIRE(ParseHead(text, head) == nullptr);
  CHECK(head.method == "POST");
  CHECK(head.target == "/a%20b?x=1&y=%25");
  CHECK(head.path == "/a%20b");
  CHECK(head.query == "x=1&y=%25");
  CHECK(head.authority.empty());
  CHECK_FALSE(head.is_http10);
  CHECK(head.fields.size() == 6);
  CHECK(head.Find("host") == "localhost:4000");
  CHECK(head.Find("x") == "a%0d%0ab");
  CHECK(head.Find("Empty") == "");
  CHECK_FALSE(head.Find("Missing").has_value());
  CHECK(head.content_length == 12);
  CHECK(head.HasBody());
  CHECK(head.expects_continue);
  CHECK(head.asks_to_close);
}

TEST_CASE("a target in absolute form is divided into authority and path") {
  struct Row {
    std::string target, authority, path, query;
  };
  const Row rows[] = {
      {"http://localhost:4000/orders?limit=1", "localhost:4000", "/orders", "limit=1"},
      {"HTTP://localhost", "localhost", "/", ""},
      {"http://localhost?limit=1", "localhost", "/", "limit=1"},
      {"https://kiosk.example/", "kiosk.example", "/", ""},
      {"/http://localhost/", "", "/http://localhost/", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    const std::string text = "GET " + row.target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    Head head;
    REQUIRE(ParseHead(text, head) == nullptr);
    CHECK(head.authority == row.authority);
    CHECK(head.path == row.path);
    CHECK(head.query == row.query);
  }
}

TEST_CASE("an asterisk is a target for every method") {
  CHECK(Refusal("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n") == 0);
  CHECK(Refusal("GET * HTTP/1.1\r\nHost: localhost\r\n\r\n") == 0);
}

TEST_CASE("a method that no one knows is valid HTTP") {
  CHECK(Refusal("BREW /orders HTTP/1.1\r\nHost: localhost\r\n\r\n") == 0);
  CHECK(Refusal("M-SEARCH /orders HTTP/1.1\r\nHost: localhost\r\n\r\n") == 0);
}

TEST_CASE("refuses a head that is not valid HTTP") {
  const std::string heads[] = {
      " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
      "GET / http/1.1\r\nHost: a\r\n\r\n",
      "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET orders HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET http:// HTTP/1.1\r\nHost: a\r\n\r\n",
      "CONNECT localhost:443 HTTP/1.1\r\nHost: a\r\n\r\n",
      "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"s,
      "GET / HTTP/1.1\nHost: a\n\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
      kGet + "X\r\n\r\n",
      kGet + ": x\r\n\r\n",
      kGet + "X : a\r\n\r\n",
      kGet + "X: a\r\n b\r\n\r\n",
      kGet + "X: a\0b\r\n\r\n"s,
      kGet + "X: a\rb\r\n\r\n",
      kGet + "X: a\x7F\r\n\r\n",
      kGet + "X: a\nY: b\r\n\r\n",
  };
  for (const std::string& head : heads) {
    CAPTURE(head);
    CHECK(Refusal(head) == 400);
  }
  CHECK(Refusal("GET / HTTP/1.0\r\n\r\n") == 0);
  CHECK(Refusal(kGet + "X: a\tb \xC3\xA9\r\n\r\n") == 0);
}

TEST_CASE("refuses a request whose end is in doubt") {
  const std::string fields[] = {
      "Content-Length: 2\r\nContent-Length: 2\r\n",
      "Content-Length: 2\r\nContent-Length: 3\r\n",
      "Content-Length: 2, 2\r\n",
      "Content-Length: -2\r\n",
      "Content-Length: +2\r\n",
      "Content-Length: 0x2\r\n",
      "Content-Length: two\r\n",
      "Content-Length: %32\r\n",
      "Content-Length:\r\n",
      "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked, identity\r\n",
      "Transfer-Encoding: gzip, chunked\r\n",
      "Transfer-Encoding: identity\r\n",
      "Transfer-Encoding:\r\n",
      "Transfer-Encoding: \x0B"
      "chunked\r\n",
  };
  for (const std::string& lines : fields) {
    CAPTURE(lines);
    CHECK(Refusal(kPost + lines + "\r\n") == 400);
  }
  CHECK(Refusal(kPost + "Transfer-Encoding: Chunked\r\n\r\n") == 0);
  CHECK(Refusal(kPost + "Content-Length: 99999999999999999999999\r\n\r\n") == 0);
}

TEST_CASE("each limit of a head is exact, and named") {
  const std::string host = " HTTP/1.1\r\nHost: a\r\n\r\n";
  CHECK(Refusal("GET /" + std::string(kMaxTarget - 1, 'a') + host) == 0);
  CHECK(Refusal("GET /" + std::string(kMaxTarget, 'a') + host) == 414);
  CHECK(Refusal("GET /" + std::string(100'000, 'a') + host) == 414);
  CHECK(Refusal(std::string(kMaxMethod, 'A') + " /" + host) == 0);
  CHECK(Refusal(std::string(kMaxMethod + 1, 'A') + " /" + host) == 400);
  CHECK(Refusal(kGet + "X: " + std::string(kMaxLine - 3, 'a') + "\r\n\r\n") == 0);
  CHECK(Refusal(kGet + "X: " + std::string(kMaxLine - 2, 'a') + "\r\n\r\n") == 431);
  CHECK(Refusal(kGet + Lines(99) + "\r\n") == 0);
  CHECK(Refusal(kGet + Lines(100) + "\r\n") == 431);
  const std::string line = "X: " + std::string(16'000, 'a') + "\r\n";
  CHECK(Refusal(kGet + line + line + line + line + "\r\n") == 0);
  CHECK(Refusal(kGet + line + line + line + line + line + "\r\n") == 431);
  CHECK(kTargetTooLong.message.find("8192") != std::string_view::npos);
  CHECK(kLineTooLong.message.find("16384") != std::string_view::npos);
  CHECK(kTooManyFields.message.find("100") != std::string_view::npos);
  CHECK(kHeadTooLong.message.find("65536") != std::string_view::npos);
}

TEST_CASE("a refused head keeps the headers that are valid") {
  const std::string origin = "Origin: http://localhost:3000\r\n";
  const std::string heads[] = {
      "GET /" + std::string(kMaxTarget, 'a') + " HTTP/1.1\r\nHost: a\r\n" + origin,
      kPost + "Content-Length: x\r\n" + origin,
      kGet + Lines(200) + origin,
      kGet + "broken\r\n" + origin,
  };
  for (const std::string& text : heads) {
    HeadScanner scanner;
    REQUIRE(scanner.Scan(text + "\r\n") == State::kComplete);
    Head head;
    CHECK((ParseHead(text, head) || scanner.error()));
    CHECK(head.Find("Origin") == "http://localhost:3000");
  }
  Head head;
  CHECK(ParseHead(heads[1], head) == &kNotHttp);
  CHECK(head.Find("Origin") == "http://localhost:3000");
  CHECK(head.method == "POST");
}

TEST_CASE("a head is found wherever its bytes are divided") {
  const std::string text = kPost + "Content-Length: 2\r\n\r\n{}";
  for (size_t first = 1; first < text.size(); ++first) {
    HeadScanner scanner;
    const State state = scanner.Scan(std::string_view(text).substr(0, first));
    if (state == State::kMore) REQUIRE(scanner.Scan(text) == State::kComplete);
    CHECK(scanner.size() == text.size() - 2);
  }
}

TEST_CASE("what cannot become a head is refused without waiting for its end") {
  struct Row {
    std::string bytes;
    int status;
  };
  const Row rows[] = {
      {"GET /healthz\r\n", 400},
      {"SSH-2.0-client\r\n", 400},
      {"\x80\x01\x02", 400},
      {"{\"jsonrpc\"", 400},
      {"GET /" + std::string(kMaxHead, 'a'), 414},
      {std::string(kMaxMethod + 1, 'A'), 400},
      {kGet + std::string(kMaxHead, 'a'), 431},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bytes);
    HeadScanner scanner;
    REQUIRE(scanner.Scan(row.bytes) == State::kRefused);
    CHECK(scanner.error()->status == row.status);
  }
  CHECK(IsTlsHandshake("\x16\x03\x01"));
  CHECK_FALSE(IsTlsHandshake("GET"));
}

}  // namespace kiosk::net
