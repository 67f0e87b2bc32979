// SPEC section 2: what holds for every request of the API.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/scenario.h"

using namespace kiosk::test;

namespace {

constexpr char kNotFound[] = R"({"error":"not_found","message":"No resource at this path."})";
constexpr char kUnsupported[] =
    R"({"error":"unsupported_media_type",)"
    R"("message":"A body must be sent with Content-Type: application/json."})";
constexpr char kReused[] =
    R"({"error":"idempotency_key_reused",)"
    R"("message":"This Idempotency-Key was used with another method, path or body."})";
constexpr char kStale[] =
    R"({"error":"precondition_failed",)"
    R"("message":"The ETag in If-Match is not the current one; read the resource again."})";

constexpr char kProduct[] = R"({"product": "P", "quantity": 1})";
const std::string kTimes = R"(,"created_at":"*","updated_at":"*"})";

std::string Undated(const std::string& id, int quantity = 1) {
  return R"({"id":")" + id + R"(","product":"P","quantity":)" + std::to_string(quantity) + kTimes;
}

std::string InvalidJson(int offset, const std::string& reason) {
  return R"({"error":"invalid_json","message":"The body is not valid JSON at byte )" +
         std::to_string(offset) + ": " + reason + R"("})";
}

// A request with a body of that type, and no Content-Type at all if it is kAbsent.
std::string WithType(const std::string& method, const std::string& target, const std::string& type,
                     const std::string& body) {
  return method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" +
         (type == kAbsent ? "" : "Content-Type: " + type + "\r\n") +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

const Headers kKey = {{"Idempotency-Key", "key-1"}};
const Headers kReplayed = {{"idempotency-replayed", "true"}};
const Headers kFirst = {{"idempotency-replayed", kAbsent}};

}  // namespace

// --- money ---

TEST_CASE("money is a number of at most two decimals on the wire and whole cents inside") {
  const TestServer server({"--order-gap", "0"},
                          R"({"starting_balance": 0.5, "services": [{"id": 1, "name": "S"}]})");
  CHECK(server.Ask("GET", "/api/users/u").body ==
        R"({"user":{"user_id":"u","data":{"balance":0.5,"product_ids":[]}}})");
  const struct {
    const char* given;
    const char* written;
    const char* cents;
  } rows[] = {
      {"500", "500", "50000"},
      {"75.99", "75.99", "7599"},
      {"0.5", "0.5", "50"},
      {"0.50", "0.5", "50"},
      {"0.05", "0.05", "5"},
      {"100.00", "100", "10000"},
      {"0", "0", "0"},
      {"-0", "0", "0"},
      {"1e2", "100", "10000"},
      {"1.5E+1", "15", "1500"},
      {"7599e-2", "75.99", "7599"},
      {"100.500", "100.5", "10050"},
      {"12345e-2", "123.45", "12345"},
      {"1E3", "1000", "100000"},
      {"1.000", "1", "100"},
      {"0.1000e1", "1", "100"},
      {"0e999999", "0", "0"},
      {"0.000e-99999999999999999999", "0", "0"},
      {"0.29", "0.29", "29"},
      // A double has no room for these cents.
      {"89999999999999.99", "89999999999999.99", "8999999999999999"},
      {"90000000000000", "90000000000000", "9000000000000000"},
      {"90000000000000.00", "90000000000000", "9000000000000000"},
  };
  int64_t id = 0;
  for (const auto& row : rows) {
    ++id;
    server.Check({row.given,
                  "POST",
                  "/orders",
                  R"({"product": "P", "quantity": 1, "totalfee": )" + std::string(row.given) + "}",
                  201,
                  R"({"id":")" + std::to_string(id) + R"(","totalfee":)" + row.written +
                      R"(,"product":"P","quantity":1)" + kTimes,
                  {},
                  {},
                  "SELECT totalfee, typeof(totalfee) FROM desk_orders WHERE id_number = " +
                      std::to_string(id),
                  std::string(row.cents) + "|integer"});
  }
  const std::string rule =
      "`totalfee` must be a number with at most two decimals, from -90000000000000.00 to "
      "90000000000000.00.";
  for (const char* refused :
       {"1.005", "1.001", "0.001", "1e-3", "90000000000000.01", "1e14", "1e999999999",
        "1e-999999999", "1e99999999999999999999", "-90000000000000.01", R"("100")", "true", "[1]",
        R"({"cents": 100})"}) {
    server.Check({refused, "POST", "/orders",
                  R"({"product": "P", "quantity": 1, "totalfee": )" + std::string(refused) + "}",
                  400, InvalidRequestBody("totalfee", rule)});
  }
}

// --- time ---

