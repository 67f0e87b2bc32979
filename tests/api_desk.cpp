// SPEC section 4: the order desk.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/scenario.h"

using namespace kiosk::test;

namespace {

constexpr char kTimes[] = R"(,"created_at":"*","updated_at":"*"})";

const std::string kSeeded223 =
    std::string(R"({"id":"223","datetime":"2022-11-01T11:11:11.111Z","totalfee":100,)") +
    R"("services":[{"id":"123","name":"Inspection"}])" + kTimes;
const std::string kSeeded224 =
    std::string(R"({"id":"224","datetime":"2022-11-01T11:11:11.111Z","totalfee":100,)") +
    R"("services":[{"id":"789","name":"Testing"}])" + kTimes;
const std::string kSeeded225 =
    std::string(R"({"id":"225","datetime":"2022-11-01T11:11:11.111Z","totalfee":100,)") +
    R"("services":[{"id":"456","name":"Analysis"}])" + kTimes;

constexpr char kOrderNotFound[] =
    R"({"error":"order_not_found","message":"No order has this id."})";
constexpr char kOrderExists[] =
    R"({"error":"order_exists","message":"Another order has this id.","field":"id"})";
constexpr char kServicesNotFound[] =
    R"({"error":"services_not_found","message":"The order names a service that does not exist.",)"
    R"("field":"services"})";
constexpr char kNotFound[] =
    R"({"error":"not_found","message":"There is nothing under this address."})";

const std::string kNeedsEither =
    "An order needs `services` and `totalfee`, or `product` and `quantity`.";
const std::string kCountRule = "`quantity` must be an integer of at least 1.";
const std::string kMostRule = "`quantity` must be an integer of at most 9007199254740991.";
const std::string kMoneyRule =
    " must be a number with at most two decimals, from -90000000000000.00 to 90000000000000.00.";
const std::string kDatetimeRule =
    R"(`datetime` must be a date and time with a zone, such as \"2022-11-01T11:11:11.111Z\".)";

// Seeds without and with orders, on their own clocks.
constexpr char kNoOrders[] = R"({"starting_balance": 500,
  "services": [{"id": 123, "name": "Inspection"}, {"id": 789, "name": "Testing"},
               {"id": 456, "name": "Analysis"}]})";

// A body for an order at that time, and the order then.
std::string At(const std::string& datetime) {
  return R"({"product": "P", "quantity": 1, "datetime": ")" + datetime + R"("})";
}
std::string AtWithId(const std::string& datetime, const std::string& id) {
  return R"({"id": ")" + id + R"(", "product": "P", "quantity": 1, "datetime": ")" + datetime +
         R"("})";
}
std::string Order(const std::string& id, const std::string& datetime) {
  return R"({"id":")" + id + R"(","datetime":")" + datetime + R"(","product":"P","quantity":1)" +
         kTimes;
}
std::string Undated(const std::string& id) {
  return R"({"id":")" + id + R"(","product":"P","quantity":1)" + kTimes;
}

std::string Conflict(const std::string& with, const std::string& next,
                     const std::string& gap = "3 hours") {
  return R"({"error":"order_conflict","message":"Order )" + with + " is less than " + gap +
         R"( away.","field":"datetime","conflicts_with":")" + with + R"(","next_available":")" +
         next + R"("})";
}

// The ids in a list of orders, in their order: "223 224".
std::string Ids(const std::string& body) {
  static const std::string kBefore = R"({"id":")";
  std::string ids;
  for (size_t at = 0; (at = body.find(kBefore, at)) != std::string::npos;) {
    at += kBefore.size();
    const size_t end = body.find('"', at);
    // An order's services are objects with an id as well, and come in a list of their own.
    const std::string before = body.substr(0, at - kBefore.size());
    const size_t services = before.rfind(R"("services":[)");
    if (services != std::string::npos && before.find(']', services) == std::string::npos) continue;
    ids += (ids.empty() ? "" : " ") + body.substr(at, end - at);
  }
  return ids;
}

std::string TwoDigits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

constexpr char kOrderRows[] =
    "SELECT id, strftime('%Y-%m-%dT%H:%M:%S', datetime / 1000, 'unixepoch'), totalfee, product, "
    "quantity FROM desk_orders ORDER BY id_number, id";

}  // namespace

TEST_CASE("the seeded orders are listed and read as the document has them") {
  const TestServer server;
  server.CheckAll({
      {"all", "GET", "/orders", "", 200,
       "[" + kSeeded223 + "," + kSeeded224 + "," + kSeeded225 + "]"},
      {"one", "GET", "/orders/224", "", 200, kSeeded224},
      {"one that is not there", "GET", "/orders/226", "", 404, kOrderNotFound},
      {"an id that no order can have", "GET", "/orders/%00", "", 404, kOrderNotFound},
      {"a number written otherwise is another id", "GET", "/orders/0223", "", 404, kOrderNotFound},
  });
}

TEST_CASE("the curl lines of the order desk's document do what it says") {
  const TestServer server;
  const Headers curl = {{"Host", "localhost:" + std::to_string(server.port())},
                        {"User-Agent", "curl/7.88.1"},
                        {"Accept", "*/*"}};
  const std::string created =
      std::string(R"({"id":"226","product":"Product Name","quantity":5)") + kTimes;
  const std::string updated =
      std::string(R"({"id":"226","product":"Product Name","quantity":10)") + kTimes;
  server.CheckAll({
      {"create a new order",
       "POST",
       "/orders",
       R"({"product": "Product Name", "quantity": 5})",
       201,
       created,
       curl,
       {{"location", "/orders/226"}},
       "SELECT id, datetime, totalfee, product, quantity FROM desk_orders WHERE id = '226'",
       "226|NULL|NULL|Product Name|5"},
      {"retrieve all orders", "GET", "/orders", "", 200,
       "[" + kSeeded223 + "," + kSeeded224 + "," + kSeeded225 + "," + created + "]", curl},
      {"retrieve a specific order", "GET", "/orders/226", "", 200, created, curl},
      {"update an order",
       "PUT",
       "/orders/226",
       R"({"quantity": 10})",
       200,
       updated,
       curl,
       {},
       "SELECT product, quantity FROM desk_orders WHERE id = '226'",
       "Product Name|10"},
      {"delete an order",
       "DELETE",
       "/orders/226",
       "",
       204,
       "",
       curl,
       {},
       "SELECT count(*) FROM desk_orders WHERE id = '226'",
       "0"},
      {"the deleted order", "GET", "/orders/226", "", 404, kOrderNotFound, curl},
  });
}

