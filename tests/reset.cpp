// A reset: fast however large the database is, whole for those who read, and durable.
#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/harness.h"
#include "tests/other_program.h"

namespace kiosk::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr char kReset[] = R"({"status":"reset"})";
constexpr char kCountOrders[] = "SELECT count(*) FROM desk_orders";
constexpr char kOrderIds[] =
    "SELECT group_concat(id) FROM (SELECT id FROM desk_orders ORDER BY id)";

void Generate(const std::string& path, int orders) {
  const Finished generated =
      RunKiosk({"generate", "--db", path, "--users", "1000", "--orders", std::to_string(orders)});
  REQUIRE(generated.exit_code == 0);
}

int CountOf(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

uintmax_t FileSize(const std::string& path) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  return missing ? 0 : size;
}

}  // namespace

TEST_CASE("a reset of many orders leaves a small database and a short WAL") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Generate(path, 50'000);
  REQUIRE(FileSize(path) > 5'000'000);
  for (const bool serving : {true, false}) {
    CAPTURE(serving);
    const std::string copy = folder.File(serving ? "served.db" : "alone.db");
    REQUIRE(RunKiosk({"backup", "--db", path, copy}).exit_code == 0);
    if (serving) {
      const Kiosk kiosk({"--db", copy, "--quiet"});
      CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").body == kReset);
      CHECK(FileSize(copy) < 1'000'000);
      CHECK(FileSize(copy + "-wal") < 1'000'000);
      CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
    } else {
      const Finished finished = RunKiosk({"reset", "--db", copy});
      CHECK(finished.exit_code == 0);
      CHECK(finished.err.empty());
    }
    CHECK(FileSize(copy) < 1'000'000);
    CHECK(QueryFile(copy, kOrderIds) == "223,224,225");
    CHECK(QueryFile(copy, "SELECT count(*) FROM users") == "0");
    CHECK(QueryFile(copy, "PRAGMA integrity_check") == "ok");
    CHECK(QueryFile(copy, "PRAGMA foreign_key_check").empty());
    CHECK(QueryFile(copy, "PRAGMA application_id") == "1802071923");
    CHECK(QueryFile(copy, "PRAGMA journal_mode") == "wal");
  }
}

TEST_CASE("a reset is on the disk when it is answered") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Generate(path, 2000);
  for (int i = 0; i < 5; ++i) {
    Kiosk kiosk({"--db", path, "--quiet"});
    CHECK(Ask(kiosk.port(), "POST", "/orders", R"({"id":"kept","product":"A","quantity":1})")
              .status == 201);
    CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").body == kReset);
    kiosk.Kill();
    CHECK(QueryFile(path, kOrderIds) == "223,224,225");
  }
}

TEST_CASE("a reset killed at any moment leaves the old state or the seed") {
  const TemporaryFolder folder;
  const std::string full = folder.File("full.db");
  Generate(full, 2000);
  const std::string before = QueryFile(full, "SELECT count(*) FROM desk_orders");
  for (int i = 0; i < 10; ++i) {
    const std::string path = folder.File("kiosk" + std::to_string(i) + ".db");
    REQUIRE(RunKiosk({"backup", "--db", full, path}).exit_code == 0);
    Kiosk kiosk({"--db", path, "--quiet"});
    Connection connection(kiosk.port());
    REQUIRE(connection.SendRaw(RequestText("POST", "/_kiosk/reset")));
    std::this_thread::sleep_for(std::chrono::microseconds(300 * i));
    kiosk.Kill();
    const std::string orders = QueryFile(path, "SELECT count(*) FROM desk_orders");
    const bool is_old_or_seed = orders == before || orders == "3";
    CHECK(is_old_or_seed);
    CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
  }
}

TEST_CASE(
    "readers of a database that is reset see the old state or the seed, and never wait long") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Generate(path, 20'000);
  const Kiosk kiosk({"--db", path, "--quiet"});
  CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").body == kReset);
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> reads = 0;
  std::atomic<int64_t> slowest = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      Connection connection(kiosk.port());
      while (!done) {
        const auto begin = steady_clock::now();
        const auto first = connection.Ask("GET", "/orders");
        const auto took =
            std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin).count();
        for (int64_t seen = slowest; took > seen && !slowest.compare_exchange_weak(seen, took);) {
        }
        // The seed has three orders; one is added before each reset.
        const auto orders = first ? CountOf(first->body, "\"created_at\"") : 0;
        if (!first || first->status != 200 || orders < 3 || orders > 4 ||
            CountOf(first->body, "\"id\":\"x\"") != orders - 3) {
          ++wrong;
          return;
        }
        ++reads;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    CHECK(Ask(kiosk.port(), "POST", "/orders", R"({"id":"x","product":"A","quantity":1})").status ==
          201);
    CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").body == kReset);
    CHECK(Ask(kiosk.port(), "GET", "/orders/x").status == 404);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(reads > 0);
  CHECK(slowest < 1000);
}

