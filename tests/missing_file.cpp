// What a start does where a database was removed or emptied, and its WAL is still there.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/database_file.h"
#include "tests/harness.h"

namespace kiosk::test {
namespace {

namespace fs = std::filesystem;

enum class Loss { kRemoved, kMoved, kEmptied };
constexpr Loss kLosses[] = {Loss::kRemoved, Loss::kMoved, Loss::kEmptied};

void Lose(const std::string& path, Loss loss) {
  if (loss == Loss::kRemoved) fs::remove(path);
  if (loss == Loss::kMoved) fs::rename(path, path + ".away");
  if (loss == Loss::kEmptied) fs::resize_file(path, 0);
}

std::string Refusal(const std::string& path) {
  return "kiosk: cannot use the database " + path +
         ": it is missing or empty, but the WAL next to it, " + path +
         "-wal, has changes; bring back the database that was at this path, or move that WAL "
         "away\n";
}

}  // namespace

TEST_CASE("after kill -9, a lost database whose WAL has changes is not replaced by a new one") {
  for (const Loss loss : kLosses) {
    for (const bool is_lost_while_served : {true, false}) {
      CAPTURE(static_cast<int>(loss));
      CAPTURE(is_lost_while_served);
      const TemporaryFolder folder;
      const std::string path = folder.File("kiosk.db");
      const std::string backup = folder.File("backup");
      Kiosk kiosk({"--db", path, "--quiet"});
      REQUIRE(RunKiosk({"backup", backup, "--db", path}).exit_code == 0);
      WriteOrders(kiosk.port(), 5);
      if (is_lost_while_served) Lose(path, loss);
      kiosk.Kill();
      if (!is_lost_while_served) Lose(path, loss);
      const auto before = Contents(folder.path());
      REQUIRE(before.at("kiosk.db-wal").size() > 0);
      const std::vector<std::vector<std::string>> commands = {
          {"--db", path, "--port", "0"},
          {"reset", "--db", path},
          {"generate", "--db", path, "--users", "1"},
          {"restore", backup, "--db", path}};
      for (const auto& command : commands) {
        CAPTURE(command.front());
        const Finished finished = RunKiosk(command);
        CHECK(finished.exit_code == 1);
        CHECK(finished.out.empty());
        CHECK(finished.err == Refusal(path));
        CHECK(Contents(folder.path()) == before);
      }
      if (loss == Loss::kMoved) {
        fs::rename(path + ".away", path);
        CHECK(QueryFile(path, kCountWritten) == "5");
      }
    }
  }
}

TEST_CASE("a lost database whose WAL has no changes is replaced by a new one") {
  const std::string wals[] = {"", "no WAL", std::string(4096, '\0')};
  for (const Loss loss : kLosses) {
    for (const std::string& wal : wals) {
      CAPTURE(wal.size());
      const TemporaryFolder folder;
      const std::string path = folder.File("kiosk.db");
      WriteFile(path, DatabaseWith(2));
      Lose(path, loss);
      WriteFile(path + "-wal", wal);
      WriteFile(path + "-shm", std::string(32768, '\x7f'));
      Kiosk kiosk({"--db", path, "--quiet"});
      WriteOrders(kiosk.port(), 1);
      CHECK(kiosk.Stop().exit_code == 0);
      CHECK(QueryFile(path, kCountWritten) == "1");
      CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
    }
  }
}

TEST_CASE("a second kiosk at the path of a removed database harms neither database") {
  enum class Wal { kHasChanges, kIsEmpty, kRemoved };
  for (const Wal wal : {Wal::kHasChanges, Wal::kIsEmpty, Wal::kRemoved}) {
    for (const bool first_stops_first : {true, false}) {
      CAPTURE(static_cast<int>(wal));
      CAPTURE(first_stops_first);
      const TemporaryFolder folder;
      const TemporaryFolder outside;
      const std::string path = folder.File("kiosk.db");
      const std::string original = outside.File("original.db");
      Kiosk first({"--db", path, "--quiet"});
      WriteOrders(first.port(), 20);
      fs::create_hard_link(path, original);
      if (wal == Wal::kIsEmpty) OtherProgram(path).Execute("PRAGMA wal_checkpoint(TRUNCATE)");
      fs::remove(path);
      if (wal == Wal::kRemoved) fs::remove(path + "-wal");
      if (wal == Wal::kRemoved) fs::remove(path + "-shm");
      if (wal == Wal::kHasChanges) {
        CHECK(RunKiosk({"--db", path, "--port", "0"}).err == Refusal(path));
        CHECK(first.Stop().exit_code == 0);
        CHECK(QueryFile(original, kCountWritten) == "20");
        continue;
      }
      Kiosk second({"--db", path, "--quiet"});
      WriteOrders(second.port(), 3);
      CHECK(Ask(first.port(), "POST", "/orders", WrittenOrder("late")).status == 503);
      CHECK(Ask(first.port(), "GET", "/healthz").status == 503);
      WriteOrders(second.port(), 3);
      CHECK((first_stops_first ? first : second).Stop().exit_code == 0);
      if (first_stops_first) WriteOrders(second.port(), 3);
      CHECK((first_stops_first ? second : first).Stop().exit_code == 0);
      CHECK(QueryFile(path, kCountWritten) == (first_stops_first ? "9" : "6"));
      CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
      CHECK(QueryFile(original, kCountWritten) == "20");
      CHECK(QueryFile(original, "PRAGMA integrity_check") == "ok");
    }
  }
}

}  // namespace kiosk::test