TEST_CASE("the endpoints of the benefits document do what it says, called as with curl") {
  const TestServer server;
  const Headers curl = {{"User-Agent", "curl/7.88.1"}, {"Accept", "*/*"}};
  const Answer user = server.Ask("GET", "/api/users/johndoe", "", curl);
  CHECK(user.status == 200);
  CHECK(user.body == R"({"user":{"user_id":"johndoe","data":{"balance":500,"product_ids":[]}}})");
  const Answer products = server.Ask("GET", "/api/products", "", curl);
  CHECK(products.status == 200);
  CHECK(products.body.starts_with(
      R"({"products":[{"id":"netflix","name":"Netflix","price":75.99},)"));
  const Answer order =
      server.Ask("POST", "/api/orders",
                 R"({"order": {"items": ["netflix", "tap"], "user_id": "johndoe"}})", curl);
  CHECK(order.status == 200);
  CHECK(order.body ==
        R"({"order":{"order_id":"1","data":{"items":["netflix","tap"],"total":135.99}}})");
  CHECK(server.Query("SELECT balance FROM users") == "36401");
}

TEST_CASE("an order has services and a totalfee, a product and a quantity, or both") {
  const TestServer server({}, kNoOrders);
  const std::string inspection = R"("services":[{"id":"123","name":"Inspection"}])";
  server.CheckAll({
      {"a service order",
       "POST",
       "/orders",
       R"({"datetime": "2030-01-01T00:00:00Z", "totalfee": 99.5, "services": [{"id": "123"}]})",
       201,
       R"({"id":"1","datetime":"2030-01-01T00:00:00.000Z","totalfee":99.5,)" + inspection + kTimes,
       {},
       {{"location", "/orders/1"}},
       kOrderRows,
       "1|2030-01-01T00:00:00|9950|NULL|NULL"},
      {"a totalfee of nothing", "POST", "/orders",
       R"({"datetime": "2030-01-02T00:00:00Z", "totalfee": 0, "services": [{"id": "123"}]})", 201,
       R"({"id":"2","datetime":"2030-01-02T00:00:00.000Z","totalfee":0,)" + inspection + kTimes},
      {"a product order", "POST", "/orders", R"({"product": "Product Name", "quantity": 5})", 201,
       std::string(R"({"id":"3","product":"Product Name","quantity":5)") + kTimes},
      {"a product order with a datetime and a totalfee", "POST", "/orders",
       R"({"product": "P", "quantity": 1, "datetime": "2030-01-03T00:00:00Z", "totalfee": 7})", 201,
       std::string(R"({"id":"4","datetime":"2030-01-03T00:00:00.000Z","totalfee":7,)") +
           R"("product":"P","quantity":1)" + kTimes},
      {"both",
       "POST",
       "/orders",
       R"({"product": "P", "quantity": 2, "datetime": "2030-01-04T00:00:00Z", "totalfee": 7,
           "services": [{"id": "123"}]})",
       201,
       R"({"id":"5","datetime":"2030-01-04T00:00:00.000Z","totalfee":7,)" + inspection +
           R"(,"product":"P","quantity":2)" + kTimes,
       {},
       {},
       "SELECT order_id, service_id FROM desk_order_services",
       "1|123\n2|123\n5|123"},
      {"a product of one character", "POST", "/orders", R"({"product": "x", "quantity": 1})", 201,
       std::string(R"({"id":"6","product":"x","quantity":1)") + kTimes},
      {"a product of 200 characters", "POST", "/orders",
       R"({"product": ")" + Repeat("\xC3\xA3", 200) + R"(", "quantity": 1})", 201,
       R"({"id":"7","product":")" + Repeat("\xC3\xA3", 200) + R"(","quantity":1)" + kTimes},
      {"the largest quantity", "POST", "/orders",
       R"({"product": "x", "quantity": 9007199254740991})", 201,
       std::string(R"({"id":"8","product":"x","quantity":9007199254740991)") + kTimes},
  });
}

TEST_CASE("an order that is neither kind, or half of one, is an invalid request") {
  const TestServer server;
  const std::string services = R"("services": [{"id": "123"}])";
  const std::string product_rule = "`product` must have 1 to 200 characters.";
  struct Row {
    const char* name;
    std::string body;
    std::string field;
    std::string message;
  };
  const Row rows[] = {
      {"nothing", "{}", "services", kNeedsEither},
      {"only a datetime", R"({"datetime": "2030-01-01T00:00:00Z"})", "services", kNeedsEither},
      {"only a totalfee", R"({"totalfee": 5})", "services", kNeedsEither},
      {"services without a totalfee", "{" + services + "}", "totalfee",
       "An order with `services` needs `totalfee`."},
      {"services of a product order without a totalfee",
       R"({"product": "P", "quantity": 1, )" + services + "}", "totalfee",
       "An order with `services` needs `totalfee`."},
      {"empty services", R"({"totalfee": 5, "services": []})", "services",
       "`services` must not be empty."},
      {"empty services of a product order", R"({"product": "P", "quantity": 1, "services": []})",
       "services", "`services` must not be empty."},
      {"services null", R"({"totalfee": 5, "services": null})", "services", kNeedsEither},
      {"services a string", R"({"totalfee": 5, "services": "123"})", "services",
       "`services` must be an array."},
      {"services an object", R"({"totalfee": 5, "services": {"id": "123"}})", "services",
       "`services` must be an array."},
      {"a service null", R"({"totalfee": 5, "services": [null]})", "services",
       "`services` must contain ids, or objects with an id."},
      {"a service true", R"({"totalfee": 5, "services": [true]})", "services",
       "`services` must contain ids, or objects with an id."},
      {"a service a list", R"({"totalfee": 5, "services": [["123"]]})", "services",
       "`services` must contain ids, or objects with an id."},
      {"a service without an id", R"({"totalfee": 5, "services": [{"name": "Inspection"}]})",
       "services.id", "`services.id` is missing."},
      {"a service with an unknown field", R"({"totalfee": 5, "services": [{"id": 123, "x": 1}]})",
       "services.x", "Unknown field: `services.x`."},
      {"a service's id with a fraction", R"({"totalfee": 5, "services": [123.5]})", "services",
       "`services` must contain integers, or strings of digits."},
      {"a repeated service", R"({"totalfee": 5, "services": ["123", 789, {"id": 123}]})",
       "services", "`services` must not name a service twice."},
      {"a service by a name that is not its own",
       R"({"totalfee": 5, "services": [{"id": 123, "name": "Testing"}]})", "services",
       "A service's name is changed at /services, not in an order."},
      {"a negative totalfee", R"({"totalfee": -0.01, )" + services + "}", "totalfee",
       "`totalfee` must not be negative."},
      {"a negative totalfee of a product order",
       R"({"product": "P", "quantity": 1, "totalfee": -1})", "totalfee",
       "`totalfee` must not be negative."},
      {"a totalfee as a string", R"({"totalfee": "5", )" + services + "}", "totalfee",
       "`totalfee`" + kMoneyRule},
      {"a totalfee null", R"({"totalfee": null, )" + services + "}", "totalfee",
       "An order with `services` needs `totalfee`."},
      {"only a product", R"({"product": "P"})", "quantity",
       "An order with `product` needs `quantity`."},
      {"only a quantity", R"({"quantity": 1})", "product",
       "An order with `quantity` needs `product`."},
      {"a product without a quantity in a service order",
       R"({"product": "P", "totalfee": 5, )" + services + "}", "quantity",
       "An order with `product` needs `quantity`."},
      {"an empty product", R"({"product": "", "quantity": 1})", "product", product_rule},
      {"a product of 201 characters",
       R"({"product": ")" + Repeat("x", 201) + R"(", "quantity": 1})", "product", product_rule},
      {"a product a number", R"({"product": 1, "quantity": 1})", "product",
       "`product` must be a string."},
      {"a product null", R"({"product": null, "quantity": 1})", "product",
       "An order with `quantity` needs `product`."},
      {"a quantity of nothing", R"({"product": "P", "quantity": 0})", "quantity",
       "`quantity` must be an integer of at least 1."},
      {"a negative quantity", R"({"product": "P", "quantity": -1})", "quantity", kCountRule},
      {"a quantity with a fraction", R"({"product": "P", "quantity": 1.5})", "quantity",
       kCountRule},
      {"a quantity as a string", R"({"product": "P", "quantity": "5"})", "quantity", kCountRule},
      {"a quantity null", R"({"product": "P", "quantity": null})", "quantity",
       "An order with `product` needs `quantity`."},
      {"a quantity beyond exact doubles", R"({"product": "P", "quantity": 9007199254740992})",
       "quantity", kMostRule},
      {"a quantity far beyond", R"({"product": "P", "quantity": 1e999999999})", "quantity",
       kMostRule},
      {"a quantity close to 0", R"({"product": "P", "quantity": 1e-999999999})", "quantity",
       kCountRule},
      {"a quantity of 0 in another spelling", R"({"product": "P", "quantity": 0e999999})",
       "quantity", kCountRule},
      {"a datetime without a zone",
       R"({"product": "P", "quantity": 1, "datetime": "2030-01-01T00:00:00"})", "datetime",
       kDatetimeRule},
      {"a datetime a number", R"({"product": "P", "quantity": 1, "datetime": 0})", "datetime",
       kDatetimeRule},
      {"an unknown field", R"({"product": "P", "quantity": 1, "note": "x"})", "note",
       "Unknown field: `note`."},
      {"a time of its own making", R"({"product": "P", "quantity": 1, "created_at": "*"})",
       "created_at", "Unknown field: `created_at`."},
      {"a list", "[]", "", "The body must be an object."},
  };
  for (const Row& row : rows) {
    server.Check(
        {row.name, "POST", "/orders", row.body, 400, InvalidRequestBody(row.field, row.message)});
  }
}

