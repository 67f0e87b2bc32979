// Repeated POST requests: done once, whatever was lost on the way.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <barrier>
#include <csignal>
#include <thread>

#include "tests/harness.h"

namespace kiosk::test {
namespace {

Headers Key(const std::string& key) { return {{"Idempotency-Key", key}}; }

std::string OrderBody(const std::string& user) {
  return R"({"order":{"items":["netflix","spotify"],"user_id":")" + user + R"("}})";
}

std::string OrderAnswer(const std::string& id) {
  return R"({"order":{"order_id":")" + id +
         R"(","data":{"items":["netflix","spotify"],"total":115.99}}})";
}

constexpr char kReused[] =
    R"({"error":"idempotency_key_reused","message":"This Idempotency-Key was used with another method, path or body."})";

std::string CountOrders(const std::string& path) {
  return QueryFile(path, "SELECT count(*) FROM benefit_orders");
}

// A write of another program on the file.
void ChangeFile(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  sqlite3_busy_timeout(database, 5000);
  CHECK(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

}  // namespace

TEST_CASE("a repeated POST gets the first answer back, whatever its status, and does nothing") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path});
  struct Row {
    std::string name;
    const char* path;
    std::string body;
    int status;
  };
  const Row rows[] = {
      {"an order", "/api/orders", OrderBody("ann"), 200},
      {"products owned", "/api/orders", OrderBody("ann"), 400},
      {"products unknown", "/api/orders", R"({"order":{"items":["x"],"user_id":"ann"}})", 400},
      {"too poor", "/api/orders",
       R"({"order":{"items":["health-insurance","tap","equipment-insurance","worten"],"user_id":"ann"}})",
       400},
      {"an order on the bare path", "/orders", OrderBody("bob"), 200},
      {"a desk order", "/orders", R"({"product":"Chair","quantity":2})", 201},
      {"a desk order at a time", "/orders",
       R"({"totalfee":1,"services":[123],"datetime":"2030-01-01T00:00:00Z"})", 201},
      {"a conflict", "/orders",
       R"({"totalfee":1,"services":[123],"datetime":"2030-01-01T01:00:00Z"})", 409},
      {"a desk order with a taken id", "/orders", R"({"id":"223","product":"Chair","quantity":2})",
       409},
      {"an unknown service", "/orders", R"({"totalfee":1,"services":[5]})", 400},
      {"a service", "/services", R"({"name":"Polish"})", 201},
      {"a service with a taken id", "/services", R"({"id":123,"name":"Polish"})", 409},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Headers key = Key(row.name);
    const Answer first = Ask(kiosk.port(), "POST", row.path, row.body, key);
    CHECK(first.status == row.status);
    CHECK(first.Header("idempotency-replayed").empty());
    const std::string state =
        QueryFile(path,
                  "SELECT (SELECT count(*) FROM benefit_orders), (SELECT sum(balance) FROM users), "
                  "(SELECT count(*) FROM desk_orders), (SELECT count(*) FROM services), "
                  "(SELECT count(*) FROM idempotent_answers)");
    for (int i = 0; i < 2; ++i) {
      const Answer again = Ask(kiosk.port(), "POST", row.path, row.body, key);
      CHECK(again.status == first.status);
      CHECK(again.body == first.body);
      CHECK(again.Header("location") == first.Header("location"));
      CHECK(again.Header("content-type") == first.Header("content-type"));
      CHECK(again.Header("idempotency-replayed") == "true");
    }
    CHECK(QueryFile(path,
                    "SELECT (SELECT count(*) FROM benefit_orders), (SELECT sum(balance) FROM "
                    "users), (SELECT count(*) FROM desk_orders), (SELECT count(*) FROM services), "
                    "(SELECT count(*) FROM idempotent_answers)") == state);
  }
  // A page of a browser may read that it was a replay.
  Headers from_page = Key("an order");
  from_page.emplace_back("Origin", "http://localhost:3000");
  const Answer replayed = Ask(kiosk.port(), "POST", "/api/orders", OrderBody("ann"), from_page);
  CHECK(replayed.Header("access-control-expose-headers").find("Idempotency-Replayed") !=
        std::string::npos);
}

