// SPEC section 4: services.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/desk.h"

using namespace kiosk::test;

TEST_CASE("services are listed, read, made, renamed and deleted") {
  const TestServer server;
  const std::string seeded =
      R"({"id":123,"name":"Inspection"},{"id":789,"name":"Testing"},{"id":456,"name":"Analysis"})";
  const std::string exists =
      R"({"error":"service_exists","message":"Another service has this id.","field":"id"})";
  server.CheckAll({
      {"all, in the seed's order", "GET", "/services", "", 200, "[" + seeded + "]"},
      {"one", "GET", "/services/789", "", 200, R"({"id":789,"name":"Testing"})"},
      {"one that is not there", "GET", "/services/1", "", 404, kServiceNotFound},
      {"one that is no number", "GET", "/services/Testing", "", 404, kServiceNotFound},
      {"a number written otherwise", "GET", "/services/0789", "", 404, kServiceNotFound},
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
      {"renamed by PATCH", "PATCH", "/services/123", R"({"name": "Check it"})", 200,
       R"({"id":123,"name":"Check it"})"},
      {"sent back whole", "PUT", "/services/123", R"({"id": 123, "name": "Inspection"})", 200,
       R"({"id":123,"name":"Inspection"})"},
      {"renamed, but not there", "PUT", "/services/1", R"({"name": "x"})", 404, kServiceNotFound},
      {"its id cannot be changed", "PUT", "/services/123", R"({"id": 124, "name": "x"})", 400,
       InvalidRequestBody("id", "The id of a service cannot be changed.")},
      {"used by an order", "DELETE", "/services/123", "", 409,
       R"({"error":"service_in_use","message":"An order uses this service."})"},
      {"used by none",
       "DELETE",
       "/services/790",
       "",
       200,
       R"({"id":790,"name":"Repair"})",
       {},
       {},
       "SELECT count(*) FROM services WHERE id = 790",
       "0"},
      {"again", "DELETE", "/services/790", "", 404, kServiceNotFound},
      {"the order goes", "DELETE", "/orders/223", "", 200,
       std::string(R"({"id":"223","datetime":"2022-11-01T11:11:11.111Z","totalfee":100,)") +
           R"("services":[{"id":"123","name":"Inspection"}])" + kTimes},
      {"then its service may go", "DELETE", "/services/123", "", 200,
       R"({"id":123,"name":"Inspection"})"},
  });
}

TEST_CASE("a service whose fields are not as they should be is an invalid request") {
  const TestServer server;
  const std::string name_rule = "`name` must have 1 to 200 characters.";
  const std::string id_rule = "`id` must be an integer of at least 1.";
  const std::string id_limit = "`id` must be an integer of at most 9007199254740991.";
  const struct {
    const char* name;
    std::string body;
    std::string field;
    std::string message;
  } rows[] = {
      {"name a number", R"({"name": 1})", "name", "`name` must be a string."},
      {"name empty", R"({"name": ""})", "name", name_rule},
      {"name of 201 characters", R"({"name": ")" + Repeat("x", 201) + R"("})", "name", name_rule},
      {"id of nothing", R"({"name": "x", "id": 0})", "id", id_rule},
      {"id negative", R"({"name": "x", "id": -1})", "id", id_rule},
      {"id with a fraction", R"({"name": "x", "id": 1.5})", "id", id_rule},
      {"id a word", R"({"name": "x", "id": "one"})", "id", id_rule},
      {"id an object that has one", R"({"name": "x", "id": {"id": 900}})", "id", id_rule},
      {"id too large", R"({"name": "x", "id": 9007199254740992})", "id", id_limit},
      {"id far too large", R"({"name": "x", "id": 1e18})", "id", id_limit},
      {"id too large as a text", R"({"name": "x", "id": "99999999999999999999"})", "id", id_limit},
      {"an unknown field", R"({"name": "x", "price": 1})", "price", "Unknown field: `price`."},
      {"a list", R"(["x"])", "", "The body must be an object."},
  };
  for (const auto& row : rows) {
    const std::string refused = InvalidRequestBody(row.field, row.message);
    server.Check({row.name, "POST", "/services", row.body, 400, refused});
    server.Check({row.name, "PUT", "/services/123", row.body, 400, refused});
    server.Check({row.name, "PATCH", "/services/123", row.body, 400, refused});
  }
}

TEST_CASE("a service needs a name, which a change may leave out but not remove") {
  const TestServer server;
  const std::string stale =
      R"({"error":"precondition_failed",)"
      R"("message":"The ETag in If-Match is not the current one; read the resource again."})";
  const std::string is_missing = InvalidRequestBody("name", "`name` is missing.");
  const std::string is_none = InvalidRequestBody("name", "`name` must be a string.");
  const std::string inspection = R"({"id":123,"name":"Inspection"})";
  server.CheckAll({
      {"a new one without a name", "POST", "/services", "{}", 400, is_missing},
      {"a new one whose name is null", "POST", "/services", R"({"name": null})", 400, is_missing},
      {"its name removed", "PATCH", "/services/123", R"({"name": null})", 400, is_none},
      {"its name removed by PUT", "PUT", "/services/123", R"({"name": null})", 400, is_none},
      {"nothing changed", "PATCH", "/services/123", "{}", 200, inspection},
      {"nothing changed by PUT", "PUT", "/services/123", "{}", 200, inspection},
      {"its own id alone", "PATCH", "/services/123", R"({"id": "123"})", 200, inspection},
      {"another id alone", "PATCH", "/services/123", R"({"id": 124})", 400,
       InvalidRequestBody("id", "The id of a service cannot be changed.")},
      {"nothing changed of none", "PATCH", "/services/1", "{}", 404, kServiceNotFound},
      {"nothing changed, but stale",
       "PATCH",
       "/services/123",
       "{}",
       412,
       stale,
       {{"If-Match", "\"stale\""}}},
  });
}

TEST_CASE("the desk has the bare routes, and the shop those under /api") {
  const TestServer server;
  server.CheckAll({
      {"a desk's order under /api is no shop's order", "POST", "/api/orders",
       R"({"product": "Product Name", "quantity": 5})", 400,
       InvalidRequestBody("order", "`order` is missing.")},
      {"a desk's order is not read under /api", "GET", "/api/orders/223", "", 404, kOrderNotFound},
      {"nor changed", "PUT", "/api/orders/223", R"({"totalfee": 1})", 405,
       R"({"error":"method_not_allowed","message":"This address answers only to GET, HEAD, OPTIONS."})"},
      {"services have no prefix", "GET", "/api/services", "", 404, kNotFound},
      {"a bare list is the desk's, whatever its query", "GET", "/orders?user_id=u&limit=1", "", 200,
       "[" + kSeeded223 + "]"},
  });
}
