// The WAL: moved in time on a small disk, and never at the cost of waiting for another program.
#include "store/checkpoints.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/harness.h"
#include "tests/other_program.h"
#include "tests/small_disk.h"

namespace kiosk::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using Outcome = CheckpointPolicy::Outcome;

constexpr char kOrder[] = R"({"product":"Chair","quantity":1})";

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

int64_t CountOrders(int port) {
  return std::stoll(QueryBackup(port, "SELECT count(*) FROM desk_orders"));
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
    CHECK(answer->body == kDiskFull);
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
