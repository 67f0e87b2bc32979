#include "store/store.h"

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "data/embedded.h"
#include "http/codec.h"
#include "http/seed_reader.h"
#include "store/benefits.h"
#include "store/desk.h"
#include "store/seed.h"
#include "tests/harness.h"

using namespace kiosk;
using test::TemporaryFolder;

namespace {

constexpr Timestamp kNow{1'667'301'071'111};

Seed BuiltIn() { return std::get<Seed>(ReadSeed(embedded::Seed(), kNow)); }

// A seed of one product, to tell from the one that is built in.
Seed Small() {
  constexpr char kText[] = R"({"starting_balance":10,"products":[{"id":"a","name":"A","price":1}],)"
                           R"("users":[{"user_id":"ann","balance":7,"product_ids":["a"]}]})";
  return std::get<Seed>(ReadSeed(kText, kNow));
}

std::set<std::string> FilesIn(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

int64_t Count(Database& db, const char* sql) {
  Query row = db.Run(sql);
  row.Step();
  return row.Int(0);
}

constexpr char kCountUsers[] = "SELECT count(*) FROM users";

// Everything that the data consists of, as text.
std::string Contents(Database& db) {
  constexpr const char* kTables[] = {
      "SELECT group_concat(starting_balance || ' ' || text, ';') FROM seed",
      "SELECT group_concat(t, ';') FROM (SELECT position || ' ' || product_id || ' ' || name || ' '"
      " || price AS t FROM products ORDER BY position)",
      "SELECT group_concat(t, ';') FROM (SELECT user_id || ' ' || starting_balance || ' ' ||"
      " balance AS t FROM users ORDER BY user_id)",
      "SELECT group_concat(t, ';') FROM (SELECT user_id || ' ' || product_id || ' ' || position"
      " || ' ' || quote(order_id) || ' ' || quote(price) AS t FROM owned_products ORDER BY 1)",
      "SELECT group_concat(order_id || ' ' || user_id || ' ' || total, ';') FROM benefit_orders",
      "SELECT group_concat(t, ';') FROM (SELECT position || ' ' || id || ' ' || name AS t"
      " FROM services ORDER BY position)",
      "SELECT group_concat(t, ';') FROM (SELECT id || ' ' || id_number || ' ' ||"
      " quote(datetime) || ' ' || quote(totalfee) || ' ' || quote(product) || ' ' ||"
      " quote(quantity) || ' ' || created_at || ' ' || updated_at AS t"
      " FROM desk_orders ORDER BY id_number, id)",
      "SELECT group_concat(t, ';') FROM (SELECT order_number || ' ' || order_id || ' ' || "
      "service_id || ' ' || position"
      " AS t FROM desk_order_services ORDER BY 1)",
      "SELECT count(*) FROM idempotent_answers"};
  std::string all;
  for (const char* sql : kTables) {
    Query row = db.Run(sql);
    row.Step();
    all += row.Text(0) + "\n";
  }
  return all;
}

// Places an order that must succeed.
int64_t Order(Database& db, const std::string& user_id, const std::vector<std::string>& items) {
  const auto placed = benefits::PlaceOrder(db, user_id, items, kNow);
  return std::get<BenefitOrder>(placed).order_id;
}

// Changes something in every table.
bool ChangeEverything(Database& db) {
  Order(db, "someone", {"netflix", "tap"});
  static_cast<void>(benefits::GetOrCreateUser(db, "other"));
  static_cast<void>(
      desk::RenameService(db, 123, {}, "Renamed", [](const Service&) { return true; }));
  static_cast<void>(desk::CreateService(db, std::nullopt, "New"));
  DeskOrderChanges order;
  order.product = "Paper";
  order.quantity = 1;
  static_cast<void>(desk::CreateOrder(db, order, 0, kNow));
  static_cast<void>(desk::DeleteOrder(db, "224", [](const DeskOrder&) { return true; }));
  static_cast<void>(desk::DeleteService(db, 789, [](const Service&) { return true; }));
  db.Execute("INSERT INTO idempotent_answers VALUES ('key', 1, 201, '', '{}', 0)");
  return true;
}

std::string WhyNot(const std::string& path) {
  try {
    Store::Open(path, BuiltIn());
  } catch (const StoreError& error) {
    return error.what();
  }
  return "opened";
}

}  // namespace

TEST_CASE("a database that is not there is made from the seed, and kept") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  {
    const auto store = Store::Open(path, BuiltIn());
    CHECK(store->Read(benefits::ListProducts).size() == 6);
    CHECK(store->Read(desk::ListServices).size() == 3);
    CHECK(store->SizeInBytes() > 0);
    store->Write([](Database& db) { return Order(db, "johndoe", {"netflix"}); });
  }
  CHECK(FilesIn(folder.path()) == std::set<std::string>{"kiosk.db"});
  CHECK(test::QueryFile(path, "PRAGMA integrity_check") == "ok");
  // Another seed is for new databases only.
  const auto store = Store::Open(path, Small());
  CHECK(store->Read(benefits::ListProducts).size() == 6);
  const auto user = store->Read([](Database& db) { return benefits::FindUser(db, "johndoe"); });
  REQUIRE(user.has_value());
  CHECK(user->balance == Money{42401});
  CHECK(user->product_ids == std::vector<std::string>{"netflix"});
}

