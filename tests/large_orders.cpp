// Orders of the shop as large as a body allows: their cost grows with their length only.
#include <doctest/doctest.h>

#include <string>

#include "tests/scenario.h"

using namespace kiosk::test;

namespace {

constexpr int kProducts = 100'000;

std::string Products() {
  std::string seed = R"({"starting_balance": 1, "products": [)";
  for (int i = 0; i < kProducts; ++i) {
    seed +=
        (i > 0 ? ",{\"id\":\"" : "{\"id\":\"") + std::to_string(i) + R"(","name":"P","price":0})";
  }
  return seed + "]}";
}

}  // namespace

TEST_CASE("an order of 100,000 products is placed in seconds, and so is one of products owned") {
  const TestServer server({}, Products());
  std::string items;
  for (int i = 0; i < kProducts; ++i) items += (i > 0 ? ",\"" : "\"") + std::to_string(i) + '"';
  const std::string body = R"({"order":{"user_id":"u","items":[)" + items + "]}}";
  const Answer placed = server.Ask("POST", "/api/orders", body);
  CHECK(placed.status == 200);
  CHECK(placed.body ==
        R"({"order":{"order_id":"1","data":{"items":[)" + items + R"(],"total":0}}})");
  CHECK(server.Query("SELECT count(*), max(position) FROM owned_products") == "100000|99999");
  const Answer again = server.Ask("POST", "/api/orders", body);
  CHECK(again.status == 400);
  CHECK(again.body == R"({"error":"products_already_purchased"})");
  CHECK(server.Ask("GET", "/api/users/u").body ==
        R"({"user":{"user_id":"u","data":{"balance":1,"product_ids":[)" + items + "]}}}");
}

TEST_CASE("thousands of orders of one user are listed in seconds") {
  constexpr int kOrders = 20'000;
  TestServer server({}, Products());
  server.Restart(
      "INSERT INTO users VALUES ('u', 100, 100);"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
      " INSERT INTO benefit_orders SELECT i, 'u', 0, 0 FROM n;"
      "INSERT INTO owned_products SELECT 'u', order_id, order_id, order_id, 0 FROM "
      "benefit_orders;");
  const Answer all = server.Ask("GET", "/api/orders?user_id=u");
  CHECK(all.status == 200);
  std::string expected = R"({"orders":[)";
  for (int i = 1; i <= kOrders; ++i) {
    const std::string id = std::to_string(i);
    expected += (i > 1 ? "," : "") + std::string(R"({"order_id":")") + id +
                R"(","data":{"items":[")" + id + R"("],"total":0,"user_id":"u",)" +
                R"("created_at":"1970-01-01T00:00:00.000Z"}})";
  }
  CHECK(all.body == expected + "]}");
  CHECK(server.Ask("GET", "/api/orders/20000").status == 200);
}