TEST_CASE("time is RFC 3339 with a zone coming in, and UTC with milliseconds going out") {
  const TestServer server({"--order-gap", "0"}, R"({"starting_balance": 0})");
  const struct {
    const char* given;
    const char* written;
    const char* ms;
  } rows[] = {
      {"2022-11-01T11:11:11.111Z", "2022-11-01T11:11:11.111Z", "1667301071111"},
      {"2022-11-01T11:11:11Z", "2022-11-01T11:11:11.000Z", "1667301071000"},
      {"2022-11-01T11:11:11.1Z", "2022-11-01T11:11:11.100Z", "1667301071100"},
      {"2022-11-01T11:11:11.01Z", "2022-11-01T11:11:11.010Z", "1667301071010"},
      {"2022-11-01T11:11:11.1119Z", "2022-11-01T11:11:11.111Z", "1667301071111"},
      {"2022-11-01T11:11:11.999999999Z", "2022-11-01T11:11:11.999Z", "1667301071999"},
      {"2022-11-01T13:11:11.111+02:00", "2022-11-01T11:11:11.111Z", "1667301071111"},
      {"2022-11-01T05:41:11.111-05:30", "2022-11-01T11:11:11.111Z", "1667301071111"},
      {"2022-11-01T00:30:00+02:00", "2022-10-31T22:30:00.000Z", "1667255400000"},
      {"2022-12-31T23:30:00-01:00", "2023-01-01T00:30:00.000Z", "1672533000000"},
      {"2022-11-01T11:11:11.111+00:00", "2022-11-01T11:11:11.111Z", "1667301071111"},
      {"2022-11-01T11:11:11.111-00:00", "2022-11-01T11:11:11.111Z", "1667301071111"},
      {"2022-11-01t11:11:11.111z", "2022-11-01T11:11:11.111Z", "1667301071111"},
      {"2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z", "1709208000000"},
      {"2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000Z", "951825600000"},
      {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z", "-1"},
      {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z", "253402300799999"},
      {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z", "-62167219200000"},
  };
  int64_t id = 0;
  for (const auto& row : rows) {
    ++id;
    server.Check(
        {row.given,
         "POST",
         "/orders",
         R"({"product": "P", "quantity": 1, "datetime": ")" + std::string(row.given) + "\"}",
         201,
         R"({"id":")" + std::to_string(id) + R"(","datetime":")" + row.written +
             R"(","product":"P","quantity":1)" + kTimes,
         {},
         {},
         "SELECT datetime FROM desk_orders WHERE id_number = " + std::to_string(id),
         row.ms});
  }
  const std::string rule =
      R"(`datetime` must be a date and time with a zone, such as \"2022-11-01T11:11:11.111Z\".)";
  for (const char* refused : {
           "",
           "tomorrow",
           "2022-11-01",
           "2022-11-01T11:11:11",
           "2022-11-01T11:11:11.111",
           "2022-11-01 11:11:11Z",
           "2022-11-01T11:11Z",
           "2022-11-01T11:11:11.Z",
           "2022-11-01T11:11:11,111Z",
           "2022-11-01T11:11:11+0200",
           "2022-11-01T11:11:11+02",
           "2022-11-01T11:11:11+24:00",
           "2022-11-01T11:11:11+02:60",
           "2022-11-01T11:11:11 Z",
           "2022-11-01T11:11:11ZZ",
           " 2022-11-01T11:11:11Z",
           "22-11-01T11:11:11Z",
           "2022-1-1T11:11:11Z",
           "+002022-11-01T11:11:11Z",
           "2022-00-01T00:00:00Z",
           "2022-13-01T00:00:00Z",
           "2022-11-00T00:00:00Z",
           "2022-11-31T00:00:00Z",
           "2022-02-29T00:00:00Z",
           "1900-02-29T00:00:00Z",
           "2022-11-01T24:00:00Z",
           "2022-11-01T23:60:00Z",
           "2022-11-01T23:59:61Z",
           "0000-01-01T00:00:00+00:01",
           "9999-12-31T23:59:59-00:01",
       }) {
    server.Check({refused, "POST", "/orders",
                  R"({"product": "P", "quantity": 1, "datetime": ")" + std::string(refused) + "\"}",
                  400, InvalidRequestBody("datetime", rule)});
  }
}

// --- JSON in ---

TEST_CASE("a body is JSON and says so, with parameters if it likes, or is refused with 415") {
  const TestServer server;
  const struct {
    std::string type;
    bool accepted;
  } types[] = {
      {"application/json", true},
      {"application/json; charset=utf-8", true},
      {"application/json;charset=UTF-8", true},
      {"application/json ; charset=utf-8", true},
      {"Application/JSON", true},
      {kAbsent, false},
      {"text/plain", false},
      {"text/plain; application/json", false},
      {"application/x-www-form-urlencoded", false},
      {"application/jsonp", false},
      {"application/problem+json", true},
      {"Application/vnd.api+JSON; a=\"b\"", true},
      {"application/+json", false},
      {"text/x+json", false},
      {"text/json", false},
  };
  const struct {
    std::string method;
    std::string target;
    std::string body;
    int status;
  } requests[] = {
      {"POST", "/orders", kProduct, 201},
      {"POST", "/api/orders", R"({"order": {"items": ["netflix"], "user_id": "?"}})", 200},
      {"POST", "/services", R"({"name": "S"})", 201},
      {"PUT", "/orders/223", R"({"totalfee": 1})", 200},
      {"PATCH", "/orders/223", R"({"totalfee": 1})", 200},
      {"PUT", "/services/123", R"({"name": "S"})", 200},
      {"DELETE", "/orders/none", "{}", 404},
  };
  int user = 0;
  for (const auto& type : types) {
    for (const auto& request : requests) {
      CAPTURE(type.type);
      CAPTURE(request.method);
      CAPTURE(request.target);
      std::string body = request.body;
      if (const size_t at = body.find('?'); at != std::string::npos) {
        body.replace(at, 1, std::to_string(++user));
      }
      const std::string before = server.Contents();
      const Answer answer =
          server.AskRaw(WithType(request.method, request.target, type.type, body));
      CHECK(answer.status == (type.accepted ? request.status : 415));
      if (type.accepted) continue;
      CHECK(answer.body == kUnsupported);
      CHECK(server.Contents() == before);
    }
  }
  // Without a body its type says nothing.
  CHECK(server.Ask("GET", "/api/products", "", {{"Content-Type", "text/plain"}}).status == 200);
  CHECK(server.Ask("DELETE", "/orders/224", "", {{"Content-Type", "text/plain"}}).status == 200);
}

