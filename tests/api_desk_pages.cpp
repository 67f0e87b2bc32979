// SPEC section 4: the order of a listing and its pages.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/desk.h"

using namespace kiosk::test;

namespace {

// Orders 1 to 5 at 01:00 to 05:00, of which 1, 3 and 5 have service 123; 6 and 7 without a time.
constexpr char kSeven[] = R"({"starting_balance": 500,
  "services": [{"id": 123, "name": "Inspection"}, {"id": 456, "name": "Analysis"}],
  "orders": [
    {"id": "1", "totalfee": 1, "services": [123], "datetime": "2030-01-01T01:00:00Z"},
    {"id": "2", "product": "P", "quantity": 1, "datetime": "2030-01-01T02:00:00Z"},
    {"id": "3", "totalfee": 1, "services": [123], "datetime": "2030-01-01T03:00:00Z"},
    {"id": "4", "product": "P", "quantity": 1, "datetime": "2030-01-01T04:00:00Z"},
    {"id": "5", "totalfee": 1, "services": [123], "datetime": "2030-01-01T05:00:00Z"},
    {"id": "6", "product": "P", "quantity": 1},
    {"id": "7", "product": "P", "quantity": 1}]})";

std::string HeaderOr(const Answer& answer, const std::string& name) {
  return answer.headers.contains(name) ? answer.Header(name) : kAbsent;
}

// The target that a Link with this relation leads to; empty if there is none.
std::string TargetOf(const Answer& answer, const std::string& relation) {
  const std::string links = answer.Header("link");
  const size_t end = links.find(">; rel=\"" + relation + "\"");
  if (end == std::string::npos) return "";
  const size_t begin = links.rfind('<', end) + 1;
  return links.substr(begin, end - begin);
}

// The ids of all pages from `target` on, following the Link to the next one.
std::string Walk(const TestServer& server, std::string target) {
  std::string ids;
  for (int pages = 0; !target.empty() && pages < 50; ++pages) {
    const Answer page = server.Ask("GET", target);
    REQUIRE(page.status == 200);
    ids += (ids.empty() ? "" : " ") + Ids(page.body);
    target = TargetOf(page, "next");
  }
  return ids;
}

}  // namespace

TEST_CASE("order=desc lists the reverse, with every filter and in every style of pages") {
  const TestServer server({}, kSeven);
  const struct {
    std::string query;
    std::string ids;
  } rows[] = {
      {"?order=asc", "1 2 3 4 5 6 7"},
      {"?order=desc", "7 6 5 4 3 2 1"},
      {"?order=desc&service_id=123", "5 3 1"},
      {"?order=desc&service_id=456", ""},
      {"?order=desc&from=2030-01-01T02:00:00Z", "5 4 3 2"},
      {"?order=desc&to=2030-01-01T03:00:00Z", "2 1"},
      {"?order=desc&from=2030-01-01T02:00:00Z&to=2030-01-01T05:00:00Z", "4 3 2"},
      {"?order=desc&service_id=123&from=2030-01-01T02:00:00Z", "5 3"},
      {"?order=desc&limit=2", "7 6"},
      {"?order=desc&limit=2&after=6", "5 4"},
      {"?order=desc&limit=2&after=1", ""},
      {"?order=desc&limit=2&page=2", "5 4"},
      {"?order=desc&limit=3&offset=5", "2 1"},
      {"?order=desc&after=4", "3 2 1"},
      {"?order=desc&service_id=123&after=4", "3 1"},
      {"?order=desc&from=2030-01-01T02:00:00Z&after=7", "5 4 3 2"},
      {"?from=2030-01-01T02:00:00Z&after=1", "2 3 4 5"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.query);
    const Answer answer = server.Ask("GET", "/orders" + row.query);
    CHECK(answer.status == 200);
    CHECK(Ids(answer.body) == row.ids);
  }
  for (const std::string filter : {"", "&service_id=123", "&from=2030-01-01T02:00:00Z",
                                   "&to=2030-01-01T04:00:00Z&service_id=123"}) {
    for (const std::string order : {"asc", "desc"}) {
      const std::string all = Ids(server.Ask("GET", "/orders?order=" + order + filter).body);
      for (const std::string style : {"", "&page=1", "&offset=0"}) {
        for (const std::string limit : {"1", "2", "3", "7"}) {
          const std::string target = "/orders?order=" + order + "&limit=" + limit + filter + style;
          CAPTURE(target);
          CHECK(Walk(server, target) == all);
        }
      }
    }
  }
}