TEST_CASE("a service order's datetime is now unless it is given, a product order has none") {
  const TestServer server({}, kNoOrders);
  const Answer answer = server.Ask("POST", "/orders", R"({"totalfee": 1, "services": ["123"]})");
  CHECK(answer.status == 201);
  CHECK(server.Query("SELECT datetime = created_at, created_at = updated_at, "
                     "abs(datetime / 1000 - strftime('%s', 'now')) <= 5 FROM desk_orders") ==
        "1|1|1");
  CHECK(server.Ask("POST", "/orders", R"({"product": "P", "quantity": 1})").status == 201);
  CHECK(server.Query("SELECT datetime FROM desk_orders WHERE id = '2'") == "NULL");
}

TEST_CASE("services are accepted in every form that was seen, and written with their names") {
  const TestServer server({"--order-gap", "0"});
  const std::string both =
      R"("services":[{"id":"123","name":"Inspection"},{"id":"789","name":"Testing"}])";
  int64_t id = 225;
  for (const std::string form :
       {R"([{"id": "123"}, {"id": "789"}])", R"([{"id": 123}, {"id": 789}])", R"(["123", "789"])",
        R"([123, 789])", R"(["123", {"id": 789}])",
        R"([{"id": "123", "name": "Inspection"}, {"id": 789, "name": "Testing"}])"}) {
    server.Check(
        {form, "POST", "/orders",
         R"({"datetime": "2030-01-01T00:00:00Z", "totalfee": 1, "services": )" + form + "}", 201,
         R"({"id":")" + std::to_string(++id) +
             R"(","datetime":"2030-01-01T00:00:00.000Z","totalfee":1,)" + both + kTimes});
  }
  server.Check({"they stay in the order given",
                "POST",
                "/orders",
                R"({"datetime": "2030-01-01T00:00:00Z", "totalfee": 1, "services": [789, 123]})",
                201,
                std::string(R"({"id":"232","datetime":"2030-01-01T00:00:00.000Z",)") +
                    R"("totalfee":1,"services":[{"id":"789","name":"Testing"},)" +
                    R"({"id":"123","name":"Inspection"}])" + kTimes,
                {},
                {},
                "SELECT service_id FROM desk_order_services WHERE order_id = '232' "
                "ORDER BY position",
                "789\n123"});
}

TEST_CASE("an order of a service that is not there is refused whole") {
  const TestServer server;
  for (const std::string services :
       {R"(["1"])", R"([1])", R"([{"id": "1"}])", R"([{"id": 1}])", R"(["123", "1"])", R"([0])",
        R"(["Inspection"])", R"([""])", R"(["99999999999999999999"])"}) {
    server.Check({services, "POST", "/orders", R"({"totalfee": 1, "services": )" + services + "}",
                  400, kServicesNotFound});
    server.Check({services + ", in an update", "PUT", "/orders/223",
                  R"({"services": )" + services + "}", 400, kServicesNotFound});
  }
}