TEST_CASE("malformed JSON is refused with the byte at which it goes wrong") {
  const TestServer server;
  const std::string trailing_comma = "A trailing comma is not allowed; remove it.";
  const std::string name_missing = "Missing a name for object member.";
  const std::string invalid_value = "Invalid value.";
  const std::string end_missing = "Missing a comma or '}' after an object member.";
  const std::string bad_escape = "Invalid escape character in string.";
  const struct {
    const char* name;
    std::string body;
    int offset;
    std::string reason;
  } rows[] = {
      {"one space", " ", 1, "The document is empty."},
      {"cut off after a brace", "{", 1, name_missing},
      {"cut off after a member", R"({"product": "P")", 15, end_missing},
      {"no value", R"({"product":})", 11, invalid_value},
      {"no colon", R"({"product" "P"})", 11, "Missing a colon after a name of object member."},
      {"a comma at the end of an object", R"({"product": "P",})", 16, trailing_comma},
      {"a comma at the end of a list", R"({"services": [1,]})", 16, trailing_comma},
      {"single quotes", "{'product': 'P'}", 1, name_missing},
      {"a word", "nul", 3, invalid_value},
      {"not a number", R"({"quantity": NaN})", 13, invalid_value},
      {"a number that begins with 0", R"({"quantity": 01})", 14, end_missing},
      {"a comment", "{} // done", 3, "The document root must not be followed by other values."},
      {"two values", "{} {}", 3, "The document root must not be followed by other values."},
      {"a string without an end", R"({"product": "P)", 14,
       "Missing a closing quotation mark in string."},
      {"a line feed in a string", "{\"product\": \"a\nb\"}", 14, bad_escape},
      {"a lone surrogate", R"({"product": "\ud800"})", 13,
       "The surrogate pair in string is invalid."},
      {"an unknown escape", R"({"product": "\x"})", 13, bad_escape},
  };
  for (const auto& row : rows) {
    for (const char* target : {"/orders", "/api/orders", "/services"}) {
      server.Check({row.name, "POST", target, row.body, 400, InvalidJson(row.offset, row.reason)});
    }
    server.Check(
        {row.name, "PUT", "/orders/223", row.body, 400, InvalidJson(row.offset, row.reason)});
  }
  CHECK(server.AskRaw(WithType("POST", "/orders", "application/json", "")).body ==
        InvalidJson(0, "The document is empty."));
}

TEST_CASE("a body is valid UTF-8") {
  const TestServer server;
  const auto order = [](const std::string& product) {
    return R"({"product": ")" + product + R"(", "quantity": 1})";
  };
  for (const std::string product :
       {"\xC3\xA3", "\xE2\x82\xAC", "\xF0\x9F\x99\x8C", "\xEF\xBF\xBD", R"(\ud83d\ude4c)"}) {
    CHECK(server.Ask("POST", "/orders", order(product)).status == 201);
  }
  CHECK(server.Query("SELECT hex(product) FROM desk_orders WHERE product IS NOT NULL") ==
        "C3A3\nE282AC\nF09F998C\nEFBFBD\nF09F998C");
  for (const std::string bytes :
       {"\xFF", "\x80", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
        "\xF8\x88\x80\x80\x80", "Jo\xE3o"}) {
    CAPTURE(bytes);
    const Answer answer = server.Ask("POST", "/orders", order(bytes));
    CHECK(answer.status == 400);
    CHECK(answer.body.starts_with(
        R"({"error":"invalid_json","message":"The body is not valid JSON at byte 1)"));
    CHECK(answer.body.ends_with(R"(: Invalid encoding in string."})"));
  }
  CHECK(server.Query("SELECT count(*) FROM desk_orders") == "8");
}

TEST_CASE("32 levels of nesting are read, and one more is not") {
  const TestServer server;
  const auto nested = [](size_t levels) {
    // One level is the object itself.
    return R"({"note": )" + Repeat("[", levels - 1) + Repeat("]", levels - 1) + "}";
  };
  server.CheckAll({
      {"32 levels", "POST", "/orders", nested(32), 400,
       InvalidRequestBody("note", "Unknown field: `note`.")},
      {"33 levels", "POST", "/orders", nested(33), 400,
       InvalidJson(40, "More than 32 levels are nested.")},
  });
}

TEST_CASE("a body of 1 MiB is read, and one byte more is refused with 413") {
  const TestServer server;
  constexpr size_t kMebibyte = 1024 * 1024;
  const std::string order = kProduct;
  server.CheckAll({
      {"1 MiB", "POST", "/orders", order + std::string(kMebibyte - order.size(), ' '), 201,
       Undated("226")},
      {"one byte more", "POST", "/orders", order + std::string(kMebibyte - order.size() + 1, ' '),
       413, R"({"error":"payload_too_large","message":"A body has at most 1 MiB."})"},
  });
}

TEST_CASE("an error names its code, says one sentence, and names a field only if one is at fault") {
  const TestServer server;
  server.CheckAll({
      {"a field of the body", "POST", "/orders", R"({"product": "P", "quantity": 0})", 400,
       R"({"error":"invalid_request","message":"`quantity` must be an integer of at least 1.",)"
       R"("field":"quantity"})"},
      {"a field within another", "POST", "/api/orders", R"({"order": {"user_id": "u"}})", 400,
       R"({"error":"invalid_request","message":"`order.items` is missing.","field":"order.items"})"},
      {"the first of several", "POST", "/api/orders", R"({"order": {"user_id": "", "x": 1}})", 400,
       R"({"error":"invalid_request","message":"`order.items` is missing.","field":"order.items"})"},
      {"the body as a whole", "POST", "/services", "3", 400,
       R"({"error":"invalid_request","message":"The body must be an object."})"},
      {"no field", "GET", "/orders/none", "", 404,
       R"({"error":"order_not_found","message":"No order has this id."})"},
      {"a field whose name must be escaped", "POST", "/services", R"({"name": "S", "a\"b": 1})",
       400,
       R"({"error":"invalid_request","message":"Unknown field: `a\"b`.",)"
       R"("field":"a\"b"})"},
  });
}

