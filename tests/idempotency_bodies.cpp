// Which requests count as repeated: bodies are compared as JSON values. SPEC section 2.
#include <doctest/doctest.h>

#include <string>

#include "http/json.h"
#include "tests/scenario.h"

using namespace kiosk;
using namespace kiosk::test;

namespace {

constexpr char kReused[] =
    R"({"error":"idempotency_key_reused",)"
    R"("message":"This Idempotency-Key was used with another method, path or body."})";

Headers Key(const std::string& key) { return {{"Idempotency-Key", key}}; }

std::string Canonical(const std::string& text) {
  const auto parsed = ParseJson(text);
  REQUIRE(std::holds_alternative<Json>(parsed));
  return CanonicalText(std::get<Json>(parsed));
}

}  // namespace

TEST_CASE("the same JSON value has one canonical text") {
  const std::pair<const char*, const char*> same[] = {
      {R"({"a":1,"b":2})", R"( { "b" : 2 , "a" : 1 } )"},
      {R"({"a":{"c":1,"b":[]}})", R"({"a":{"b":[],"c":1}})"},
      {R"("é\n/")", R"("\u00e9\u000a\/")"},
      {R"("😀")", R"("\ud83d\uDE00")"},
      {"1", "1.0"},
      {"1", "1e0"},
      {"100", "1E+2"},
      {"0.5", "500e-3"},
      {"0", "-0.00e5"},
      {"[1e999999999]", "[10e999999998]"},
  };
  for (const auto& [one, other] : same) {
    CAPTURE(one);
    CHECK(Canonical(one) == Canonical(other));
  }
  const std::pair<const char*, const char*> different[] = {
      {"[1,2]", "[2,1]"},
      {"[1,2]", "[12]"},
      {R"(["ab"])", R"(["a","b"])"},
      {R"("1")", "1"},
      {R"("null")", "null"},
      {R"({"a":null})", "{}"},
      {"[]", "{}"},
      {"[[]]", "[[],[]]"},
      {"true", "false"},
      {"1", "-1"},
      {"1", "10"},
      {"1.5", "15"},
      {R"("a")", R"("A")"},
      {R"(["1\"a"])", R"(["1","a"])"},
      {R"({"a":"b"})", R"(["a","b"])"},
      {R"({"a":1,"a":2})", R"({"a":2,"a":1})"},
  };
  for (const auto& [one, other] : different) {
    CAPTURE(one);
    CHECK(Canonical(one) != Canonical(other));
  }
}

TEST_CASE("a repeated body may be spelled in another way") {
  const TestServer server({"--order-gap", "0"});
  struct Row {
    const char* name;
    const char* target;
    std::string first;
    std::string again;
  };
  const Row rows[] = {
      {"key order and whitespace", "/orders", R"({"product":"Chair","quantity":2})",
       "{\n  \"quantity\": 2,\n  \"product\": \"Chair\"\n}\n"},
      {"numbers", "/orders", R"({"product":"Chair","quantity":2,"totalfee":1.5})",
       R"({"totalfee":150e-2,"quantity":2.0,"product":"Chair"})"},
      {"escapes", "/orders", R"({"product":"Café/1","quantity":2})",
       R"({"product":"Caf\u00e9\/1","quantity":2})"},
      {"nested objects", "/orders",
       R"({"services":[{"id":"123","name":"Inspection"}],"totalfee":1})",
       R"({"totalfee":1,"services":[{"name":"Inspection","id":"123"}]})"},
      {"a purchase", "/api/orders", R"({"order":{"items":["tap"],"user_id":"u"}})",
       R"({ "order": { "user_id": "u", "items": [ "tap" ] } })"},
      {"a refused purchase", "/orders", R"({"order":{"items":["tap"],"user_id":"u"}})",
       R"({"order":{"user_id":"u","items":["tap"]}})"},
      {"a service", "/services", R"({"name":"Paint","id":900})", R"({"id":9e2,"name":"Paint"})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Answer first = server.Ask("POST", row.target, row.first, Key(row.name));
    CHECK(first.Header("idempotency-replayed").empty());
    const std::string contents = server.Contents();
    const Answer again = server.Ask("POST", row.target, row.again, Key(row.name));
    CHECK(again.status == first.status);
    CHECK(again.body == first.body);
    CHECK(again.Header("location") == first.Header("location"));
    CHECK(again.Header("etag") == first.Header("etag"));
    CHECK(again.Header("idempotency-replayed") == "true");
    CHECK(server.Contents() == contents);
  }
}

TEST_CASE("a body with another value is refused under the same key") {
  const TestServer server;
  const std::string first = R"({"product":"Chair","quantity":2,"totalfee":5})";
  CHECK(server.Ask("POST", "/orders", first, Key("k")).status == 201);
  for (const char* other :
       {R"({"product":"Chair","quantity":3,"totalfee":5})",
        R"({"product":"chair","quantity":2,"totalfee":5})", R"({"product":"Chair","quantity":2})",
        R"({"product":"Chair","quantity":2,"totalfee":5.01})",
        R"({"product":"Chair","quantity":2,"totalfee":5,"id":null})"}) {
    server.Check({other,
                  "POST",
                  "/orders",
                  other,
                  422,
                  kReused,
                  Key("k"),
                  {{"idempotency-replayed", kAbsent}}});
  }
  server.CheckAll({
      {"another path", "POST", "/services", R"({"name":"Chair"})", 422, kReused, Key("k")},
      {"the shop", "POST", "/api/orders", R"({"order":{"items":["tap"],"user_id":"u"}})", 422,
       kReused, Key("k")},
      {"an invalid body is reported first", "POST", "/orders", R"({"product":1})", 400,
       InvalidRequestBody("product", "`product` must be a string."), Key("k")},
  });
}

TEST_CASE("a repeated response never names another client's order") {
  const TestServer server;
  const std::string order = R"({"product":"Chair","quantity":2})";
  const Answer first = server.Ask("POST", "/orders", order, Key("mine"));
  CHECK(first.Header("location") == "/orders/226");
  CHECK(server.Ask("DELETE", "/orders/226").status < 300);
  const Answer others = server.Ask("POST", "/orders", R"({"product":"Desk","quantity":1})");
  CHECK(others.Header("location") == "/orders/227");
  const Answer again = server.Ask("POST", "/orders", order, Key("mine"));
  CHECK(again.body == first.body);
  CHECK(again.Header("location") == "/orders/226");
  CHECK(server.Ask("GET", "/orders/226").status == 404);

  const Answer service = server.Ask("POST", "/services", R"({"name":"A"})", Key("service"));
  CHECK(service.Header("location") == "/services/790");
  CHECK(server.Ask("DELETE", "/services/790").status < 300);
  CHECK(server.Ask("POST", "/services", R"({"name":"B"})").Header("location") == "/services/791");
  CHECK(server.Ask("POST", "/services", R"({"name":"A"})", Key("service")).Header("location") ==
        "/services/790");
  CHECK(server.Ask("GET", "/services/790").status == 404);
}

TEST_CASE("a key on a reset is ignored: each reset is done") {
  const TestServer server;
  for (int i = 0; i < 2; ++i) {
    CHECK(server.Ask("POST", "/services", R"({"name":"A"})").status == 201);
    const Answer reset = server.Ask("POST", "/_kiosk/reset", "", Key("k"));
    CHECK(reset.status == 200);
    CHECK(reset.Header("idempotency-replayed").empty());
    CHECK(server.Query("SELECT count(*) FROM services") == "3");
  }
}
