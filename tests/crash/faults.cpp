// The disk fills up or fails at every operation in turn: the request is refused in so many words,
// nothing half done remains, and when the disk is well again the server serves as before.

#include <doctest/doctest.h>

#include <iostream>
#include <latch>
#include <thread>

#include "tests/crash/in_process.h"
#include "tests/crash/power_vfs.h"
#include "tests/harness.h"

namespace kiosk::test {
namespace {

using Fault = PowerDisk::Fault;
using Lasting = PowerDisk::Lasting;

struct Kind {
  const char* name;
  Fault fault;
  Lasting lasting;
};
constexpr Kind kKinds[] = {
    {"I/O error, once", Fault::kIo, Lasting::kOnce},
    {"I/O errors until repaired", Fault::kIo, Lasting::kUntilRepaired},
    {"disk full, once", Fault::kFull, Lasting::kOnce},
    {"disk full until there is room", Fault::kFull, Lasting::kUntilRepaired},
};

// A disk with a database on it that has a few writes behind it.
class Bench {
 public:
  Bench() : path_(folder_.File("kiosk.db")) {
    const auto store = Store::Open(path_, BuiltInSeed());
    InProcess server(*store);
    for (int i = 0; i < 40; ++i) {
      REQUIRE(server.Ask({"POST", "/orders", R"({"product":"Chairs","quantity":4})", ""}).status ==
              201);
      REQUIRE(server.Ask({"GET", "/api/users/early-" + std::to_string(i), "", ""}).status == 200);
    }
    seeded = server.Read(wrong);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] PowerDisk::Image Image() const { return {{path_, ReadFile(path_)}}; }

  State seeded;
  std::vector<std::string> wrong;

