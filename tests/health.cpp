// What /healthz finds out about the database.
#include <doctest/doctest.h>

#include <filesystem>

#include "store/schema.h"
#include "tests/harness.h"
#include "tests/other_program.h"

namespace kiosk::test {
namespace {

constexpr char kHealthy[] = R"({"status":"ok"})";
constexpr char kUnavailable[] =
    R"({"error":"storage_unavailable","message":"The database cannot be reached at the moment; nothing was changed."})";

// The objects of the schema, "type name", one a line; those that SQLite makes itself left out.
std::vector<std::string> Objects(const std::string& path) {
  std::vector<std::string> objects;
  std::string all =
      QueryFile(path, "SELECT type || ' ' || name FROM sqlite_schema WHERE sql IS NOT NULL");
  for (size_t end = 0; !all.empty(); all.erase(0, end + 1)) {
    end = std::min(all.find('\n'), all.size() - 1);
    objects.push_back(all.substr(0, all.find('\n')));
  }
  return objects;
}

void CheckHealthy(const Kiosk& kiosk) {
  for (int i = 0; i < 2; ++i) {  // what is known from the first time holds for the second
    const Answer answer = Ask(kiosk.port(), "GET", "/healthz");
    CHECK(answer.status == 200);
    CHECK(answer.body == kHealthy);
  }
}

void CheckUnavailable(const Kiosk& kiosk) {
  for (int i = 0; i < 2; ++i) {
    const Answer answer = Ask(kiosk.port(), "GET", "/healthz");
    CHECK(answer.status == 503);
    CHECK(answer.body == kUnavailable);
    CHECK(Ask(kiosk.port(), "HEAD", "/healthz").status == 503);
  }
}

}  // namespace

TEST_CASE("/healthz notices every table, index, trigger and view that is dropped") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Kiosk kiosk({"--db", path});
  CheckHealthy(kiosk);
  const auto objects = Objects(path);
  REQUIRE(objects.size() > 10);
  for (const std::string& object : objects) {
    CAPTURE(object);
    const std::string copy = folder.File(object + ".db");
    REQUIRE(RunKiosk({"backup", "--db", path, copy}).exit_code == 0);
    Kiosk damaged({"--db", copy});
    CheckHealthy(damaged);
    OtherProgram(copy).Execute("PRAGMA foreign_keys = OFF; DROP " + object);
    CheckUnavailable(damaged);
    CHECK(damaged.Stop().err.find(object + " is missing") != std::string::npos);
  }
  CheckHealthy(kiosk);
}

