// SPEC section 4: reading and creating orders.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/desk.h"

using namespace kiosk::test;

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
       200,
       updated,
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
      {"a repeated service", R"({"totalfee": 5, "services": ["123", 789, {"id": 123}]})",
       "services", "`services` must not name a service twice."},
      {"a service by a name that is not its own",
       R"({"totalfee": 5, "services": [{"id": 123, "name": "Testing"}]})", "services",
       "The name of a service is changed at /services, not here."},
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

TEST_CASE("services that do not exist are named, whatever their ids look like") {
  const TestServer server;
  const std::string long_text = Repeat("x", 100);
  const struct {
    std::string services;
    std::string message;
  } rows[] = {
      {R"(["1"])", " has the id `1`."},
      {R"([1])", " has the id `1`."},
      {R"([1.0])", " has the id `1`."},
      {R"([{"id": "1"}])", " has the id `1`."},
      {R"([{"id": 1}])", " has the id `1`."},
      {R"(["123", "1"])", " has the id `1`."},
      {R"([0])", " has the id `0`."},
      {R"([-1])", " has the id `-1`."},
      {R"([1.5])", " has the id `1.5`."},
      {R"([1e400])", " has the id `1e400`."},
      {R"(["abc"])", " has the id `abc`."},
      {R"([""])", " has the id ``."},
      {R"(["0123"])", " has the id `0123`."},
      {R"(["99999999999999999999"])", " has the id `99999999999999999999`."},
      {R"([99999999999999999999])", " has the id `99999999999999999999`."},
      {R"(["abc", "def"])", "s have the ids `abc`, `def`."},
      {R"(["abc", {"id": 7}, 123, 0, "-1"])", "s have the ids `abc`, `7`, `0`, `-1`."},
      {R"([0, "", -1])", "s have the ids `0`, ``, `-1`."},
      {"[\"" + long_text + "\"]", " has the id `" + long_text.substr(0, 64) + "…`."},
      {"[\"x" + Repeat("é", 40) + "\"]", " has the id `x" + Repeat("é", 31) + "…`."},
      {R"([{"id": "1", "name": "Inspection"}])", " has the id `1`."},
  };
  for (const auto& row : rows) {
    const std::string refused = ServicesNotFound(row.message);
    server.Check({row.services, "POST", "/orders",
                  R"({"totalfee": 1, "services": )" + row.services + "}", 400, refused});
    server.Check({row.services + ", in an update", "PUT", "/orders/223",
                  R"({"services": )" + row.services + "}", 400, refused});
  }
  std::string many;
  std::string shown;
  for (int i = 1000; i < 2000; ++i) many += (i > 1000 ? "," : "") + std::to_string(i);
  for (int i = 1000; i < 1020; ++i) shown += (i > 1000 ? ", `" : "`") + std::to_string(i) + "`";
  server.Check({"of many the first", "POST", "/orders",
                R"({"totalfee": 1, "services": [)" + many + "]}", 400,
                ServicesNotFound("s have the ids " + shown + " and others.")});
}

TEST_CASE("types come before repeated services, and these before unknown ones") {
  const TestServer server;
  const std::string types = "`services` must contain ids, or objects with an id.";
  const std::string twice = "`services` must not name a service twice.";
  const struct {
    std::string services;
    std::string message;
  } rows[] = {
      {R"([null])", types},
      {R"([true])", types},
      {R"([["123"]])", types},
      {R"([{"id": true}])", types},
      {R"(["abc", true])", types},
      {R"([123, 123, true])", types},
      {R"([123, "123"])", twice},
      {R"([123, 123.0])", twice},
      {R"([{"id": 123}, "123"])", twice},
      {R"(["abc", "abc"])", twice},
      {R"(["abc", 123, 123])", twice},
      {R"([0, 0])", twice},
  };
  for (const auto& row : rows) {
    const std::string refused = InvalidRequestBody("services", row.message);
    server.Check({row.services, "POST", "/orders",
                  R"({"totalfee": 1, "services": )" + row.services + "}", 400, refused});
    server.Check({row.services + ", in an update", "PATCH", "/orders/223",
                  R"({"services": )" + row.services + "}", 400, refused});
  }
}

TEST_CASE("an order with an id created by 20 clients together exists once") {
  const TestServer server;
  const std::vector<std::string> requests(
      20, RequestText("POST", "/orders", R"({"id": "one", "product": "P", "quantity": 1})"));
  CHECK(CountStatuses(AskAtOnce(server.port(), requests)) == "1x201 19x409");
  CHECK(server.Query("SELECT count(*) FROM desk_orders WHERE id = 'one'") == "1");
}
