#include "store/generate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

#include "data/embedded.h"
#include "http/codec.h"
#include "http/seed_reader.h"
#include "tests/harness.h"

using namespace kiosk;
using namespace kiosk::test;

namespace {

constexpr Timestamp kNow{1'700'000'000'000};

Seed BuiltIn() { return std::get<Seed>(ReadSeed(embedded::Seed(), kNow)); }

// Everything that was generated, as text.
std::string Content(const std::string& path) {
  return QueryFile(path, "SELECT * FROM users ORDER BY user_id") + "\n" +
         QueryFile(path, "SELECT * FROM benefit_orders ORDER BY order_id") + "\n" +
         QueryFile(path, "SELECT * FROM owned_products") + "\n" +
         QueryFile(path, "SELECT * FROM desk_orders ORDER BY row") + "\n" +
         QueryFile(path, "SELECT * FROM desk_order_services");
}

void GenerateInto(const std::string& path, uint64_t random_seed) {
  const auto store = Store::Open(path, BuiltIn());
  const GenerateProgress last =
      Generate(*store, {.users = 700, .orders = 6000, .random_seed = random_seed}, kNow,
               [](const GenerateProgress&) { return true; });
  CHECK(last.done == 6700);
  CHECK(last.total == 6700);
}

const char* const kUnbalanced =
    "SELECT count(*) FROM users WHERE starting_balance <> balance + "
    "(SELECT coalesce(sum(total), 0) FROM benefit_orders AS o WHERE o.user_id = users.user_id)";

// Neighbours less than three hours apart; the three orders of the seed share one moment.
const char* const kTooClose =
    "SELECT count(*) FROM (SELECT datetime - lag(datetime) OVER (ORDER BY datetime) AS distance "
    "FROM desk_orders WHERE id NOT IN ('223', '224', '225')) WHERE distance < 10800000";

}  // namespace

TEST_CASE("generated data keeps every rule") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  GenerateInto(path, 1);
  CHECK(QueryFile(path, "SELECT count(*) FROM users") == "700");
  CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") == "6003");
  CHECK(QueryFile(path, kUnbalanced) == "0");
  CHECK(QueryFile(path, kTooClose) == "0");
  CHECK(QueryFile(path, "SELECT count(*) > 300 FROM benefit_orders") == "1");
  CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
  CHECK(QueryFile(path, "PRAGMA foreign_key_check").empty());
  CHECK(QueryFile(path, "SELECT max(id_number) FROM desk_orders") == "6225");
}

TEST_CASE("the same random seed gives the same data, another one other data") {
  const TemporaryFolder folder;
  GenerateInto(folder.File("a.db"), 7);
  GenerateInto(folder.File("b.db"), 7);
  GenerateInto(folder.File("c.db"), 8);
  CHECK(Content(folder.File("a.db")) == Content(folder.File("b.db")));
  CHECK(Content(folder.File("a.db")) != Content(folder.File("c.db")));
}

TEST_CASE("generating twice adds to what is there") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  GenerateInto(path, 1);
  GenerateInto(path, 1);
  CHECK(QueryFile(path, "SELECT count(*) FROM users") == "1400");
  CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") == "12003");
  CHECK(QueryFile(path, kUnbalanced) == "0");
  CHECK(QueryFile(path, kTooClose) == "0");
}

TEST_CASE("kiosk generate reports plain lines when it is not on a terminal") {
  const TemporaryFolder folder;
  const Finished finished =
      RunKiosk({"generate", "--users", "100", "--orders", "20000"}, {.folder = folder.path()});
  CHECK(finished.exit_code == 0);
  CHECK(finished.out.empty());
  CHECK(finished.err.find('\r') == std::string::npos);
  CHECK(finished.err.find("100 %  20100 of 20100") != std::string::npos);
  CHECK(QueryFile(folder.File("kiosk.db"), "SELECT count(*) FROM desk_orders") == "20003");
}

TEST_CASE("an interrupted kiosk generate leaves a valid database") {
  const TemporaryFolder folder;
  const std::string log = folder.File("kiosk.db-wal");
  const Finished finished =
      InterruptKiosk({"generate", "--orders", "5000000"}, {.folder = folder.path()},
                     [&log] { return ReadFile(log).size() > 1'000'000; });
  CHECK(finished.exit_code == 1);
  CHECK(finished.err.ends_with("kiosk: stopped; what was written so far is kept\n"));
  const std::string path = folder.File("kiosk.db");
  CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
  CHECK(QueryFile(path, "SELECT (count(*) - 3) % 5000, count(*) > 3 FROM desk_orders") == "0|1");
}

TEST_CASE("--fail refuses the API and nothing else, before anything is changed") {
  const TemporaryFolder folder;
  Kiosk kiosk({"--quiet", "--fail", "100"}, {.folder = folder.path()});
  const std::string refused =
      R"({"error":"injected_failure","message":"This failure was asked for with --fail."})";
  for (const char* target :
       {"/api/products", "/products", "/api/users/ana", "/orders", "/services"}) {
    const Answer answer = Ask(kiosk.port(), "GET", target);
    CHECK(answer.status == 503);
    CHECK(answer.body == refused);
  }
  CHECK(Ask(kiosk.port(), "POST", "/orders", R"({"product":"p","quantity":1})").status == 503);
  for (const char* target :
       {"/", "/healthz", "/metrics", "/_kiosk/info", "/openapi.json", "/docs"}) {
    CHECK(Ask(kiosk.port(), "GET", target).status == 200);
  }
  CHECK(QueryFile(folder.File("kiosk.db"),
                  "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM desk_orders)") ==
        "0|3");
}

TEST_CASE("--delay holds the answers of the API back and nothing else") {
  Kiosk kiosk({"--quiet", "--memory", "--delay", "300-400"});
  const auto took = [&kiosk](const char* target) {
    const auto begin = std::chrono::steady_clock::now();
    CHECK(Ask(kiosk.port(), "GET", target).status == 200);
    return std::chrono::steady_clock::now() - begin;
  };
  CHECK(took("/api/products") >= std::chrono::milliseconds(300));
  CHECK(took("/orders") >= std::chrono::milliseconds(300));
  const auto unheld = std::min({took("/healthz"), took("/healthz"), took("/")});
  CHECK(unheld < std::chrono::milliseconds(300));
  for (const char* wrong : {"x", "-5", "5-1", "1-", "999999"}) {
    CAPTURE(wrong);
    CHECK(RunKiosk({"--delay", wrong}).exit_code == 2);
  }
  CHECK(RunKiosk({"--fail", "101"}).exit_code == 2);
}
