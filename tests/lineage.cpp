// Which WAL belongs to which database.
#include "store/lineage.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <filesystem>

#include "store/file_descriptor.h"
#include "store/store.h"
#include "tests/database_file.h"
#include "tests/harness.h"

namespace kiosk::test {
namespace {

constexpr size_t kPage = 4096;

Seed SmallSeed() {
  Seed seed;
  seed.starting_balance = Money{50000};
  seed.text = "{}";
  return seed;
}

std::string PageOf(const std::string& database, uint32_t number) {
  return database.substr((number - 1) * kPage, kPage);
}

// A database as kill -9 leaves it: with a WAL.
struct Killed {
  Killed() {
    const TemporaryFolder folder;
    const std::string path = folder.File("kiosk.db");
    Kiosk kiosk({"--db", path, "--quiet"});
    WriteOrders(kiosk.port(), 30);
    kiosk.Kill();
    database = ReadFile(path);
    wal = ReadFile(path + "-wal");
  }
  std::string database;
  std::string wal;
};

bool IsForeign(const std::string& database, const std::string& wal) {
  const TemporaryFolder folder;
  WriteFile(folder.File("kiosk.db"), database);
  WriteFile(folder.File("kiosk.db-wal"), wal);
  const FileDescriptor fd(::open(folder.File("kiosk.db").c_str(), O_RDONLY | O_CLOEXEC));
  return lineage::IsForeignWal(fd.get(), folder.File("kiosk.db-wal"));
}

TEST_CASE("a new database has its mark and anchor on the pages that are read without SQLite") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  CreateDatabase(path, SmallSeed());
  const std::string bytes = ReadFile(path);
  const auto mark = lineage::MarkIn(PageOf(bytes, lineage::kMarkPage));
  REQUIRE(mark);
  CHECK(mark->generation == 1);
  CHECK(lineage::AnchorIn(PageOf(bytes, lineage::kAnchorPage)) == mark->id);
  Database db(path, Database::Mode::kReadOnly);
  CHECK(lineage::Find(db) == mark);
}

TEST_CASE("a mark that is torn, or anything else, is no mark") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  CreateDatabase(path, SmallSeed());
  const std::string page = PageOf(ReadFile(path), lineage::kMarkPage);
  REQUIRE(lineage::MarkIn(page));
  std::string torn = page;
  torn.back() = static_cast<char>(torn.back() ^ 1);
  CHECK(!lineage::MarkIn(torn));
  CHECK(!lineage::MarkIn(page.substr(0, kPage - 1)));
  CHECK(!lineage::MarkIn(""));
  CHECK(!lineage::MarkIn(std::string(kPage, '\0')));
  CHECK(!lineage::MarkIn(std::string(kPage, '\xff')));
  CHECK(!lineage::AnchorIn(page));
  std::string beyond = page;
  beyond[8] = '\xff';  // its row would be behind the page
  CHECK(!lineage::MarkIn(beyond));
}

TEST_CASE("every copy that kiosk makes has a lineage of its own") {
  const TemporaryFolder folder;
  const auto path = [&folder](const std::string& name) { return folder.File(name + ".db"); };
  {
    const auto store = Store::Open(path("live"), SmallSeed());
    store->CopyTo(path("copy"));
    CopyDatabase(path("live"), path("served"));
    const auto memory = Store::InMemory(SmallSeed());
    memory->CopyTo(path("memory"));
  }
  CopyDatabase(path("live"), path("rested"));
  std::vector<lineage::Id> ids;
  for (const char* name : {"live", "copy", "served", "memory", "rested"}) {
    INFO(name);
    const std::string bytes = ReadFile(path(name));
    const auto mark = lineage::MarkIn(PageOf(bytes, lineage::kMarkPage));
    REQUIRE(mark);
    CHECK(lineage::AnchorIn(PageOf(bytes, lineage::kAnchorPage)) == mark->id);
    CHECK(std::ranges::find(ids, mark->id) == ids.end());
    ids.push_back(mark->id);
    CHECK(!std::filesystem::exists(path(name) + "-wal"));
  }
}

TEST_CASE("a database that is only opened and closed keeps its bytes") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  WriteFile(path, DatabaseWith(5));
  const std::string before = ReadFile(path);
  {
    Kiosk kiosk({"--db", path, "--quiet"});
    CHECK(Ask(kiosk.port(), "GET", "/orders").status == 200);
    CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
    CHECK(kiosk.Stop().exit_code == 0);
  }
  CHECK(ReadFile(path) == before);
}

TEST_CASE("a WAL is its own database's, whatever a loss of power leaves of either") {
  const Killed killed;
  REQUIRE(killed.wal.size() > 10 * kPage);
  CHECK(!IsForeign(killed.database, killed.wal));
  // The WAL ends anywhere, or has a wrong byte anywhere.
  for (size_t size = 0; size < killed.wal.size(); size += 997) {
    CHECK(!IsForeign(killed.database, killed.wal.substr(0, size)));
    std::string wrong = killed.wal;
    wrong[size] = static_cast<char>(wrong[size] ^ 0x10);
    CHECK(!IsForeign(killed.database, wrong));
  }
  // A checkpoint wrote any sector of any page of the WAL: whole, with garbage, or not.
  constexpr size_t kSector = 512;
  for (const char garbage : {'\0', 'x', '\xff'}) {
    for (size_t frame = 32; frame + 24 + kPage <= killed.wal.size(); frame += 24 + kPage) {
      const size_t page = static_cast<unsigned char>(killed.wal[frame + 3]) - size_t{1};
      std::string moved = killed.database;
      moved.resize(std::max(moved.size(), (page + 1) * kPage));
      moved.replace(page * kPage, kPage, killed.wal.substr(frame + 24, kPage));
      CHECK(!IsForeign(moved, killed.wal));
      for (size_t sector = 0; sector < kPage; sector += kSector) {
        std::string torn = moved;
        torn.replace(page * kPage + sector, kSector, std::string(kSector, garbage));
        CHECK(!IsForeign(torn, killed.wal));
      }
    }
  }
}