TEST_CASE("the first answer stays the answer when the world has moved on") {
  const Kiosk kiosk({"--memory"});
  const std::string order = R"({"product":"Chair","quantity":2,"id":"chair"})";
  const Answer first = Ask(kiosk.port(), "POST", "/orders", order, Key("k"));
  CHECK(first.status == 201);
  CHECK(Ask(kiosk.port(), "DELETE", "/orders/chair").status == 200);
  const Answer again = Ask(kiosk.port(), "POST", "/orders", order, Key("k"));
  CHECK(again.status == 201);
  CHECK(again.body == first.body);
  CHECK(Ask(kiosk.port(), "GET", "/orders/chair").status == 404);
  // A reset forgets the answers with what they speak of.
  CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").status == 200);
  const Answer anew = Ask(kiosk.port(), "POST", "/orders", order, Key("k"));
  CHECK(anew.status == 201);
  CHECK(anew.Header("idempotency-replayed").empty());
  CHECK(Ask(kiosk.port(), "GET", "/orders/chair").status == 200);
}

TEST_CASE("a key belongs to one body and one path") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path});
  const Answer first = Ask(kiosk.port(), "POST", "/api/orders", OrderBody("ann"), Key("k"));
  CHECK(first.body == OrderAnswer("1"));
  struct Row {
    std::string name;
    const char* path;
    std::string body;
  };
  const Row rows[] = {
      {"another body", "/api/orders", OrderBody("bob")},
      {"the same items in another order", "/api/orders",
       R"({"order":{"items":["spotify","netflix"],"user_id":"ann"}})"},
      {"another path", "/orders", OrderBody("ann")},
      {"another query", "/api/orders?x=1", OrderBody("ann")},
      {"another resource", "/services", R"({"name":"Polish"})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Answer answer = Ask(kiosk.port(), "POST", row.path, row.body, Key("k"));
    CHECK(answer.status == 422);
    CHECK(answer.body == kReused);
    CHECK(answer.Header("idempotency-replayed").empty());
  }
  CHECK(CountOrders(path) == "1");
  CHECK(QueryFile(path, "SELECT count(*) FROM users") == "1");
  // The answer that was kept is still there.
  CHECK(Ask(kiosk.port(), "POST", "/api/orders", OrderBody("ann"), Key("k")).body ==
        OrderAnswer("1"));
}

TEST_CASE("keys are told apart byte for byte") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path});
  const std::string keys[] = {"a b",
                              "a%20b",
                              "A B",
                              "a  b",
                              "%61 b",
                              "a+b",
                              "a\tb",
                              "a%2520b",
                              "\xc3\xa4",
                              "%C3%A4",
                              std::string(255, 'k'),
                              std::string(254, 'k')};
  int created = 0;
  for (const std::string& key : keys) {
    CAPTURE(key);
    const Answer answer = Ask(kiosk.port(), "POST", "/services", R"({"name":"Polish"})", Key(key));
    CHECK(answer.status == 201);
    CHECK(answer.Header("idempotency-replayed").empty());
    ++created;
    CHECK(QueryFile(path, "SELECT count(*) FROM services") == std::to_string(3 + created));
  }
}

TEST_CASE("a key has 1 to 255 bytes") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path});
  for (const std::string& key : {std::string(), std::string(256, 'k'), std::string(4000, 'k')}) {
    for (const char* target : {"/api/orders", "/orders"}) {
      const Answer answer = Ask(kiosk.port(), "POST", target, OrderBody("ann"), Key(key));
      CHECK(answer.status == 400);
      CHECK(
          answer.body ==
          R"({"error":"invalid_request","message":"`Idempotency-Key` must have 1 to 255 bytes.","field":"Idempotency-Key"})");
    }
  }
  CHECK(CountOrders(path) == "0");
}

