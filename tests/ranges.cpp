#include "http/ranges.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/harness.h"

using namespace kiosk;
using namespace kiosk::test;

namespace {

using Kind = RangeDecision::Kind;

// The numbers 0 to 9 as text, so that a part says where it is from.
constexpr char kDigits[] = "0123456789";

}  // namespace

TEST_CASE("one range of bytes is served, what is no such range is ignored") {
  const RangeDecision whole{};
  const RangeDecision none{Kind::kUnsatisfiable};
  const struct {
    std::string range;
    RangeDecision decision;
  } rows[] = {
      {"bytes=0-", {Kind::kPart, 0, 10}},
      {"bytes=0-0", {Kind::kPart, 0, 1}},
      {"bytes=2-4", {Kind::kPart, 2, 3}},
      {"bytes=9-", {Kind::kPart, 9, 1}},
      {"bytes=9-9", {Kind::kPart, 9, 1}},
      {"bytes=5-99", {Kind::kPart, 5, 5}},
      {"bytes=5-99999999999999999999999", {Kind::kPart, 5, 5}},
      {"bytes=5-18446744073709551615", {Kind::kPart, 5, 5}},
      {"bytes=-3", {Kind::kPart, 7, 3}},
      {"bytes=-10", {Kind::kPart, 0, 10}},
      {"bytes=-99", {Kind::kPart, 0, 10}},
      {"bytes=-99999999999999999999999", {Kind::kPart, 0, 10}},
      {"Bytes=2-4", {Kind::kPart, 2, 3}},
      {"bytes = 2 - 4 ", {Kind::kPart, 2, 3}},
      {"bytes=10-", none},
      {"bytes=10-20", none},
      {"bytes=99999999999999999999999-", none},
      {"bytes=-0", none},
      {"", whole},
      {"bytes", whole},
      {"bytes=", whole},
      {"bytes=-", whole},
      {"bytes=4-2", whole},
      {"bytes=a-b", whole},
      {"bytes=0x0-4", whole},
      {"bytes=+1-4", whole},
      {"bytes=--4", whole},
      {"bytes=1--4", whole},
      {"bytes=1-2-3", whole},
      {"bytes=0-1,4-5", whole},
      {"bytes=0-1,", whole},
      {"items=0-1", whole},
      {"0-1", whole},
  };
  for (const auto& row : rows) {
    CAPTURE(row.range);
    CHECK(DecideRange(row.range, 10) == row.decision);
  }
  CHECK(DecideRange("bytes=0-", 0) == none);
  CHECK(DecideRange("bytes=-1", 0) == none);
  CHECK(ContentRange({Kind::kPart, 2, 3}, 10) == "bytes 2-4/10");
  CHECK(ContentRange(none, 10) == "bytes */10");
}

TEST_CASE("If-Range allows a part of exactly the present representation") {
  CHECK(AllowsPart("\"a\"", "\"a\""));
  CHECK(AllowsPart(" \"a\" ", "\"a\""));
  CHECK_FALSE(AllowsPart("\"b\"", "\"a\""));
  CHECK_FALSE(AllowsPart("W/\"a\"", "\"a\""));
  CHECK_FALSE(AllowsPart("W/\"a\"", "W/\"a\""));
  CHECK_FALSE(AllowsPart("", "\"a\""));
  CHECK_FALSE(AllowsPart("Tue, 01 Nov 2022 11:11:11 GMT", "\"a\""));
}