TEST_CASE("an empty file is made into a database") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  test::WriteFile(path, "");
  {
    const auto store = Store::Open(path, Small());
    CHECK(store->Read(benefits::ListProducts).size() == 1);
  }
  CHECK(FilesIn(folder.path()) == std::set<std::string>{"kiosk.db"});
}

TEST_CASE("what the seed says of its users is so from the start") {
  const auto store = Store::InMemory(Small());
  const auto ann = store->Read([](Database& db) { return benefits::FindUser(db, "ann"); });
  REQUIRE(ann.has_value());
  CHECK(ann->balance == Money{700});
  CHECK(ann->product_ids == std::vector<std::string>{"a"});
  CHECK(store->Read([](Database& db) { return Count(db, test::kCountUnbalanced); }) == 0);
  CHECK(store->Read(SeedText) == Small().text);
}

TEST_CASE("a database in memory leaves no file") {
  const TemporaryFolder folder;
  const auto present = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  {
    const auto store = Store::InMemory(BuiltIn());
    store->Write([](Database& db) { return Order(db, "johndoe", {"netflix"}); });
    CHECK(store->Read([](Database& db) { return Count(db, kCountUsers); }) == 1);
    CHECK(store->SizeInBytes() == 0);
    CHECK(FilesIn(folder.path()).empty());
    store->CopyTo(folder.File("copy.db"));
  }
  std::filesystem::current_path(present);
  CHECK(FilesIn(folder.path()) == std::set<std::string>{"copy.db"});
  CHECK(test::QueryFile(folder.File("copy.db"), "SELECT user_id, balance FROM users") ==
        "johndoe|42401");
}

TEST_CASE("a database is one store's at a time") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  {
    const auto store = Store::Open(path, BuiltIn());
    CHECK(WhyNot(path) == "cannot use the database " + path +
                              ": another kiosk is using it; stop that one, or choose another file "
                              "with --db");
    store->Write([](Database& db) { return Order(db, "johndoe", {"netflix"}); });
  }
  CHECK(WhyNot(path) == "opened");
}

TEST_CASE("other columns are another version of the schema") {
  const TemporaryFolder folder;
  Database db(folder.File("new.db"), Database::Mode::kCreate);
  CreateTables(db);
  Query version = db.Run("PRAGMA user_version");
  REQUIRE(version.Step());
  CHECK(version.Int(0) == 2);
  Query columns = db.Run(
      "SELECT group_concat(t, '; ') FROM (SELECT s.name || ': ' || group_concat(c.name, ' ') AS t "
      "FROM sqlite_schema AS s JOIN pragma_table_info(s.name) AS c WHERE s.type = 'table' "
      "GROUP BY s.name ORDER BY s.name)");
  REQUIRE(columns.Step());
  // Whoever changes this raises user_version: a database made before would be served, and fail.
  CHECK(columns.Text(0) ==
        "benefit_orders: order_id user_id total created_at; "
        "deleted_orders: number id place; "
        "desk_order_services: order_number order_id position service_id place; "
        "desk_orders: id_number id datetime totalfee product quantity created_at updated_at "
        "place; "
        "generation: only_row number; "
        "idempotent_answers: key fingerprint status location body created_at; "
        "lineage: only_row mark; lineage_anchor: only_row id; "
        "next_ids: kind next; "
        "owned_products: user_id product_id position order_id price; "
        "products: position product_id name price; "
        "seed: only_row starting_balance text; "
        "services: id position name; "
        "users: user_id starting_balance balance");
}