TEST_CASE("an order with an id created at once by 20 clients exists once") {
  const TestServer server;
  const std::vector<std::string> requests(
      20, RequestText("POST", "/orders", R"({"id": "one", "product": "P", "quantity": 1})"));
  CHECK(CountStatuses(AskAtOnce(server.port(), requests)) == "1x201 19x409");
  CHECK(server.Query("SELECT count(*) FROM desk_orders WHERE id = 'one'") == "1");
}

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
      {"?service_id=123&from=2030-01-01T01:00:00Z&to=2030-01-01T04:00:00Z", "3", kAbsent},
      {"?limit=2", "1 2", R"(</orders?limit=2&after=2>; rel="next")"},
      {"?limit=2&after=2", "3 4", R"(</orders?limit=2&after=4>; rel="next")"},
      {"?limit=2&after=4", "5 6", kAbsent},
      {"?limit=2&after=6", "", kAbsent},
      {"?after=4", "5 6", kAbsent},
      {"?limit=6", "1 2 3 4 5 6", kAbsent},
      {"?limit=1000", "1 2 3 4 5 6", kAbsent},
      {"?limit=5", "1 2 3 4 5", R"(</orders?limit=5&after=5>; rel="next")"},
      {"?service_id=123&limit=1&after=1", "3",
       R"(</orders?service_id=123&limit=1&after=3>; rel="next")"},
      {"?service_id=123&limit=1&after=3", "5", kAbsent},
      {"?from=2030-01-01T01:00:00Z&limit=2", "2 3",
       R"(</orders?from=2030-01-01T01:00:00Z&limit=2&after=3>; rel="next")"},
      {"?from=2030-01-01T01:00:00Z&limit=2&after=3", "4 5", kAbsent},
      {"?from=2030-01-01T03:00:00+02:00&limit=1", "2",
       R"(</orders?from=2030-01-01T03:00:00+02:00&limit=1&after=2>; rel="next")"},
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
    return name + " must be a date and time with a zone, such as 2022-11-01T11:11:11.111Z.";
  };
  const std::string limit_rule = "limit must be a whole number from 1 to 1000.";
  server.CheckAll({
      {"from is no time", "GET", "/orders?from=tomorrow", "", 400,
       InvalidRequestBody("from", time_rule("from"))},
      {"to without a zone", "GET", "/orders?to=2030-01-01T00:00:00", "", 400,
       InvalidRequestBody("to", time_rule("to"))},
      {"an empty from", "GET", "/orders?from=", "", 400,
       InvalidRequestBody("from", time_rule("from"))},
      {"a service that is no number", "GET", "/orders?service_id=x", "", 400,
       InvalidRequestBody("service_id", "service_id must be a whole number.")},
      {"no orders a page", "GET", "/orders?limit=0", "", 400,
       InvalidRequestBody("limit", limit_rule)},
      {"fewer", "GET", "/orders?limit=-1", "", 400, InvalidRequestBody("limit", limit_rule)},
      {"too many", "GET", "/orders?limit=1001", "", 400, InvalidRequestBody("limit", limit_rule)},
      {"a limit that is no number", "GET", "/orders?limit=1x", "", 400,
       InvalidRequestBody("limit", limit_rule)},
      {"after an order that is not there", "GET", "/orders?after=77", "", 400,
       InvalidRequestBody("after", "No order has the id that after names.")},
  });
}

TEST_CASE("a Link holds no control character, and leads on however after was written") {
  const TestServer server;
  struct Row {
    std::string query;
    std::string link;
  };
  const Row rows[] = {
      {"?limit=1&x=a\rb", R"(</orders?limit=1&after=223>; rel="next")"},
      {"?limit=1&x=\x01", R"(</orders?limit=1&after=223>; rel="next")"},
      {"?limit=1&x=\tb", R"(</orders?limit=1&after=223>; rel="next")"},
      {"?x=\x7F&limit=1", R"(</orders?limit=1&after=223>; rel="next")"},
      {"?limit=1&x=<y>", R"(</orders?limit=1&after=223>; rel="next")"},
      {"?limit=1&x=%0D%0Ab", R"(</orders?limit=1&x=%0D%0Ab&after=223>; rel="next")"},
      {"?limit=1&a%66ter=223", R"(</orders?limit=1&after=224>; rel="next")"},
      {"?%61fter=223&limit=1", R"(</orders?limit=1&after=224>; rel="next")"},
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

TEST_CASE("PUT and PATCH merge the fields given, and null removes an optional one") {
  for (const std::string method : {"PUT", "PATCH"}) {
    CAPTURE(method);
    const TestServer server({}, kNoOrders);
    const std::string testing = R"("services":[{"id":"789","name":"Testing"}])";
    const std::string dated = R"({"id":"1","datetime":"2030-01-01T00:00:00.000Z",)";
    server.CheckAll({
        {"the order", "POST", "/orders",
         R"({"datetime": "2030-01-01T00:00:00Z", "totalfee": 10, "services": ["123"]})", 201,
         dated + R"("totalfee":10,"services":[{"id":"123","name":"Inspection"}])" + kTimes},
        {"one field",
         method,
         "/orders/1",
         R"({"totalfee": 12.5})",
         200,
         dated + R"("totalfee":12.5,"services":[{"id":"123","name":"Inspection"}])" + kTimes,
         {},
         {},
         kOrderRows,
         "1|2030-01-01T00:00:00|1250|NULL|NULL"},
        {"services are replaced",
         method,
         "/orders/1",
         R"({"services": [789]})",
         200,
         dated + R"("totalfee":12.5,)" + testing + kTimes,
         {},
         {},
         "SELECT order_id, service_id FROM desk_order_services",
         "1|789"},
        {"a product and a quantity beside them", method, "/orders/1",
         R"({"product": "P", "quantity": 3})", 200,
         dated + R"("totalfee":12.5,)" + testing + R"(,"product":"P","quantity":3)" + kTimes},
        {"a quantity alone", method, "/orders/1", R"({"quantity": 10})", 200,
         dated + R"("totalfee":12.5,)" + testing + R"(,"product":"P","quantity":10)" + kTimes},
        {"services removed, the product stays",
         method,
         "/orders/1",
         R"({"services": null})",
         200,
         dated + R"("totalfee":12.5,"product":"P","quantity":10)" + kTimes,
         {},
         {},
         "SELECT count(*) FROM desk_order_services",
         "0"},
        {"totalfee removed", method, "/orders/1", R"({"totalfee": null})", 200,
         dated + R"("product":"P","quantity":10)" + kTimes},
        {"datetime removed",
         method,
         "/orders/1",
         R"({"datetime": null})",
         200,
         std::string(R"({"id":"1","product":"P","quantity":10)") + kTimes,
         {},
         {},
         kOrderRows,
         "1|NULL|NULL|P|10"},
        {"what is not there removed", method, "/orders/1", R"({"datetime": null})", 200,
         std::string(R"({"id":"1","product":"P","quantity":10)") + kTimes},
        {"nothing given", method, "/orders/1", "{}", 200,
         std::string(R"({"id":"1","product":"P","quantity":10)") + kTimes},
        {"from a product to a service",
         method,
         "/orders/1",
         R"({"product": null, "quantity": null, "services": ["789"], "totalfee": 1,
             "datetime": "2030-01-01T00:00:00Z"})",
         200,
         dated + R"("totalfee":1,)" + testing + kTimes,
         {},
         {},
         kOrderRows,
         "1|2030-01-01T00:00:00|100|NULL|NULL"},
    });
  }
}