TEST_CASE("a body whose encoding is identity has none") {
  TestServer server;
  for (const char* encoding : {"identity", "Identity"}) {
    CHECK(server.Ask("POST", "/orders", kProduct, {{"Content-Encoding", encoding}}).status == 201);
  }
  const std::string before = server.Contents();
  for (const char* encoding : {"gzip", "identity, gzip", ""}) {
    CHECK(server.Ask("POST", "/orders", kProduct, {{"Content-Encoding", encoding}}).status == 415);
  }
  CHECK(server.Contents() == before);
}

TEST_CASE("a form of several parts is refused as another type, well-formed or not, with 415") {
  const TestServer server;
  const std::string type = "multipart/form-data; boundary=x";
  const std::string form =
      "--x\r\nContent-Disposition: form-data; name=\"quantity\"\r\n\r\n1\r\n--x--\r\n";
  for (const std::string& body : {form, std::string("{}"), std::string(20'000, 'x')}) {
    server.Check({"POST", "POST", "/orders", body, 415, kUnsupported, {{"Content-Type", type}}});
    server.Check({"GET", "GET", "/orders", body, 415, kUnsupported, {{"Content-Type", type}}});
  }
  Connection connection(server.port());
  CHECK(connection.Ask("POST", "/orders", form, {{"Content-Type", type}})->status == 415);
  const auto next = connection.Ask("POST", "/orders", kProduct);
  REQUIRE(next.has_value());
  CHECK(next->status == 201);
}

TEST_CASE("a body of another type is refused with 415 on a GET as well") {
  const TestServer server;
  const Headers text = {{"Content-Type", "text/plain"}};
  for (const std::string target : {"/api/users/u", "/api/products", "/orders", "/services"}) {
    server.Check({target, "GET", target, "x", 415, kUnsupported, text});
    server.Check({target, "HEAD", target, "x", 415, "", text});
    CHECK(server.Ask("GET", target, "{}").status == 200);
  }
}

// --- on the disk ---

TEST_CASE("what was answered with 2xx is there after a crash") {
  TestServer server;
  CHECK(server.Ask("GET", "/api/users/seen").status == 200);
  CHECK(server.Ask("POST", "/api/orders", R"({"order": {"items": ["tap"], "user_id": "u"}})")
            .status == 200);
  CHECK(server.Ask("POST", "/orders", kProduct).status == 201);
  CHECK(server.Ask("PUT", "/orders/223", R"({"totalfee": 7.5})").status == 200);
  CHECK(server.Ask("DELETE", "/orders/224").status == 200);
  CHECK(server.Ask("POST", "/services", R"({"name": "S"})").status == 201);
  server.CrashAndRestart();
  CHECK(server.Ask("GET", "/api/users/u").body ==
        R"({"user":{"user_id":"u","data":{"balance":440,"product_ids":["tap"]}}})");
  CHECK(server.Query("SELECT user_id FROM users ORDER BY user_id") == "seen\nu");
  CHECK(server.Query("SELECT id, totalfee FROM desk_orders ORDER BY id") ==
        "223|750\n225|10000\n226|NULL");
  CHECK(server.Ask("GET", "/services/790").status == 200);
  CHECK(server.Query("PRAGMA journal_mode") == "wal");
  CHECK(server.Query("PRAGMA integrity_check") == "ok");
}

// --- addresses and methods ---

TEST_CASE("an unknown path is 404 in JSON, whatever the method") {
  const TestServer server;
  for (const char* target : {"/api", "/api/", "/api/nothing", "/orders/1/2", "/user/u",
                             "/api/users/a/b", "/Orders", "/services/123/orders", "//orders"}) {
    server.Check({"GET", "GET", target, "", 404, kNotFound});
    server.Check({"POST", "POST", target, "{}", 404, kNotFound});
    server.Check({"DELETE", "DELETE", target, "", 404, kNotFound});
    server.Check({"HEAD", "HEAD", target, "", 404, ""});
  }
}

TEST_CASE("another method than a path has is 405 with those it has, and OPTIONS names them") {
  const TestServer server;
  const struct {
    const char* target;
    const char* allow;
    std::vector<std::string> refused;
  } rows[] = {
      {"/api/users/u", "GET, HEAD, OPTIONS", {"POST", "PUT", "PATCH", "DELETE"}},
      {"/users/u", "GET, HEAD, OPTIONS", {"POST", "PUT", "PATCH", "DELETE"}},
      {"/api/products", "GET, HEAD, OPTIONS", {"POST", "PUT", "PATCH", "DELETE"}},
      {"/products", "GET, HEAD, OPTIONS", {"POST", "PUT", "PATCH", "DELETE"}},
      {"/api/orders", "POST, GET, HEAD, OPTIONS", {"PUT", "PATCH", "DELETE"}},
      {"/api/orders/1", "GET, HEAD, OPTIONS", {"POST", "PUT", "PATCH", "DELETE"}},
      {"/orders", "POST, GET, HEAD, OPTIONS", {"PUT", "PATCH", "DELETE"}},
      {"/orders/223", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS", {"POST"}},
      {"/orders/none", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS", {"POST"}},
      {"/services", "GET, HEAD, POST, OPTIONS", {"PUT", "PATCH", "DELETE"}},
      {"/services/123", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS", {"POST"}},
  };
  for (const auto& row : rows) {
    for (const std::string& method : row.refused) {
      server.Check({method,
                    method,
                    row.target,
                    "{}",
                    405,
                    R"({"error":"method_not_allowed","message":"This address answers only to )" +
                        std::string(row.allow) + R"(."})",
                    {},
                    {{"allow", row.allow}}});
    }
    server.Check({"OPTIONS",
                  "OPTIONS",
                  row.target,
                  "",
                  204,
                  "",
                  {},
                  {{"allow", row.allow}, {"content-length", kAbsent}}});
  }
}

// --- HEAD, ETag, If-None-Match ---

TEST_CASE("every GET has an ETag and a HEAD with the same headers, and 304 for what is known") {
  const TestServer server;
  CHECK(server.Ask("POST", "/api/orders", R"({"order": {"items": ["tap"], "user_id": "u"}})")
            .status == 200);
  for (const std::string target :
       {"/api/users/u", "/users/u", "/api/products", "/products", "/api/orders?user_id=u",
        "/api/orders/1", "/orders", "/orders?limit=2", "/orders/223", "/services",
        "/services/123"}) {
    CAPTURE(target);
    const Answer got = server.Ask("GET", target);
    CHECK(got.status == 200);
    const std::string tag = got.Header("etag");
    CHECK(tag.size() > 2);
    CHECK(tag.front() == '"');
    CHECK(tag.back() == '"');

    const Answer head = server.Ask("HEAD", target);
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    CHECK(head.headers == got.headers);
    CHECK(head.Header("content-length") == std::to_string(got.body.size()));

    for (const std::string& known : {tag, "W/" + tag, R"("other", )" + tag, std::string("*")}) {
      for (const std::string method : {"GET", "HEAD"}) {
        server.Check({"If-None-Match: " + known,
                      method,
                      target,
                      "",
                      304,
                      "",
                      {{"If-None-Match", known}},
                      {{"etag", tag}, {"content-length", kAbsent}, {"content-type", kAbsent}}});
      }
    }
    server.Check({"If-None-Match with another tag",
                  "GET",
                  target,
                  "",
                  200,
                  MaskTimes(got.body),
                  {{"If-None-Match", R"("other")"}},
                  {{"etag", tag}}});
    server.Check({"If-None-Match with a part of it",
                  "GET",
                  target,
                  "",
                  200,
                  MaskTimes(got.body),
                  {{"If-None-Match", tag.substr(1, tag.size() - 2)}},
                  {{"etag", tag}}});
  }
  CHECK(!server.Ask("GET", "/orders/none").headers.contains("etag"));
}

TEST_CASE("an ETag changes with what it stands for, and with nothing else") {
  const TestServer server;
  const auto tag_of = [&server](const char* target) {
    return server.Ask("GET", target).Header("etag");
  };
  const std::string order = tag_of("/orders/223");
  const std::string other = tag_of("/orders/224");
  const std::string all = tag_of("/orders");
  const std::string products = tag_of("/api/products");
  CHECK(order != other);
  CHECK(server.Ask("PUT", "/orders/223", R"({"totalfee": 1})").status == 200);
  CHECK(tag_of("/orders/223") != order);
  CHECK(tag_of("/orders") != all);
  CHECK(tag_of("/orders/224") == other);
  CHECK(tag_of("/api/products") == products);
  CHECK(server.Ask("GET", "/orders/223", "", {{"If-None-Match", order}}).status == 200);
}

TEST_CASE("an ETag outlives a restart") {
  TestServer server;
  const std::string tag = server.Ask("GET", "/orders/223").Header("etag");
  server.Restart();
  CHECK(server.Ask("GET", "/orders/223", "", {{"If-None-Match", tag}}).status == 304);
}

TEST_CASE("If-Match: a change to an order that was changed since is refused with 412") {
  const TestServer server;
  const std::string read = server.Ask("GET", "/orders/223").Header("etag");
  const Answer changed =
      server.Ask("PUT", "/orders/223", R"({"totalfee": 1})", {{"If-Match", read}});
  CHECK(changed.status == 200);
  const std::string now = changed.Header("etag");
  CHECK(now == server.Ask("GET", "/orders/223").Header("etag"));
  CHECK(now != read);
  for (const std::string& stale :
       {read, std::string(R"("other")"), "W/" + now, now.substr(1, now.size() - 2)}) {
    const Headers if_match = {{"If-Match", stale}};
    server.CheckAll({
        {"PUT " + stale, "PUT", "/orders/223", R"({"totalfee": 2})", 412, kStale, if_match},
        {"PATCH " + stale, "PATCH", "/orders/223", R"({"totalfee": 2})", 412, kStale, if_match},
        {"DELETE " + stale, "DELETE", "/orders/223", "", 412, kStale, if_match},
    });
  }
  CHECK(
      server.Ask("PATCH", "/orders/223", R"({"totalfee": 3})", {{"If-Match", R"("other", )" + now}})
          .status == 200);
  CHECK(server.Ask("PUT", "/orders/223", R"({"totalfee": 4})", {{"If-Match", "*"}}).status == 200);
  CHECK(server.Query("SELECT totalfee FROM desk_orders WHERE id = '223'") == "400");
  const std::string missing = R"({"error":"order_not_found","message":"No order has this id."})";
  server.CheckAll({
      {"an order that is not there",
       "PUT",
       "/orders/none",
       R"({"totalfee": 2})",
       404,
       missing,
       {{"If-Match", now}}},
      {"nor to be deleted", "DELETE", "/orders/none", "", 404, missing, {{"If-Match", "*"}}},
      {"deleted with the tag that it has",
       "DELETE",
       "/orders/223",
       "",
       200,
       MaskTimes(server.Ask("GET", "/orders/223").body),
       {{"If-Match", server.Ask("GET", "/orders/223").Header("etag")}},
       {},
       "SELECT count(*) FROM desk_orders WHERE id = '223'",
       "0"},
  });
}

TEST_CASE("of several changes at once that name the same tag exactly one is made") {
  const TestServer server;
  const std::string tag = server.Ask("GET", "/orders/223").Header("etag");
  std::vector<std::string> requests;
  for (int fee = 1; fee <= 16; ++fee) {
    requests.push_back(RequestText(
        "PUT", "/orders/223", R"({"totalfee": )" + std::to_string(fee) + "}", {{"If-Match", tag}}));
  }
  CHECK(CountStatuses(AskAtOnce(server.port(), requests)) == "1x200 15x412");
}

// --- Idempotency-Key ---

TEST_CASE("a POST repeated with its Idempotency-Key is answered as before and done once") {
  const TestServer server;
  const std::string wanted = R"({"order": {"items": ["tap"], "user_id": "u"}})";
  const std::string placed = R"({"order":{"order_id":"1","data":{"items":["tap"],"total":60}}})";
  const auto key = [](const std::string& value) { return Headers{{"Idempotency-Key", value}}; };
  const Headers first_order = {{"location", "/orders/226"}, {"idempotency-replayed", kAbsent}};
  const Headers same_order = {{"location", "/orders/226"}, {"idempotency-replayed", "true"}};
  const Headers first_service = {{"location", "/services/790"}, {"idempotency-replayed", kAbsent}};
  const Headers same_service = {{"location", "/services/790"}, {"idempotency-replayed", "true"}};
  const std::string service = R"({"id":790,"name":"S"})";
  server.CheckAll({
      {"the shop", "POST", "/api/orders", wanted, 200, placed, key("shop"), kFirst,
       "SELECT balance FROM users", "44000"},
      {"again", "POST", "/api/orders", wanted, 200, placed, key("shop"), kReplayed,
       "SELECT balance FROM users", "44000"},
      {"without the key it is another request",
       "POST",
       "/api/orders",
       wanted,
       400,
       R"({"error":"products_already_purchased"})",
       {},
       kFirst},
      {"the desk", "POST", "/orders", kProduct, 201, Undated("226"), key("desk"), first_order,
       "SELECT count(*) FROM desk_orders", "4"},
      {"again", "POST", "/orders", kProduct, 201, Undated("226"), key("desk"), same_order,
       "SELECT count(*) FROM desk_orders", "4"},
      {"and again", "POST", "/orders", kProduct, 201, Undated("226"), key("desk"), same_order,
       "SELECT count(*) FROM desk_orders", "4"},
      {"services", "POST", "/services", R"({"name": "S"})", 201, service, key("services"),
       first_service, "SELECT count(*) FROM services", "4"},
      {"again", "POST", "/services", R"({"name": "S"})", 201, service, key("services"),
       same_service, "SELECT count(*) FROM services", "4"},
      {"the order goes", "DELETE", "/orders/226", "", 200, Undated("226")},
      {"the answer stays", "POST", "/orders", kProduct, 201, Undated("226"), key("desk"),
       same_order, "SELECT count(*) FROM desk_orders", "3"},
  });
  const Answer one = server.Ask("POST", "/orders", kProduct, key("exact"));
  const Answer two = server.Ask("POST", "/orders", kProduct, key("exact"));
  CHECK(one.body == two.body);
}

TEST_CASE("a refusal is kept under its Idempotency-Key as well") {
  const TestServer server;
  const auto key = [](const std::string& value) { return Headers{{"Idempotency-Key", value}}; };
  const std::string unknown = R"({"order": {"items": ["hbo"], "user_id": "u"}})";
  const std::string at = R"({"product": "P", "quantity": 1, "datetime": "2022-11-01T12:00:00Z"})";
  const std::string conflict =
      R"({"error":"order_conflict","message":"Order 223 is less than 3 hours before or after this time.",)"
      R"("field":"datetime","conflicts_with":"223","next_available":"2022-11-01T14:11:11.111Z"})";
  server.CheckAll({
      {"the shop's", "POST", "/api/orders", unknown, 400, R"({"error":"products_not_found"})",
       key("a"), kFirst},
      {"again", "POST", "/api/orders", unknown, 400, R"({"error":"products_not_found"})", key("a"),
       kReplayed},
      {"the desk's", "POST", "/orders", at, 409, conflict, key("b"), kFirst},
  });
  for (const char* target : {"/orders/223", "/orders/224", "/orders/225"}) {
    CHECK(server.Ask("DELETE", target).status == 200);
  }
  server.CheckAll({
      {"again, although the slot is free by now", "POST", "/orders", at, 409, conflict, key("b"),
       kReplayed, "SELECT count(*) FROM desk_orders", "0"},
      {"under another key it is accepted", "POST", "/orders", at, 201,
       R"({"id":"226","datetime":"2022-11-01T12:00:00.000Z","product":"P","quantity":1)" + kTimes,
       key("c"), kFirst},
  });
}

TEST_CASE("an Idempotency-Key used with another body or path is refused with 422") {
  const TestServer server;
  const std::string wanted = R"({"order": {"items": ["tap"], "user_id": "u"}})";
  server.CheckAll({
      {"the first", "POST", "/orders", kProduct, 201, Undated("226"), kKey, kFirst},
      {"another body", "POST", "/orders", R"({"product": "P", "quantity": 2})", 422, kReused, kKey,
       kFirst},
      {"the same value in another spelling", "POST", "/orders",
       R"({"quantity": 1.0, "product": "\u0050"})", 201, Undated("226"), kKey, kReplayed},
      {"another path", "POST", "/services", R"({"name": "S"})", 422, kReused, kKey, kFirst},
      {"another path and shop", "POST", "/api/orders", wanted, 422, kReused, kKey, kFirst},
      {"the first again", "POST", "/orders", kProduct, 201, Undated("226"), kKey, kReplayed},
      {"another key",
       "POST",
       "/api/orders",
       wanted,
       200,
       R"({"order":{"order_id":"1","data":{"items":["tap"],"total":60}}})",
       {{"Idempotency-Key", "key-2"}},
       kFirst},
      {"the same body, another path",
       "POST",
       "/orders",
       wanted,
       422,
       kReused,
       {{"Idempotency-Key", "key-2"}},
       kFirst},
      {"keys are compared byte for byte",
       "POST",
       "/orders",
       kProduct,
       201,
       Undated("227"),
       {{"Idempotency-Key", "KEY-1"}},
       kFirst},
  });
}

TEST_CASE("a request that fails validation is not kept under its Idempotency-Key") {
  const TestServer server;
  const struct {
    std::string name;
    std::string bytes;
    int status;
  } refused[] = {
      {"no JSON", RequestText("POST", "/orders", "{", kKey), 400},
      {"an invalid request", RequestText("POST", "/orders", R"({"quantity": 1})", kKey), 400},
      {"an invalid request that takes the database to see",
       RequestText("POST", "/orders",
                   R"({"totalfee": 1, "services": [{"id": 123, "name": "Testing"}]})", kKey),
       400},
      {"one to the shop", RequestText("POST", "/api/orders", R"({"order": {}})", kKey), 400},
      {"one to the services", RequestText("POST", "/services", "{}", kKey), 400},
      {"another type",
       RequestText("POST", "/orders", kProduct,
                   {{"Idempotency-Key", "key-1"}, {"Content-Type", "text/plain"}}),
       415},
      {"another path", RequestText("POST", "/nothing", kProduct, kKey), 404},
      {"another method", RequestText("POST", "/orders/223", kProduct, kKey), 405},
  };
  for (const auto& row : refused) {
    CAPTURE(row.name);
    CHECK(server.AskRaw(row.bytes).status == row.status);
    CHECK(server.Query("SELECT count(*) FROM idempotent_answers") == "0");
  }
  server.Check({"then a valid one", "POST", "/orders", kProduct, 201, Undated("226"), kKey, kFirst,
                "SELECT count(*) FROM idempotent_answers", "1"});
}

TEST_CASE("an Idempotency-Key has 1 to 255 bytes") {
  const TestServer server;
  const std::string rule = "`Idempotency-Key` must have 1 to 255 bytes.";
  server.CheckAll({
      {"one byte", "POST", "/orders", kProduct, 201, Undated("226"), {{"Idempotency-Key", "x"}}},
      {"255 bytes",
       "POST",
       "/orders",
       kProduct,
       201,
       Undated("227"),
       {{"Idempotency-Key", Repeat("x", 255)}}},
      {"again",
       "POST",
       "/orders",
       kProduct,
       201,
       Undated("227"),
       {{"Idempotency-Key", Repeat("x", 255)}},
       kReplayed},
      {"256 bytes",
       "POST",
       "/orders",
       kProduct,
       400,
       InvalidRequestBody("Idempotency-Key", rule),
       {{"Idempotency-Key", Repeat("x", 256)}}},
      {"empty",
       "POST",
       "/orders",
       kProduct,
       400,
       InvalidRequestBody("Idempotency-Key", rule),
       {{"Idempotency-Key", ""}}},
  });
}

TEST_CASE("one Idempotency-Key used by 32 clients at once: the request is done once") {
  const TestServer server;
  const std::vector<std::string> requests(32, RequestText("POST", "/orders", kProduct, kKey));
  const auto answers = AskAtOnce(server.port(), requests);
  CHECK(CountStatuses(answers) == "32x201");
  CHECK(std::ranges::count_if(answers, [](const Answer& answer) {
          return answer.Header("idempotency-replayed") == "true";
        }) == 31);
  for (const Answer& answer : answers) CHECK(answer.body == answers[0].body);
  CHECK(server.Query("SELECT count(*) FROM desk_orders") == "4");
}

TEST_CASE("one Idempotency-Key used at once for two requests: one is done, the other refused") {
  const TestServer server;
  std::vector<std::string> requests;
  for (int quantity = 1; quantity <= 8; ++quantity) {
    requests.push_back(
        RequestText("POST", "/orders",
                    R"({"product": "P", "quantity": )" + std::to_string(quantity) + "}", kKey));
  }
  CHECK(CountStatuses(AskAtOnce(server.port(), requests)) == "1x201 7x422");
  CHECK(server.Query("SELECT count(*) FROM desk_orders") == "4");
}

TEST_CASE("what is kept under an Idempotency-Key outlives a restart and a crash") {
  TestServer server;
  const Answer first = server.Ask("POST", "/orders", kProduct, kKey);
  CHECK(first.status == 201);
  for (const bool crash : {false, true}) {
    if (crash) {
      server.CrashAndRestart();
    } else {
      server.Restart();
    }
    const Answer again = server.Ask("POST", "/orders", kProduct, kKey);
    CHECK(again.status == 201);
    CHECK(again.body == first.body);
    CHECK(again.Header("location") == "/orders/226");
    CHECK(again.Header("idempotency-replayed") == "true");
    CHECK(server.Ask("POST", "/orders", R"({"product": "Q", "quantity": 1})", kKey).status == 422);
  }
  CHECK(server.Query("SELECT count(*) FROM desk_orders") == "4");
}

TEST_CASE("an answer is kept for 24 hours") {
  TestServer server;
  CHECK(server.Ask("POST", "/orders", kProduct, kKey).status == 201);
  server.Restart("UPDATE idempotent_answers SET created_at = created_at - 86400000 + 60000");
  server.Check({"a minute before they are over", "POST", "/orders", kProduct, 201, Undated("226"),
                kKey, kReplayed, "SELECT count(*) FROM desk_orders", "4"});
  server.Restart("UPDATE idempotent_answers SET created_at = created_at - 60000");
  server.CheckAll({
      {"when they are over", "POST", "/orders", kProduct, 201, Undated("227"), kKey, kFirst,
       "SELECT count(*) FROM desk_orders", "5"},
      {"from then on it is the new one", "POST", "/orders", kProduct, 201, Undated("227"), kKey,
       kReplayed, "SELECT count(*) FROM idempotent_answers", "1"},
  });
}

TEST_CASE("an Idempotency-Key says nothing on other methods") {
  const TestServer server;
  server.CheckAll({
      {"PUT", "PUT", "/orders/223", R"({"totalfee": 1})", 200,
       R"({"id":"223","datetime":"2022-11-01T11:11:11.111Z","totalfee":1,)"
       R"("services":[{"id":"123","name":"Inspection"}])" +
           kTimes,
       kKey, kFirst},
      {"DELETE", "DELETE", "/orders/223", "", 200,
       R"({"id":"223","datetime":"2022-11-01T11:11:11.111Z","totalfee":1,)"
       R"("services":[{"id":"123","name":"Inspection"}])" +
           kTimes,
       kKey, kFirst},
      {"DELETE again", "DELETE", "/orders/223", "", 404,
       R"({"error":"order_not_found","message":"No order has this id."})", kKey, kFirst,
       "SELECT count(*) FROM idempotent_answers", "0"},
  });
}
