// The database file is removed, moved, replaced or overwritten while a server uses it.
#include "tests/database_file.h"

#include <unistd.h>

#include <csignal>
#include <functional>
#include <optional>

namespace kiosk::test {
namespace {

namespace fs = std::filesystem;

constexpr int kWritten = 200;  // orders before anything happens to the file

struct Source {
  std::string name;
  std::string bytes;
  std::optional<std::string> orders;  // that it has; nothing: it is no database
};

const std::vector<Source>& Sources() {
  static const std::vector<Source> sources = {
      {"a smaller database", DatabaseWith(0), "0"},
      {"a database of the same size", DatabaseWith(kWritten), std::to_string(kWritten)},
      {"a larger database", DatabaseWith(3 * kWritten), std::to_string(3 * kWritten)},
      {"a small text", "no database\n", std::nullopt},
      {"a large text", std::string(1'000'000, 't'), std::nullopt}};
  return sources;
}

enum class End { kStop, kKill };

// A server with a database of written orders, a second name for its file, and its clients.
struct Scene {
  explicit Scene(int writers)
      : path(folder.File("kiosk.db")), original(outside.File("original.db")) {
    kiosk = std::make_unique<Kiosk>(std::vector<std::string>{"--db", path, "--quiet"});
    WriteOrders(kiosk->port(), kWritten);
    fs::create_hard_link(path, original);
    clients = std::make_unique<Writers>(kiosk->port(), writers);
  }

  // What is refused from now on, and what is not.
  void CheckRefusals() {
    clients->ExpectRefusals();
    const Answer write = Ask(kiosk->port(), "POST", "/orders", WrittenOrder("late"));
    CHECK(write.status == 503);
    CHECK(write.body == kStorageUnavailable);
    CHECK(Ask(kiosk->port(), "GET", "/api/users/late").status == 503);
    const Answer health = Ask(kiosk->port(), "GET", "/healthz");
    CHECK(health.status == 503);
    CHECK(health.body == kStorageUnavailable);
    clients->Stop();
    CHECK(clients->created_late() == 0);
    CHECK(clients->others() == 0);
  }

  // The lines of the log, without the file's name.
  std::string Finish(End end) {
    if (end == End::kKill) {
      kiosk->Kill();
      return "";
    }
    const Finished finished = kiosk->Stop();
    CHECK(finished.exit_code == 0);
    std::string log = finished.err;
    for (size_t at = log.find(path); at != std::string::npos; at = log.find(path)) {
      log.replace(at, path.size(), "FILE");
    }
    return log;
  }

  [[nodiscard]] int acknowledged() const { return kWritten + clients->created(); }

