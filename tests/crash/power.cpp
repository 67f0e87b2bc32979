// The power goes while the database is written to, and comes back: what was acknowledged is there,
// and everything else whole or not at all.

#include <doctest/doctest.h>

#include <iostream>
#include <thread>

#include "tests/crash/in_process.h"
#include "tests/crash/power_vfs.h"
#include "tests/harness.h"

namespace kiosk::test {
namespace {

// Pages that a job of its own can write over and over to fill the log; the server knows no such
// table.
constexpr char kAddFiller[] = "CREATE TABLE filler (bytes BLOB)";
constexpr char kFillFiller[] = R"(
  WITH RECURSIVE counted(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM counted WHERE n < 200)
  INSERT INTO filler SELECT randomblob(3000) FROM counted)";
constexpr char kRewriteFiller[] = "UPDATE filler SET bytes = randomblob(3000)";

constexpr size_t kClients = 4;
constexpr uint64_t kRoundsOfOneDatabase = 25;

// A database with its clients, and the disk's contents at the last loss of power.
struct Bench {
  explicit Bench(uint64_t seed) : path(folder.File("kiosk.db")) {
    std::vector<std::string> wrong;
    {
      const auto store = Store::Open(path, BuiltInSeed());
      store->Write([](Database& db) { return db.Execute(kAddFiller); });
      store->Write([](Database& db) { return db.Execute(kFillFiller); });
      seeded = InProcess(*store).Read(wrong);
    }
    REQUIRE_MESSAGE(wrong.empty(), Summary(wrong));
    image = {{path, ReadFile(path)}};
    for (size_t i = 0; i < kClients; ++i) {
      clients.emplace_back(std::string(1, static_cast<char>('a' + i)), seed + i, slots);
    }
  }

  TemporaryFolder folder;
  std::string path;
  PowerDisk::Image image;
  State seeded;
  std::atomic<int64_t> slots = 0;
  std::vector<Client> clients;
};

enum class Moment { kAnyChange, kClosing, kMovingTheLog };

// What the round may do before the power goes.
struct Round {
  Moment moment;
  size_t steps;  // of each client
  bool with_fault;
};

void Write(Bench& bench, PowerDisk& disk, Store& store, const Round& round) {
  InProcess server(store);
  std::vector<std::thread> threads;
  for (Client& client : bench.clients) {
    threads.emplace_back([&] {
      const Client::Ask ask = [&](const Asked& asked) -> std::optional<Received> {
        Received received = server.Ask(asked);
        // After a fault nobody knows: what could not be undone may come back with the power.
        if (received.status == 503 || (received.status == 500 && !disk.has_power()))
          return std::nullopt;
        return received;
      };
      for (size_t i = 0; i < round.steps && disk.has_power(); ++i) {
        if (client.Step(ask) == Client::Result::kNoAnswer) return;
      }
    });
  }
  for (int i = 0; i < 200 && round.moment == Moment::kMovingTheLog && disk.has_power(); ++i) {
    try {
      store.Write([](Database& db) { return db.Execute(kRewriteFiller); });
    } catch (const StorageFault&) {
    }
  }
  for (std::thread& thread : threads) thread.join();
}

void LosePower(Bench& bench, const Round& round, std::mt19937_64& random) {
  const auto up_to = [&random](uint64_t most) {
    return std::uniform_int_distribution<uint64_t>(1, most)(random);
  };
  PowerDisk disk(std::move(bench.image), random());
  {
    const PowerDisk::AsDefault as_default(disk);
    if (round.moment == Moment::kAnyChange) disk.CutPowerAfter(up_to(400));
    if (round.with_fault) {
      disk.FailAfter(up_to(1500), PowerDisk::Fault::kIo, PowerDisk::Lasting::kOnce);
    }
    try {
      const auto store = Store::Open(bench.path, BuiltInSeed());
      if (round.moment == Moment::kMovingTheLog) {
        disk.CutPowerAfter(up_to(200), bench.path, up_to(250));
      }
      Write(bench, disk, *store, round);
      if (round.moment == Moment::kClosing) disk.CutPowerAfter(up_to(3), bench.path, up_to(50));
    } catch (const StoreError&) {
      // It could not be opened: the power went, or the fault came, before anyone asked.
    }
    disk.CutPower();
  }
  bench.image = disk.Survivors();
}

// The disk's contents as real files, opened as after any start.
State Reopen(const Bench& bench, std::vector<std::string>& wrong) {
  const TemporaryFolder folder;
  for (const auto& [path, bytes] : bench.image) {
    WriteFile(folder.File(path.substr(path.rfind('/') + 1)), bytes);
  }
  const auto store = Store::Open(folder.File("kiosk.db"), BuiltInSeed());
  return InProcess(*store).Read(wrong);
}

TEST_CASE("After a loss of power everything acknowledged is there and nothing is half done") {
  const uint64_t seed = CrashSeed();
  const uint64_t rounds = 5 * CrashRounds();
  std::unique_ptr<Bench> bench;
  uint64_t acknowledged = 0;
  uint64_t refused = 0;
  for (uint64_t number = 0; number < rounds; ++number) {
    std::mt19937_64 random(seed + number);
    if (number % kRoundsOfOneDatabase == 0) bench = std::make_unique<Bench>(random());
    const auto one_in = [&random](unsigned n) { return random() % n == 0; };
    Round round{Moment::kAnyChange, 1000, one_in(4)};
    if (one_in(3)) round.moment = one_in(2) ? Moment::kClosing : Moment::kMovingTheLog;
    if (round.moment == Moment::kClosing) round.steps = random() % 30;

    uint64_t before[2] = {0, 0};
    for (const Client& client : bench->clients) {
      before[0] += client.acknowledged();
      before[1] += client.refused();
    }
    LosePower(*bench, round, random);
    std::vector<std::string> wrong;
    const State found = Reopen(*bench, wrong);
    State expected = bench->seeded;
    for (Client& client : bench->clients) {
      client.Settle(found);
      client.AddTo(expected, wrong);
      wrong.insert(wrong.end(), client.wrong().begin(), client.wrong().end());
      acknowledged += client.acknowledged();
      refused += client.refused();
    }
    acknowledged -= before[0];
    refused -= before[1];
    expected.Compare(found, wrong);
    REQUIRE_MESSAGE(wrong.empty(),
                    "round " << number << " of KIOSK_CRASH_SEED=" << seed << Summary(wrong));
  }
  std::cout << "power loss: " << rounds << " rounds, " << acknowledged << " writes acknowledged, "
            << refused << " refused" << std::endl;
  CHECK(acknowledged > rounds);
  CHECK(refused > 0);
}

}  // namespace
}  // namespace kiosk::test
