// The database file, its name or its WAL is damaged by hand while a server uses it.
#include <filesystem>
#include <functional>

#include "store/sqlite.h"
#include "tests/database_file.h"

namespace kiosk::test {
namespace {

namespace fs = std::filesystem;

constexpr int kWritten = 50;

// A server that has written orders, some of them only into the WAL.
struct Scene {
  Scene() : path(folder.File("kiosk.db")), kiosk({"--db", path, "--quiet"}) {
    WriteOrders(kiosk.port(), kWritten);
  }
  void CheckRefused() const {
    for (int i = 0; i < 2; ++i) {
      const Answer write = Ask(kiosk.port(), "POST", "/orders", WrittenOrder("late"));
      CHECK(write.status == 503);
      CHECK(write.body == kStorageUnavailable);
      const Answer health = Ask(kiosk.port(), "GET", "/healthz");
      CHECK(health.status == 503);
      CHECK(health.body == kStorageUnavailable);
    }
  }

  TemporaryFolder folder;
  std::string path;
  Kiosk kiosk;
};

std::string Without(std::string text, const std::string& part) {
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part)) {
    text.erase(at, part.size());
  }
  return text;
}

}  // namespace

TEST_CASE("a file that was moved is away, even if a link leads from its name to it") {
  Scene scene;
  const std::string moved = scene.folder.File("moved.db");
  fs::rename(scene.path, moved);
  fs::create_symlink(moved, scene.path);
  scene.CheckRefused();
  fs::remove(scene.path);
  fs::rename(moved, scene.path);
  CHECK(Ask(scene.kiosk.port(), "POST", "/orders", WrittenOrder("back")).status == 201);
  fs::rename(scene.path, moved);
  fs::create_symlink(moved, scene.path);
  scene.CheckRefused();
  CHECK(scene.kiosk.Stop().exit_code == 0);
  CHECK(Contents(scene.folder.path()).size() == 2);  // the link and the database: no WAL
  CHECK(QueryFile(moved, kCountWritten) == std::to_string(kWritten + 1));
}

TEST_CASE(
    "a header that was overwritten makes the file another's, and nothing is written into it") {
  Scene scene;
  std::string bytes = ReadFile(scene.path);
  bytes.replace(0, 100, 100, '\0');
  WriteFile(scene.path, bytes);
  scene.CheckRefused();
  const Finished finished = scene.kiosk.Stop();
  CHECK(finished.exit_code == 0);
  CHECK(Without(finished.err, scene.path) ==
        "kiosk: the database file  was overwritten; writes are refused, restart kiosk\n");
  CHECK(ReadFile(scene.path) == bytes);
}

TEST_CASE("a copy that SQLite made of the database and that is copied over it is another file") {
  const auto clone = [](const std::string& from, const std::string& to) {
    OtherProgram(from).Execute("VACUUM INTO '" + to + "'");
  };
  const auto backup = [](const std::string& from, const std::string& to) {
    Database(from, Database::Mode::kReadOnly).CopyTo(to);
  };
  for (const auto& copy : {std::function<void(const std::string&, const std::string&)>(clone),
                           std::function<void(const std::string&, const std::string&)>(backup)}) {
    for (const int later : {0, 5}) {
      for (const bool is_idle : {true, false}) {
        INFO(later, " later orders, idle: ", is_idle);
        Scene scene;
        if (!is_idle) OtherProgram(scene.path).Execute("PRAGMA wal_checkpoint");
        WriteOrders(scene.kiosk.port(), 3);
        const TemporaryFolder outside;
        copy(scene.path, outside.File("copy.db"));
        WriteOrders(scene.kiosk.port(), later);
        const std::string bytes = ReadFile(outside.File("copy.db"));
        WriteFile(scene.path, bytes);
        scene.CheckRefused();
        CHECK(scene.kiosk.Stop().exit_code == 0);
        CHECK(ReadFile(scene.path) == bytes);
        CHECK(!fs::exists(scene.path + "-wal"));
        CHECK(QueryFile(scene.path, "PRAGMA integrity_check") == "ok");
        CHECK(QueryFile(scene.path, kCountWritten) == std::to_string(kWritten + 3));
      }
    }
  }
}

TEST_CASE("a WAL that was emptied has lost commits, and nothing is written into it") {
  Scene scene;
  for (const uintmax_t size : {uintmax_t{4096}, uintmax_t{0}}) {
    fs::resize_file(scene.path + "-wal", size);
    scene.CheckRefused();
  }
  CHECK(scene.kiosk.Stop().exit_code == 0);
  CHECK(QueryFile(scene.path, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("a WAL that another program checkpoints and empties is whole") {
  Scene scene;
  OtherProgram other(scene.path);
  Writers writers(scene.kiosk.port(), 4);
  for (int i = 0; i < 100; ++i) {
    other.Execute(i % 2 == 0 ? "PRAGMA wal_checkpoint(TRUNCATE)" : "PRAGMA wal_checkpoint");
    if (i % 10 == 0) other.Execute("VACUUM");
    CHECK(Ask(scene.kiosk.port(), "GET", "/healthz").status == 200);
  }
  writers.Stop();
  CHECK(writers.others() == 0);
  CHECK(Ask(scene.kiosk.port(), "GET", "/healthz").status == 200);
}

TEST_CASE("a stop brings everything into the file, also while another program has it open") {
  Scene scene;
  OtherProgram other(scene.path);
  CHECK(other.Execute("SELECT count(*) FROM users") == "0");
  CHECK(scene.kiosk.Stop().exit_code == 0);
  const TemporaryFolder outside;
  fs::copy_file(scene.path, outside.File("alone.db"));
  CHECK(QueryFile(outside.File("alone.db"), kCountWritten) == std::to_string(kWritten));
}

TEST_CASE("the WAL from before a reset or a restore belongs to no later content") {
  for (const std::string command : {"reset", "restore"}) {
    CAPTURE(command);
    Scene scene;
    const TemporaryFolder outside;
    REQUIRE(RunKiosk({"backup", "--db", scene.path, outside.File("copy.db")}).exit_code == 0);
    WriteOrders(scene.kiosk.port(), 5);
    scene.kiosk.Kill();
    const std::string wal = ReadFile(scene.path + "-wal");
    std::vector<std::string> arguments{command, "--db", scene.path};
    if (command == "restore") arguments.push_back(outside.File("copy.db"));
    REQUIRE(RunKiosk(arguments).exit_code == 0);
    WriteFile(scene.path + "-wal", wal);
    const auto before = Contents(scene.folder.path());
    const Finished finished = RunKiosk({"--db", scene.path, "--port", "0"});
    CHECK(finished.exit_code == 1);
    CHECK(finished.err.find("belongs to another database") != std::string::npos);
    CHECK(Contents(scene.folder.path()) == before);
  }
}

}  // namespace kiosk::test
