// The disk fails or the power goes while a database of an earlier version is migrated: it holds the
// old content or the new, and the next start ends with the new.

#include <doctest/doctest.h>

#include <iostream>

#include "store/schema.h"
#include "tests/crash/in_process.h"
#include "tests/crash/power_vfs.h"
#include "tests/harness.h"

namespace kiosk::test {
namespace {

// A database of version 1 as a real file, and what it holds.
struct Bench {
  Bench() : path(folder.File("kiosk.db")), bytes(ReadFile("tests/databases/v1.db")) {
    WriteFile(path, bytes);
    std::vector<std::string> wrong;
    {
      const TemporaryFolder other;
      WriteFile(other.File("kiosk.db"), bytes);
      const auto store = Store::Open(other.File("kiosk.db"), BuiltInSeed());
      migrated = InProcess(*store).Read(wrong);
    }
    REQUIRE_MESSAGE(wrong.empty(), Summary(wrong));
  }
  [[nodiscard]] PowerDisk::Image Image() const { return {{path, bytes}}; }

  TemporaryFolder folder;
  std::string path;
  std::string bytes;
  State migrated;
};

void CheckMigrated(const Bench& bench, Store& store) {
  std::vector<std::string> wrong;
  bench.migrated.Compare(InProcess(store).Read(wrong), wrong);
  REQUIRE_MESSAGE(wrong.empty(), Summary(wrong));
  CHECK(store.Read([](Database& db) { return MarksOf(db) == CurrentMarks(); }));
}

TEST_CASE("A disk that fails during a migration leaves a database that migrates afterwards") {
  const Bench bench;
  const uint64_t stride = CrashRounds() < 100 ? 7 : 1;
  for (const auto fault : {PowerDisk::Fault::kIo, PowerDisk::Fault::kFull}) {
    uint64_t refused = 0;
    bool came = true;
    for (uint64_t n = 1 + CrashSeed() % stride; came; n += stride) {
      INFO("at operation ", n);
      REQUIRE(n < 10'000);
      PowerDisk disk(bench.Image(), n);
      const PowerDisk::AsDefault as_default(disk);
      disk.FailAfter(n, fault, PowerDisk::Lasting::kUntilRepaired);
      try {
        const auto store = Store::Open(bench.path, BuiltInSeed());
      } catch (const StoreError& error) {
        ++refused;
        CHECK(std::string(error.what()).starts_with("cannot use the database " + bench.path));
      }
      came = disk.Repair();
      const auto store = Store::Open(bench.path, BuiltInSeed());
      CheckMigrated(bench, *store);
    }
    std::cout << "a failing disk: " << refused << " migrations refused" << std::endl;
    CHECK(refused > 5);
  }
}

TEST_CASE("After a loss of power during a migration the next start ends it") {
  const Bench bench;
  const uint64_t stride = CrashRounds() < 100 ? 7 : 1;
  uint64_t cut = 0;
  bool went = true;
  for (uint64_t n = 1 + CrashSeed() % stride; went; n += stride) {
    INFO("at change ", n);
    REQUIRE(n < 10'000);
    PowerDisk::Image survivors;
    {
      PowerDisk disk(bench.Image(), n);
      {
        const PowerDisk::AsDefault as_default(disk);
        disk.CutPowerAfter(n);
        try {
          const auto store = Store::Open(bench.path, BuiltInSeed());
        } catch (const StoreError&) {
          // The power went before it was open.
        }
        went = !disk.has_power();
        disk.CutPower();
      }
      survivors = disk.Survivors();
    }
    if (went) ++cut;
    const TemporaryFolder folder;
    for (const std::string end : {"", "-wal"}) {
      if (!survivors.contains(bench.path + end)) continue;
      WriteFile(folder.File("kiosk.db" + end), survivors[bench.path + end]);
    }
    const auto store = Store::Open(folder.File("kiosk.db"), BuiltInSeed());
    CheckMigrated(bench, *store);
  }
  std::cout << "the power went in " << cut << " migrations" << std::endl;
  CHECK(cut > 5);
}

}  // namespace
}  // namespace kiosk::test