TEST_CASE("pages by number and by offset link to their neighbours, and X-Total-Count is there") {
  const TestServer server({}, kSeven);
  const struct {
    std::string query;
    std::string ids;
    std::string total;
    std::string link;
  } rows[] = {
      {"", "1 2 3 4 5 6 7", kAbsent, kAbsent},
      {"?after=5", "6 7", kAbsent, kAbsent},
      {"?limit=7", "1 2 3 4 5 6 7", "7", kAbsent},
      {"?limit=2&after=5", "6 7", "7", kAbsent},
      {"?limit=3&page=1", "1 2 3", "7", R"(</orders?limit=3&page=2>; rel="next")"},
      {"?limit=3&page=2", "4 5 6", "7",
       R"(</orders?limit=3&page=3>; rel="next", </orders?limit=3&page=1>; rel="prev")"},
      {"?page=3&limit=3", "7", "7", R"(</orders?limit=3&page=2>; rel="prev")"},
      {"?limit=3&page=9007199254740991", "", "7",
       R"(</orders?limit=3&page=9007199254740990>; rel="prev")"},
      {"?limit=1000&page=9007199254740991", "", "7",
       R"(</orders?limit=1000&page=9007199254740990>; rel="prev")"},
      {"?limit=3&offset=0", "1 2 3", "7", R"(</orders?limit=3&offset=3>; rel="next")"},
      {"?limit=3&offset=2", "3 4 5", "7",
       R"(</orders?limit=3&offset=5>; rel="next", </orders?limit=3&offset=0>; rel="prev")"},
      {"?limit=3&offset=4", "5 6 7", "7", R"(</orders?limit=3&offset=1>; rel="prev")"},
      {"?limit=3&offset=7", "", "7", R"(</orders?limit=3&offset=4>; rel="prev")"},
      {"?limit=1&service_id=123", "1", "3",
       R"(</orders?limit=1&service_id=123&after=~1893459600000~1>; rel="next")"},
      {"?limit=1&service_id=123&page=2&x=%20y", "3", "3",
       R"(</orders?limit=1&service_id=123&x=%20y&page=3>; rel="next", )"
       R"(</orders?limit=1&service_id=123&x=%20y&page=1>; rel="prev")"},
      {"?limit=2&from=2030-01-01T02:00:00Z&to=2030-01-01T05:00:00Z&offset=2", "4", "3",
       R"(</orders?limit=2&from=2030-01-01T02:00:00Z&to=2030-01-01T05:00:00Z&offset=0>; rel="prev")"},
      {"?limit=2&from=2030-01-01T02:00:00Z", "2 3", "4",
       R"(</orders?limit=2&from=2030-01-01T02:00:00Z&after=~1893466800000~3>; rel="next")"},
      {"?limit=5&service_id=456", "", "0", kAbsent},
  };
  for (const auto& row : rows) {
    CAPTURE(row.query);
    const Answer answer = server.Ask("GET", "/orders" + row.query);
    CHECK(answer.status == 200);
    CHECK(Ids(answer.body) == row.ids);
    CHECK(HeaderOr(answer, "x-total-count") == row.total);
    CHECK(HeaderOr(answer, "link") == row.link);
    const Answer head = server.Ask("HEAD", "/orders" + row.query);
    CHECK(HeaderOr(head, "x-total-count") == row.total);
    CHECK(HeaderOr(head, "link") == row.link);
  }
}

TEST_CASE("a parameter of a page that cannot be is refused with its name") {
  const TestServer server({}, kSeven);
  const std::string page_rule = "`page` must be an integer from 1 to 9007199254740991.";
  const std::string offset_rule = "`offset` must be an integer from 0 to 9007199254740991.";
  const struct {
    std::string query;
    std::string field;
    std::string message;
  } rows[] = {
      {"?page=2", "page", "`page` needs `limit`."},
      {"?offset=2", "offset", "`offset` needs `limit`."},
      {"?limit=2&page=0", "page", page_rule},
      {"?limit=2&page=-1", "page", page_rule},
      {"?limit=2&page=x", "page", page_rule},
      {"?limit=2&page=", "page", page_rule},
      {"?limit=2&page=1.5", "page", page_rule},
      {"?limit=2&page=9007199254740992", "page", page_rule},
      {"?limit=2&page=99999999999999999999", "page", page_rule},
      {"?limit=2&offset=-1", "offset", offset_rule},
      {"?limit=2&offset=two", "offset", offset_rule},
      {"?limit=2&offset=", "offset", offset_rule},
      {"?limit=2&page=1&offset=0", "offset", "`offset` cannot be combined with `page`."},
      {"?limit=2&page=1&after=1", "page", "`page` cannot be combined with `after`."},
      {"?limit=2&offset=1&after=1", "offset", "`offset` cannot be combined with `after`."},
      {"?order=up", "order", "`order` must be `asc` or `desc`."},
      {"?order=", "order", "`order` must be `asc` or `desc`."},
      {"?order=DESC", "order", "`order` must be `asc` or `desc`."},
      {"?limit=2&after=never", "after", "No order has or had the id in `after`."},
      {"?limit=2&after=", "after", "No order has or had the id in `after`."},
      {"?limit=2&after=~", "after", "No order has or had the id in `after`."},
      {"?limit=2&after=~x~1", "after", "No order has or had the id in `after`."},
      {"?limit=2&after=~1~a%20b", "after", "No order has or had the id in `after`."},
      {"?limit=2&after=~9223372036854775807~1", "after", "No order has or had the id in `after`."},
      {"?limit=0&page=0", "limit", "`limit` must be an integer from 1 to 1000."},
  };
  for (const auto& row : rows) {
    server.Check({row.query, "GET", "/orders" + row.query, "", 400,
                  InvalidRequestBody(row.field, row.message)});
  }
}