TEST_CASE("an update whose result breaks a rule is refused, and an unknown id is not created") {
  const TestServer server;
  CHECK(server.Ask("POST", "/orders", R"({"product": "P", "quantity": 1})").status == 201);
  const std::string put_message = "; the order may have been edited since it was read.";
  server.CheckAll({
      {"a service order without services", "PUT", "/orders/223", R"({"services": null})", 400,
       InvalidRequestBody("services", kNeedsEither)},
      {"a service order with empty services", "PUT", "/orders/223", R"({"services": []})", 400,
       InvalidRequestBody("services", "`services` must not be empty.")},
      {"a service order without a totalfee", "PUT", "/orders/223", R"({"totalfee": null})", 400,
       InvalidRequestBody("totalfee", "An order with `services` needs `totalfee`.")},
      {"a negative totalfee", "PUT", "/orders/223", R"({"totalfee": -1})", 400,
       InvalidRequestBody("totalfee", "`totalfee` must not be negative.")},
      {"a repeated service", "PUT", "/orders/223", R"({"services": [123, "123"]})", 400,
       InvalidRequestBody("services", "`services` must not name a service twice.")},
      {"a quantity to a service order", "PUT", "/orders/223", R"({"quantity": 10})", 400,
       InvalidRequestBody("product", "An order with `quantity` needs `product`.")},
      {"a product order without a product", "PUT", "/orders/226", R"({"product": null})", 400,
       InvalidRequestBody("product", "An order with `quantity` needs `product`.")},
      {"a product order without a quantity", "PATCH", "/orders/226", R"({"quantity": null})", 400,
       InvalidRequestBody("quantity", "An order with `product` needs `quantity`.")},
      {"a quantity of nothing", "PATCH", "/orders/226", R"({"quantity": 0})", 400,
       InvalidRequestBody("quantity", "`quantity` must be an integer of at least 1.")},
      {"a datetime that is none", "PUT", "/orders/226", R"({"datetime": "soon"})", 400,
       InvalidRequestBody("datetime", kDatetimeRule)},
      {"an unknown field", "PUT", "/orders/226", R"({"note": "x"})", 400,
       InvalidRequestBody("note", "Unknown field: `note`.")},
      {"the id", "PUT", "/orders/226", R"({"id": "227"})", 400,
       InvalidRequestBody("id", "The id of an order cannot be changed.")},
      {"the id removed", "PUT", "/orders/226", R"({"id": null})", 400,
       InvalidRequestBody("id", "`id` must be a string.")},
      {"created_at", "PUT", "/orders/226", R"({"created_at": "2030-01-01T00:00:00Z"})", 400,
       InvalidRequestBody("created_at", "created_at cannot be changed.")},
      {"updated_at", "PUT", "/orders/226", R"({"updated_at": "2030-01-01T00:00:00Z"})", 400,
       InvalidRequestBody("updated_at", "updated_at cannot be changed" + put_message)},
      {"a service's name", "PUT", "/orders/223",
       R"({"services": [{"id": "123", "name": "Check"}]})", 400,
       InvalidRequestBody("services",
                          "A service's name is changed at /services, not in an order.")},
      {"an unknown id", "PUT", "/orders/227", R"({"product": "P", "quantity": 1})", 404,
       kOrderNotFound},
      {"an unknown id, by PATCH", "PATCH", "/orders/227", R"({"quantity": 1})", 404,
       kOrderNotFound},
  });
}

TEST_CASE("an order that was read can be edited and sent back whole") {
  const TestServer server;
  CHECK(server
            .Ask("POST", "/orders",
                 R"({"id": "both", "product": "P", "quantity": 1, "totalfee": 3,
                       "datetime": "2030-01-01T00:00:00.5+02:00", "services": [123, 789]})")
            .status == 201);
  for (const std::string target : {"/orders/223", "/orders/both"}) {
    CAPTURE(target);
    const Answer read = server.Ask("GET", target);
    const Answer same = server.Ask("PUT", target, read.body);
    CHECK(same.status == 200);
    CHECK(MaskTimes(same.body) == MaskTimes(read.body));
    std::string edited = same.body;
    const size_t fee = edited.find(R"("totalfee":)");
    edited.replace(fee, edited.find(',', fee) - fee, R"("totalfee":44.44)");
    const Answer changed = server.Ask("PUT", target, edited);
    CHECK(changed.status == 200);
    CHECK(MaskTimes(changed.body) == MaskTimes(edited));
    CHECK(server.Query("SELECT totalfee FROM desk_orders WHERE id = '" + target.substr(8) + "'") ==
          "4444");
  }
}

TEST_CASE("created_at is when an order was made, and updated_at when it was last changed") {
  TestServer server;
  server.Restart("UPDATE desk_orders SET created_at = 1000, updated_at = 2000");
  const Answer answer = server.Ask("PUT", "/orders/223", R"({"totalfee": 1})");
  CHECK(answer.body.find(R"("created_at":"1970-01-01T00:00:01.000Z")") != std::string::npos);
  CHECK(server.Query("SELECT created_at, abs(updated_at / 1000 - strftime('%s', 'now')) <= 5 "
                     "FROM desk_orders WHERE id = '223'") == "1000|1");
  CHECK(server.Ask("GET", "/orders/223").body == answer.body);
  // A refused change is no change.
  CHECK(server.Ask("PUT", "/orders/224", R"({"totalfee": -1})").status == 400);
  CHECK(server.Query("SELECT updated_at FROM desk_orders WHERE id = '224'") == "2000");
}

TEST_CASE("DELETE answers 204, and 404 when it is repeated") {
  const TestServer server;
  server.CheckAll({
      {"there",
       "DELETE",
       "/orders/223",
       "",
       204,
       "",
       {},
       {{"content-length", kAbsent}},
       "SELECT id FROM desk_orders ORDER BY id",
       "224\n225"},
      {"again",
       "DELETE",
       "/orders/223",
       "",
       404,
       kOrderNotFound,
       {},
       {},
       "SELECT count(*) FROM desk_order_services",
       "2"},
      {"never there", "DELETE", "/orders/one", "", 404, kOrderNotFound},
  });
}

TEST_CASE("an order less than three hours from another one, before or after, is refused") {
  const TestServer server({}, kNoOrders);
  server.CheckAll({
      {"the order in the way", "POST", "/orders", At("2030-06-15T12:00:00Z"), 201,
       Order("1", "2030-06-15T12:00:00.000Z")},
      {"at the same moment", "POST", "/orders", At("2030-06-15T12:00:00Z"), 409,
       Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"a moment after", "POST", "/orders", At("2030-06-15T12:00:00.001Z"), 409,
       Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"2:59:59.999 after", "POST", "/orders", At("2030-06-15T14:59:59.999Z"), 409,
       Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"2:59:59.999 before", "POST", "/orders", At("2030-06-15T09:00:00.001Z"), 409,
       Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"a moment before", "POST", "/orders", At("2030-06-15T11:59:59.999Z"), 409,
       Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"2:59:59.999 after, at another offset", "POST", "/orders",
       At("2030-06-15T16:59:59.999+02:00"), 409, Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"a service order", "POST", "/orders",
       R"({"datetime": "2030-06-15T13:00:00Z", "totalfee": 1, "services": [123]})", 409,
       Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"exactly three hours after", "POST", "/orders", At("2030-06-15T15:00:00.000Z"), 201,
       Order("2", "2030-06-15T15:00:00.000Z")},
      {"exactly three hours before, at another offset", "POST", "/orders",
       At("2030-06-15T11:00:00.000+02:00"), 201, Order("3", "2030-06-15T09:00:00.000Z")},
      {"between two: the nearer one is named, the way out is after both", "POST", "/orders",
       At("2030-06-15T10:00:00Z"), 409, Conflict("3", "2030-06-15T18:00:00.000Z")},
      {"in the middle of two: the earlier one is named", "POST", "/orders",
       At("2030-06-15T10:30:00Z"), 409, Conflict("3", "2030-06-15T18:00:00.000Z")},
      {"nearer to the later one", "POST", "/orders", At("2030-06-15T11:00:00Z"), 409,
       Conflict("1", "2030-06-15T18:00:00.000Z")},
  });
  CHECK(server.Query("SELECT count(*) FROM desk_orders") == "3");
}

