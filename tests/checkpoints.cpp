// The WAL: moved in time on a small disk, and never at the cost of waiting for another program.
#include "store/checkpoints.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/harness.h"

namespace kiosk::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using Outcome = CheckpointPolicy::Outcome;

constexpr char kOrder[] = R"({"product":"Chair","quantity":1})";
constexpr uintmax_t kMiB = 1024 * 1024;

// Another program with the database file open, which neither checkpoints nor waits.
class OtherProgram {
 public:
  explicit OtherProgram(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
    Execute("PRAGMA wal_autocheckpoint = 0");
    sqlite3_busy_timeout(database_, 5000);
  }
  ~OtherProgram() { sqlite3_close(database_); }
  OtherProgram(const OtherProgram&) = delete;
  OtherProgram& operator=(const OtherProgram&) = delete;

  void Execute(const std::string& sql) {
    CAPTURE(sql);
    REQUIRE(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  // A read transaction, which keeps the WAL from being emptied until it ends.
  void BeginReading() { Execute("BEGIN; SELECT count(*) FROM users"); }
  // Writes so many MiB into the WAL, of a table that kiosk does not know.
  void Write(int mib) {
    Execute("CREATE TABLE IF NOT EXISTS other (content)");
    Execute("INSERT INTO other SELECT zeroblob(" + std::to_string(mib * 1024 * 1024) + ")");
  }

 private:
  sqlite3* database_ = nullptr;
};

uintmax_t FileSize(const std::string& path) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  return missing ? 0 : size;
}

template <class Condition>
bool Await(const Condition& condition) {
  const auto begin = steady_clock::now();
  while (!condition()) {
    if (steady_clock::now() - begin > seconds(20)) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

// Places so many orders, each of which must succeed, and returns how long the slowest took.
milliseconds PlaceOrders(Connection& connection, int count) {
  milliseconds slowest{0};
  for (int i = 0; i < count; ++i) {
    const auto begin = steady_clock::now();
    const auto answer = connection.Ask("POST", "/orders", kOrder);
    REQUIRE(answer.has_value());
    REQUIRE(answer->status == 201);
    slowest =
        std::max(slowest, std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin));
  }
  return slowest;
}

CheckpointPolicy::Time At(int64_t ms) { return CheckpointPolicy::Time(milliseconds(ms)); }

// A disk of its own for a child process: 8 MiB, mounted on the folder `small`, and gone with it.
void MountSmallDisk() {
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(126);
  ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  if (::mount("tmpfs", "small", "tmpfs", 0, "size=8m") != 0) ::_exit(126);
}

// A server whose database is on such a disk.
class OnSmallDisk {
 public:
  OnSmallDisk() {
    std::filesystem::create_directory(folder_.File("small"));
    ChildOptions options;
    options.folder = folder_.path();
    options.before_exec = MountSmallDisk;
    kiosk_.emplace(std::vector<std::string>{"--db", "small/kiosk.db", "--quiet"}, options);
  }
  [[nodiscard]] int port() const { return kiosk_->port(); }
  // A file on the small disk, as this process sees it while the server runs.
  [[nodiscard]] std::string File(const std::string& name) const {
    return "/proc/" + std::to_string(kiosk_->pid()) + "/root" + folder_.File("small/" + name);
  }
  // Leaves no free block.
  void Fill() const {
    std::ofstream file(File("filler"), std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void RemoveFiller() const { std::filesystem::remove(File("filler")); }

 private:
  TemporaryFolder folder_;
  std::optional<Kiosk> kiosk_;
};

// The number of orders in a backup of the server's database, which must be intact.
int64_t CountOrders(int port) {
  const TemporaryFolder folder;
  const Answer backup = Ask(port, "GET", "/_kiosk/backup");
  CHECK(backup.status == 200);
  WriteFile(folder.File("copy.db"), backup.body);
  CHECK(QueryFile(folder.File("copy.db"), "PRAGMA integrity_check") == "ok");
  return std::stoll(QueryFile(folder.File("copy.db"), "SELECT count(*) FROM desk_orders"));
}

}  // namespace

TEST_CASE("a WAL is due at its limit, and again only after it has grown by as much") {
  CheckpointPolicy policy;
  const int limit = policy.limit();
  CHECK(limit == 4000);
  policy.Committed(limit - 1);
  CHECK_FALSE(policy.IsDue(At(0)));
  policy.Committed(limit);
  CHECK(policy.IsDue(At(0)));
  policy.Attempted(Outcome::kMoved, At(0));
  CHECK_FALSE(policy.IsBlocked());
  CHECK_FALSE(policy.IsDue(At(1'000'000)));  // nothing is left to move
  policy.Committed(2 * limit - 1);
  CHECK_FALSE(policy.IsDue(At(1)));
  policy.Committed(2 * limit);
  CHECK(policy.IsDue(At(1)));
  policy.Committed(5);  // begun again
  CHECK_FALSE(policy.IsDue(At(1)));
  policy.Committed(limit);
  CHECK(policy.IsDue(At(1)));
  policy.Attempted(Outcome::kEmptied, At(1));
  CHECK_FALSE(policy.IsDue(At(1'000'000)));
}

TEST_CASE("the attempts to move a blocked WAL become rarer as it grows, and one a second remains") {
  CheckpointPolicy policy;
  int attempts = 0;
  for (int pages = 1; pages <= 1'000'000; ++pages) {
    policy.Committed(pages);
    if (!policy.IsDue(At(0))) continue;
    ++attempts;
    policy.Attempted(Outcome::kBlocked, At(0));
    CHECK(policy.IsBlocked());
    CHECK_FALSE(policy.IsDue(At(0)));
  }
  CHECK(attempts > 8);
  CHECK(attempts < 20);
  CHECK(policy.IsTooLong());
  CHECK_FALSE(policy.IsDue(At(999)));
  CHECK(policy.IsDue(At(1000)));
  policy.Attempted(Outcome::kBlocked, At(1000));
  CHECK_FALSE(policy.IsDue(At(1999)));
  policy.Attempted(Outcome::kEmptied, At(2000));
  CHECK_FALSE(policy.IsBlocked());
  CHECK_FALSE(policy.IsTooLong());
}

TEST_CASE("the limit of a WAL is an eighth of the disk's room, within bounds") {
  CheckpointPolicy policy;
  struct Row {
    uint64_t free_bytes;
    int limit;
  };
  const Row rows[] = {
      {0, 64},           {4096, 64},         {8 * kMiB, 256},
      {64 * kMiB, 2048}, {125 * kMiB, 4000}, {1ULL << 50, 4000},
  };
  for (const auto& [free_bytes, limit] : rows) {
    CAPTURE(free_bytes);
    policy.SetRoom(free_bytes, 4096);
    CHECK(policy.limit() == limit);
  }
}

TEST_CASE("a program that holds a read transaction delays no write, however long the WAL is") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path, "--quiet"});
  Connection connection(kiosk.port());
  OtherProgram reader(path);
  OtherProgram writer(path);
  reader.BeginReading();
  for (int i = 0; i < 5; ++i) {
    writer.Write(40);  // the second time, it is longer than kiosk would let it become
    CHECK(PlaceOrders(connection, 20) < milliseconds(1000));
  }
  CHECK(FileSize(path + "-wal") > 200 * kMiB);
  // It ends, and the WAL is short again although nothing more is written.
  reader.Execute("COMMIT");
  CHECK(Await([&] { return FileSize(path + "-wal") == 0; }));
  CHECK(PlaceOrders(connection, 20) < milliseconds(1000));
  CHECK(FileSize(path + "-wal") < kMiB);
  CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") == "123");
  CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("a program whose read transactions follow each other delays no write either") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path, "--quiet"});
  Connection connection(kiosk.port());
  OtherProgram first(path);
  OtherProgram second(path);
  OtherProgram writer(path);
  first.BeginReading();
  for (int i = 0; i < 6; ++i) {
    writer.Write(20);
    CHECK(PlaceOrders(connection, 10) < milliseconds(1000));
    OtherProgram& next = i % 2 == 0 ? second : first;
    next.BeginReading();
    (i % 2 == 0 ? first : second).Execute("COMMIT");
  }
  first.Execute("COMMIT");
  CHECK(Await([&] { return FileSize(path + "-wal") == 0; }));
  CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") == "63");
}

