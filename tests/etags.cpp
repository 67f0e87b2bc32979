// SPEC section 2: ETag, If-Match and If-None-Match, and when a tag changes.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "http/etag.h"
#include "store/hash.h"
#include "tests/desk.h"

using namespace kiosk::test;

namespace {

std::string TagOf(const TestServer& server, const std::string& target) {
  return server.Ask("GET", target).Header("etag");
}

constexpr char kStale[] =
    R"({"error":"precondition_failed",)"
    R"("message":"The ETag in If-Match is not the current one; read the resource again."})";

// Every GET that shows data and whose size is known.
const std::vector<std::string> kTargets = {
    "/api/users/u",  "/api/products",         "/api/orders?user_id=u", "/api/orders/1",
    "/orders",       "/orders?limit=2",       "/orders/223",           "/services",
    "/services/123", "/orders?limit=1&page=2"};

void PlacePurchase(const TestServer& server) {
  CHECK(server.Ask("POST", "/api/orders", R"({"order": {"items": ["tap"], "user_id": "u"}})")
            .status == 200);
}

}  // namespace

TEST_CASE("a hash is the same on every machine and with every compiler") {
  CHECK(kiosk::Hash("") == 0);
  CHECK(kiosk::Hash("", 1) != 0);
  CHECK(kiosk::Hash("a") != kiosk::Hash("b"));
  CHECK(kiosk::Hash("12345678") != kiosk::Hash("12345679"));
  CHECK(kiosk::MakeEtag(7, {"a", "b"}) != kiosk::MakeEtag(7, {"ab"}));
  CHECK(kiosk::MakeEtag(7, {"ab", ""}) != kiosk::MakeEtag(7, {"ab"}));
  CHECK(kiosk::MakeEtag(7, {"ab"}) != kiosk::MakeEtag(8, {"ab"}));
}

TEST_CASE("every response that shows one order or service has the ETag that GET gives it") {
  const TestServer server;
  struct Row {
    std::string method;
    std::string target;
    std::string body;
    int status;
    std::string shown;  // its target
  };
  const Row rows[] = {
      {"POST", "/orders", R"({"product": "P", "quantity": 1})", 201, "/orders/226"},
      {"PUT", "/orders/226", R"({"quantity": 2})", 200, "/orders/226"},
      {"PATCH", "/orders/226", R"({"quantity": 3})", 200, "/orders/226"},
      {"PUT", "/orders/223", R"({"totalfee": 2})", 200, "/orders/223"},
      {"POST", "/services", R"({"name": "S"})", 201, "/services/790"},
      {"PUT", "/services/790", R"({"name": "T"})", 200, "/services/790"},
      {"PATCH", "/services/790", R"({"name": "U"})", 200, "/services/790"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.method + " " + row.target);
    const Answer answer = server.Ask(row.method, row.target, row.body);
    CHECK(answer.status == row.status);
    CHECK(answer.Header("etag").size() == 18);
    CHECK(answer.Header("etag") == TagOf(server, row.shown));
  }
  for (const std::string target : {"/orders/226", "/services/790"}) {
    const std::string tag = TagOf(server, target);
    const Answer deleted = server.Ask("DELETE", target, "", {{"If-Match", tag}});
    CHECK(deleted.status == 200);
    CHECK(deleted.Header("etag") == tag);
  }
  const Headers key = {{"Idempotency-Key", "k"}};
  const Answer created = server.Ask("POST", "/orders", R"({"product": "P", "quantity": 1})", key);
  const Answer replayed = server.Ask("POST", "/orders", R"({"product": "P", "quantity": 1})", key);
  CHECK(created.Header("etag").size() == 18);
  CHECK(replayed.Header("idempotency-replayed") == "true");
  CHECK(replayed.Header("etag") == created.Header("etag"));
}

TEST_CASE("If-Match on services: a stale tag is refused with 412 and changes nothing") {
  const TestServer server;
  const std::string read = TagOf(server, "/services/123");
  const std::string body = R"({"name": "Check"})";
  const Answer renamed = server.Ask("PUT", "/services/123", body, {{"If-Match", read}});
  CHECK(renamed.status == 200);
  const std::string now = renamed.Header("etag");
  CHECK(now != read);
  for (const std::string& stale : {read, std::string(R"("other")"), "W/" + now,
                                   now.substr(1, now.size() - 2), TagOf(server, "/services/456")}) {
    const Headers if_match = {{"If-Match", stale}};
    server.CheckAll({
        {"PUT", "PUT", "/services/123", R"({"name": "x"})", 412, kStale, if_match},
        {"PATCH", "PATCH", "/services/123", R"({"name": "x"})", 412, kStale, if_match},
        {"DELETE", "DELETE", "/services/123", "", 412, kStale, if_match},
        {"DELETE of an unused one", "DELETE", "/services/456", "",
         stale == TagOf(server, "/services/456") ? 409 : 412,
         stale == TagOf(server, "/services/456")
             ? R"({"error":"service_in_use","message":"An order uses this service."})"
             : kStale,
         if_match},
        {"one that is not there", "DELETE", "/services/7", "", 404, kServiceNotFound, if_match},
    });
  }
  CHECK(server.Ask("PATCH", "/services/123", body, {{"If-Match", R"("other", )" + now}}).status ==
        200);
  CHECK(server.Ask("PUT", "/services/123", body, {{"If-Match", "*"}}).status == 200);
  std::vector<std::string> requests;
  for (int i = 0; i < 16; ++i) {
    requests.push_back(RequestText("PUT", "/services/123",
                                   R"({"name": "N)" + std::to_string(i) + R"("})",
                                   {{"If-Match", now}}));
  }
  CHECK(CountStatuses(AskAtOnce(server.port(), requests)) == "1x200 15x412");
}

