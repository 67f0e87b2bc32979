// Numbers and null in request bodies, over the executable: any spelling of an integer, and null for
// a field that is absent. SPEC section 2.
#include <doctest/doctest.h>

#include <string>

#include "tests/scenario.h"

using namespace kiosk::test;

namespace {

const std::string kTimes = R"(,"created_at":"*","updated_at":"*"})";

}  // namespace

TEST_CASE("an integer is accepted in any spelling that denotes one") {
  const TestServer server({"--order-gap", "0"});
  const struct {
    const char* spelling;
    const char* written;
  } rows[] = {{"1", "1"},
              {"1.0", "1"},
              {"1e2", "100"},
              {"1E+2", "100"},
              {"10e-1", "1"},
              {"2.50e1", "25"},
              {"9007199254740991.0", "9007199254740991"},
              {"0.00005e5", "5"}};
  int id = 225;
  for (const auto& row : rows) {
    const std::string number = std::to_string(++id);
    server.CheckAll(
        {{std::string("a quantity of ") + row.spelling, "POST", "/orders",
          std::string(R"({"product": "P", "quantity": )") + row.spelling + "}", 201,
          R"({"id":")" + number + R"(","product":"P","quantity":)" + row.written + kTimes},
         {std::string("changed to ") + row.spelling, "PATCH", "/orders/" + number,
          std::string(R"({"quantity": )") + row.spelling + "}", 200,
          R"({"id":")" + number + R"(","product":"P","quantity":)" + row.written + kTimes}});
  }
  for (const char* service : {"123.0", "1.23e2", "12300E-2", R"({"id": 123.0})"}) {
    server.Check({std::string("a service ") + service, "POST", "/orders",
                  std::string(R"({"totalfee": 1, "datetime": "2030-01-01T00:00:00Z", )") +
                      R"("services": [)" + service + "]}",
                  201,
                  R"({"id":")" + std::to_string(++id) +
                      R"(","datetime":"2030-01-01T00:00:00.000Z","totalfee":1,)"
                      R"("services":[{"id":"123","name":"Inspection"}])" +
                      kTimes});
  }
  server.CheckAll({
      {"the id of a new service", "POST", "/services", R"({"name": "Paint", "id": 9e2})", 201,
       R"({"id":900,"name":"Paint"})"},
      {"the id of a service sent back", "PUT", "/services/900", R"({"name": "Gild", "id": 900.0})",
       200, R"({"id":900,"name":"Gild"})"},
      {"the same service in two spellings", "POST", "/orders",
       R"({"totalfee": 1, "services": [123, 12.3e1]})", 400,
       InvalidRequestBody("services", "`services` must not name a service twice.")},
  });
}

TEST_CASE("a number that is no integer of at least 1 is no quantity, however it is spelled") {
  const TestServer server;
  for (const char* spelling : {"0", "-0", "0.0", "0e999999999", "-1", "1.5", "1e-1", "1e-999999999",
                               "-1e999999999", R"("1")", "true", "[1]"}) {
    server.Check({spelling, "POST", "/orders",
                  std::string(R"({"product": "P", "quantity": )") + spelling + "}", 400,
                  InvalidRequestBody("quantity", "`quantity` must be an integer of at least 1.")});
  }
  for (const char* spelling : {"9007199254740992", "9007199254740991.5", "1e16", "1e999999999",
                               "1e99999999999999999999999"}) {
    server.Check({spelling, "POST", "/orders",
                  std::string(R"({"product": "P", "quantity": )") + spelling + "}", 400,
                  InvalidRequestBody(
                      "quantity", "`quantity` must be an integer of at most 9007199254740991.")});
  }
}

