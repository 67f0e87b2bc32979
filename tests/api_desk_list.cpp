// SPEC section 4: listing orders.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/desk.h"

using namespace kiosk::test;

namespace {

// The Link after the order with this id: of the seed, or one of those an hour apart.
std::string Next(const std::string& query, const std::string& id) {
  const int64_t number = std::stoll(id);
  const int64_t at = number > 100 ? 1'667'301'071'111 : 1'893'452'400'000 + number * 3'600'000;
  return "</orders?" + query + "after=~" + std::to_string(at) + "~" + id + ">; rel=\"next\"";
}

}  // namespace

TEST_CASE("GET /orders lists by datetime, those without one last, then by id") {
  const TestServer server({"--order-gap", "0"}, kNoOrders);
  for (
      const char* body : {
          R"({"id": "b", "product": "P", "quantity": 1})",
          R"({"id": "10", "product": "P", "quantity": 1})",
          R"({"id": "9", "product": "P", "quantity": 1})",
          R"({"id": "a", "product": "P", "quantity": 1})",
          R"({"id": "3", "product": "P", "quantity": 1, "datetime": "2030-01-02T00:00:00Z"})",
          R"({"id": "20", "product": "P", "quantity": 1, "datetime": "2030-01-01T00:00:00Z"})",
          R"({"id": "100", "product": "P", "quantity": 1, "datetime": "2030-01-01T00:00:00Z"})",
          R"({"id": "4", "product": "P", "quantity": 1, "datetime": "1969-12-31T23:59:59Z"})",
          R"({"id": "x", "totalfee": 1, "services": [123, 789], "datetime": "2030-01-01T00:00:00.001Z"})",
      }) {
    CHECK(server.Ask("POST", "/orders", body).status == 201);
  }
  const Answer all = server.Ask("GET", "/orders");
  CHECK(all.status == 200);
  CHECK(Ids(all.body) == "4 20 100 x 3 9 10 a b");
}