TEST_CASE("a file that is no database of ours is refused and left as it is") {
  const TemporaryFolder folder;
  {
    Database other(folder.File("other.db"), Database::Mode::kCreate);
    other.ExecuteScript("PRAGMA application_id = 7; CREATE TABLE a (b)");
    Database newer(folder.File("newer.db"), Database::Mode::kCreate);
    CreateTables(newer);
    newer.Execute("PRAGMA user_version = 3");
  }
  test::WriteFile(folder.File("text"), "not a database\n");
  test::WriteFile(folder.File("long text"), std::string(10000, 'x'));
  test::WriteFile(folder.File("header"), std::string("SQLite format 3\0", 16));
  struct Row {
    std::string file;
    std::string why;
  };
  const Row rows[] = {
      {"other.db", "it belongs to another application; choose another file with --db"},
      {"newer.db",
       "it was made by a newer kiosk (schema 3, this one knows 2); use that version, or choose "
       "another file with --db"},
      {"text", "it is not an SQLite database; choose another file with --db"},
      {"long text", "it is not an SQLite database; choose another file with --db"},
      {"header", "it is not an SQLite database; choose another file with --db"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.file);
    const std::string path = folder.File(row.file);
    const std::string before = test::ReadFile(path);
    const auto files = FilesIn(folder.path());
    CHECK(WhyNot(path) == "cannot use the database " + path + ": " + row.why);
    CHECK(test::ReadFile(path) == before);
    CHECK(FilesIn(folder.path()) == files);
  }
}

TEST_CASE("a reader sees one state, whatever is written meanwhile, and neither waits") {
  const TemporaryFolder folder;
  const auto store = Store::Open(folder.File("kiosk.db"), BuiltIn());
  store->Read([&](Database& db) {
    const std::string before = Contents(db);
    for (int i = 0; i < 10; ++i) {
      store->Write([i](Database& writer) {
        return Order(writer, "user " + std::to_string(i), {"netflix", "tap"});
      });
      CHECK(Contents(db) == before);
    }
    CHECK(Count(db, kCountUsers) == 0);
    return true;
  });
  CHECK(store->Read([](Database& db) { return Count(db, kCountUsers); }) == 10);
}