  TemporaryFolder folder;
  TemporaryFolder outside;
  std::string path;
  std::string original;
  std::unique_ptr<Kiosk> kiosk;
  std::unique_ptr<Writers> clients;
};

constexpr char kAway[] =
    "kiosk: the database file FILE was removed, moved or replaced; writes are refused until it is "
    "back\n";
constexpr char kWalAway[] =
    "kiosk: the WAL FILE-wal was removed, moved or replaced; writes are refused until it is back, "
    "or until kiosk is stopped and started again\n";
constexpr char kBack[] = "kiosk: the database file FILE is back; writes are accepted again\n";
constexpr char kOverwritten[] =
    "kiosk: the database file FILE was overwritten; writes are refused, restart kiosk\n";

// The source is what a start on `path` serves, and it stays as it is.
void CheckNextOpen(const std::string& path, const Source& source) {
  CHECK(ReadFile(path) == source.bytes);
  if (source.orders) {
    {
      Kiosk kiosk({"--db", path, "--quiet"});
      CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
      CHECK(kiosk.Stop().exit_code == 0);
    }
    CHECK(ReadFile(path) == source.bytes);
    CHECK(QueryFile(path, kCountWritten) == *source.orders);
    CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
  } else {
    CHECK(RunKiosk({"--db", path, "--port", "0"}).exit_code == 1);
  }
  CHECK(ReadFile(path) == source.bytes);
}

// After kill -9 the WAL is still there, and belongs to the other file.
void CheckRefusedStart(const Scene& scene) {
  const auto before = Contents(scene.folder.path());
  const std::vector<std::vector<std::string>> commands = {
      {"--db", scene.path, "--port", "0"},
      {"reset", "--db", scene.path},
      {"generate", "--db", scene.path, "--users", "1"},
      {"backup", scene.outside.File("backup.db"), "--db", scene.path}};
  for (const auto& command : commands) {
    const Finished finished = RunKiosk(command);
    CHECK(finished.exit_code == 1);
    CHECK(finished.err == "kiosk: cannot use the database " + scene.path +
                              ": the WAL next to it, " + scene.path +
                              "-wal, belongs to another database; bring back the database that was "
                              "at this path, or move that WAL away\n");
    CHECK(Contents(scene.folder.path()) == before);
  }
}

const int kLoads[] = {0, 16};
const End kEnds[] = {End::kStop, End::kKill};

TEST_CASE("writes are refused after the file was removed, and the earlier ones are in its inode") {
  for (const int writers : kLoads) {
    for (const bool with_wal : {false, true}) {
      INFO(writers, " writers, with the WAL: ", with_wal);
      Scene scene(writers);
      fs::remove(scene.path);
      if (with_wal) {
        fs::remove(scene.path + "-wal");
        fs::remove(scene.path + "-shm");
      }
      scene.CheckRefusals();
      CHECK(Ask(scene.kiosk->port(), "GET", "/orders/223").status == 200);
      CHECK(scene.Finish(End::kStop) == kAway);
      CHECK(Contents(scene.folder.path()).empty());
      CHECK(QueryFile(scene.original, kCountWritten) == std::to_string(scene.acknowledged()));
      CHECK(QueryFile(scene.original, "PRAGMA integrity_check") == "ok");
    }
  }
}

TEST_CASE("writes are refused while the file is moved away, and accepted when it is back") {
  for (const int writers : kLoads) {
    INFO(writers, " writers");
    Scene scene(writers);
    const std::string away = scene.outside.File("away.db");
    fs::rename(scene.path, away);
    scene.CheckRefusals();
    fs::rename(away, scene.path);
    CHECK(Ask(scene.kiosk->port(), "GET", "/healthz").status == 200);
    WriteOrders(scene.kiosk->port(), 1);
    fs::rename(scene.path, away);
    CHECK(Ask(scene.kiosk->port(), "GET", "/healthz").status == 503);
    CHECK(scene.Finish(End::kStop) == std::string(kAway) + kBack + kAway);
    CHECK(Contents(scene.folder.path()).empty());
    CHECK(QueryFile(away, kCountWritten) == std::to_string(scene.acknowledged() + 1));
  }
}

TEST_CASE("a file moved over the database keeps its bytes and rows") {
  for (const int writers : kLoads) {
    for (const End end : kEnds) {
      for (const Source& source : Sources()) {
        INFO(source.name, ", ", writers, " writers, killed: ", end == End::kKill);
        Scene scene(writers);
        const std::string other = scene.folder.File("other");
        WriteFile(other, source.bytes);
        fs::rename(other, scene.path);
        scene.CheckRefusals();
        CHECK(Ask(scene.kiosk->port(), "GET", "/orders/223").status == 200);
        const std::string log = scene.Finish(end);
        CHECK(ReadFile(scene.path) == source.bytes);
        if (end == End::kKill) {
          CheckRefusedStart(scene);
          continue;
        }
        CHECK(log == kAway);
        CHECK(Contents(scene.folder.path()).size() == 1);
        CHECK(QueryFile(scene.original, kCountWritten) == std::to_string(scene.acknowledged()));
        CheckNextOpen(scene.path, source);
      }
    }
  }
}

TEST_CASE("a file copied over the database keeps its bytes and rows") {
  for (const int writers : kLoads) {
    for (const End end : kEnds) {
      for (const Source& source : Sources()) {
        INFO(source.name, ", ", writers, " writers, killed: ", end == End::kKill);
        Scene scene(writers);
        WriteFile(scene.path, source.bytes);
        scene.CheckRefusals();
        CHECK(ReadFile(scene.path) == source.bytes);
        const std::string log = scene.Finish(end);
        CHECK(ReadFile(scene.path) == source.bytes);
        if (end == End::kKill) {
          CheckRefusedStart(scene);
          continue;
        }
        CHECK(log == kOverwritten);
        const auto left = Contents(scene.folder.path());
        CHECK(left.size() == 2);
        CHECK(left.rbegin()->first.starts_with("kiosk.db-wal.orphan-"));
        CHECK(left.rbegin()->second.size() > 0);
        CheckNextOpen(scene.path, source);
      }
    }
  }
}

TEST_CASE("reads are refused too after a file was copied over the database") {
  for (const Source& source : Sources()) {
    INFO(source.name);
    Scene scene(0);
    CHECK(Ask(scene.kiosk->port(), "GET", "/orders").status == 200);
    WriteFile(scene.path, source.bytes);
    // Nothing but reads follows; the check of the file is at most 0.1 s old.
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (Ask(scene.kiosk->port(), "GET", "/orders/223").status == 200 &&
           std::chrono::steady_clock::now() < end) {
    }
    for (const char* target : {"/orders/223", "/orders", "/services", "/_kiosk/backup"}) {
      CAPTURE(target);
      const Answer answer = Ask(scene.kiosk->port(), "GET", target);
      CHECK(answer.status == 503);
      CHECK(answer.body == kStorageUnavailable);
    }
    CHECK(scene.Finish(End::kStop) == kOverwritten);
    CheckNextOpen(scene.path, source);
  }
}

TEST_CASE("a stop right after the copy, before any request, writes nothing into it") {
  for (const Source& source : Sources()) {
    INFO(source.name);
    Scene scene(0);
    WriteFile(scene.path, source.bytes);
    CHECK(scene.Finish(End::kStop) == kOverwritten);
    CheckNextOpen(scene.path, source);
  }
}

TEST_CASE("an overwritten file stays refused when its bytes are put back") {
  Scene scene(0);
  const std::string before = ReadFile(scene.path);
  WriteFile(scene.path, "something else");
  scene.CheckRefusals();
  WriteFile(scene.path, before);
  scene.CheckRefusals();
  CHECK(scene.Finish(End::kStop) == kOverwritten);
  CHECK(ReadFile(scene.path) == before);
}

TEST_CASE("an earlier copy of the same database is not mixed with the later WAL") {
  for (const End end : kEnds) {
    Scene scene(0);
    const std::string before = ReadFile(scene.path);
    for (int i = 0; i < 2; ++i) {
      OtherProgram(scene.path).Execute("PRAGMA wal_checkpoint(TRUNCATE)");
      WriteOrders(scene.kiosk->port(), 10);
    }
    WriteFile(scene.path, before);
    scene.CheckRefusals();
    static_cast<void>(scene.Finish(end));
    CHECK(ReadFile(scene.path) == before);
    if (end == End::kKill) CheckRefusedStart(scene);
  }
}

TEST_CASE("the WAL of another program's new database survives byte for byte") {
  Scene scene(0);
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(scene.path + end);
  OtherProgram other(scene.path);
  other.Execute("PRAGMA journal_mode = WAL");
  other.Execute("CREATE TABLE theirs (text TEXT)");
  other.Execute("INSERT INTO theirs VALUES ('kept')");
  const auto before = Contents(scene.folder.path());
  REQUIRE(before.at("kiosk.db-wal").size() > 0);
  scene.CheckRefusals();
  CHECK(scene.Finish(End::kStop) == kAway);
  CHECK(Contents(scene.folder.path()) == before);
  CHECK(QueryFile(scene.path, "SELECT text FROM theirs") == "kept");
}

TEST_CASE(
    "writes are refused when only the WAL is gone, and the earlier ones are in the database") {
  Scene scene(0);
  fs::remove(scene.path + "-wal");
  scene.CheckRefusals();
  CHECK(scene.Finish(End::kStop) == kWalAway);
  CHECK(QueryFile(scene.path, kCountWritten) == std::to_string(scene.acknowledged()));
}

TEST_CASE("a link that leads to another file is a replaced file") {
  const TemporaryFolder folder;
  const std::string link = folder.File("kiosk.db");
  fs::create_symlink(folder.File("first.db"), link);
  Kiosk kiosk({"--db", link, "--quiet"});
  WriteOrders(kiosk.port(), 1);
  WriteFile(folder.File("second.db"), Sources().front().bytes);
  fs::remove(link);
  fs::create_symlink(folder.File("second.db"), link);
  CHECK(Ask(kiosk.port(), "POST", "/orders", WrittenOrder("late")).status == 503);
  fs::remove(link);
  fs::create_symlink(folder.File("first.db"), link);
  CHECK(Ask(kiosk.port(), "POST", "/orders", WrittenOrder("back")).status == 201);
  CHECK(kiosk.Stop().exit_code == 0);
  CHECK(QueryFile(link, kCountWritten) == "2");
  CHECK(ReadFile(folder.File("second.db")) == Sources().front().bytes);
}

TEST_CASE("a backup is of the opened file, wherever that is now") {
  Scene scene(0);
  WriteFile(scene.folder.File("other"), Sources().front().bytes);
  fs::rename(scene.folder.File("other"), scene.path);
  const Answer backup = Ask(scene.kiosk->port(), "GET", "/_kiosk/backup");
  CHECK(backup.status == 200);
  const std::string copy = scene.outside.File("copy.db");
  WriteFile(copy, backup.body);
  CHECK(QueryFile(copy, kCountWritten) == std::to_string(kWritten));
}

}  // namespace
}  // namespace kiosk::test
