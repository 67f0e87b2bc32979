#include "http/json.h"

#include <doctest/doctest.h>

#include "tests/write_json.h"

using namespace kiosk;
using test::WriteJson;

namespace {

// What is read, written back; or where it could not be read.
std::string Rewrite(std::string_view text) {
  const auto parsed = ParseJson(text);
  if (const auto* error = std::get_if<JsonError>(&parsed)) {
    return "byte " + std::to_string(error->offset);
  }
  return WriteJson(std::get<Json>(parsed));
}

std::string Repeat(std::string_view text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("JSON is read as it was written, numbers with their own digits") {
  struct Row {
    std::string text;
    std::string rewritten;
  };
  const Row rows[] = {
      {"null", "null"},
      {" \t\r\n{ } ", "{}"},
      {"[]", "[]"},
      {"[true,false,null]", "[true,false,null]"},
      {"0.10", "0.10"},
      {"-0", "-0"},
      {"75.990000000000000000000000000000001", "75.990000000000000000000000000000001"},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {"1E+2", "1E+2"},
      {R"("a\"b\\c\/d\b\f\n\r\t")", R"("a\"b\\c/d\b\f\n\r\t")"},
      {R"("\u0000")", R"("\u0000")"},
      {R"("\u00e3\u65e5\ud83d\ude00")", "\"ã日😀\""},
      {"\"João\"", "\"João\""},
      {R"({"a":{"b":[1,{"c":2}]},"a":3})", R"({"a":{"b":[1,{"c":2}]},"a":3})"},
      {"\"\xF4\x8F\xBF\xBF\"", "\"\xF4\x8F\xBF\xBF\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(Rewrite(row.text) == row.rewritten);
  }
}

TEST_CASE("what is not JSON is refused with the byte where that shows") {
  struct Row {
    std::string text;
    std::string where;
  };
  const Row rows[] = {
      {"", "byte 0"},
      {"   ", "byte 3"},
      {"{", "byte 1"},
      {"[1,]", "byte 3"},
      {R"({"a":1,})", "byte 7"},
      {R"({"a" 1})", "byte 5"},
      {R"({a:1})", "byte 1"},
      {R"({'a':1})", "byte 1"},
      {"{}{}", "byte 2"},
      {"{} x", "byte 3"},
      {"// no\n{}", "byte 0"},
      {"NaN", "byte 0"},
      {"Infinity", "byte 0"},
      {"-", "byte 1"},
      {"+1", "byte 0"},
      {".5", "byte 0"},
      {"01", "byte 1"},
      {"1.", "byte 2"},
      {"1e", "byte 2"},
      {"tru", "byte 3"},
      {"\"a", "byte 2"},
      {R"("\x")", "byte 1"},
      {R"("\u12g4")", "byte 1"},
      {"\"a\nb\"", "byte 2"},
      {R"("\ud83d")", "byte 1"},
      {R"("\ud83dx")", "byte 1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(Rewrite(row.text) == row.where);
  }
}

TEST_CASE("text that is not UTF-8 is not JSON") {
  for (const std::string bytes : {"\x80", "\xC3", "\xC3(", "\xC0\x80", "\xE2\x82", "\xED\xA0\x80",
                                  "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xFF"}) {
    const std::string text = "{\"a\":\"" + bytes + "\"}";
    CAPTURE(text);
    CHECK(std::holds_alternative<JsonError>(ParseJson(text)));
    CHECK(std::holds_alternative<JsonError>(ParseJson("{\"" + bytes + "\":1}")));
  }
}

TEST_CASE("half of a surrogate pair is refused, whichever half it is") {
  for (const std::string text : {R"("\udc00")", R"("\udfffx")", R"("\ud800")", R"("\ud800\ud800")",
                                 R"({"\udc00":1})", R"(["\ude00\ud83d"])"}) {
    CAPTURE(text);
    CHECK(std::holds_alternative<JsonError>(ParseJson(text)));
  }
}

TEST_CASE("a NUL does not end a document") {
  CHECK(Rewrite(std::string("{}\0", 3)) == "byte 2");
  CHECK(Rewrite(std::string("{}\0garbage", 10)) == "byte 2");
  CHECK(Rewrite(std::string("{} \0", 4)) == "byte 3");
  CHECK(Rewrite(std::string("\0{}", 3)) == "byte 0");
  CHECK(Rewrite(std::string("[1\0]", 4)) == "byte 2");
  CHECK(Rewrite(std::string("\"a\0b\"", 5)) == "byte 2");
}

TEST_CASE("32 levels are read, 33 refused, and a hundred thousand as well") {
  CHECK(Rewrite(Repeat("[", 32) + Repeat("]", 32)) == Repeat("[", 32) + Repeat("]", 32));
  CHECK(Rewrite(Repeat("{\"a\":", 31) + "[]" + Repeat("}", 31)).starts_with("{\"a\":{"));
  // Levels that are closed again do not count.
  CHECK(Rewrite("[" + Repeat("[[]],", 1000) + "0]").ends_with("[[]],0]"));
  for (const int depth : {33, 100'000}) {
    for (const std::string open : {"[", "{\"a\":"}) {
      const auto deep = ParseJson(Repeat(open, depth));
      REQUIRE(std::holds_alternative<JsonError>(deep));
      CHECK(std::get<JsonError>(deep).reason == "More than 32 levels are nested.");
      CHECK(std::get<JsonError>(deep).offset < 33 * 5);
    }
  }
}

TEST_CASE("a member is found by its name, the first one of that name") {
  const auto parsed = ParseJson(R"({"a":1,"b":null,"a":2})");
  const auto& json = std::get<Json>(parsed);
  REQUIRE(json.Find("a") != nullptr);
  REQUIRE(json.Find("a")->As<Json::Number>() != nullptr);
  CHECK(json.Find("a")->As<Json::Number>()->digits == "1");
  REQUIRE(json.Find("b") != nullptr);
  CHECK(json.Find("b")->IsNull());
  CHECK(json.Find("c") == nullptr);
  CHECK(json.Find("a")->Find("a") == nullptr);
  CHECK(Json().IsNull());
  CHECK(json.As<Json::Array>() == nullptr);
}

TEST_CASE("JSON is written with what must be escaped escaped") {
  JsonWriter out;
  out.BeginObject().Key("te\"xt").String(std::string_view("a\"\\\n\0é", 7));
  out.Key("numbers").BeginArray().Int(INT64_MIN).Int(INT64_MAX).Raw("75.99").EndArray();
  out.EndObject();
  CHECK(
      out.view() ==
      R"({"te\"xt":"a\"\\\n\u0000é","numbers":[-9223372036854775808,9223372036854775807,75.99]})");
  out.Clear();
  CHECK(out.Take().empty());
  out.BeginArray().EndArray();
  CHECK(out.Take() == "[]");
}

TEST_CASE("a trailing comma is called one, at the bracket behind it") {
  const std::pair<const char*, size_t> texts[] = {
      {R"({"a": 1,})", 8}, {R"([1, 2 , ])", 8}, {"{\"id\": \"123\",\n        }", 22}};
  for (const auto& [text, offset] : texts) {
    CAPTURE(text);
    const auto parsed = ParseJson(text);
    const auto* error = std::get_if<JsonError>(&parsed);
    REQUIRE(error);
    CHECK(error->reason == "A trailing comma is not allowed; remove it.");
    CHECK(error->offset == offset);
  }
}

TEST_CASE("a number that no double can hold is read with its own digits") {
  const std::string many(400, '9');
  const std::string text =
      R"({"a\"1e9": [1e999999999, -0e99999, 2], "b": )" + many + R"(, "c": 5})";
  const auto parsed = ParseJson(text);
  REQUIRE(std::holds_alternative<Json>(parsed));
  const auto& json = std::get<Json>(parsed);
  const Json* const list = json.Find("a\"1e9");
  REQUIRE(list);
  const auto* const items = list->As<Json::Array>();
  REQUIRE(items);
  REQUIRE(items->size() == 3);
  CHECK((*items)[0].As<Json::Number>()->digits == "1e999999999");
  CHECK((*items)[1].As<Json::Number>()->digits == "-0e99999");
  CHECK((*items)[2].As<Json::Number>()->digits == "2");
  CHECK(json.Find("b")->As<Json::Number>()->digits == many);
  CHECK(json.Find("c")->As<Json::Number>()->digits == "5");
  // Errors behind one are found where they are.
  const std::pair<const char*, size_t> wrong[] = {
      {"[1e999, x]", 8}, {"[1e999 2]", 7}, {"[1e999.5]", 6}, {"[01e999]", 2}, {"[1e999", 6}};
  for (const auto& [bad, offset] : wrong) {
    CAPTURE(bad);
    const auto refused = ParseJson(bad);
    const auto* error = std::get_if<JsonError>(&refused);
    REQUIRE(error);
    CHECK(error->offset == offset);
  }
}