TEST_CASE("a WAL is foreign to every other file") {
  const Killed killed;
  const Killed other;
  CHECK(IsForeign(other.database, killed.wal));
  CHECK(IsForeign(killed.database, other.wal));
  CHECK(IsForeign(DatabaseWith(0), killed.wal));
  CHECK(IsForeign("", killed.wal));
  CHECK(IsForeign("text", killed.wal));
  CHECK(IsForeign(std::string(1'000'000, 't'), killed.wal));
}

TEST_CASE("a file copied over a database after kill -9 is not mixed with the WAL") {
  const Killed killed;
  for (const std::string& source : {DatabaseWith(0), DatabaseWith(30), DatabaseWith(500),
                                    std::string("text"), std::string(1'000'000, 't')}) {
    const TemporaryFolder folder;
    const std::string path = folder.File("kiosk.db");
    WriteFile(path, source);
    WriteFile(path + "-wal", killed.wal);
    for (int i = 0; i < 2; ++i) {
      const Finished refused = RunKiosk({"--db", path, "--port", "0"});
      CHECK(refused.exit_code == 1);
      CHECK(refused.err == "kiosk: cannot use the database " + path + ": the WAL next to it, " +
                               path +
                               "-wal, belongs to another database; bring back the database that "
                               "was at this path, or move that WAL away\n");
      CHECK(Contents(folder.path()).size() == 2);
      CHECK(ReadFile(path) == source);
      CHECK(ReadFile(path + "-wal") == killed.wal);
    }
    WriteFile(path, killed.database);
    Kiosk kiosk({"--db", path, "--quiet"});
    CHECK(kiosk.Stop().exit_code == 0);
    CHECK(QueryFile(path, kCountWritten) == "30");
  }
}

TEST_CASE("a restore keeps the lineage, and mixes no database with another one's WAL") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const std::string backup = folder.File("backup.db");
  const auto anchor = [](const std::string& bytes) {
    return lineage::AnchorIn(PageOf(bytes, lineage::kAnchorPage));
  };
  const std::string before = DatabaseWith(3);
  WriteFile(path, before);
  WriteFile(backup, DatabaseWith(7));
  REQUIRE(RunKiosk({"restore", backup, "--db", path}).exit_code == 0);
  CHECK(QueryFile(path, kCountWritten) == "7");
  CHECK(anchor(ReadFile(path)) == anchor(before));
  const std::string fresh = folder.File("fresh.db");
  REQUIRE(RunKiosk({"restore", backup, "--db", fresh}).exit_code == 0);
  CHECK(anchor(ReadFile(fresh)).has_value());
  CHECK(anchor(ReadFile(fresh)) != anchor(ReadFile(backup)));
  for (const auto& [name, bytes] : Contents(folder.path())) {
    if (!name.starts_with("kiosk.db.")) continue;  // what was there before
    CHECK(anchor(bytes).has_value());
    CHECK(anchor(bytes) != anchor(before));
  }

  const Killed other;
  WriteFile(path + "-wal", other.wal);
  WriteFile(backup + "-wal", other.wal);
  const auto untouched = Contents(folder.path());
  CHECK(RunKiosk({"restore", fresh, "--db", path}).exit_code == 1);
  CHECK(Contents(folder.path()) == untouched);
  CHECK(RunKiosk({"restore", backup, "--db", fresh}).exit_code == 1);
  CHECK(Contents(folder.path()) == untouched);
}

TEST_CASE("a reset keeps the lineage") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const std::string before = DatabaseWith(3);
  WriteFile(path, before);
  {
    Kiosk kiosk({"--db", path, "--quiet"});
    for (int i = 0; i < 3; ++i) {
      CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").status == 200);
      WriteOrders(kiosk.port(), 5);
      CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
    }
    kiosk.Kill();
  }
  CHECK(lineage::AnchorIn(PageOf(ReadFile(path), lineage::kAnchorPage)) ==
        lineage::AnchorIn(PageOf(before, lineage::kAnchorPage)));
  const std::string wal = ReadFile(path + "-wal");
  CHECK(!IsForeign(ReadFile(path), wal));
  CHECK(IsForeign(before, wal));
  Kiosk kiosk({"--db", path, "--quiet"});
  CHECK(kiosk.Stop().exit_code == 0);
  CHECK(QueryFile(path, kCountWritten) == "5");
}

TEST_CASE("a database whose content was replaced continues its lineage") {
  const TemporaryFolder folder;
  CreateDatabase(folder.File("live.db"), SmallSeed());
  CreateDatabase(folder.File("staged.db"), SmallSeed());
  Database live(folder.File("live.db"), Database::Mode::kReadWrite);
  Database staged(folder.File("staged.db"), Database::Mode::kReadWrite);
  const auto before = lineage::Find(live);
  REQUIRE(before);
  lineage::Continue(staged, live);
  const auto after = lineage::Find(staged);
  REQUIRE(after);
  CHECK(after->id == before->id);
  CHECK(after->generation == before->generation + 1);
}

}  // namespace
}  // namespace kiosk::test