TEST_CASE("a seed has integers in any spelling") {
  const TestServer server({}, R"({"starting_balance": 1e2,
      "products": [{"id": "p", "name": "P", "price": 0.500}],
      "services": [{"id": 1.0, "name": "S"}, {"id": "2", "name": "T"}],
      "orders": [{"id": "1", "totalfee": 50e-1, "services": [10e-1, "2"]},
                 {"id": "2", "product": "P", "quantity": 3.0}]})");
  CHECK(server.Ask("GET", "/services").body == R"([{"id":1,"name":"S"},{"id":2,"name":"T"}])");
  CHECK(server.Query("SELECT quantity FROM desk_orders WHERE id = '2'") == "3");
  CHECK(server.Query("SELECT starting_balance FROM seed") == "10000");
  CHECK(server.Query("SELECT price FROM products") == "50");
  CHECK(server.Query("SELECT totalfee FROM desk_orders WHERE id = '1'") == "500");
}

TEST_CASE("null is an absent field on every POST") {
  const TestServer server;
  server.CheckAll({
      {"a product order", "POST", "/orders",
       R"({"product": "P", "quantity": 1, "id": null, "datetime": null, "totalfee": null,
           "services": null})",
       201, R"({"id":"226","product":"P","quantity":1)" + kTimes},
      {"a service order", "POST", "/orders",
       R"({"services": [{"id": 123, "name": null}], "totalfee": 5, "product": null,
           "quantity": null, "datetime": "2030-01-01T00:00:00Z"})",
       201,
       R"({"id":"227","datetime":"2030-01-01T00:00:00.000Z","totalfee":5,)"
       R"("services":[{"id":"123","name":"Inspection"}])" +
           kTimes},
      {"a service", "POST", "/services", R"({"name": "Paint", "id": null})", 201,
       R"({"id":790,"name":"Paint"})"},
  });
  server.CheckAll({
      {"no order at all", "POST", "/orders",
       R"({"product": null, "quantity": null, "services": null})", 400,
       InvalidRequestBody(
           "services", "An order needs `services` and `totalfee`, or `product` and `quantity`.")},
      {"a required field", "POST", "/services", R"({"name": null})", 400,
       InvalidRequestBody("name", "`name` is missing.")},
      {"a required id", "POST", "/orders", R"({"totalfee": 1, "services": [{"id": null}]})", 400,
       InvalidRequestBody("services.id", "`services.id` is missing.")},
      {"a purchase that is null", "POST", "/api/orders", R"({"order": null})", 400,
       InvalidRequestBody("order", "`order` is missing.")},
      {"a purchase on the bare path that is null", "POST", "/orders", R"({"order": null})", 400,
       InvalidRequestBody("order", "`order` is missing.")},
      {"no items", "POST", "/api/orders", R"({"order": {"items": null, "user_id": "u"}})", 400,
       InvalidRequestBody("order.items", "`order.items` is missing.")},
      {"no user", "POST", "/api/orders", R"({"order": {"items": ["tap"], "user_id": null}})", 400,
       InvalidRequestBody("order.user_id", "`order.user_id` is missing.")},
      {"an unknown field stays unknown", "POST", "/orders",
       R"({"product": "P", "quantity": 1, "note": null})", 400,
       InvalidRequestBody("note", "Unknown field: `note`.")},
      {"null and then a value", "POST", "/services", R"({"name": null, "name": "S"})", 400,
       InvalidRequestBody("name", "`name` is given twice.")},
      {"an element of a list", "POST", "/api/orders",
       R"({"order": {"items": [null], "user_id": "u"}})", 400,
       InvalidRequestBody("order.items", "`order.items` must contain only strings.")},
  });
}

TEST_CASE("null is an absent field in a seed") {
  const TestServer server({}, R"({"starting_balance": 7, "products": null,
      "services": [{"id": 1, "name": "S"}],
      "orders": [{"id": "1", "product": "P", "quantity": 2, "datetime": null, "services": null}],
      "users": [{"user_id": "u", "balance": null, "product_ids": null}]})");
  CHECK(server.Ask("GET", "/api/products").body == R"({"products":[]})");
  CHECK(MaskTimes(server.Ask("GET", "/orders/1").body) ==
        R"({"id":"1","product":"P","quantity":2)" + kTimes);
  CHECK(server.Ask("GET", "/api/users/u").body ==
        R"({"user":{"user_id":"u","data":{"balance":7,"product_ids":[]}}})");
}