TEST_CASE("/healthz notices a schema that is changed, and that it is whole again") {
  struct Row {
    std::string name;
    std::string damage;
    std::string repair;
  };
  const Row rows[] = {
      {"a renamed table", "ALTER TABLE seed RENAME TO lost", "ALTER TABLE lost RENAME TO seed"},
      {"a column more", "ALTER TABLE services ADD COLUMN color TEXT",
       "ALTER TABLE services DROP COLUMN color"},
      {"another index of the same name",
       "DROP INDEX idempotent_answers_by_age; "
       "CREATE INDEX idempotent_answers_by_age ON idempotent_answers (status)",
       "DROP INDEX idempotent_answers_by_age; "
       "CREATE INDEX idempotent_answers_by_age ON idempotent_answers (created_at)"},
      {"a view in the place of an index",
       "DROP INDEX idempotent_answers_by_age; "
       "CREATE VIEW idempotent_answers_by_age AS SELECT * FROM idempotent_answers",
       "DROP VIEW idempotent_answers_by_age; "
       "CREATE INDEX idempotent_answers_by_age ON idempotent_answers (created_at)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const TemporaryFolder folder;
    const std::string path = folder.File("kiosk.db");
    const Kiosk kiosk({"--db", path, "--quiet"});
    CheckHealthy(kiosk);
    OtherProgram(path).Execute(row.damage);
    CheckUnavailable(kiosk);
    OtherProgram(path).Execute(row.repair);
    CheckHealthy(kiosk);
  }
}

TEST_CASE("/healthz notices what other programs add to change the writes of kiosk") {
  struct Row {
    std::string add;
    std::string remove;
    std::string log;
  };
  const Row rows[] = {
      {"CREATE TRIGGER spy AFTER INSERT ON desk_orders BEGIN "
       "UPDATE desk_orders SET quantity = 7 WHERE id = new.id; END",
       "DROP TRIGGER spy", "trigger spy on desk_orders is unknown"},
      {"CREATE TRIGGER spy BEFORE DELETE ON USERS BEGIN SELECT raise(IGNORE); END",
       "DROP TRIGGER spy", "trigger spy on users is unknown"},
      {"CREATE TRIGGER spy INSTEAD OF INSERT ON desk_order_rows BEGIN SELECT 1; END",
       "DROP TRIGGER spy", "trigger spy on desk_order_rows is unknown"},
      {"CREATE UNIQUE INDEX one_name ON services (name)", "DROP INDEX one_name",
       "index one_name on services is unknown"},
      {"create  unique index if not exists one_name on SERVICES (name) where id > 1000",
       "DROP INDEX one_name", "index one_name on services is unknown"},
  };
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Kiosk kiosk({"--db", path, "--quiet"});
  for (const Row& row : rows) {
    CAPTURE(row.add);
    CheckHealthy(kiosk);
    OtherProgram(path).Execute(row.add);
    CheckUnavailable(kiosk);
    OtherProgram(path).Execute(row.remove);
    CheckHealthy(kiosk);
  }
  const std::string log = kiosk.Stop().err;
  for (const Row& row : rows) CHECK(log.find(row.log) != std::string::npos);
}

TEST_CASE("/healthz does not mind what other programs add to the schema") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path, "--quiet"});
  for (const char* addition :
       {"CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)",
        "CREATE TABLE notes (text)", "CREATE INDEX by_name ON services (name)", "ANALYZE",
        "CREATE UNIQUE INDEX once ON notes (text)",
        "CREATE VIEW names AS SELECT name FROM services",
        "CREATE TRIGGER noted AFTER INSERT ON notes BEGIN DELETE FROM notes; END"}) {
    CAPTURE(addition);
    OtherProgram(path).Execute(addition);
    CheckHealthy(kiosk);
  }
}

TEST_CASE("/healthz answers while another program holds the database for writing") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path, "--quiet"});
  {
    OtherProgram other(path);
    other.Execute("BEGIN IMMEDIATE; DROP VIEW desk_order_rows");
    CheckHealthy(kiosk);
  }
  CheckHealthy(kiosk);
}

TEST_CASE("/healthz answers 503 when the file is damaged") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path, "--quiet"});
  std::filesystem::resize_file(path, 1024);
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 503);
}

TEST_CASE("/healthz of a database in memory answers 200") {
  const Kiosk kiosk({"--memory", "--quiet"});
  CheckHealthy(kiosk);
  CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").status == 200);
  CheckHealthy(kiosk);
}

TEST_CASE("a schema's differences are named, and what Litestream and ANALYZE add is none") {
  Database db(":memory:", Database::Mode::kCreate);
  CreateTables(db);
  CHECK(SchemaDifferences(db).empty());
  db.ExecuteScript(
      "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);"
      "CREATE TABLE _litestream_lock (id INTEGER); ANALYZE;");
  CHECK(SchemaDifferences(db).empty());
  db.ExecuteScript(
      "DROP VIEW desk_order_rows; CREATE TABLE more (a);"
      "DROP TABLE _litestream_lock; CREATE VIEW _litestream_lock AS SELECT 1;"
      "CREATE TRIGGER spy AFTER INSERT ON users BEGIN DELETE FROM more; END;");
  CHECK(SchemaDifferences(db) ==
        std::vector<std::string>{"view desk_order_rows is missing", "table more is unknown",
                                 "trigger spy is unknown", "view _litestream_lock is unknown"});
}

}  // namespace kiosk::test