TEST_CASE("the three-hour rule crosses midnight, 29 February and the turn of a year") {
  const TestServer server({}, kNoOrders);
  server.CheckAll({
      {"late on 28 February of a leap year", "POST", "/orders", At("2028-02-28T23:00:00Z"), 201,
       Order("1", "2028-02-28T23:00:00.000Z")},
      {"early on 29 February", "POST", "/orders", At("2028-02-29T01:59:59.999Z"), 409,
       Conflict("1", "2028-02-29T02:00:00.000Z")},
      {"three hours later", "POST", "/orders", At("2028-02-29T02:00:00Z"), 201,
       Order("2", "2028-02-29T02:00:00.000Z")},
      {"late on 29 February", "POST", "/orders", At("2028-02-29T23:30:00Z"), 201,
       Order("3", "2028-02-29T23:30:00.000Z")},
      {"early on 1 March", "POST", "/orders", At("2028-03-01T02:00:00Z"), 409,
       Conflict("3", "2028-03-01T02:30:00.000Z")},
      {"no 29 February in another year", "POST", "/orders", At("2030-02-29T12:00:00Z"), 400,
       InvalidRequestBody("datetime", kDatetimeRule)},
      {"new year's eve", "POST", "/orders", At("2029-12-31T23:59:59.999Z"), 201,
       Order("4", "2029-12-31T23:59:59.999Z")},
      {"new year", "POST", "/orders", At("2030-01-01T00:00:00Z"), 409,
       Conflict("4", "2030-01-01T02:59:59.999Z")},
      {"before 1970", "POST", "/orders", At("1969-12-31T23:00:00Z"), 201,
       Order("5", "1969-12-31T23:00:00.000Z")},
      {"and after", "POST", "/orders", At("1970-01-01T00:00:00Z"), 409,
       Conflict("5", "1970-01-01T02:00:00.000Z")},
  });
}

TEST_CASE("next_available is the earliest time from the requested one on, and is accepted") {
  const TestServer server({}, kNoOrders);
  // Taken: 00:00, 03:00, 06:30, 12:29:59.999. Free from 03:00 on: 09:30 (the gap at 06:00 is
  // small).
  for (const char* time : {"2030-01-01T00:00:00Z", "2030-01-01T03:00:00Z", "2030-01-01T06:30:00Z",
                           "2030-01-01T12:29:59.999Z"}) {
    CHECK(server.Ask("POST", "/orders", At(time)).status == 201);
  }
  server.CheckAll({
      {"no gap is wide enough until after the last", "POST", "/orders", At("2030-01-01T00:30:00Z"),
       409, Conflict("1", "2030-01-01T15:29:59.999Z")},
      {"the last is moved away by a moment", "PUT", "/orders/4",
       R"({"datetime": "2030-01-01T12:30:00Z"})", 200, Order("4", "2030-01-01T12:30:00.000Z")},
      {"now the gap of exactly six hours takes it", "POST", "/orders", At("2030-01-01T00:30:00Z"),
       409, Conflict("1", "2030-01-01T09:30:00.000Z")},
      {"just before it", "POST", "/orders", At("2030-01-01T09:29:59.999Z"), 409,
       Conflict("3", "2030-01-01T09:30:00.000Z")},
      {"it is accepted", "POST", "/orders", At("2030-01-01T09:30:00.000Z"), 201,
       Order("5", "2030-01-01T09:30:00.000Z")},
      {"the next one", "POST", "/orders", At("2030-01-01T00:30:00Z"), 409,
       Conflict("1", "2030-01-01T15:30:00.000Z")},
      {"it is accepted too", "POST", "/orders", At("2030-01-01T15:30:00.000Z"), 201,
       Order("6", "2030-01-01T15:30:00.000Z")},
  });
  // However the taken times lie, the time offered is accepted.
  for (int minute = 0; minute < 24 * 60; minute += 47) {
    const std::string wanted =
        "2030-01-02T" + TwoDigits(minute / 60) + ":" + TwoDigits(minute % 60) + ":00Z";
    const Answer refused = server.Ask("POST", "/orders", At(wanted));
    if (refused.status == 201) continue;
    REQUIRE(refused.status == 409);
    const std::string key = R"("next_available":")";
    const std::string offered = refused.body.substr(refused.body.find(key) + key.size(), 24);
    CHECK(server.Ask("POST", "/orders", At(offered)).status == 201);
  }
  CHECK(server.Query("SELECT count(*) FROM desk_orders AS a JOIN desk_orders AS b "
                     "ON a.id < b.id AND abs(a.datetime - b.datetime) < 3 * 3600000") == "0");
}

TEST_CASE("next_available is left out when the calendar ends before it") {
  const TestServer server({}, kNoOrders);
  server.CheckAll({
      {"at its end", "POST", "/orders", At("9999-12-31T23:00:00Z"), 201,
       Order("1", "9999-12-31T23:00:00.000Z")},
      {"nothing is free after it", "POST", "/orders", At("9999-12-31T22:00:00Z"), 409,
       R"({"error":"order_conflict","message":"Order 1 is less than 3 hours away.",)"
       R"("field":"datetime","conflicts_with":"1"})"},
  });
}

TEST_CASE("an order never conflicts with itself, and is checked only when its datetime changes") {
  const TestServer server({}, kNoOrders);
  const std::string body_conflict = Conflict("2", "2030-01-01T09:00:00.000Z");
  server.CheckAll({
      {"one order", "POST", "/orders", At("2030-01-01T00:00:00Z"), 201,
       Order("1", "2030-01-01T00:00:00.000Z")},
      {"another", "POST", "/orders", At("2030-01-01T06:00:00Z"), 201,
       Order("2", "2030-01-01T06:00:00.000Z")},
      {"moved by a minute, near itself", "PUT", "/orders/1",
       R"({"datetime": "2030-01-01T00:01:00Z"})", 200, Order("1", "2030-01-01T00:01:00.000Z")},
      {"moved onto itself", "PUT", "/orders/1", R"({"datetime": "2030-01-01T01:01:00+01:00"})", 200,
       Order("1", "2030-01-01T00:01:00.000Z")},
      {"moved to exactly three hours from its neighbour", "PATCH", "/orders/1",
       R"({"datetime": "2030-01-01T03:00:00Z"})", 200, Order("1", "2030-01-01T03:00:00.000Z")},
      {"moved one moment nearer", "PATCH", "/orders/1",
       R"({"datetime": "2030-01-01T03:00:00.001Z"})", 409, body_conflict},
      {"moved onto its neighbour", "PUT", "/orders/1", R"({"datetime": "2030-01-01T06:00:00Z"})",
       409, body_conflict},
      {"moved across its neighbour", "PUT", "/orders/1", R"({"datetime": "2030-01-01T09:00:00Z"})",
       200, Order("1", "2030-01-01T09:00:00.000Z")},
      {"back: where it was is free, where it is does not count", "PUT", "/orders/1",
       R"({"datetime": "2030-01-01T07:00:00Z"})", 409, body_conflict},
      {"a refused move takes no other field with it", "PUT", "/orders/1",
       R"({"quantity": 9, "datetime": "2030-01-01T06:00:00Z"})", 409, body_conflict},
      {"without a datetime it takes no part", "PUT", "/orders/1", R"({"datetime": null})", 200,
       Undated("1")},
      {"given one again, it is checked", "PUT", "/orders/1",
       R"({"datetime": "2030-01-01T05:00:00Z"})", 409, body_conflict},
      {"and accepted where it is free", "PUT", "/orders/1",
       R"({"datetime": "2030-01-01T09:00:00Z"})", 200, Order("1", "2030-01-01T09:00:00.000Z")},
  });
}