TEST_CASE("readers beside a writer never see half an order") {
  const TemporaryFolder folder;
  const auto store = Store::Open(folder.File("kiosk.db"), BuiltIn());
  std::atomic<bool> done = false;
  std::atomic<int64_t> wrong = 0;
  std::atomic<int64_t> reads = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 24; ++i) {  // more than there are connections
    readers.emplace_back([&] {
      while (!done) {
        wrong += store->Read([](Database& db) { return Count(db, test::kCountUnbalanced); });
        ++reads;
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    store->Write([i](Database& db) {
      return Order(db, "user " + std::to_string(i % 50),
                   {i < 50    ? "netflix"
                    : i < 100 ? "tap"
                    : i < 150 ? "spotify"
                              : "worten"});
    });
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(reads > 0);
  CHECK(store->Read([](Database& db) { return Count(db, kCountUsers); }) == 50);
  CHECK(store->Read(
            [](Database& db) { return Count(db, "SELECT count(*) FROM benefit_orders"); }) == 200);
}

TEST_CASE("a reader only reads, and gives its connection back when its use case throws") {
  const TemporaryFolder folder;
  const auto store = Store::Open(folder.File("kiosk.db"), BuiltIn());
  const std::string before = store->Read(Contents);
  for (int i = 0; i < 40; ++i) {
    CHECK_THROWS_AS(store->Read([](Database& db) { return Order(db, "johndoe", {"netflix"}); }),
                    StorageFault);
    CHECK_THROWS_AS(store->Read([](Database&) -> bool { throw std::domain_error("no"); }),
                    std::domain_error);
  }
  CHECK(store->Read(Contents) == before);
}

TEST_CASE("a write returns what its use case returns, or changes nothing when it throws") {
  const TemporaryFolder folder;
  for (const bool in_memory : {false, true}) {
    const auto store =
        in_memory ? Store::InMemory(BuiltIn()) : Store::Open(folder.File("kiosk.db"), BuiltIn());
    CHECK(store->Write([](Database& db) { return Order(db, "johndoe", {"netflix"}); }) == 1);
    CHECK(store->Write([](Database& db) { return Order(db, "johndoe", {"tap"}); }) == 2);
    const std::string before = store->Read(Contents);
    CHECK_THROWS_AS(store->Write([](Database& db) -> bool {
      ChangeEverything(db);
      throw std::domain_error("no");
    }),
                    std::domain_error);
    CHECK(store->Read(Contents) == before);
    CHECK(store->Write([](Database& db) { return Order(db, "johndoe", {"spotify"}); }) == 3);
  }
}

TEST_CASE("a reset puts the seed back exactly, and numbers start anew") {
  const TemporaryFolder folder;
  for (const bool in_memory : {false, true}) {
    const auto store =
        in_memory ? Store::InMemory(BuiltIn()) : Store::Open(folder.File("kiosk.db"), BuiltIn());
    const std::string seeded = store->Read(Contents);
    store->Write(ChangeEverything);
    CHECK(store->Read(Contents) != seeded);
    for (int i = 0; i < 2; ++i) {
      store->ResetTo(BuiltIn());
      CHECK(store->Read(Contents) == seeded);
      CHECK(store->Write([](Database& db) { return Order(db, "johndoe", {"netflix"}); }) == 1);
    }
    store->ResetTo(Small());
    const auto small = Store::InMemory(Small());
    CHECK(store->Read(Contents) == small->Read(Contents));
  }
}

TEST_CASE("the catalogue's version changes when somebody says that the catalogue did") {
  const auto store = Store::InMemory(BuiltIn());
  const uint64_t version = store->catalogue_version();
  CHECK(store->Read(benefits::ListProducts).size() == 6);
  store->Write(ChangeEverything);
  CHECK(store->catalogue_version() == version);
  store->CatalogueChanged();
  CHECK(store->catalogue_version() == version + 1);
  store->CatalogueChanged();
  CHECK(store->catalogue_version() == version + 2);
}

TEST_CASE("a copy taken while orders are placed is whole and adds up") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const auto store = Store::Open(path, BuiltIn());
  std::atomic<bool> done = false;
  std::atomic<int> placed = 0;
  std::thread shop([&] {
    for (int i = 0; i < 100'000 && !done; ++i) {
      store->Write([i](Database& db) {
        return Order(db, "user " + std::to_string(i), {"netflix", "tap"});
      });
      ++placed;
    }
  });
  for (int i = 0; i < 5; ++i) {
    const int before = placed;
    const std::string copy = folder.File("copy " + std::to_string(i) + ".db");
    store->CopyTo(copy);
    CHECK(test::QueryFile(copy, "PRAGMA integrity_check") == "ok");
    CHECK(test::QueryFile(copy, "PRAGMA foreign_key_check").empty());
    CHECK(test::QueryFile(copy, test::kCountUnbalanced) == "0");
    CHECK(std::stoi(test::QueryFile(copy, kCountUsers)) >= before);
    while (placed == before) std::this_thread::yield();
  }
  done = true;
  shop.join();
  CHECK(store->Read([](Database& db) { return Count(db, kCountUsers); }) == placed);
  // A copy is a database like any other.
  const auto again = Store::Open(folder.File("copy 0.db"), Small());
  CHECK(again->Read(benefits::ListProducts).size() == 6);
}

TEST_CASE("a copy never replaces a file, and is not made of what is no database") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Store::Open(path, BuiltIn());
  test::WriteFile(folder.File("taken"), "mine");
  test::WriteFile(folder.File("text"), "not a database");
  const auto why_not = [](const std::string& from, const std::string& to) -> std::string {
    try {
      CopyDatabase(from, to);
    } catch (const StoreError& error) {
      return error.what();
    }
    return "copied";
  };
  const auto files = FilesIn(folder.path());
  CHECK(why_not(path, folder.File("taken")) ==
        "cannot use the database " + folder.File("taken") +
            ": the file exists already; choose another name for the copy");
  CHECK(test::ReadFile(folder.File("taken")) == "mine");
  CHECK(why_not(path, path).ends_with("the file exists already; choose another name for the copy"));
  CHECK(why_not(folder.File("missing"), folder.File("copy")) ==
        "cannot use the database " + folder.File("missing") +
            ": No such file or directory; choose another file with --db");
  CHECK(why_not(folder.File("text"), folder.File("copy")).find("not an SQLite database") !=
        std::string::npos);
  CHECK(why_not(path, folder.File("no/copy")).find("No such file or directory") !=
        std::string::npos);
  CHECK(FilesIn(folder.path()) == files);
  CHECK(why_not(path, folder.File("copy")) == "copied");
  auto with_copy = files;
  with_copy.insert("copy");
  CHECK(FilesIn(folder.path()) == with_copy);
  CHECK(test::QueryFile(folder.File("copy"), "SELECT count(*) FROM products") == "6");
}
