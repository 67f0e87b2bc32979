#include "store/sqlite.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <limits>

#include "store/seed.h"
#include "tests/harness.h"

using namespace kiosk;
using Kind = StorageFault::Kind;

namespace {

// A shop and a desk with one of everything: user ann owns netflix by order 1; order A is of
// service 1; service 2 is not used.
Database ExampleDatabase() {
  Database db(":memory:", Database::Mode::kCreate);
  db.Execute("PRAGMA foreign_keys = ON");
  CreateTables(db);
  db.ExecuteScript(R"(
    INSERT INTO seed VALUES (1, 50000, '{}');
    INSERT INTO products (product_id, name, price) VALUES ('netflix', 'Netflix', 7599),
                                                          ('tap', 'TAP', 6000);
    INSERT INTO users VALUES ('ann', 50000, 42401);
    INSERT INTO benefit_orders VALUES (1, 'ann', 7599, 0);
    INSERT INTO owned_products VALUES ('ann', 'netflix', 0, 1, 7599);
    INSERT INTO services VALUES (1, 1, 'Inspection'), (2, 2, 'Testing');
    INSERT INTO desk_orders VALUES (9223372036854775807, 'A', 0, 100, NULL, NULL, 0, 0, 0);
    INSERT INTO desk_order_services (order_number, order_id, position, service_id) VALUES (9223372036854775807, 'A', 0, 1);
    INSERT INTO idempotent_answers VALUES ('key', 1, 201, '', '{}', 0);
  )");
  return db;
}

// Everything the tables hold, as text.
std::string Contents(Database& db) {
  std::string all;
  std::vector<std::string> tables;
  {
    Query table = db.Run("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    while (table.Step()) tables.push_back(table.Text(0));
  }
  for (const std::string& table : tables) {
    std::string columns;
    Query column = db.Run("SELECT name FROM pragma_table_info(?)", table);
    while (column.Step())
      columns += (columns.empty() ? "quote(" : "||','||quote(") + column.Text(0) + ")";
    all += table + "\n";
    const std::string sql = "SELECT group_concat(row, ' ') FROM (SELECT " + columns +
                            " AS row FROM " + table + " ORDER BY 1)";
    Database* connection = &db;
    // Statements are kept under their address, so this text must stay.
    static std::vector<std::unique_ptr<std::string>> kept;
    kept.push_back(std::make_unique<std::string>(sql));
    Query row = connection->Run(kept.back()->c_str());
    row.Step();
    all += row.Text(0) + "\n";
  }
  return all;
}

// What the run of a function failed with.
template <class Function>
std::optional<Kind> FaultOf(Function function, std::string* message = nullptr) {
  try {
    function();
    return std::nullopt;
  } catch (const StorageFault& fault) {
    if (message) *message = fault.what();
    return fault.kind();
  }
}

}  // namespace

TEST_CASE("the database itself refuses a wrong state") {
  struct Row {
    const char* name;
    const char* sql;
    const char* why;
  };
  const Row rows[] = {
      {"a negative balance", "UPDATE users SET balance = -1", "CHECK constraint failed"},
      {"a debit of more than there is", "UPDATE users SET balance = balance - 42402",
       "CHECK constraint failed"},
      {"a balance above the start", "UPDATE users SET balance = 50001", "CHECK constraint failed"},
      {"a negative start", "INSERT INTO users VALUES ('bob', -1, -1)", "CHECK constraint failed"},
      {"a balance that is no number", "UPDATE users SET balance = 'much'", "cannot store TEXT"},
      {"a balance with a fraction", "UPDATE users SET balance = 0.5", "cannot store REAL"},
      {"no balance", "UPDATE users SET balance = NULL", "NOT NULL constraint failed"},
      {"a user twice", "INSERT INTO users VALUES ('ann', 1, 1)", "UNIQUE constraint failed"},
      {"a user without an id", "INSERT INTO users VALUES (NULL, 1, 1)",
       "NOT NULL constraint failed"},
      {"a user with an empty id", "INSERT INTO users VALUES ('', 1, 1)", "CHECK constraint failed"},
      {"a user id of 129 bytes", "INSERT INTO users SELECT printf('%.*c', 129, 'x'), 1, 1",
       "CHECK constraint failed"},
      {"128 characters of 129 bytes",
       "INSERT INTO users SELECT printf('%.*c', 127, 'x') || 'ã', 1, 1", "CHECK constraint failed"},
      {"a user who orders and goes", "DELETE FROM users", "FOREIGN KEY constraint failed"},
      {"owning a product twice", "INSERT INTO owned_products VALUES ('ann', 'netflix', 1, 1, 1)",
       "UNIQUE constraint failed"},
      {"owning an unknown product", "INSERT INTO owned_products VALUES ('ann', 'hbo', 1, 1, 1)",
       "FOREIGN KEY constraint failed"},
      {"a product of an unknown user", "INSERT INTO owned_products VALUES ('bob', 'tap', 0, 1, 1)",
       "FOREIGN KEY constraint failed"},
      {"a product that someone owns goes", "DELETE FROM products WHERE product_id = 'netflix'",
       "FOREIGN KEY constraint failed"},
      {"a product twice", "INSERT INTO products (product_id, name, price) VALUES ('tap', '', 1)",
       "UNIQUE constraint failed"},
      {"a negative price", "UPDATE products SET price = -1", "CHECK constraint failed"},
      {"a product without a name", "UPDATE products SET name = NULL", "NOT NULL constraint failed"},
      {"an order of an unknown user", "INSERT INTO benefit_orders VALUES (2, 'bob', 1, 0)",
       "FOREIGN KEY constraint failed"},
      {"an order with a negative total", "INSERT INTO benefit_orders VALUES (2, 'ann', -1, 0)",
       "CHECK constraint failed"},
      {"an order id twice", "INSERT INTO benefit_orders VALUES (1, 'ann', 1, 0)",
       "UNIQUE constraint failed"},
      {"an order that goes and leaves its items", "DELETE FROM benefit_orders",
       "FOREIGN KEY constraint failed"},
      {"an item of an unknown order", "INSERT INTO owned_products VALUES ('ann', 'tap', 1, 9, 1)",
       "FOREIGN KEY constraint failed"},
      {"an item without a price", "INSERT INTO owned_products VALUES ('ann', 'tap', 1, 1, NULL)",
       "CHECK constraint failed"},
      {"a price without an order", "INSERT INTO owned_products VALUES ('ann', 'tap', 1, NULL, 1)",
       "CHECK constraint failed"},
      {"an item with a negative price",
       "INSERT INTO owned_products VALUES ('ann', 'tap', 1, 1, -1)", "CHECK constraint failed"},
      {"a service twice", "INSERT INTO services VALUES (1, 3, 'Again')",
       "UNIQUE constraint failed"},
      {"a service with the id 0", "INSERT INTO services VALUES (0, 3, 'None')",
       "CHECK constraint failed"},
      {"a service without a name", "INSERT INTO services VALUES (3, 3, NULL)",
       "NOT NULL constraint failed"},
      {"a service in use goes", "DELETE FROM services WHERE id = 1",
       "FOREIGN KEY constraint failed"},
      {"a service in use gets another id", "UPDATE services SET id = 9 WHERE id = 1",
       "FOREIGN KEY constraint failed"},
      {"an order with an unknown service",
       "INSERT INTO desk_order_services (order_number, order_id, position, service_id) VALUES "
       "(9223372036854775807, 'A', 1, 9)",
       "FOREIGN KEY constraint failed"},
      {"an order with a service twice",
       "INSERT INTO desk_order_services (order_number, order_id, position, service_id) VALUES "
       "(9223372036854775807, 'A', 1, 1)",
       "UNIQUE constraint failed"},
      {"a service of an unknown order",
       "INSERT INTO desk_order_services (order_number, order_id, position, service_id) VALUES (9, "
       "'9', 0, 2)",
       "FOREIGN KEY constraint failed"},
      {"a desk order's id twice",
       "INSERT INTO desk_orders VALUES (9223372036854775807, 'A', NULL, NULL, 'P', 1, 0, 0, 0)",
       "UNIQUE constraint failed"},
      {"a desk order without an id",
       "INSERT INTO desk_orders VALUES (1, '', NULL, NULL, 'P', 1, 0, 0, 0)",
       "CHECK constraint failed"},
      {"a desk order's id of 65 characters",
       "INSERT INTO desk_orders SELECT 1, printf('%.*c', 65, 'x'), NULL, NULL, 'P', 1, 0, 0, 0",
       "CHECK constraint failed"},
      {"a product without a quantity", "UPDATE desk_orders SET product = 'P'",
       "CHECK constraint failed"},
      {"a quantity without a product", "UPDATE desk_orders SET quantity = 1",
       "CHECK constraint failed"},
      {"a quantity of 0", "UPDATE desk_orders SET product = 'P', quantity = 0",
       "CHECK constraint failed"},
      {"an empty product", "UPDATE desk_orders SET product = '', quantity = 1",
       "CHECK constraint failed"},
      {"a product of 201 characters",
       "UPDATE desk_orders SET product = printf('%.*c', 201, 'x'), quantity = 1",
       "CHECK constraint failed"},
      {"a negative totalfee", "UPDATE desk_orders SET totalfee = -1", "CHECK constraint failed"},
      {"a datetime that is text", "UPDATE desk_orders SET datetime = '2022-11-01'",
       "cannot store TEXT"},
      {"a second seed", "INSERT INTO seed VALUES (2, 1, '')", "CHECK constraint failed"},
      {"a negative starting balance", "UPDATE seed SET starting_balance = -1",
       "CHECK constraint failed"},
      {"an answer under a key twice",
       "INSERT INTO idempotent_answers VALUES ('key', 2, 200, '', '', 0)",
       "UNIQUE constraint failed"},
  };
  Database db = ExampleDatabase();
  const std::string before = Contents(db);
  for (const Row& row : rows) {
    CAPTURE(row.name);
    std::string message;
    const auto fault = FaultOf([&] { db.Execute(row.sql); }, &message);
    CHECK(fault == Kind::kBug);
    CHECK_MESSAGE(message.starts_with(row.why), message);
    CHECK(Contents(db) == before);
  }
}

TEST_CASE("what is right passes, at the very edge too") {
  Database db = ExampleDatabase();
  CHECK(db.Execute("UPDATE users SET balance = 0") == 1);
  CHECK(db.Execute("UPDATE users SET balance = 50000") == 1);
  CHECK(db.Execute("INSERT INTO users SELECT printf('%.*c', 126, 'x') || 'ã', 0, 0") == 1);
  CHECK(db.Execute("INSERT INTO owned_products VALUES ('ann', 'tap', 1, NULL, NULL)") == 1);
  CHECK(db.Execute("UPDATE desk_orders SET product = printf('%.*c', 200, 'ã'), quantity = 1") == 1);
  CHECK(db.Execute("DELETE FROM services WHERE id = 2") == 1);
  CHECK(db.Execute("DELETE FROM desk_orders") == 1);
  Query left = db.Run("SELECT count(*) FROM desk_order_services");
  REQUIRE(left.Step());
  CHECK(left.Int(0) == 0);  // an order's services go with it
}

TEST_CASE("values come back as they were bound, each of its own type") {
  Database db(":memory:", Database::Mode::kCreate);
  const auto type_and_value = [&db](const auto& value) {
    Query row = db.Run("SELECT typeof(?1), quote(?1)", value);
    REQUIRE(row.Step());
    return row.Text(0) + " " + row.Text(1);
  };
  CHECK(type_and_value(int64_t{0}) == "integer 0");
  CHECK(type_and_value(std::numeric_limits<int64_t>::min()) == "integer -9223372036854775808");
  CHECK(type_and_value(std::numeric_limits<int64_t>::max()) == "integer 9223372036854775807");
  CHECK(type_and_value(std::string_view("João")) == "text 'João'");
  CHECK(type_and_value(std::string("it's")) == "text 'it''s'");
  CHECK(type_and_value("7") == "text '7'");
  CHECK(type_and_value(std::string_view()) == "text ''");
  CHECK(type_and_value(std::nullopt) == "null NULL");
  CHECK(type_and_value(std::optional<int64_t>()) == "null NULL");
  CHECK(type_and_value(std::optional<int64_t>(7)) == "integer 7");
  CHECK(type_and_value(std::optional<std::string>("a")) == "text 'a'");
  CHECK(type_and_value(std::optional<std::string>()) == "null NULL");

  const std::string with_nul("a\0b", 3);
  Query row = db.Run("SELECT ?, ?, ?, ''", with_nul, int64_t{-5}, std::nullopt);
  REQUIRE(row.Step());
  CHECK(row.Text(0) == with_nul);
  CHECK(row.OptionalText(0) == with_nul);
  CHECK(row.Int(1) == -5);
  CHECK(row.OptionalInt(1) == -5);
  CHECK(!row.IsNull(1));
  CHECK(row.IsNull(2));
  CHECK(row.OptionalInt(2) == std::nullopt);
  CHECK(row.OptionalText(2) == std::nullopt);
  CHECK(row.OptionalText(3) == "");
  CHECK(!row.Step());
}

TEST_CASE("a statement can be run again as soon as its query is gone, and forgets its parameters") {
  constexpr char kCount[] = "SELECT column1, ?1, ?2 FROM (VALUES (1), (2), (3))";
  Database db(":memory:", Database::Mode::kCreate);
  for (int i = 0; i < 3; ++i) {
    Query query = db.Run(kCount, "a", "b");
    REQUIRE(query.Step());
    CHECK(query.Int(0) == 1);
    CHECK(query.Text(2) == "b");
  }
  {
    Query query = db.Run(kCount, "c");
    REQUIRE(query.Step());
    CHECK(query.Text(1) == "c");
    CHECK(query.IsNull(2));
    // While it is running, it cannot be run a second time.
    CHECK(FaultOf([&] { static_cast<void>(db.Run(kCount, "d")); }) == Kind::kBug);
    REQUIRE(query.Step());
    CHECK(query.Int(0) == 2);
    CHECK(query.Text(1) == "c");
  }
  Query query = db.Run(kCount);
  REQUIRE(query.Step());
  CHECK(query.IsNull(1));
}

TEST_CASE("a statement that failed can be run again") {
  Database db = ExampleDatabase();
  constexpr char kInsert[] = "INSERT INTO users VALUES (?1, ?2, ?2)";
  CHECK(FaultOf([&] { db.Execute(kInsert, "bob", int64_t{-1}); }) == Kind::kBug);
  CHECK(db.Execute(kInsert, "bob", int64_t{1}) == 1);
  CHECK(FaultOf([&] { db.Execute(kInsert, "bob", int64_t{1}); }) == Kind::kBug);
  CHECK(db.Execute(kInsert, "eve", int64_t{1}) == 1);
}

TEST_CASE("wrong SQL and a parameter too many are our fault") {
  Database db(":memory:", Database::Mode::kCreate);
  CHECK(FaultOf([&] { db.Execute("SELEKT 1"); }) == Kind::kBug);
  CHECK(FaultOf([&] { db.Execute("SELECT * FROM nothing"); }) == Kind::kBug);
  CHECK(FaultOf([&] { db.Execute("SELECT ?", "a", "b"); }) == Kind::kBug);
  CHECK(FaultOf([&] { db.ExecuteScript("CREATE TABLE a (b); CREATE TABLE a (b);"); }) ==
        Kind::kBug);
}

TEST_CASE("a transaction is undone unless it is committed") {
  Database db = ExampleDatabase();
  const std::string before = Contents(db);
  {
    Transaction transaction(db, Transaction::Kind::kWrite);
    db.Execute("UPDATE users SET balance = 1");
    CHECK(db.InTransaction());
    CHECK(Contents(db) != before);
  }
  CHECK(!db.InTransaction());
  CHECK(Contents(db) == before);
  CHECK_THROWS_AS(
      [&] {
        Transaction transaction(db, Transaction::Kind::kWrite);
        db.Execute("UPDATE users SET balance = 1");
        throw std::logic_error("no");
      }(),
      std::logic_error);
  CHECK(Contents(db) == before);
  {
    // Undone already, by SQLite or by hand: there is nothing left to undo.
    Transaction transaction(db, Transaction::Kind::kWrite);
    db.Execute("ROLLBACK");
  }
  {
    Transaction transaction(db, Transaction::Kind::kWrite);
    db.Execute("UPDATE users SET balance = 1");
    transaction.Commit();
  }
  CHECK(!db.InTransaction());
  CHECK(Contents(db) != before);
  // Not one inside another.
  Transaction outer(db, Transaction::Kind::kRead);
  CHECK(FaultOf([&] { Transaction inner(db, Transaction::Kind::kWrite); }) == Kind::kBug);
  CHECK(db.InTransaction());
}

TEST_CASE("a fault is the machine's or ours, by SQLite's code") {
  struct Row {
    int code;
    Kind kind;
  };
  const Row rows[] = {
      {SQLITE_FULL, Kind::kFull},
      {SQLITE_NOTADB, Kind::kNotADatabase},
      {SQLITE_CORRUPT, Kind::kNotADatabase},
      {SQLITE_CORRUPT_INDEX, Kind::kNotADatabase},
      {SQLITE_IOERR, Kind::kUnavailable},
      {SQLITE_IOERR_FSYNC, Kind::kUnavailable},
      {SQLITE_IOERR_SHMSIZE, Kind::kUnavailable},
      {SQLITE_CANTOPEN, Kind::kUnavailable},
      {SQLITE_BUSY, Kind::kUnavailable},
      {SQLITE_BUSY_SNAPSHOT, Kind::kUnavailable},
      {SQLITE_LOCKED, Kind::kUnavailable},
      {SQLITE_READONLY, Kind::kUnavailable},
      {SQLITE_READONLY_DBMOVED, Kind::kUnavailable},
      {SQLITE_PERM, Kind::kUnavailable},
      {SQLITE_NOMEM, Kind::kUnavailable},
      {SQLITE_PROTOCOL, Kind::kUnavailable},
      {SQLITE_CONSTRAINT_CHECK, Kind::kBug},
      {SQLITE_MISUSE, Kind::kBug},
      {SQLITE_RANGE, Kind::kBug},
      {SQLITE_ERROR, Kind::kBug},
  };
  for (const Row& row : rows) {
    CAPTURE(row.code);
    const StorageFault fault(row.code, "what");
    CHECK(fault.kind() == row.kind);
    CHECK(fault.what() == "what (SQLite " + std::to_string(row.code) + ")");
  }
}

TEST_CASE("faults of real files are told apart") {
  const test::TemporaryFolder folder;
  const std::string path = folder.File("a.db");
  CHECK(FaultOf([&] { Database db(path, Database::Mode::kReadWrite); }) == Kind::kUnavailable);
  CHECK(FaultOf([&] { Database db(folder.File("no/a.db"), Database::Mode::kCreate); }) ==
        Kind::kUnavailable);
  {
    Database db(path, Database::Mode::kCreate);
    CreateTables(db);
    CHECK(!db.IsReadOnly());
    db.Execute("PRAGMA max_page_count = 40");
    const auto fill = [&] {
      db.Execute("INSERT INTO seed VALUES (1, 0, hex(randomblob(500000)))");
    };
    CHECK(FaultOf(fill) == Kind::kFull);
  }
  Database reader(path, Database::Mode::kReadOnly);
  CHECK(reader.IsReadOnly());
  CHECK(FaultOf([&] { reader.Execute("DELETE FROM seed"); }) == Kind::kUnavailable);
  test::WriteFile(folder.File("text"), std::string(5000, 'x'));
  Database text(folder.File("text"), Database::Mode::kReadWrite);
  CHECK(FaultOf([&] { text.Execute("PRAGMA user_version"); }) == Kind::kNotADatabase);
}

TEST_CASE("a copy is the whole database") {
  const test::TemporaryFolder folder;
  Database db = ExampleDatabase();
  db.CopyTo(folder.File("copy.db"));
  Database copy(folder.File("copy.db"), Database::Mode::kReadOnly);
  CHECK(Contents(copy) == Contents(db));
  CHECK(test::QueryFile(folder.File("copy.db"), "PRAGMA integrity_check") == "ok");
  CHECK(FaultOf([&] { db.CopyTo(folder.File("no/copy.db")); }) == Kind::kUnavailable);
}

TEST_CASE("a database in memory is copied by its image while its only connection is writing") {
  const test::TemporaryFolder folder;
  Database db = ExampleDatabase();
  Transaction transaction(db, Transaction::Kind::kWrite);
  CHECK(FaultOf([&] { db.CopyTo(folder.File("busy.db")); }) == Kind::kUnavailable);
  const std::string image = db.Image();
  Database scratch(":memory:", Database::Mode::kReadWrite);
  scratch.AttachImage(image);
  scratch.CopyTo(folder.File("copy.db"), "packed");
  Database copy(folder.File("copy.db"), Database::Mode::kReadOnly);
  CHECK(Contents(copy) == Contents(db));
  CHECK(test::QueryFile(folder.File("copy.db"), "PRAGMA integrity_check") == "ok");
}
