// The bytes of a connection, collected into requests, without a socket.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "http/net/request_reader.h"

namespace kiosk::net {
namespace {

using State = RequestReader::State;

constexpr size_t kMaxBody = 64;
const std::string kHead = "POST /a HTTP/1.1\r\nHost: a\r\n";

bool Always(const Head& /*head*/) { return true; }
bool Never(const Head& /*head*/) { return false; }

// The error of the body, 0 for none; -1 if the request is not complete.
int BodyError(const std::string& request) {
  RequestReader reader(kMaxBody);
  if (reader.Append(request, Always) != State::kComplete) return -1;
  const Message& message = reader.message();
  REQUIRE(message.error == nullptr);
  return message.body_error ? message.body_error->status : 0;
}

}  // namespace

TEST_CASE("requests that follow each other are the same wherever their bytes are divided") {
  const std::string bytes = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + kHead +
                            "Content-Length: 5\r\n\r\nhello\r\n" + kHead +
                            "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nwor\r\n2\r\nld\r\n0\r\n"
                            "Trailer: x\r\n\r\nDELETE /4 HTTP/1.1\r\nHost: a\r\n\r\n";
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    RequestReader reader(kMaxBody);
    std::vector<std::string> seen;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      State state = reader.Append(std::string_view(bytes).substr(at, piece), Always);
      while (state == State::kComplete) {
        const Message& message = reader.message();
        REQUIRE(message.error == nullptr);
        CHECK_FALSE(message.ends_connection);
        seen.push_back(std::string(message.head.method) + std::string(message.head.path) +
                       std::string(message.body));
        state = reader.Next(Always);
      }
    }
    CAPTURE(piece);
    CHECK(seen == std::vector<std::string>{"GET/1", "POST/ahello", "POST/aworld", "DELETE/4"});
  }
}

TEST_CASE("a reader tells what it waits for") {
  RequestReader reader(kMaxBody);
  CHECK(reader.Append("", Always) == State::kIdle);
  CHECK(reader.Append("\r\n", Always) == State::kIdle);
  CHECK(reader.Append("\r", Always) == State::kHead);
  CHECK(reader.Append("\nPOST", Always) == State::kHead);
  CHECK(reader.Append(kHead.substr(4) + "Content-Length: 2\r\n\r\n", Always) == State::kBody);
  CHECK(reader.Append("{", Always) == State::kBody);
  CHECK(reader.Append("}GET", Always) == State::kComplete);
  CHECK(reader.message().body == "{}");
  CHECK(reader.Next(Always) == State::kHead);
}

TEST_CASE("a TLS handshake is recognized by its first two bytes") {
  RequestReader reader(kMaxBody);
  CHECK(reader.Append("\x16", Always) == State::kHead);
  CHECK(reader.Append("\x03", Always) == State::kTls);
}

TEST_CASE("a refused head keeps what the log shows of it") {
  RequestReader reader(kMaxBody);
  REQUIRE(reader.Append("GET /a HTTP/1.1\r\nHost: a\r\nbroken\r\n\r\n", Always) ==
          State::kComplete);
  CHECK(reader.message().error == &kNotHttp);
  CHECK(reader.message().head.method == "GET");
  CHECK(reader.message().head.target == "/a");
  CHECK(reader.message().ends_connection);
}

TEST_CASE("a body that is not wanted is not waited for, and ends the connection") {
  RequestReader reader(kMaxBody);
  REQUIRE(reader.Append(kHead + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", Never) ==
          State::kComplete);
  CHECK(reader.message().ends_connection);
  CHECK_FALSE(reader.TakeExpectation());
}

TEST_CASE("an expectation is open once, and only while a body is awaited") {
  const std::string expecting = kHead + "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
  RequestReader reader(kMaxBody);
  REQUIRE(reader.Append(expecting, Always) == State::kBody);
  CHECK(reader.TakeExpectation());
  CHECK_FALSE(reader.TakeExpectation());
  REQUIRE(reader.Append("{}", Always) == State::kComplete);
  reader.Next(Always);
  REQUIRE(reader.Append(expecting + "{}", Always) == State::kComplete);
  CHECK_FALSE(reader.TakeExpectation());
}

TEST_CASE("connections end when the client asks, and with HTTP/1.0") {
  for (const std::string request :
       {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    RequestReader reader(kMaxBody);
    REQUIRE(reader.Append(request, Always) == State::kComplete);
    CHECK(reader.message().ends_connection);
  }
}

TEST_CASE("a body that is too long or encoded is refused before it comes") {
  CHECK(BodyError(kHead + "Content-Length: 64\r\n\r\n" + std::string(64, 'a')) == 0);
  CHECK(BodyError(kHead + "Content-Length: 65\r\n\r\n") == 413);
  CHECK(BodyError(kHead + "Content-Length: 999999999999999999999999\r\n\r\n") == 413);
  CHECK(BodyError(kHead + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n") == 415);
  CHECK(BodyError(kHead + "Content-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}") == 0);
}

TEST_CASE("chunks are read strictly") {
  const std::string chunked = kHead + "Transfer-Encoding: chunked\r\n\r\n";
  struct Row {
    std::string body;
    int error;
  };
  const Row rows[] = {
      {"2\r\n{}\r\n0\r\n\r\n", 0},
      {"02;name=\"value\"\r\n{}\r\n000\r\n\r\n", 0},
      {"2 \t\r\n{}\r\n0\r\n\r\n", 0},
      {"40\r\n" + std::string(64, 'a') + "\r\n0\r\n\r\n", 0},
      {"41\r\n", 413},
      {"3f\r\n" + std::string(63, 'a') + "\r\n2\r\n", 413},
      {"FFFFFFFFFFFFFFFF\r\n", 413},
      {"1FFFFFFFFFFFFFFFF\r\n", 413},
      {"-2\r\n", 400},
      {"+2\r\n", 400},
      {"0x2\r\n", 400},
      {" 2\r\n", 400},
      {"\r\n", 400},
      {"zz\r\n", 400},
      {"2\n{}\n0\n\n", 400},
      {"2\r3\r\n", 400},
      {"2;a\rb\r\n", 400},
      {"2\r\n{}}", 400},
      {"2\r\n{}\n", 400},
      {"2;" + std::string(2000, 'x'), 400},
      {"0\r\n" + std::string(2000, 'x'), 400},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    CHECK(BodyError(chunked + row.body) == row.error);
    RequestReader dripping(kMaxBody);
    State state = dripping.Append(chunked, Always);
    for (size_t i = 0; i < row.body.size() && state == State::kBody; ++i) {
      state = dripping.Append(row.body.substr(i, 1), Always);
    }
    REQUIRE(state == State::kComplete);
    const FramingError* error = dripping.message().body_error;
    CHECK((error ? error->status : 0) == row.error);
  }
  std::string trailers = "0\r\n";
  for (int i = 0; i < 40; ++i) trailers += "X: a\r\n";
  CHECK(BodyError(chunked + trailers) == 400);
  CHECK(BodyError(chunked + "2\r\n{") == -1);
}

}  // namespace kiosk::net