 private:
  TemporaryFolder folder_;
  std::string path_;
};

// What one kind of fault met at each operation in turn.
struct Tally {
  uint64_t operations = 0;
  uint64_t unavailable = 0;  // 503
  uint64_t full = 0;         // 507
};

// Calls `meet(n, disk)` with a fault at the nth operation for n = 1, 2, 3... until it meets none.
// `meet` returns whether the fault came.
template <class Meet>
void ForEachOperation(const Kind& kind, const Bench& bench, const Meet& meet) {
  constexpr uint64_t kAtMost = 2000;
  for (uint64_t n = 1;; ++n) {
    INFO(kind.name, " at operation ", n);
    PowerDisk disk(bench.Image(), n);
    const PowerDisk::AsDefault as_default(disk);
    const auto [came, wrong] = meet(n, disk);
    REQUIRE_MESSAGE(wrong.empty(), Summary(wrong));
    if (!came) return;
    REQUIRE(n < kAtMost);
  }
}

struct Met {
  bool came = false;
  std::vector<std::string> wrong;
};

void CompareWith(const Bench& bench, const std::vector<Client>& clients, const State& found,
                 std::vector<std::string>& wrong) {
  State expected = bench.seeded;
  for (const Client& client : clients) {
    client.AddTo(expected, wrong);
    wrong.insert(wrong.end(), client.wrong().begin(), client.wrong().end());
  }
  expected.Compare(found, wrong);
}

TEST_CASE("A request that meets a failing disk is refused, and nothing of it remains") {
  for (const Kind& kind : kKinds) {
    const Bench bench;
    Tally tally;
    ForEachOperation(kind, bench, [&](uint64_t n, PowerDisk& disk) {
      Met met;
      std::atomic<int64_t> slots = 0;
      std::vector<Client> clients;
      clients.emplace_back("a", 7, slots);
      Client& client = clients.front();
      {
        const auto store = Store::Open(bench.path(), BuiltInSeed());
        InProcess server(*store);
        const Client::Ask ask = [&](const Asked& asked) -> std::optional<Received> {
          Received received = server.Ask(asked);
          tally.unavailable += received.status == 503;
          tally.full += received.status == 507;
          if (received.status == 507 && kind.fault != Fault::kFull) {
            met.wrong.emplace_back("507 from a disk that is not full");
          }
          return received;
        };
        disk.FailAfter(n, kind.fault, kind.lasting);
        for (int i = 0; i < 25; ++i) static_cast<void>(client.Step(ask));
        met.came = disk.Repair();
        // Live again, what was refused is asked for again, and everything is as it was answered.
        CompareWith(bench, clients, server.Read(met.wrong), met.wrong);
        for (int i = 0; i < 10; ++i) {
          if (client.Step(ask) != Client::Result::kAnswered) {
            met.wrong.emplace_back("refused although the disk is well again");
          }
        }
        CompareWith(bench, clients, server.Read(met.wrong), met.wrong);
      }
      const auto store = Store::Open(bench.path(), BuiltInSeed());
      CompareWith(bench, clients, InProcess(*store).Read(met.wrong), met.wrong);
      tally.operations = n;
      return met;
    });
    std::cout << kind.name << ": at each of " << tally.operations << " operations; "
              << tally.unavailable << " times 503, " << tally.full << " times 507" << std::endl;
    CHECK(tally.operations > 20);
    CHECK((kind.fault == Fault::kFull ? tally.full : tally.unavailable) >= tally.operations / 2);
  }
}

// Jobs that hold the writer for a moment, so that what is asked meanwhile shares a commit.
class Hold {
 public:
  explicit Hold(Store& store)
      : thread_([this, &store] {
          while (!stopping_) {
            try {
              store.Write([](Database&) {
                std::this_thread::sleep_for(std::chrono::microseconds(200));
                return true;
              });
            } catch (const StorageFault&) {
            }
          }
        }) {}
  ~Hold() {
    stopping_ = true;
    thread_.join();
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

TEST_CASE("Requests that share a commit with a failing disk are each refused whole or done whole") {
  constexpr size_t kClients = 6;
  for (const Kind& kind : kKinds) {
    const Bench bench;
    Writer::Counts counts;
    uint64_t faults = 0;
    uint64_t refused = 0;
    ForEachOperation(kind, bench, [&](uint64_t n, PowerDisk& disk) {
      Met met;
      std::atomic<int64_t> slots = 0;
      std::vector<Client> clients;
      for (size_t i = 0; i < kClients; ++i) {
        clients.emplace_back(std::string(1, static_cast<char>('a' + i)), n + i, slots);
      }
      std::atomic<uint64_t> unavailable = 0;
      std::atomic<bool> well = true;
      {
        const auto store = Store::Open(bench.path(), BuiltInSeed());
        InProcess server(*store);
        const auto all_step = [&](int steps) {
          std::latch begin(kClients);
          std::vector<std::thread> threads;
          for (Client& client : clients) {
            threads.emplace_back([&] {
              begin.arrive_and_wait();
              for (int i = 0; i < steps; ++i) {
                const auto result =
                    client.Step([&](const Asked& asked) { return server.Ask(asked); });
                unavailable += result == Client::Result::kUnavailable;
              }
            });
          }
          for (std::thread& thread : threads) thread.join();
        };
        disk.FailAfter(n, kind.fault, kind.lasting);
        {
          const Hold hold(*store);
          all_step(5);
        }
        met.came = disk.Repair();
        faults += met.came;
        CompareWith(bench, clients, server.Read(met.wrong), met.wrong);
        refused += unavailable.exchange(0);
        all_step(2);
        if (unavailable > 0) met.wrong.emplace_back("refused although the disk is well again");
        CompareWith(bench, clients, server.Read(met.wrong), met.wrong);
        const Writer::Counts more = store->writer_counts();
        counts.commits += more.commits;
        counts.jobs += more.jobs;
      }
      const auto store = Store::Open(bench.path(), BuiltInSeed());
      CompareWith(bench, clients, InProcess(*store).Read(met.wrong), met.wrong);
      return met;
    });
    std::cout << kind.name << ", in company: " << faults << " faults; " << refused << " refused; "
              << counts.jobs << " jobs in " << counts.commits << " commits" << std::endl;
    CHECK(faults > 20);
    // A single fault need not refuse anyone: those who shared the commit are each tried again.
    if (kind.lasting == Lasting::kUntilRepaired) CHECK(refused >= faults);
    CHECK(counts.jobs > counts.commits);
  }
}

// Pages that a job of its own can write over and over to fill the log; the server knows no such
// table.
constexpr char kAddFiller[] = "CREATE TABLE filler (bytes BLOB)";
constexpr char kFillFiller[] = R"(
  WITH RECURSIVE counted(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM counted WHERE n < 40)
  INSERT INTO filler SELECT randomblob(3000) FROM counted)";
constexpr char kRewriteFiller[] = "UPDATE filler SET bytes = randomblob(3000)";
constexpr size_t kPageInLog = 4096 + 24;
constexpr size_t kLogPages = 4000;  // as in store/checkpoints.h: then the WAL is moved

TEST_CASE("A disk that fails while the log is moved into the database costs nothing") {
  const uint64_t stride = CrashRounds() < 100 ? 53 : 1;  // `make test` tries some, not every one
  const Bench bench;
  // A disk just before its log is moved, as a crash leaves it.
  PowerDisk::Image full_log;
  {
    PowerDisk disk(bench.Image(), 0);
    const PowerDisk::AsDefault as_default(disk);
    const auto store = Store::Open(bench.path(), BuiltInSeed());
    store->Write([](Database& db) { return db.Execute(kAddFiller); });
    store->Write([](Database& db) { return db.Execute(kFillFiller); });
    const std::string log = bench.path() + "-wal";
    while (full_log[log].size() < (kLogPages - 60) * kPageInLog) {
      store->Write([](Database& db) { return db.Execute(kRewriteFiller); });
      full_log = disk.Contents();
    }
    REQUIRE(full_log[log].size() < kLogPages * kPageInLog);
  }
  for (const Kind& kind : kKinds) {
    uint64_t operations = 0;
    for (uint64_t n = 1 + CrashSeed() % stride;; n += stride) {
      INFO(kind.name, " at operation ", n);
      PowerDisk disk(full_log, n);
      const PowerDisk::AsDefault as_default(disk);
      std::atomic<int64_t> slots = 0;
      std::vector<Client> clients;
      clients.emplace_back("a", 7, slots);
      Client& client = clients.front();
      std::vector<std::string> wrong;
      bool came = false;
      bool moved = false;
      {
        const auto store = Store::Open(bench.path(), BuiltInSeed());
        InProcess server(*store);
        const Client::Ask ask = [&](const Asked& asked) { return server.Ask(asked); };
        const auto rewrite = [&] {
          try {
            store->Write([](Database& db) { return db.Execute(kRewriteFiller); });
          } catch (const StorageFault&) {
          }
        };
        disk.FailAfter(n, kind.fault, kind.lasting);
        for (int i = 0; i < 4; ++i) {
          static_cast<void>(client.Step(ask));
          rewrite();
        }
        came = disk.Repair();
        CompareWith(bench, clients, server.Read(wrong), wrong);
        for (int i = 0; i < 4; ++i) {
          if (client.Step(ask) != Client::Result::kAnswered) {
            wrong.emplace_back("refused although the disk is well again");
          }
          rewrite();
        }
        CompareWith(bench, clients, server.Read(wrong), wrong);
        // The writer checkpoints after it has answered, and backs off after a failure.
        for (int i = 0; i < 100 && !moved; ++i) {
          moved = disk.Contents()[bench.path()] != full_log[bench.path()];
          if (!moved) rewrite();
        }
      }
      const auto store = Store::Open(bench.path(), BuiltInSeed());
      CompareWith(bench, clients, InProcess(*store).Read(wrong), wrong);
      REQUIRE_MESSAGE(wrong.empty(), Summary(wrong));
      CHECK(moved);
      operations = n;
      if (!came) break;
      REQUIRE(n < 5000);
    }
    std::cout << kind.name << ", moving the log: up to operation " << operations << std::endl;
    CHECK(operations > 100);
  }
}

TEST_CASE("A disk that fails at start or at the end leaves the database as it was") {
  const Bench bench;
  PowerDisk::Image left_open;  // with a log to be read again
  {
    PowerDisk disk(bench.Image(), 0);
    const PowerDisk::AsDefault as_default(disk);
    const auto store = Store::Open(bench.path(), BuiltInSeed());
    REQUIRE(InProcess(*store).Ask({"DELETE", "/orders/223", "", ""}).status == 200);
    left_open = disk.Contents();
  }
  REQUIRE(left_open.size() == 2);
  State expected = bench.seeded;
  expected.desk_orders.erase("223");
  for (const Kind& kind : kKinds) {
    uint64_t refused = 0;
    bool came = true;
    for (uint64_t n = 1; came; ++n) {
      INFO(kind.name, " at operation ", n);
      REQUIRE(n < 1000);
      PowerDisk disk(left_open, n);
      const PowerDisk::AsDefault as_default(disk);
      disk.FailAfter(n, kind.fault, kind.lasting);
      try {
        const auto store = Store::Open(bench.path(), BuiltInSeed());
      } catch (const StoreError& error) {
        ++refused;
        CHECK(std::string(error.what()).find("cannot use the database") == 0);
      }
      came = disk.Repair();
      std::vector<std::string> wrong;
      const auto store = Store::Open(bench.path(), BuiltInSeed());
      expected.Compare(InProcess(*store).Read(wrong), wrong);
      REQUIRE_MESSAGE(wrong.empty(), Summary(wrong));
    }
    std::cout << kind.name << ", opening: " << refused << " times refused" << std::endl;
    if (kind.fault == Fault::kIo) CHECK(refused > 0);
  }
}

}  // namespace
}  // namespace kiosk::test