TEST_CASE("a tag changes when a service is renamed or another program edits the row") {
  TestServer server;
  const auto change = [&](const std::string& sql, const std::vector<std::string>& targets) {
    CAPTURE(sql);
    std::vector<std::string> before;
    for (const std::string& target : targets) before.push_back(TagOf(server, target));
    CHECK(ChangeFile(server.database(), sql) == "");
    for (size_t i = 0; i < targets.size(); ++i) {
      CAPTURE(targets[i]);
      CHECK(TagOf(server, targets[i]) != before[i]);
      const bool is_one = targets[i].ends_with("3");
      if (!is_one) continue;
      CHECK(server.Ask("DELETE", targets[i], "", {{"If-Match", before[i]}}).status == 412);
    }
  };
  const std::string order = TagOf(server, "/orders/223");
  CHECK(server.Ask("PUT", "/services/123", R"({"name": "Check"})").status == 200);
  CHECK(TagOf(server, "/orders/223") != order);
  CHECK(server.Ask("PUT", "/orders/223", R"({"totalfee": 1})", {{"If-Match", order}}).status ==
        412);
  CHECK(server.Ask("GET", "/orders/223", "", {{"If-None-Match", order}}).status == 200);
  const std::vector<std::string> both = {"/orders/223", "/orders", "/orders?limit=1"};
  change("UPDATE desk_orders SET totalfee = 7 WHERE id = '223'", both);
  change("UPDATE desk_orders SET updated_at = 7 WHERE id = '223'", both);
  change("UPDATE services SET name = 'Look' WHERE id = 123",
         {"/services/123", "/services", "/orders/223", "/orders"});
  // Another total is another response, though the page has the same orders.
  change("DELETE FROM desk_orders WHERE id = '225'", {"/orders?limit=1"});
}

TEST_CASE("a tag depends on the form of items") {
  const std::string seed;
  TestServer ids;
  PlacePurchase(ids);
  TestServer objects({"--order-items", "objects"});
  PlacePurchase(objects);
  CHECK(TagOf(ids, "/api/orders/1") != TagOf(objects, "/api/orders/1"));
}

TEST_CASE("tags survive a restart and a kill") {
  TestServer server;
  PlacePurchase(server);
  std::vector<std::string> tags;
  for (const std::string& target : kTargets) tags.push_back(TagOf(server, target));
  const auto check = [&] {
    for (size_t i = 0; i < kTargets.size(); ++i) {
      CAPTURE(kTargets[i]);
      CHECK(server.Ask("GET", kTargets[i], "", {{"If-None-Match", tags[i]}}).status == 304);
    }
  };
  server.Restart();
  check();
  server.CrashAndRestart();
  check();
  CHECK(server.Ask("PUT", "/orders/223", R"({"totalfee": 1})", {{"If-Match", tags[6]}}).status ==
        200);
}

TEST_CASE("after a reset no tag from before matches, though the content is the same") {
  TestServer server;
  // The times of the seed are those of the start or the reset; here they stay the same.
  const std::string same =
      "UPDATE desk_orders SET created_at = 0, updated_at = 0; "
      "UPDATE benefit_orders SET created_at = 0";
  PlacePurchase(server);
  CHECK(ChangeFile(server.database(), same) == "");
  std::vector<Answer> before;
  for (const std::string& target : kTargets) before.push_back(server.Ask("GET", target));
  CHECK(server.Ask("POST", "/_kiosk/reset").status == 200);
  PlacePurchase(server);
  CHECK(ChangeFile(server.database(), same) == "");
  const auto check = [&] {
    for (size_t i = 0; i < kTargets.size(); ++i) {
      CAPTURE(kTargets[i]);
      const std::string tag = before[i].Header("etag");
      const Answer now = server.Ask("GET", kTargets[i], "", {{"If-None-Match", tag}});
      CHECK(now.status == 200);
      CHECK(now.body == before[i].body);
      CHECK(now.Header("etag") != tag);
    }
    for (const size_t i : {size_t{6}, size_t{8}}) {
      server.Check({"stale",
                    "DELETE",
                    kTargets[i],
                    "",
                    412,
                    kStale,
                    {{"If-Match", before[i].Header("etag")}}});
    }
  };
  check();
  server.Restart();
  check();
}

TEST_CASE("after a reset in memory no tag from before matches") {
  const Kiosk kiosk({"--memory", "--quiet"});
  const std::string tag = Ask(kiosk.port(), "GET", "/services").Header("etag");
  CHECK(Ask(kiosk.port(), "GET", "/services", "", {{"If-None-Match", tag}}).status == 304);
  CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").status == 200);
  CHECK(Ask(kiosk.port(), "GET", "/services", "", {{"If-None-Match", tag}}).status == 200);
  CHECK(Ask(kiosk.port(), "PUT", "/services/123", R"({"name": "x"})", {{"If-Match", tag}}).status ==
        412);
}