TEST_CASE("a request that fails validation leaves its key free") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path});
  struct Row {
    std::string name;
    const char* path;
    std::string bad;
    std::string good;
    int status;
  };
  const Row rows[] = {
      {"no JSON", "/api/orders", "{", OrderBody("a"), 200},
      {"no items", "/api/orders", R"({"order":{"user_id":"b"}})", OrderBody("b"), 200},
      {"an unknown field", "/services", R"({"name":"a","x":1})", R"({"name":"a"})", 201},
      {"no quantity", "/orders", R"({"product":"Chair"})", R"({"product":"Chair","quantity":1})",
       201},
      {"a repeated service", "/orders", R"({"totalfee":1,"services":[123,123]})",
       R"({"totalfee":1,"services":[123]})", 201},
      {"a bad id", "/orders", R"({"product":"Chair","quantity":1,"id":"a/b"})",
       R"({"product":"Chair","quantity":1,"id":"ab"})", 201},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Answer bad = Ask(kiosk.port(), "POST", row.path, row.bad, Key(row.name));
    CHECK(bad.status == 400);
    const Answer good = Ask(kiosk.port(), "POST", row.path, row.good, Key(row.name));
    CHECK(good.status == row.status);
    CHECK(good.Header("idempotency-replayed").empty());
  }
  CHECK(QueryFile(path, "SELECT count(*) FROM idempotent_answers") == "6");
}

TEST_CASE("an answer is kept for 24 hours") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path});
  const std::string body = R"({"name":"Polish"})";
  CHECK(Ask(kiosk.port(), "POST", "/services", body, Key("k")).status == 201);
  ChangeFile(path, "UPDATE idempotent_answers SET created_at = created_at - 86340000");  // 23:59
  CHECK(Ask(kiosk.port(), "POST", "/services", body, Key("k")).Header("idempotency-replayed") ==
        "true");
  ChangeFile(path, "UPDATE idempotent_answers SET created_at = created_at - 60000");  // 24:00
  const Answer anew = Ask(kiosk.port(), "POST", "/services", body, Key("k"));
  CHECK(anew.status == 201);
  CHECK(anew.Header("idempotency-replayed").empty());
  CHECK(anew.Header("location") == "/services/791");
  CHECK(QueryFile(path, "SELECT count(*) FROM idempotent_answers") == "1");  // the old one is gone
}

TEST_CASE("a POST whose answer was lost is repeated and has been done once") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path});
  constexpr int kClients = 40;
  for (int i = 0; i < kClients; ++i) {
    const std::string user = "lost" + std::to_string(i);
    {
      const Connection connection(kiosk.port());
      REQUIRE(connection.SendRaw(RequestText("POST", "/api/orders", OrderBody(user), Key(user))));
      // Some hang up at once, some a little later, none has read the answer.
      std::this_thread::sleep_for(std::chrono::microseconds(50 * i));
    }
    const Answer again = Ask(kiosk.port(), "POST", "/api/orders", OrderBody(user), Key(user));
    CHECK(again.status == 200);
    CHECK(again.body == OrderAnswer(std::to_string(i + 1)));
  }
  CHECK(CountOrders(path) == std::to_string(kClients));
  CHECK(QueryFile(path, "SELECT count(*) FROM users WHERE balance = 38401") ==
        std::to_string(kClients));
}