TEST_CASE("a program that checkpoints delays no write, and neither loses anything") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path, "--quiet"});
  Connection connection(kiosk.port());
  OtherProgram other(path);
  for (int i = 0; i < 10; ++i) {
    CHECK(PlaceOrders(connection, 20) < milliseconds(1000));
    other.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
    CHECK(FileSize(path + "-wal") == 0);
  }
  CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") == "203");
}

TEST_CASE(
    "the WAL of a database that Litestream replicates is left to it, unless it is very long") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path, "--quiet"});
  Connection connection(kiosk.port());
  OtherProgram other(path);
  other.Execute("CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)");
  for (int i = 0; i < 4; ++i) {
    other.Write(20);
    CHECK(PlaceOrders(connection, 20) < milliseconds(1000));
    CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").status == 200);
  }
  CHECK(FileSize(path) < kMiB);
  CHECK(FileSize(path + "-wal") > 80 * kMiB);
  other.Write(200);
  CHECK(PlaceOrders(connection, 20) < milliseconds(5000));
  CHECK(Await([&] { return FileSize(path + "-wal") < kMiB; }));
  CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") == "23");
}

TEST_CASE("thousands of small orders fit on a disk of 8 MB, one after the other or together") {
  for (const int clients : {1, 8}) {
    CAPTURE(clients);
    const OnSmallDisk disk;
    constexpr int kOrders = 4000;
    std::atomic<int> refused = 0;
    std::vector<std::thread> threads;
    for (int client = 0; client < clients; ++client) {
      threads.emplace_back([&] {
        Connection connection(disk.port());
        for (int i = 0; i < kOrders / clients; ++i) {
          const auto answer = connection.Ask("POST", "/orders", kOrder);
          if (!answer || answer->status != 201) ++refused;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(refused == 0);
    CHECK(CountOrders(disk.port()) == 3 + kOrders);
    CHECK(FileSize(disk.File("kiosk.db-wal")) < 2 * kMiB);
  }
}

TEST_CASE("on a full disk the WAL gives its room to the writes, and the rest is refused whole") {
  const OnSmallDisk disk;
  Connection connection(disk.port());
  PlaceOrders(connection, 500);
  disk.Fill();
  int placed = 500;
  int refused = 0;
  for (int i = 0; i < 20'000 && refused < 20; ++i) {
    const auto answer = connection.Ask("POST", "/orders", kOrder);
    REQUIRE(answer.has_value());
    if (answer->status == 201) {
      ++placed;
      continue;
    }
    ++refused;
    CHECK(answer->status == 507);
    CHECK(answer->body ==
          R"({"error":"insufficient_storage","message":"The disk is full; nothing was changed."})");
  }
  CHECK(refused == 20);
  CHECK(placed > 500);
  CHECK(CountOrders(disk.port()) == 3 + placed);
  CHECK(Ask(disk.port(), "GET", "/healthz").status == 200);
  disk.RemoveFiller();
  PlaceOrders(connection, 500);
  CHECK(CountOrders(disk.port()) == 3 + placed + 500);
}

}  // namespace kiosk::test
