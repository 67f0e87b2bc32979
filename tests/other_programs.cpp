// Other programs that change the database of a running server through SQLite.
#include "tests/database_file.h"

namespace kiosk::test {
namespace {

// Whether the catalogue has this text.
bool Lists(int port, const std::string& product) {
  const Answer answer = Ask(port, "GET", "/api/products");
  REQUIRE(answer.status == 200);
  return answer.body.find(product) != std::string::npos;
}

TEST_CASE("what another program commits is in the next response") {
  for (const int writers : {0, 16}) {
    INFO(writers, " writers");
    const TemporaryFolder folder;
    const std::string path = folder.File("kiosk.db");
    Kiosk kiosk({"--db", path, "--quiet"});
    REQUIRE(Lists(kiosk.port(), R"({"id":"netflix","name":"Netflix","price":75.99})"));
    Writers clients(kiosk.port(), writers);
    OtherProgram other(path);

    for (int i = 101; i <= 120; ++i) {
      const std::string price = std::to_string(i);
      other.Execute("UPDATE products SET price = " + price + "00 WHERE product_id = 'netflix'");
      CHECK(Lists(kiosk.port(), R"("name":"Netflix","price":)" + price + "}"));
      const Answer order = Ask(kiosk.port(), "POST", "/api/orders",
                               R"({"order":{"items":["netflix"],"user_id":"u)" + price + R"("}})");
      CHECK(order.body.find(R"("total":)" + price + "}") != std::string::npos);
    }
    other.Execute("INSERT INTO products (product_id, name, price) VALUES ('new', 'New', 100)");
    CHECK(Lists(kiosk.port(), R"({"id":"new","name":"New","price":1})"));
    other.Execute("DELETE FROM products WHERE product_id = 'new'");
    CHECK(!Lists(kiosk.port(), R"("new")"));
    other.Execute("UPDATE services SET name = 'Renamed' WHERE id = 123");
    CHECK(Ask(kiosk.port(), "GET", "/orders/223").body.find("Renamed") != std::string::npos);
    other.Execute("UPDATE seed SET starting_balance = 70000");
    CHECK(Ask(kiosk.port(), "GET", "/api/users/later").body.find(R"("balance":700,)") !=
          std::string::npos);
    clients.Stop();
    CHECK(clients.others() == 0);
    CHECK(kiosk.Stop().exit_code == 0);
  }
}

TEST_CASE("what another program does through SQLite is not taken for an overwrite") {
  const std::vector<std::vector<std::string>> programs = {
      {"PRAGMA wal_checkpoint(PASSIVE)"},
      {"PRAGMA wal_checkpoint(RESTART)"},
      {"PRAGMA wal_checkpoint(TRUNCATE)"},
      {"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"},
      {"UPDATE services SET name = 'Renamed'", "PRAGMA wal_checkpoint(TRUNCATE)"},
      {"CREATE TABLE theirs (text TEXT)", "INSERT INTO theirs VALUES (randomblob(100000))",
       "PRAGMA wal_checkpoint(TRUNCATE)", "DROP TABLE theirs"},
      {"PRAGMA wal_checkpoint(TRUNCATE)", "UPDATE seed SET starting_balance = 1"}};
  for (const int writers : {0, 16}) {
    for (const auto& program : programs) {
      INFO(writers, " writers: ", program.front());
      const TemporaryFolder folder;
      const std::string path = folder.File("kiosk.db");
      int written = 0;
      {
        Kiosk kiosk({"--db", path, "--quiet"});
        Writers clients(kiosk.port(), writers);
        for (int i = 0; i < 5; ++i) {
          OtherProgram other(path);
          for (const std::string& sql : program) other.Execute(sql);
          WriteOrders(kiosk.port(), 5);
          CHECK(Ask(kiosk.port(), "GET", "/services").status == 200);
        }
        clients.Stop();
        CHECK(clients.others() == 0);
        written = clients.created() + 25;
        kiosk.Kill();
      }
      Kiosk kiosk({"--db", path, "--quiet"});
      WriteOrders(kiosk.port(), 1);
      CHECK(kiosk.Stop().exit_code == 0);
      CHECK(QueryFile(path, kCountWritten) == std::to_string(written + 1));
      CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
    }
  }
}

// As `.restore` of the sqlite3 shell does.
void Restore(const std::string& from, const std::string& to) {
  sqlite3* source = nullptr;
  sqlite3* target = nullptr;
  REQUIRE(sqlite3_open(from.c_str(), &source) == SQLITE_OK);
  REQUIRE(sqlite3_open(to.c_str(), &target) == SQLITE_OK);
  sqlite3_busy_timeout(target, 10'000);
  sqlite3_backup* backup = sqlite3_backup_init(target, "main", source, "main");
  REQUIRE(backup != nullptr);
  CHECK(sqlite3_backup_step(backup, -1) == SQLITE_DONE);
  CHECK(sqlite3_backup_finish(backup) == SQLITE_OK);
  sqlite3_close(source);
  sqlite3_close(target);
}

TEST_CASE("another program may replace the whole content through SQLite") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const std::string other = folder.File("other.db");
  WriteFile(other, DatabaseWith(7));
  {
    Kiosk kiosk({"--db", path, "--quiet"});
    WriteOrders(kiosk.port(), 3);
    Restore(other, path);
    WriteOrders(kiosk.port(), 1);
    OtherProgram(path).Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    WriteOrders(kiosk.port(), 1);
    CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
    kiosk.Kill();
  }
  Kiosk kiosk({"--db", path, "--quiet"});
  CHECK(kiosk.Stop().exit_code == 0);
  CHECK(QueryFile(path, kCountWritten) == "9");
}

}  // namespace
}  // namespace kiosk::test