TEST_CASE("pages continue after an order that is deleted or moved") {
  for (const std::string order : {"asc", "desc"}) {
    CAPTURE(order);
    const TestServer server({"--order-gap", "0"}, kSeven);
    const std::string rest = order == "asc" ? "4 5 6 7" : "4 3 2 1";
    const Answer first = server.Ask("GET", "/orders?limit=3&order=" + order);
    const std::string ids = Ids(first.body);
    const std::string last = ids.substr(ids.rfind(' ') + 1);
    const std::string by_id = "/orders?limit=9&order=" + order + "&after=" + last;
    CHECK(Ids(server.Ask("GET", by_id).body) == rest);
    CHECK(server.Ask("DELETE", "/orders/" + last).status == 200);
    CHECK(Walk(server, TargetOf(first, "next")) == rest);
    CHECK(Walk(server, by_id) == rest);
    CHECK(Ids(server.Ask("GET", "/orders?order=" + order + "&after=" + last).body) == rest);
    // An order with this id again: it is the one that counts.
    CHECK(server.Ask("POST", "/orders", AtWithId("2031-01-01T00:00:00Z", last)).status == 201);
    CHECK(Ids(server.Ask("GET", "/orders?service_id=123&after=" + last).body).empty());
  }
  const TestServer server({"--order-gap", "0"}, kSeven);
  const Answer first = server.Ask("GET", "/orders?limit=2");
  CHECK(server.Ask("PUT", "/orders/2", R"({"datetime": "2029-01-01T00:00:00Z"})").status == 200);
  CHECK(Walk(server, TargetOf(first, "next")) == "3 4 5 6 7");
  const Answer undated = server.Ask("GET", "/orders?limit=6");
  CHECK(server.Ask("DELETE", "/orders/6").status == 200);
  CHECK(Walk(server, TargetOf(undated, "next")) == "7");
  CHECK(Ids(server.Ask("GET", "/orders?after=6").body) == "7");
  CHECK(server.Ask("POST", "/_kiosk/reset").status == 200);
  CHECK(Ids(server.Ask("GET", "/orders?after=6").body) == "7");
}

TEST_CASE("a deleted order is known to after also after a restart") {
  TestServer server({"--order-gap", "0"}, kSeven);
  CHECK(server.Ask("DELETE", "/orders/3").status == 200);
  server.CrashAndRestart();
  CHECK(Ids(server.Ask("GET", "/orders?after=3").body) == "4 5 6 7");
  server.Check({"one that never was", "GET", "/orders?after=33", "", 400,
                InvalidRequestBody("after", "No order has or had the id in `after`.")});
}

TEST_CASE("the listing follows what an update or another program changes of a datetime") {
  const TestServer server({"--order-gap", "0"}, kSeven);
  const auto of_service = [&] { return Ids(server.Ask("GET", "/orders?service_id=123").body); };
  CHECK(server.Ask("PUT", "/orders/1", R"({"datetime": "2030-01-01T04:30:00Z"})").status == 200);
  CHECK(of_service() == "3 1 5");
  CHECK(Ids(server.Ask("GET", "/orders").body) == "2 3 4 1 5 6 7");
  CHECK(server.Ask("PUT", "/orders/5", R"({"datetime": null, "services": [456, 123]})").status ==
        200);
  CHECK(of_service() == "3 1 5");
  CHECK(Ids(server.Ask("GET", "/orders").body) == "2 3 4 1 5 6 7");
  CHECK(ChangeFile(server.database(), "UPDATE desk_orders SET datetime = NULL WHERE id = '3'") ==
        "");
  CHECK(of_service() == "1 3 5");
  CHECK(ChangeFile(server.database(),
                   "INSERT INTO desk_orders (id_number, id, datetime, totalfee, created_at, "
                   "updated_at) VALUES (8, '8', 0, 1, 0, 0); "
                   "INSERT INTO desk_order_services (order_number, order_id, position, service_id) "
                   "VALUES (8, '8', 0, 123)") == "");
  CHECK(of_service() == "8 1 3 5");
  CHECK(Ids(server.Ask("GET", "/orders?service_id=123&to=2000-01-01T00:00:00Z").body) == "8");
  CHECK(Ids(server.Ask("GET", "/orders").body) == "8 2 4 1 3 5 6 7");
  CHECK(server.Query("SELECT count(*) FROM desk_orders WHERE place <> "
                     "ifnull(datetime, 9223372036854775807)") == "0");
}