TEST_CASE("requests at once with one key are done once") {
  for (const bool in_memory : {false, true}) {
    CAPTURE(in_memory);
    const TemporaryFolder folder;
    const std::string path = folder.File("kiosk.db");
    const Kiosk kiosk(in_memory ? std::vector<std::string>{"--memory"}
                                : std::vector<std::string>{"--db", path});
    constexpr size_t kClients = 16;
    for (int round = 0; round < 10; ++round) {
      const std::string user = "at-once" + std::to_string(round);
      std::barrier start(kClients);
      std::vector<Answer> answers(kClients);
      std::vector<std::thread> clients;
      for (size_t i = 0; i < kClients; ++i) {
        clients.emplace_back([&, i] {
          Connection connection(kiosk.port());
          start.arrive_and_wait();
          answers[i] =
              connection.Ask("POST", "/orders", OrderBody(user), Key(user)).value_or(Answer{});
        });
      }
      for (std::thread& client : clients) client.join();
      for (const Answer& answer : answers) {
        CHECK(answer.status == 200);
        CHECK(answer.body == OrderAnswer(std::to_string(round + 1)));
      }
      CHECK(std::ranges::count(answers, "true", [](const Answer& answer) {
              return answer.Header("idempotency-replayed");
            }) == kClients - 1);
      CHECK(Ask(kiosk.port(), "GET", "/api/users/" + user).body ==
            R"({"user":{"user_id":")" + user +
                R"(","data":{"balance":384.01,"product_ids":["netflix","spotify"]}}})");
    }
  }
}

TEST_CASE("a kept answer outlives a restart and a crash") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  std::string created;
  {
    Kiosk kiosk({"--db", path});
    CHECK(Ask(kiosk.port(), "POST", "/api/orders", OrderBody("ann"), Key("order")).body ==
          OrderAnswer("1"));
    created =
        Ask(kiosk.port(), "POST", "/orders", R"({"product":"Chair","quantity":2})", Key("desk"))
            .body;
    CHECK(kiosk.Stop().exit_code == 0);
  }
  {
    Kiosk kiosk({"--db", path});
    const Answer order = Ask(kiosk.port(), "POST", "/api/orders", OrderBody("ann"), Key("order"));
    CHECK(order.body == OrderAnswer("1"));
    CHECK(order.Header("idempotency-replayed") == "true");
    CHECK(Ask(kiosk.port(), "POST", "/api/orders", OrderBody("bob"), Key("crash")).body ==
          OrderAnswer("2"));
    kiosk.Kill();
  }
  const Kiosk kiosk({"--db", path});
  const Answer desk =
      Ask(kiosk.port(), "POST", "/orders", R"({"product":"Chair","quantity":2})", Key("desk"));
  CHECK(desk.status == 201);
  CHECK(desk.body == created);
  CHECK(desk.Header("location") == "/orders/226");
  CHECK(desk.Header("idempotency-replayed") == "true");
  const Answer order = Ask(kiosk.port(), "POST", "/api/orders", OrderBody("bob"), Key("crash"));
  CHECK(order.body == OrderAnswer("2"));
  CHECK(order.Header("idempotency-replayed") == "true");
  CHECK(Ask(kiosk.port(), "POST", "/api/orders", OrderBody("eve"), Key("crash")).status == 422);
  CHECK(CountOrders(path) == "2");
}

TEST_CASE("a POST that a crash may or may not have caught is repeated and has been done once") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  constexpr int kRounds = 12;
  for (int round = 0; round < kRounds; ++round) {
    const std::string user = "crash" + std::to_string(round);
    {
      Kiosk kiosk({"--db", path, "--quiet"});
      const Connection connection(kiosk.port());
      REQUIRE(connection.SendRaw(RequestText("POST", "/api/orders", OrderBody(user), Key(user))));
      std::this_thread::sleep_for(std::chrono::microseconds(150 * round));
      kiosk.Kill();
    }
    const Kiosk kiosk({"--db", path, "--quiet"});
    const Answer again = Ask(kiosk.port(), "POST", "/api/orders", OrderBody(user), Key(user));
    CHECK(again.status == 200);
    CHECK(again.body == OrderAnswer(std::to_string(round + 1)));
    CHECK(QueryFile(path, "SELECT count(*) FROM benefit_orders WHERE user_id = '" + user + "'") ==
          "1");
    CHECK(QueryFile(path, "SELECT balance FROM users WHERE user_id = '" + user + "'") == "38401");
  }
  CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
}

}  // namespace kiosk::test
