// SPEC section 4: which ids are accepted, and which are assigned.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/scenario.h"

using namespace kiosk::test;

namespace {

constexpr char kTimes[] = R"(,"created_at":"*","updated_at":"*"})";
constexpr char kOrderExists[] =
    R"({"error":"order_exists","message":"Another order has this id.","field":"id"})";
constexpr char kServiceExists[] =
    R"({"error":"service_exists","message":"Another service has this id.","field":"id"})";
constexpr char kAnOrder[] = R"({"product": "P", "quantity": 1})";
const std::string kIdRule =
    "`id` must be 1 to 64 of A-Z, a-z, 0-9, `.`, `_` and `-`, other than `.` and `..`.";

std::string Undated(const std::string& id) {
  return R"({"id":")" + id + R"(","product":"P","quantity":1)" + kTimes;
}

std::string WithId(const std::string& id) {
  return R"({"product": "P", "quantity": 1, "id": ")" + id + R"("})";
}

// Creates an order without an id and checks the one that it is assigned.
void CheckAssigned(const TestServer& server, const std::string& id) {
  server.Check({"is assigned " + id,
                "POST",
                "/orders",
                kAnOrder,
                201,
                Undated(id),
                {},
                {{"location", "/orders/" + id}}});
}

void CheckAssignedService(const TestServer& server, const std::string& id) {
  server.Check({"is assigned " + id,
                "POST",
                "/services",
                R"({"name": "S"})",
                201,
                R"({"id":)" + id + R"(,"name":"S"})",
                {},
                {{"location", "/services/" + id}}});
}

constexpr char kNextIds[] = "SELECT kind, next FROM next_ids ORDER BY kind";

}  // namespace

TEST_CASE("an id may be chosen, once; otherwise it is the number after the largest") {
  const TestServer server;
  const std::string longest = Repeat("aZ9._-", 10) + "abcd";
  server.CheckAll({
      {"one to 64 characters of this kind",
       "POST",
       "/orders",
       WithId(longest),
       201,
       Undated(longest),
       {},
       {{"location", "/orders/" + longest}}},
      {"under its address", "GET", "/orders/" + longest, "", 200, Undated(longest)},
      {"a single character",
       "POST",
       "/orders",
       WithId("-"),
       201,
       Undated("-"),
       {},
       {{"location", "/orders/-"}}},
      {"taken", "POST", "/orders", WithId("-"), 409, kOrderExists},
      {"taken by the seed", "POST", "/orders", WithId("223"), 409, kOrderExists},
      {"ids are compared byte for byte", "POST", "/orders", WithId("A"), 201, Undated("A")},
      {"in the other case it is another", "POST", "/orders", WithId("a"), 201, Undated("a")},
      {"no id: after the largest number, whatever else there is",
       "POST",
       "/orders",
       kAnOrder,
       201,
       Undated("226"),
       {},
       {{"location", "/orders/226"}}},
      {"a larger number", "POST", "/orders", WithId("1000"), 201, Undated("1000")},
      {"a smaller number", "POST", "/orders", WithId("9"), 201, Undated("9")},
      {"after the largest by value, not by its text", "POST", "/orders", kAnOrder, 201,
       Undated("1001")},
  });
  const struct {
    const char* name;
    std::string id;
    std::string message;
  } refused[] = {
      {"empty", R"("")", kIdRule},
      {"65 characters", '"' + Repeat("x", 65) + '"', kIdRule},
      {"a slash", R"("a/b")", kIdRule},
      {"a space", R"("a b")", kIdRule},
      {"not ASCII", "\"Jo\xC3\xA3o\"", kIdRule},
      {"NUL", R"("a\u0000")", kIdRule},
      {"a number", "7", "`id` must be a string."},
      {"a dot", R"(".")", kIdRule},
      {"two dots", R"("..")", kIdRule},
  };
  for (const auto& row : refused) {
    server.Check({row.name, "POST", "/orders",
                  R"({"product": "P", "quantity": 1, "id": )" + row.id + "}", 400,
                  InvalidRequestBody("id", row.message)});
  }
}

TEST_CASE("orders without an id that are created together get numbers of their own") {
  const TestServer server;
  const std::vector<std::string> requests(20, RequestText("POST", "/orders", kAnOrder));
  std::set<std::string> locations;
  for (const Answer& answer : AskAtOnce(server.port(), requests)) {
    CHECK(answer.status == 201);
    locations.insert(answer.Header("location"));
  }
  CHECK(locations.size() == 20);
  CHECK(*locations.begin() == "/orders/226");
  CHECK(*locations.rbegin() == "/orders/245");
}

TEST_CASE("an id is not assigned again, also after its order is deleted") {
  TestServer server;
  CheckAssigned(server, "226");
  CHECK(server.Ask("DELETE", "/orders/226").status / 100 == 2);
  CheckAssigned(server, "227");
  server.Check({"a larger one is accepted", "POST", "/orders", WithId("500"), 201, Undated("500")});
  CHECK(server.Ask("DELETE", "/orders/500").status / 100 == 2);
  CheckAssigned(server, "501");
  CHECK(server.Ask("DELETE", "/orders/501").status / 100 == 2);
  server.CrashAndRestart();
  CheckAssigned(server, "502");
  server.Restart("DELETE FROM desk_orders");
  CheckAssigned(server, "503");
  server.Check(
      {"a deleted id can be chosen", "POST", "/orders", WithId("226"), 201, Undated("226")});
  CheckAssigned(server, "504");
}