TEST_CASE("GET /orders takes a range of time, a service, and pages") {
  const TestServer server({"--order-gap", "0"}, kNoOrders);
  // Ids 1 to 6: at 00:00, 01:00, … 04:00, and one without a time.
  for (const char* body : {
           R"({"totalfee": 1, "services": [123], "datetime": "2030-01-01T00:00:00Z"})",
           R"({"totalfee": 1, "services": [789], "datetime": "2030-01-01T01:00:00Z"})",
           R"({"totalfee": 1, "services": [123, 789], "datetime": "2030-01-01T02:00:00Z"})",
           R"({"product": "P", "quantity": 1, "datetime": "2030-01-01T03:00:00Z"})",
           R"({"totalfee": 1, "services": [123], "datetime": "2030-01-01T04:00:00Z"})",
           R"({"product": "P", "quantity": 1})",
       }) {
    CHECK(server.Ask("POST", "/orders", body).status == 201);
  }
  const struct {
    std::string query;
    std::string ids;
    std::string link;
  } rows[] = {
      {"", "1 2 3 4 5 6", kAbsent},
      {"?from=2030-01-01T01:00:00Z", "2 3 4 5", kAbsent},
      {"?from=2030-01-01T01:00:00.001Z", "3 4 5", kAbsent},
      {"?to=2030-01-01T02:00:00Z", "1 2", kAbsent},
      {"?to=2030-01-01T02:00:00.001Z", "1 2 3", kAbsent},
      {"?from=2030-01-01T01:00:00Z&to=2030-01-01T03:00:00Z", "2 3", kAbsent},
      {"?from=2030-01-01T03:00:00%2B02:00", "2 3 4 5", kAbsent},
      {"?from=2030-01-01T03:00:00+02:00", "2 3 4 5", kAbsent},
      {"?from=2030-01-01T05:00:00Z", "", kAbsent},
      {"?from=2030-01-01T03:00:00Z&to=2030-01-01T01:00:00Z", "", kAbsent},
      {"?service_id=123", "1 3 5", kAbsent},
      {"?service_id=789", "2 3", kAbsent},
      {"?service_id=456", "", kAbsent},
      {"?service_id=1", "", kAbsent},
      {"?service_id=9007199254740991", "", kAbsent},
      {"?service_id=123&from=2030-01-01T01:00:00Z&to=2030-01-01T04:00:00Z", "3", kAbsent},
      {"?limit=2", "1 2", Next("limit=2&", "2")},
      {"?limit=2&after=2", "3 4", Next("limit=2&", "4")},
      {"?limit=2&after=4", "5 6", kAbsent},
      {"?limit=2&after=6", "", kAbsent},
      {"?after=4", "5 6", kAbsent},
      {"?limit=6", "1 2 3 4 5 6", kAbsent},
      {"?limit=1000", "1 2 3 4 5 6", kAbsent},
      {"?limit=5", "1 2 3 4 5", Next("limit=5&", "5")},
      {"?service_id=123&limit=1&after=1", "3", Next("service_id=123&limit=1&", "3")},
      {"?service_id=123&limit=1&after=3", "5", kAbsent},
      {"?from=2030-01-01T01:00:00Z&limit=2", "2 3",
       Next("from=2030-01-01T01:00:00Z&limit=2&", "3")},
      {"?from=2030-01-01T01:00:00Z&limit=2&after=3", "4 5", kAbsent},
      {"?from=2030-01-01T03:00:00+02:00&limit=1", "2",
       Next("from=2030-01-01T03:00:00+02:00&limit=1&", "2")},
  };
  for (const auto& row : rows) {
    CAPTURE(row.query);
    const Answer answer = server.Ask("GET", "/orders" + row.query);
    CHECK(answer.status == 200);
    CHECK(answer.body.front() == '[');
    CHECK(answer.body.back() == ']');
    CHECK(Ids(answer.body) == row.ids);
    CHECK((answer.headers.contains("link") ? answer.Header("link") : kAbsent) == row.link);
  }
  const auto time_rule = [](const std::string& name) {
    return "`" + name + "` must be a date and time with a zone, such as 2022-11-01T11:11:11.111Z.";
  };
  const std::string limit_rule = "`limit` must be an integer from 1 to 1000.";
  server.CheckAll({
      {"from is no time", "GET", "/orders?from=tomorrow", "", 400,
       InvalidRequestBody("from", time_rule("from"))},
      {"to without a zone", "GET", "/orders?to=2030-01-01T00:00:00", "", 400,
       InvalidRequestBody("to", time_rule("to"))},
      {"an empty from", "GET", "/orders?from=", "", 400,
       InvalidRequestBody("from", time_rule("from"))},
      {"a service that is no number", "GET", "/orders?service_id=x", "", 400,
       InvalidRequestBody("service_id",
                          "`service_id` must be an integer from 1 to 9007199254740991.")},
      {"no orders a page", "GET", "/orders?limit=0", "", 400,
       InvalidRequestBody("limit", limit_rule)},
      {"fewer", "GET", "/orders?limit=-1", "", 400, InvalidRequestBody("limit", limit_rule)},
      {"too many", "GET", "/orders?limit=1001", "", 400, InvalidRequestBody("limit", limit_rule)},
      {"a limit that is no number", "GET", "/orders?limit=1x", "", 400,
       InvalidRequestBody("limit", limit_rule)},
      {"after an order that is not there", "GET", "/orders?after=77", "", 400,
       InvalidRequestBody("after", "No order has or had the id in `after`.")},
  });
}