TEST_CASE("files of a folder, of a demo and of the built-in page are served in parts") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.File("build"));
  WriteFile(folder.File("build/index.html"), kDigits);
  WriteFile(folder.File("build/film.mp4"), kDigits);
  REQUIRE(RunKiosk({"pack", "-o", "demo", "--frontend", "build"}, {.folder = folder.path()})
              .exit_code == 0);
  const struct {
    std::string range;
    int status;
    size_t first;
    size_t length;
  } rows[] = {
      {"bytes=2-4", 206, 2, 3},
      {"bytes=8-", 206, 8, std::string::npos},
      {"bytes=-3", 206, std::string::npos, 3},
      {"bytes=99999999-", 416, 0, 0},
      {"seconds=2-4", 200, 0, std::string::npos},
      {"bytes=0-1,3-4", 200, 0, std::string::npos},
      {"bytes=4-2", 200, 0, std::string::npos},
      {"nonsense", 200, 0, std::string::npos},
      {"bytes=x", 200, 0, std::string::npos},
  };
  const struct {
    std::vector<std::string> arguments;
    std::string executable;
    std::string path;
  } servers[] = {
      {{"--quiet", "--memory", "--frontend", "build"}, "", "/film.mp4"},
      {{"--quiet", "--memory", "--frontend", "build"}, "", "/"},
      {{"--quiet", "--memory"}, folder.File("demo"), "/film.mp4"},
      {{"--quiet", "--memory"}, "", "/_kiosk/page/app.js"},
      {{"--quiet", "--memory"}, "", "/"},
  };
  for (const auto& server : servers) {
    CAPTURE(server.path);
    const Kiosk kiosk(server.arguments, {.folder = folder.path(), .executable = server.executable});
    const auto ask = [&](const std::string& method, const Headers& headers) {
      return Ask(kiosk.port(), method, server.path, "", headers);
    };
    const Answer whole = ask("GET", {});
    const std::string& all = whole.body;
    REQUIRE(whole.status == 200);
    REQUIRE(all.size() >= 10);
    CHECK(whole.Header("accept-ranges") == "bytes");
    const std::string tag = whole.Header("etag");
    for (const auto& row : rows) {
      CAPTURE(row.range);
      const Answer answer = ask("GET", {{"rAnGe", row.range}});
      CHECK(answer.status == row.status);
      CHECK(answer.Header("accept-ranges") == "bytes");
      if (row.status == 416) {
        CHECK(answer.Header("content-range") == "bytes */" + std::to_string(all.size()));
        CHECK(answer.body ==
              R"({"error":"range_not_satisfiable","message":"The file has no such bytes."})");
        continue;
      }
      const size_t first = row.first == std::string::npos ? all.size() - row.length : row.first;
      const std::string part = all.substr(first, row.length);
      CHECK(answer.body == part);
      CHECK(answer.Header("content-length") == std::to_string(part.size()));
      CHECK(answer.Header("etag") == tag);
      CHECK(answer.Header("content-type") == whole.Header("content-type"));
      CHECK(answer.Header("content-range") ==
            (row.status == 206
                 ? "bytes " + std::to_string(first) + "-" +
                       std::to_string(first + part.size() - 1) + "/" + std::to_string(all.size())
                 : ""));
      const Answer head = ask("HEAD", {{"Range", row.range}});
      CHECK(head.status == 200);
      CHECK(head.Header("content-length") == std::to_string(all.size()));
      CHECK(head.Header("accept-ranges") == "bytes");
    }
    CHECK(ask("GET", {{"Range", "bytes=2-4"}, {"If-Range", tag}}).status == 206);
    CHECK(ask("GET", {{"Range", "bytes=2-4"}, {"If-Range", "\"old\""}}).body == all);
    CHECK(ask("GET", {{"Range", "bytes=2-4"}, {"If-Range", "W/" + tag}}).status == 200);
    CHECK(ask("GET", {{"Range", "bytes=999999999-"}, {"If-Range", "\"old\""}}).status == 200);
    CHECK(ask("GET", {{"Range", "bytes=2-4"}, {"If-None-Match", tag}}).status == 304);
  }
}

TEST_CASE("answers of the API are whole, whatever range is asked for, and the connection goes on") {
  const Kiosk kiosk({"--quiet", "--memory"});
  Connection connection(kiosk.port());
  for (const char* range : {"bytes=0-1", "seconds=1-2", "bytes=", "x", "bytes=9999999-"}) {
    CAPTURE(range);
    const auto answer = connection.Ask("GET", "/services", "", {{"Range", range}});
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body.size() > 50);
    CHECK(answer->Header("content-range").empty());
    CHECK(answer->Header("accept-ranges").empty());
    const auto written =
        connection.Ask("POST", "/orders", R"({"product":"P","quantity":1})", {{"Range", range}});
    REQUIRE(written);
    CHECK(written->status == 201);
  }
  const auto head = connection.Ask("HEAD", "/services", "", {{"Range", "bytes=0-1"}});
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->Header("accept-ranges").empty());
}