TEST_CASE("seeded orders are taken as they are and stay editable, though they share a datetime") {
  const TestServer server;
  const auto with = [](std::string order, const std::string& from, const std::string& to) {
    return order.replace(order.find(from), from.size(), to);
  };
  server.CheckAll({
      {"another field", "PUT", "/orders/223", R"({"totalfee": 120})", 200,
       with(kSeeded223, ":100", ":120")},
      {"the datetime as it is", "PUT", "/orders/223", R"({"datetime": "2022-11-01T11:11:11.111Z"})",
       200, with(kSeeded223, ":100", ":120")},
      {"the datetime as it is, at another offset", "PUT", "/orders/223",
       R"({"datetime": "2022-11-01T13:11:11.111+02:00", "totalfee": 100})", 200, kSeeded223},
      {"a new one is checked", "PUT", "/orders/223", R"({"datetime": "2022-11-01T11:11:11.112Z"})",
       409, Conflict("224", "2022-11-01T14:11:11.111Z")},
      {"a new order is checked against them", "POST", "/orders", At("2022-11-01T11:00:00Z"), 409,
       Conflict("223", "2022-11-01T14:11:11.111Z")},
      {"away from the others", "PUT", "/orders/223", R"({"datetime": "2022-11-01T14:11:11.111Z"})",
       200, with(kSeeded223, "T11", "T14")},
      {"it cannot come back; where it is, is free for it", "PUT", "/orders/223",
       R"({"datetime": "2022-11-01T11:11:11.111Z"})", 409,
       Conflict("224", "2022-11-01T14:11:11.111Z")},
  });
}

TEST_CASE("the place of a deleted order is free at once") {
  const TestServer server({}, kNoOrders);
  server.CheckAll({
      {"taken", "POST", "/orders", At("2030-01-01T00:00:00Z"), 201,
       Order("1", "2030-01-01T00:00:00.000Z")},
      {"refused", "POST", "/orders", At("2030-01-01T00:00:00Z"), 409,
       Conflict("1", "2030-01-01T03:00:00.000Z")},
      {"deleted", "DELETE", "/orders/1", "", 204, ""},
      {"accepted", "POST", "/orders", AtWithId("2030-01-01T00:00:00Z", "new"), 201,
       Order("new", "2030-01-01T00:00:00.000Z")},
      {"the deleted one's id too", "POST", "/orders", AtWithId("2030-01-01T03:00:00Z", "1"), 201,
       Order("1", "2030-01-01T03:00:00.000Z")},
  });
}

TEST_CASE("orders without a datetime take no part in the three-hour rule") {
  const TestServer server({}, kNoOrders);
  server.CheckAll({
      {"one", "POST", "/orders", R"({"product": "P", "quantity": 1})", 201, Undated("1")},
      {"another", "POST", "/orders", R"({"product": "P", "quantity": 1})", 201, Undated("2")},
      {"one with a datetime", "POST", "/orders", At("2030-01-01T00:00:00Z"), 201,
       Order("3", "2030-01-01T00:00:00.000Z")},
      {"one without beside it", "POST", "/orders", R"({"product": "P", "quantity": 1})", 201,
       Undated("4")},
  });
}