TEST_CASE("a Link holds no control character, and leads on however after was written") {
  const TestServer server;
  struct Row {
    std::string query;
    std::string link;
  };
  const Row rows[] = {
      {"?limit=1&x=a\rb", R"(</orders?limit=1&after=~1667301071111~223>; rel="next")"},
      {"?limit=1&x=\x01", R"(</orders?limit=1&after=~1667301071111~223>; rel="next")"},
      {"?limit=1&x=\tb", R"(</orders?limit=1&after=~1667301071111~223>; rel="next")"},
      {"?x=\x7F&limit=1", R"(</orders?limit=1&after=~1667301071111~223>; rel="next")"},
      {"?limit=1&x=<y>", R"(</orders?limit=1&after=~1667301071111~223>; rel="next")"},
      {"?limit=1&x=%0D%0Ab", R"(</orders?limit=1&x=%0D%0Ab&after=~1667301071111~223>; rel="next")"},
      {"?limit=1&a%66ter=223", R"(</orders?limit=1&after=~1667301071111~224>; rel="next")"},
      {"?%61fter=223&limit=1", R"(</orders?limit=1&after=~1667301071111~224>; rel="next")"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.query);
    const Answer answer =
        server.AskRaw("GET /orders" + row.query + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(answer.status == 200);
    CHECK(answer.Header("link") == row.link);
  }
}

TEST_CASE("following Link walks through all orders once, in the order of the whole list") {
  const TestServer server({"--order-gap", "0"}, kNoOrders);
  for (int i = 0; i < 40; ++i) {
    // Some share a time, some have none.
    const std::string time =
        i % 4 == 0 ? ""
                   : R"(, "datetime": "2030-01-0)" + std::to_string(i % 3 + 1) + R"(T00:00:00Z")";
    CHECK(server.Ask("POST", "/orders", R"({"product": "P", "quantity": 1)" + time + "}").status ==
          201);
  }
  const std::string all = server.Ask("GET", "/orders").body;
  for (const std::string limit : {"1", "7", "20", "39", "40"}) {
    CAPTURE(limit);
    std::string walked;
    std::string target = "/orders?limit=" + limit;
    for (int pages = 0; !target.empty() && pages <= 41; ++pages) {
      const Answer page = server.Ask("GET", target);
      REQUIRE(page.status == 200);
      walked += (walked.empty() ? "" : " ") + Ids(page.body);
      const std::string link = page.Header("link");
      target = link.empty() ? "" : link.substr(1, link.find('>') - 1);
    }
    CHECK(walked == Ids(all));
  }
}

TEST_CASE("more than 500 orders are streamed as one array with each order once") {
  constexpr int kOrders = 1234;
  std::string orders;
  for (int i = 1; i <= kOrders; ++i) {
    orders +=
        (i > 1 ? "," : "") + std::string(R"({"id": ")") + std::to_string(i) +
        R"(", "product": "P", "quantity": 1)" +
        (i % 5 == 0 ? ""
                    : R"(, "datetime": "2030-01-01T00:00:0)" + std::to_string(i % 7) + R"(Z")") +
        "}";
  }
  const TestServer server({}, R"({"starting_balance": 0, "orders": [)" + orders + "]}");
  const Answer answer = server.Ask("GET", "/orders");
  CHECK(answer.status == 200);
  CHECK(answer.Header("transfer-encoding") == "chunked");
  CHECK(!answer.headers.contains("content-length"));
  CHECK(!answer.headers.contains("etag"));
  CHECK(answer.Header("content-type") == "application/json");
  std::string expected = server.Query(
      "SELECT id FROM desk_orders ORDER BY datetime IS NULL, datetime, CAST(id AS INTEGER)");
  std::ranges::replace(expected, '\n', ' ');
  CHECK(Ids(answer.body) == expected);
  std::string expected_body = server.Query(
      "SELECT '[' || group_concat(json, ',') || ']' FROM (SELECT '{\"id\":\"' || id || '\"' || "
      "ifnull(',\"datetime\":\"' || strftime('%Y-%m-%dT%H:%M:%S', datetime / 1000, 'unixepoch') || "
      "'.000Z\"', '') || ',\"product\":\"P\",\"quantity\":1,\"created_at\":\"*\",\"updated_at\":"
      "\"*\"}' AS json FROM desk_orders ORDER BY datetime IS NULL, datetime, CAST(id AS INTEGER))");
  CHECK(MaskTimes(answer.body) == expected_body);

  // To a client of HTTP/1.0, which knows no chunks, the same until the connection ends.
  const Answer old = server.AskRaw("GET /orders HTTP/1.0\r\nHost: localhost\r\n\r\n");
  CHECK(old.status == 200);
  CHECK(!old.headers.contains("transfer-encoding"));
  CHECK(old.body == answer.body);

  const Answer some = server.Ask("GET", "/orders?from=2030-01-01T00:00:03Z");
  CHECK(std::to_string(std::ranges::count(some.body, 'P')) ==
        server.Query("SELECT count(*) FROM desk_orders WHERE datetime >= 1893456003000"));
  CHECK(server.Ask("HEAD", "/orders").status == 200);
}

TEST_CASE("no orders are an empty array") {
  const TestServer server({}, kNoOrders);
  server.Check({"none", "GET", "/orders", "", 200, "[]"});
}
