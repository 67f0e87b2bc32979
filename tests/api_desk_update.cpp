// SPEC section 4: changing and deleting orders.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/desk.h"

using namespace kiosk::test;

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
       InvalidRequestBody("created_at", "`created_at` cannot be changed.")},
      {"updated_at", "PUT", "/orders/226", R"({"updated_at": "2030-01-01T00:00:00Z"})", 400,
       InvalidRequestBody("updated_at", "`updated_at` cannot be changed" + put_message)},
      {"a service's name", "PUT", "/orders/223",
       R"({"services": [{"id": "123", "name": "Check"}]})", 400,
       InvalidRequestBody("services", "The name of a service is changed at /services, not here.")},
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

TEST_CASE("DELETE answers 200 with the deleted order, and 404 when it is repeated") {
  const TestServer server;
  CHECK(server.Ask("POST", "/orders", R"({"id": "a", "product": "P", "quantity": 2})").status ==
        201);
  server.CheckAll({
      {"a service order",
       "DELETE",
       "/orders/223",
       "",
       200,
       kSeeded223,
       {},
       {{"content-type", "application/json"}},
       "SELECT id FROM desk_orders ORDER BY id",
       "224\n225\na"},
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
      {"a product order", "DELETE", "/orders/a", "", 200,
       std::string(R"({"id":"a","product":"P","quantity":2)") + kTimes},
      {"never there", "DELETE", "/orders/one", "", 404, kOrderNotFound},
  });
}

TEST_CASE("an unknown id is 404, whatever the body") {
  const TestServer server;
  for (const std::string method : {"PUT", "PATCH"}) {
    for (const std::string body : {"{}", "{", "[]", R"({"quantity": -1})", R"({"note": 1})",
                                   R"({"services": ["abc"]})", R"({"totalfee": 1})"}) {
      server.Check({body, method, "/orders/999", body, 404, kOrderNotFound});
      server.Check({body, method, "/services/999", body, 404, kServiceNotFound});
      server.Check({body, method, "/services/abc", body, 404, kServiceNotFound});
    }
    server.Check({"If-Match: *",
                  method,
                  "/orders/999",
                  R"({"totalfee": 1})",
                  404,
                  kOrderNotFound,
                  {{"If-Match", "*"}}});
    server.Check({"If-Match: *",
                  method,
                  "/services/999",
                  R"({"name": "S"})",
                  404,
                  kServiceNotFound,
                  {{"If-Match", "*"}}});
  }
}