TEST_CASE("a refused order uses up no id") {
  const TestServer server;
  const std::string taken =
      R"({"product": "P", "quantity": 1, "datetime": "2022-11-01T11:11:11.111Z"})";
  CHECK(server.Ask("POST", "/orders", taken).status == 409);
  CHECK(server.Ask("POST", "/orders", WithId("223")).status == 409);
  CHECK(server.Ask("POST", "/services", R"({"name": "S", "id": 789})").status == 409);
  CHECK(server.Query(kNextIds) == "order|226\npurchase|1\nservice|790");
  CheckAssigned(server, "226");
  CheckAssignedService(server, "790");
}

TEST_CASE("a replayed response never names an order that somebody else created") {
  const TestServer server;
  const Headers key = {{"Idempotency-Key", "k"}};
  CHECK(server.Ask("POST", "/orders", kAnOrder, key).Header("location") == "/orders/226");
  CHECK(server.Ask("DELETE", "/orders/226").status / 100 == 2);
  CheckAssigned(server, "227");
  const Answer replayed = server.Ask("POST", "/orders", kAnOrder, key);
  CHECK(replayed.Header("idempotency-replayed") == "true");
  CHECK(replayed.Header("location") == "/orders/226");
  CHECK(server.Ask("GET", "/orders/226").status == 404);
}

TEST_CASE("a number of 10^12 or more is accepted from a client but does not count") {
  const TestServer server;
  for (const std::string id : {"999999999999999999", "1000000000000", "9999999999999999999999"}) {
    server.Check({id, "POST", "/orders", WithId(id), 201, Undated(id)});
  }
  CheckAssigned(server, "226");
  server.Check({"the largest that counts", "POST", "/orders", WithId("999999999999"), 201,
                Undated("999999999999")});
  CheckAssigned(server, "1000000000001");  // 1000000000000 is taken
  CheckAssigned(server, "1000000000002");
  CHECK(server.Ask("DELETE", "/orders/1000000000002").status / 100 == 2);
  CheckAssigned(server, "1000000000003");

  server.Check({"a service", "POST", "/services", R"({"name": "S", "id": 9007199254740991})", 201,
                R"({"id":9007199254740991,"name":"S"})"});
  CheckAssignedService(server, "790");
}

TEST_CASE("numbers that another program inserted are skipped") {
  const TestServer server;
  CHECK(ChangeFile(server.database(),
                   "INSERT INTO desk_orders (id_number, id, product, quantity, created_at, "
                   "updated_at) VALUES (226, '226', 'P', 1, 0, 0), (227, '227', 'P', 1, 0, 0); "
                   "INSERT INTO services VALUES (790, 50, 'S'); "
                   "INSERT INTO users VALUES ('sql', 500, 500); "
                   "INSERT INTO benefit_orders VALUES (1, 'sql', 0, 0)") == "");
  CheckAssigned(server, "228");
  CheckAssignedService(server, "791");
  server.Check({"a purchase", "POST", "/api/orders",
                R"({"order": {"items": ["spotify"], "user_id": "ana"}})", 200,
                R"({"order":{"order_id":"2","data":{"items":["spotify"],"total":40}}})"});
}

TEST_CASE("the id of a service is not assigned again, also after its service is deleted") {
  const TestServer server;
  CheckAssignedService(server, "790");
  CHECK(server.Ask("DELETE", "/services/790").status / 100 == 2);
  CheckAssignedService(server, "791");
  server.Check(
      {"taken", "POST", "/services", R"({"name": "S", "id": "791"})", 409, kServiceExists});
  server.Check({"chosen", "POST", "/services", R"({"name": "S", "id": "900"})", 201,
                R"({"id":900,"name":"S"})"});
  CHECK(server.Ask("DELETE", "/services/900").status / 100 == 2);
  CheckAssignedService(server, "901");
}

TEST_CASE("the number of a purchase is not assigned again") {
  const TestServer server;
  const auto purchase = [&](const std::string& user) {
    return server
        .Ask("POST", "/api/orders",
             R"({"order": {"items": ["spotify"], "user_id": ")" + user + R"("}})")
        .body;
  };
  const auto placed = [](const std::string& id) {
    return R"({"order":{"order_id":")" + id + R"(","data":{"items":["spotify"],"total":40}}})";
  };
  CHECK(purchase("ana") == placed("1"));
  CHECK(purchase("joe") == placed("2"));
  CHECK(ChangeFile(server.database(),
                   "DELETE FROM owned_products; DELETE FROM benefit_orders; "
                   "DELETE FROM users") == "");
  CHECK(purchase("ana") == placed("3"));
}

TEST_CASE("a reset brings back the numbers of the seed") {
  const TestServer server;
  CheckAssigned(server, "226");
  CheckAssignedService(server, "790");
  server.Check({"chosen", "POST", "/orders", WithId("7000"), 201, Undated("7000")});
  CHECK(server.Ask("POST", "/_kiosk/reset").status == 200);
  CheckAssigned(server, "226");
  CheckAssignedService(server, "790");
}
