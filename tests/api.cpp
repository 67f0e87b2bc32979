#include "http/api.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace kiosk;

TEST_CASE("what is not a whole escape stays as it is") {
  struct Row {
    std::string text;
    std::string in_a_path;
    std::string in_a_query;
  };
  const Row rows[] = {
      {"", "", ""},
      {"johndoe", "johndoe", "johndoe"},
      {"a%40b.co", "a@b.co", "a@b.co"},
      {"Jo%C3%A3o", "João", "João"},
      {"Jo%c3%a3o", "João", "João"},
      {"João", "João", "João"},
      {"a%20b", "a b", "a b"},
      {"a+b", "a+b", "a b"},
      {"a%2Bb", "a+b", "a+b"},
      {"%00", std::string(1, '\0'), std::string(1, '\0')},
      {"%41", "A", "A"},
      {"%2541", "%41", "%41"},  // decoded once
      {"%", "%", "%"},
      {"%4", "%4", "%4"},
      {"100%", "100%", "100%"},
      {"%zz", "%zz", "%zz"},
      {"%4z", "%4z", "%4z"},
      {"%z4", "%z4", "%z4"},
      {"%%41", "%A", "%A"},
      {"%FF", "\xFF", "\xFF"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(PercentDecode(row.text, PlusSign::kItself) == row.in_a_path);
    CHECK(PercentDecode(row.text, PlusSign::kSpace) == row.in_a_query);
  }
}

TEST_CASE("a query parameter is found by its decoded name, the first one counts") {
  struct Row {
    std::string query;
    std::optional<std::string> value;
  };
  const Row rows[] = {
      {"", std::nullopt},
      {"user_id=johndoe", "johndoe"},
      {"user_id=", ""},
      {"user_id", ""},
      {"a=1&user_id=johndoe&b=2", "johndoe"},
      {"user_id=first&user_id=second", "first"},
      {"user%5Fid=johndoe", "johndoe"},
      {"user_id=Jo%C3%A3o+Maria", "João Maria"},
      {"user_id=a%26b%3Dc", "a&b=c"},
      {"user_id=a=b", "a=b"},
      {"&&user_id=x&&", "x"},
      {"user_idx=1", std::nullopt},
      {"xuser_id=1", std::nullopt},
      {"USER_ID=1", std::nullopt},
      {"a=user_id", std::nullopt},
      {"=user_id", std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.query);
    CHECK(QueryParameter(row.query, "user_id") == row.value);
  }
}

TEST_CASE("a list of tags names one of them; weak ones count only where that is asked for") {
  struct Row {
    std::string list;
    bool strong;
    bool weak;
  };
  const Row rows[] = {
      {"\"abc\"", true, true},
      {"*", true, true},
      {" * ", true, true},
      {"\"x\", \"abc\"", true, true},
      {"\"x\",\"abc\",\"y\"", true, true},
      {" \t\"abc\"\t ", true, true},
      {"W/\"abc\"", false, true},
      {"\"x\", W/\"abc\"", false, true},
      {"w/\"abc\"", false, false},
      {"", false, false},
      {",", false, false},
      {"abc", false, false},
      {"\"ABC\"", false, false},
      {"\"abcd\"", false, false},
      {"\"x\"", false, false},
      {"W/", false, false},
      {"W/*", false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.list);
    CHECK(MatchesEtag(row.list, "\"abc\"", TagComparison::kStrong) == row.strong);
    CHECK(MatchesEtag(row.list, "\"abc\"", TagComparison::kWeak) == row.weak);
  }
}

TEST_CASE("an entity tag is a quoted text that differs where bodies differ") {
  std::set<std::string> tags;
  for (int i = 0; i < 10000; ++i) {
    const std::string body = "{\"quantity\":" + std::to_string(i) + "}";
    const std::string tag = MakeEtag(7, {body});
    CHECK(tag == MakeEtag(7, {body}));
    tags.insert(tag);
  }
  CHECK(tags.size() == 10000);
  for (const std::string& tag :
       {MakeEtag(7, {""}), MakeEtag(7, {"a"}), MakeEtag(7, {std::string_view("\0", 1)})}) {
    CHECK(tag.size() == 18);
    CHECK(tag.front() == '"');
    CHECK(tag.back() == '"');
    CHECK(tag.find_first_not_of("0123456789abcdef", 1) == 17);
    CHECK(MatchesEtag(tag, tag, TagComparison::kStrong));
    CHECK(tags.insert(tag).second);
  }
}

TEST_CASE("an error is its code and one sentence, and names the field at fault if there is one") {
  const Response plain = Error(404, "not_found", "There is nothing \"here\".");
  CHECK(plain.status == 404);
  CHECK(plain.content_type == "application/json");
  CHECK(plain.headers.empty());
  CHECK(plain.body == R"({"error":"not_found","message":"There is nothing \"here\"."})");
  const Response field = InvalidRequest({"order.items", "`order.items` is missing."});
  CHECK(field.status == 400);
  CHECK(
      field.body ==
      R"({"error":"invalid_request","message":"`order.items` is missing.","field":"order.items"})");
}

TEST_CASE("a body that is not JSON is answered with where that shows") {
  Request request;
  request.body = R"({"a": 1,})";
  const auto broken = ReadBody(request);
  REQUIRE(std::holds_alternative<Response>(broken));
  const auto& answer = std::get<Response>(broken);
  CHECK(answer.status == 400);
  CHECK(answer.body.starts_with(R"({"error":"invalid_json","message":"The body is not valid )"
                                R"(JSON at byte 8: )"));
  request.body = R"({"a": 1})";
  CHECK(std::holds_alternative<Json>(ReadBody(request)));
}