TEST_CASE("a service order at no given time is refused when now is taken") {
  const TestServer server({}, kNoOrders);
  const char* body = R"({"totalfee": 1, "services": [123]})";
  CHECK(server.Ask("POST", "/orders", body).status == 201);
  const Answer second = server.Ask("POST", "/orders", body);
  CHECK(second.status == 409);
  CHECK(second.body.starts_with(
      R"({"error":"order_conflict","message":"Order 1 is less than 3 hours away.",)"
      R"("field":"datetime","conflicts_with":"1","next_available":")"));
  CHECK(server.Query("SELECT count(*) FROM desk_orders") == "1");
}

TEST_CASE("32 simultaneous posts for one slot: exactly one wins") {
  const TestServer server({}, kNoOrders);
  const std::vector<std::string> requests(
      32, RequestText("POST", "/orders", At("2030-01-01T00:00:00Z")));
  const auto answers = AskAtOnce(server.port(), requests);
  CHECK(CountStatuses(answers) == "1x201 31x409");
  for (const Answer& answer : answers) {
    CHECK(MaskTimes(answer.body) == (answer.status == 201
                                         ? Order("1", "2030-01-01T00:00:00.000Z")
                                         : Conflict("1", "2030-01-01T03:00:00.000Z")));
  }
  CHECK(server.Query("SELECT id, datetime FROM desk_orders") == "1|1893456000000");
}

TEST_CASE("simultaneous moves onto one slot: exactly one wins") {
  const TestServer server({}, kNoOrders);
  std::vector<std::string> requests;
  for (int i = 1; i <= 16; ++i) {
    CHECK(server.Ask("POST", "/orders", R"({"product": "P", "quantity": 1})").status == 201);
    requests.push_back(RequestText("PUT", "/orders/" + std::to_string(i),
                                   R"({"datetime": "2030-01-01T00:00:00Z"})"));
  }
  CHECK(CountStatuses(AskAtOnce(server.port(), requests)) == "1x200 15x409");
  CHECK(server.Query("SELECT count(*) FROM desk_orders WHERE datetime = 1893456000000") == "1");
}

TEST_CASE("--order-gap 90m is another least distance, and 0 turns the rule off") {
  {
    const TestServer server({"--order-gap", "90m"}, kNoOrders);
    server.CheckAll({
        {"one order", "POST", "/orders", At("2030-01-01T12:00:00Z"), 201,
         Order("1", "2030-01-01T12:00:00.000Z")},
        {"1:29:59.999 after", "POST", "/orders", At("2030-01-01T13:29:59.999Z"), 409,
         Conflict("1", "2030-01-01T13:30:00.000Z", "90 minutes")},
        {"1:29:59.999 before", "POST", "/orders", At("2030-01-01T10:30:00.001Z"), 409,
         Conflict("1", "2030-01-01T13:30:00.000Z", "90 minutes")},
        {"90 minutes after", "POST", "/orders", At("2030-01-01T13:30:00Z"), 201,
         Order("2", "2030-01-01T13:30:00.000Z")},
        {"90 minutes before", "POST", "/orders", At("2030-01-01T10:30:00Z"), 201,
         Order("3", "2030-01-01T10:30:00.000Z")},
    });
  }
  {
    const TestServer server({"--order-gap", "0"}, kNoOrders);
    server.CheckAll({
        {"one order", "POST", "/orders", At("2030-01-01T12:00:00Z"), 201,
         Order("1", "2030-01-01T12:00:00.000Z")},
        {"another at the same moment", "POST", "/orders", At("2030-01-01T12:00:00Z"), 201,
         Order("2", "2030-01-01T12:00:00.000Z")},
    });
  }
  for (const std::string duration : {"", "3", "-3h", "3 h", "h", "3x", "9999999h"}) {
    CAPTURE(duration);
    const Finished finished = RunKiosk({"--memory", "--port", "0", "--order-gap", duration});
    CHECK(finished.exit_code == 2);
    CHECK(finished.out.empty());
  }
}

TEST_CASE("services are listed, read, made, renamed and deleted") {
  const TestServer server;
  const std::string seeded =
      R"({"id":123,"name":"Inspection"},{"id":789,"name":"Testing"},{"id":456,"name":"Analysis"})";
  const std::string exists =
      R"({"error":"service_exists","message":"Another service has this id.","field":"id"})";
  server.CheckAll({
      {"all, in the seed's order", "GET", "/services", "", 200, "[" + seeded + "]"},
      {"one", "GET", "/services/789", "", 200, R"({"id":789,"name":"Testing"})"},
      {"one that is not there", "GET", "/services/1", "", 404, kNotFound},
      {"one that is no number", "GET", "/services/Testing", "", 404, kNotFound},
      {"a number written otherwise", "GET", "/services/0789", "", 404, kNotFound},
      {"made without an id: the number after the largest",
       "POST",
       "/services",
       R"({"name": "Repair"})",
       201,
       R"({"id":790,"name":"Repair"})",
       {},
       {{"location", "/services/790"}},
       "SELECT name FROM services WHERE id = 790",
       "Repair"},
      {"made with an id",
       "POST",
       "/services",
       R"({"id": 7, "name": "Paint"})",
       201,
       R"({"id":7,"name":"Paint"})",
       {},
       {{"location", "/services/7"}}},
      {"made with an id as a string", "POST", "/services", R"({"id": "8", "name": "Polish"})", 201,
       R"({"id":8,"name":"Polish"})"},
      {"an id that is taken", "POST", "/services", R"({"id": 7, "name": "Other"})", 409, exists},
      {"all of them", "GET", "/services", "", 200,
       "[" + seeded +
           R"(,{"id":790,"name":"Repair"},{"id":7,"name":"Paint"},{"id":8,"name":"Polish"}])"},
      {"renamed",
       "PUT",
       "/services/123",
       R"({"name": "Check"})",
       200,
       R"({"id":123,"name":"Check"})",
       {},
       {},
       "SELECT name FROM services WHERE id = 123",
       "Check"},
      {"its orders show the new name", "GET", "/orders/223", "", 200,
       std::string(R"({"id":"223","datetime":"2022-11-01T11:11:11.111Z","totalfee":100,)") +
           R"("services":[{"id":"123","name":"Check"}])" + kTimes},
      {"sent back whole", "PUT", "/services/123", R"({"id": 123, "name": "Inspection"})", 200,
       R"({"id":123,"name":"Inspection"})"},
      {"renamed, but not there", "PUT", "/services/1", R"({"name": "x"})", 404, kNotFound},
      {"its id cannot be changed", "PUT", "/services/123", R"({"id": 124, "name": "x"})", 400,
       InvalidRequestBody("id", "The id of a service cannot be changed.")},
      {"used by an order", "DELETE", "/services/123", "", 409,
       R"({"error":"service_in_use","message":"Some order uses this service."})"},
      {"used by none",
       "DELETE",
       "/services/790",
       "",
       204,
       "",
       {},
       {},
       "SELECT count(*) FROM services WHERE id = 790",
       "0"},
      {"again", "DELETE", "/services/790", "", 404, kNotFound},
      {"the order goes", "DELETE", "/orders/223", "", 204, ""},
      {"then its service may go", "DELETE", "/services/123", "", 204, ""},
  });
}

TEST_CASE("a service whose fields are not as they should be is an invalid request") {
  const TestServer server;
  const std::string name_rule = "`name` must have 1 to 200 characters.";
  const std::string id_rule = "`id` must be an integer of at least 1.";
  const struct {
    const char* name;
    std::string body;
    std::string field;
    std::string message;
  } rows[] = {
      {"no name", "{}", "name", "`name` is missing."},
      {"name null", R"({"name": null})", "name", "`name` is missing."},
      {"name a number", R"({"name": 1})", "name", "`name` must be a string."},
      {"name empty", R"({"name": ""})", "name", name_rule},
      {"name of 201 characters", R"({"name": ")" + Repeat("x", 201) + R"("})", "name", name_rule},
      {"id of nothing", R"({"name": "x", "id": 0})", "id", id_rule},
      {"id negative", R"({"name": "x", "id": -1})", "id", id_rule},
      {"id with a fraction", R"({"name": "x", "id": 1.5})", "id", id_rule},
      {"id a word", R"({"name": "x", "id": "one"})", "id", id_rule},
      {"id an object that has one", R"({"name": "x", "id": {"id": 900}})", "id", id_rule},
      {"an unknown field", R"({"name": "x", "price": 1})", "price", "Unknown field: `price`."},
      {"a list", R"(["x"])", "", "The body must be an object."},
  };
  for (const auto& row : rows) {
    const std::string refused = InvalidRequestBody(row.field, row.message);
    server.Check({row.name, "POST", "/services", row.body, 400, refused});
    server.Check({row.name, "PUT", "/services/123", row.body, 400, refused});
  }
}

TEST_CASE("the desk has the bare routes, and the shop those under /api") {
  const TestServer server;
  server.CheckAll({
      {"a desk's order under /api is no shop's order", "POST", "/api/orders",
       R"({"product": "Product Name", "quantity": 5})", 400,
       InvalidRequestBody("order", "`order` is missing.")},
      {"a desk's order is not read under /api", "GET", "/api/orders/223", "", 404, kNotFound},
      {"nor changed", "PUT", "/api/orders/223", R"({"totalfee": 1})", 405,
       R"({"error":"method_not_allowed","message":"This address answers only to GET, HEAD, OPTIONS."})"},
      {"services have no prefix", "GET", "/api/services", "", 404, kNotFound},
      {"a bare list is the desk's, whatever its query", "GET", "/orders?user_id=u&limit=1", "", 200,
       "[" + kSeeded223 + "]"},
  });
}