TEST_CASE("another program's read transaction neither delays a reset nor sees it") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Generate(path, 2000);
  const Kiosk kiosk({"--db", path, "--quiet"});
  OtherProgram other(path);
  other.Execute("BEGIN");
  const std::string before = other.Execute(kCountOrders);
  const auto begin = steady_clock::now();
  CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").body == kReset);
  CHECK(steady_clock::now() - begin < milliseconds(1500));  // a wait for it would take 2 s
  CHECK(other.Execute(kCountOrders) == before);
  CHECK(Ask(kiosk.port(), "POST", "/orders", R"({"product":"A","quantity":1})").status == 201);
  other.Execute("COMMIT");
  CHECK(other.Execute(kCountOrders) == "4");
}

TEST_CASE("a reset that another program's write transaction keeps from beginning changes nothing") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path, "--quiet"});
  CHECK(Ask(kiosk.port(), "GET", "/api/users/ann").status == 200);
  OtherProgram other(path);
  other.Execute("BEGIN IMMEDIATE");
  const Answer refused = Ask(kiosk.port(), "POST", "/_kiosk/reset");
  CHECK(refused.status == 503);
  CHECK(
      refused.body ==
      R"({"error":"storage_unavailable","message":"The database cannot be reached at the moment; nothing was changed."})");
  CHECK(QueryFile(path, "SELECT user_id FROM users") == "ann");
  other.Execute("COMMIT");
  CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").body == kReset);
  CHECK(QueryFile(path, "SELECT count(*) FROM users") == "0");
}

TEST_CASE("a reset keeps Litestream's tables as they are, and forgets other programs' tables") {
  struct Row {
    std::string make;
    std::string sequence;
  };
  const Row rows[] = {
      {"CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);"
       "CREATE TABLE _litestream_lock (id INTEGER); INSERT INTO _litestream_seq VALUES (1, 42)",
       "1|42"},
      {"CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)", ""},
      {"CREATE TABLE notes (text)", "none"},
  };
  for (const bool serving : {true, false}) {
    for (const auto& [make, sequence] : rows) {
      CAPTURE(make);
      const TemporaryFolder folder;
      const std::string path = folder.File("kiosk.db");
      {
        const Kiosk kiosk({"--db", path, "--quiet"});
        OtherProgram(path).Execute(make);
        for (int i = 0; serving && i < 2; ++i) {
          CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").body == kReset);
        }
      }
      if (!serving) CHECK(RunKiosk({"reset", "--db", path}).exit_code == 0);
      const bool has_table = sequence != "none";
      CHECK(QueryFile(path,
                      "SELECT count(*) FROM sqlite_schema WHERE name IN ('_litestream_seq', "
                      "'notes')") == (has_table ? "1" : "0"));
      if (has_table) CHECK(QueryFile(path, "SELECT * FROM _litestream_seq") == sequence);
      CHECK(QueryFile(path, "SELECT count(*) FROM sqlite_schema WHERE name = '_litestream_lock'") ==
            (sequence == "1|42" ? "1" : "0"));
    }
  }
}

TEST_CASE("a reset removes stored responses, and an Idempotency-Key does not repeat a reset") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path, "--quiet"});
  const Headers key = {{"Idempotency-Key", "k"}};
  CHECK(Ask(kiosk.port(), "POST", "/orders", R"({"product":"A","quantity":1})", key).status == 201);
  CHECK(QueryFile(path, "SELECT count(*) FROM idempotent_answers") == "1");
  for (int i = 0; i < 2; ++i) {
    CHECK(Ask(kiosk.port(), "GET", "/api/users/ann").status == 200);
    const Answer reset = Ask(kiosk.port(), "POST", "/_kiosk/reset", "", key);
    CHECK(reset.body == kReset);
    CHECK(reset.Header("idempotency-replayed").empty());
    CHECK(QueryFile(path, "SELECT count(*) FROM users") == "0");
    CHECK(QueryFile(path, "SELECT count(*) FROM idempotent_answers") == "0");
  }
}

TEST_CASE("the catalogue after a reset is the seed's, also if another program changed it before") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path, "--quiet"});
  const std::string products = Ask(kiosk.port(), "GET", "/api/products").body;
  OtherProgram(path).Execute("UPDATE products SET price = 1");
  CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").body == kReset);
  CHECK(Ask(kiosk.port(), "GET", "/api/products").body == products);
}

}  // namespace kiosk::test
