// kiosk restore: a backup in the place of the database, all or nothing.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include "tests/harness.h"
#include "tests/other_program.h"

namespace kiosk::test {
namespace {

namespace fs = std::filesystem;

std::set<std::string> FilesIn(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

// The file in `folder` whose name begins so; empty if there is none.
std::string FileThatBegins(const std::string& folder, const std::string& beginning) {
  for (const std::string& name : FilesIn(folder)) {
    if (name.starts_with(beginning)) return folder + "/" + name;
  }
  return "";
}

std::string Users(const std::string& path) {
  return QueryFile(path,
                   "SELECT group_concat(user_id) FROM (SELECT user_id FROM users ORDER BY 1)");
}

// A folder with a backup that has the user `backed-up`, and a database that has the user `present`.
struct Desk {
  TemporaryFolder folder;
  std::string database = folder.File("kiosk.db");
  std::string backup = folder.File("backup.db");

  Desk() {
    {
      const Kiosk kiosk({"--db", folder.File("first.db"), "--quiet"});
      AddUser(kiosk, "backed-up");
      REQUIRE(RunKiosk({"backup", "--db", folder.File("first.db"), backup}).exit_code == 0);
    }
    for (const char* end : {"", "-wal", "-shm"}) fs::remove(folder.File("first.db") + end);
    Kiosk kiosk({"--db", database, "--quiet"});
    AddUser(kiosk, "present");
    REQUIRE(kiosk.Stop().exit_code == 0);
  }
  static void AddUser(const Kiosk& kiosk, const std::string& user) {
    REQUIRE(Ask(kiosk.port(), "GET", "/api/users/" + user).status == 200);
  }
  [[nodiscard]] Finished Restore() const { return RunKiosk({"restore", "--db", database, backup}); }
};

void CheckRestored(const Desk& desk) {
  CHECK(Users(desk.database) == "backed-up");
  CHECK(QueryFile(desk.database, "PRAGMA integrity_check") == "ok");
  const Kiosk kiosk({"--db", desk.database, "--quiet"});
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
  CHECK(Ask(kiosk.port(), "POST", "/orders", R"({"product":"A","quantity":1})").status == 201);
}

}  // namespace

TEST_CASE("kiosk restore puts a backup in the place of the database, and saves that first") {
  const Desk desk;
  const Finished restored = desk.Restore();
  CHECK(restored.exit_code == 0);
  CHECK(restored.err.empty());
  const std::string saved = FileThatBegins(desk.folder.path(), "kiosk.db.before-restore-");
  REQUIRE_FALSE(saved.empty());
  CHECK(restored.out == "kiosk restored " + desk.database + " from " + desk.backup +
                            "; the data from before is in " + saved + "\n");
  CHECK(FilesIn(desk.folder.path()).size() == 3);
  CHECK(Users(saved) == "present");
  CheckRestored(desk);
  // What was saved is a backup like any other.
  CHECK(RunKiosk({"restore", "--db", desk.database, saved}).exit_code == 0);
  CHECK(Users(desk.database) == "present");
}

TEST_CASE("kiosk restore recovers the present database with its own WAL before it saves it") {
  const Desk desk;
  {
    Kiosk kiosk({"--db", desk.database, "--quiet"});
    Desk::AddUser(kiosk, "in-the-wal");
    kiosk.Kill();
  }
  REQUIRE(fs::file_size(desk.database + "-wal") > 0);
  CHECK(desk.Restore().exit_code == 0);
  const std::string saved = FileThatBegins(desk.folder.path(), "kiosk.db.before-restore-");
  REQUIRE_FALSE(saved.empty());
  CHECK(Users(saved) == "in-the-wal,present");
  CheckRestored(desk);
}

TEST_CASE("kiosk restore reads a backup with its WAL, and writes nothing next to it") {
  const Desk desk;
  const TemporaryFolder elsewhere;
  const std::string source = elsewhere.File("source.db");
  {
    Kiosk kiosk({"--db", source, "--quiet"});
    Desk::AddUser(kiosk, "backed-up");
    kiosk.Kill();
  }
  fs::remove(source + "-shm");
  const auto files = FilesIn(elsewhere.path());
  const std::string bytes = ReadFile(source);
  CHECK(RunKiosk({"restore", "--db", desk.database, source}).exit_code == 0);
  CHECK(FilesIn(elsewhere.path()) == files);
  CHECK(ReadFile(source) == bytes);
  CheckRestored(desk);
}

TEST_CASE("kiosk restore makes a database that is missing or empty") {
  for (const bool is_empty : {false, true}) {
    const Desk desk;
    fs::remove(desk.database);
    if (is_empty) WriteFile(desk.database, "");
    const Finished restored = desk.Restore();
    CHECK(restored.exit_code == 0);
    CHECK(restored.out == "kiosk restored " + desk.database + " from " + desk.backup +
                              "; there was no database before\n");
    CHECK(FilesIn(desk.folder.path()) == std::set<std::string>{"backup.db", "kiosk.db"});
    CheckRestored(desk);
  }
}

TEST_CASE("kiosk restore puts a damaged database and its WAL aside, and names them") {
  const Desk desk;
  {
    Kiosk kiosk({"--db", desk.database, "--quiet"});
    Desk::AddUser(kiosk, "in-the-wal");
    kiosk.Kill();
  }
  fs::remove(desk.database + "-shm");
  const std::string garbage(20'000, 'x');
  const std::string whole = ReadFile(desk.database + "-wal");
  for (const std::string& wal : {whole, whole.substr(0, whole.size() / 3), std::string()}) {
    WriteFile(desk.database, garbage);
    WriteFile(desk.database + "-wal", wal);
    const Finished restored = desk.Restore();
    CHECK(restored.exit_code == 0);
    const std::string name = "kiosk.db.damaged-";
    const std::string aside = FileThatBegins(desk.folder.path(), name);
    CAPTURE(restored.err);
    REQUIRE_FALSE(aside.empty());
    CHECK(restored.out.find("cannot be read, and is now " + aside) != std::string::npos);
    CHECK(ReadFile(aside) == garbage);
    CHECK(ReadFile(aside + "-wal") == wal);
    CheckRestored(desk);
    fs::remove(aside);
    fs::remove(aside + "-wal");
  }
}

TEST_CASE("kiosk restore refuses what is no whole backup of this version, and changes nothing") {
  const Desk desk;
  const auto variant = [&](const std::string& name, const std::string& sql) {
    fs::copy_file(desk.backup, desk.folder.File(name));
    OtherProgram(desk.folder.File(name)).Execute(sql);
  };
  variant("newer.db", "PRAGMA user_version = 1000");
  variant("older.db", "PRAGMA user_version = 1");
  variant("foreign.db", "PRAGMA application_id = 7");
  variant("dropped.db", "DROP VIEW desk_order_rows");
  variant("trigger.db", "CREATE TRIGGER spy AFTER INSERT ON users BEGIN DELETE FROM services; END");
  variant("orphan.db",
          "PRAGMA foreign_keys = OFF; INSERT INTO owned_products (user_id, product_id, position) "
          "VALUES ('missing', 'nothing', 0)");
  WriteFile(desk.folder.File("text.db"), "no database at all");
  WriteFile(desk.folder.File("empty.db"), "");
  std::string bytes = ReadFile(desk.backup);
  WriteFile(desk.folder.File("cut.db"), bytes.substr(0, bytes.size() / 2));
  std::fill(bytes.begin() + 8192, bytes.begin() + 40'000, 'x');
  WriteFile(desk.folder.File("damaged.db"), bytes);
  fs::create_directory(desk.folder.File("folder.db"));
  struct Row {
    std::string file;
    std::string why;
  };
  const Row rows[] = {
      {"newer.db", "it was made by a newer kiosk (schema 1000, this one knows "},
      {"older.db",
       "its schema is not that of version 1; nothing was changed; give a file that kiosk backup "
       "wrote\n"},
      {"foreign.db",
       "it is not a backup of a kiosk; nothing was changed; give a file that kiosk backup wrote\n"},
      {"dropped.db",
       "its schema differs: view desk_order_rows is missing; nothing was changed; give a file that "
       "kiosk backup wrote\n"},
      {"trigger.db",
       "its schema differs: trigger spy is unknown; nothing was changed; give a file that kiosk "
       "backup wrote\n"},
      {"orphan.db", "it is damaged; nothing was changed; give a file that kiosk backup wrote\n"},
      {"text.db",
       "it is damaged or not a database; nothing was changed; give a file that kiosk backup "
       "wrote\n"},
      {"empty.db", "it is empty; nothing was changed; give a file that kiosk backup wrote\n"},
      {"cut.db", "it is damaged"},
      {"damaged.db", "it is damaged"},
      {"folder.db", "it is not a plain file; give a file that kiosk backup wrote\n"},
      {"missing.db", "No such file or directory; give a file that kiosk backup wrote\n"},
      {"kiosk.db", "it is the database itself; give a file that kiosk backup wrote\n"},
  };
  const std::string before = ReadFile(desk.database);
  const auto files = FilesIn(desk.folder.path());
  for (const auto& [file, why] : rows) {
    CAPTURE(file);
    const std::string path = desk.folder.File(file);
    const Finished refused = RunKiosk({"restore", "--db", desk.database, path});
    CHECK(refused.exit_code == 1);
    CHECK(refused.out.empty());
    CAPTURE(refused.err);
    CHECK(refused.err.starts_with("kiosk: cannot restore " + path + ": " + why));
    CHECK(std::ranges::count(refused.err, '\n') == 1);
    CHECK(ReadFile(desk.database) == before);
    CHECK(FilesIn(desk.folder.path()) == files);
  }
}

TEST_CASE("kiosk restore is refused while a kiosk uses the database or the backup") {
  const Desk desk;
  {
    const Kiosk kiosk({"--db", desk.database, "--quiet"});
    const Finished refused = desk.Restore();
    CHECK(refused.exit_code == 1);
    CHECK(refused.err == "kiosk: cannot use the database " + desk.database +
                             ": another kiosk is using it; stop that one, or choose another file "
                             "with --db\n");
    CHECK(Ask(kiosk.port(), "POST", "/orders", R"({"product":"A","quantity":1})").status == 201);
    CHECK(Users(desk.database) == "present");
  }
  const Kiosk kiosk({"--db", desk.backup, "--quiet"});
  const Finished refused = desk.Restore();
  CHECK(refused.exit_code == 1);
  CHECK(refused.err == "kiosk: cannot restore " + desk.backup +
                           ": a kiosk is using it; copy it with kiosk backup, and restore the "
                           "copy\n");
  CHECK(Users(desk.database) == "present");
}

TEST_CASE("kiosk restore leaves a database of another application alone") {
  const Desk desk;
  fs::remove(desk.database);
  OtherProgram(desk.database).Execute("PRAGMA application_id = 7; CREATE TABLE precious (a)");
  const std::string before = ReadFile(desk.database);
  const Finished refused = desk.Restore();
  CHECK(refused.exit_code == 1);
  CHECK(refused.err == "kiosk: cannot use the database " + desk.database +
                           ": it belongs to another application; choose another file with --db\n");
  CHECK(ReadFile(desk.database) == before);
  CHECK(FilesIn(desk.folder.path()) == std::set<std::string>{"backup.db", "kiosk.db"});
}

TEST_CASE("kiosk restore takes stored responses along, and Litestream's tables stay") {
  const Desk desk;
  constexpr char kMake[] =
      "CREATE TABLE IF NOT EXISTS _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);"
      "CREATE TABLE IF NOT EXISTS _litestream_lock (id INTEGER);";
  OtherProgram(desk.backup)
      .Execute(std::string(kMake) +
               "INSERT INTO _litestream_seq VALUES (1, 7);"
               "INSERT INTO idempotent_answers SELECT 'key', 1, 201, "
               "'', '{}', 0");
  CHECK(desk.Restore().exit_code == 0);
  constexpr char kOwn[] = "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%litestream%'";
  CHECK(QueryFile(desk.database, kOwn) == "0");
  CHECK(QueryFile(desk.database, "SELECT key FROM idempotent_answers") == "key");
  OtherProgram(desk.database)
      .Execute(std::string(kMake) + "INSERT INTO _litestream_seq VALUES (1, 42)");
  CHECK(desk.Restore().exit_code == 0);
  CHECK(QueryFile(desk.database, "SELECT seq FROM _litestream_seq") == "42");
}

TEST_CASE("kiosk restore fits a backup with pages of another size") {
  const Desk desk;
  OtherProgram(desk.backup)
      .Execute("PRAGMA journal_mode = DELETE; PRAGMA page_size = 8192; VACUUM");
  CHECK(desk.Restore().exit_code == 0);
  CheckRestored(desk);
}

TEST_CASE("kiosk restore killed at any moment leaves the old data or the backup's") {
  const Desk desk;
  REQUIRE(RunKiosk({"generate", "--db", desk.database, "--orders", "5000"}).exit_code == 0);
  const std::string executable = KioskPath();
  for (int i = 0; i < 25; ++i) {
    const std::string path = desk.folder.File("copy" + std::to_string(i) + ".db");
    fs::copy_file(desk.database, path);
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      ::close(STDOUT_FILENO);
      ::execl(executable.c_str(), executable.c_str(), "restore", "--db", path.c_str(),
              desk.backup.c_str(), nullptr);
      ::_exit(127);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2 * i));
    ::kill(pid, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    const Kiosk kiosk({"--db", path, "--quiet"});
    const std::string users = Users(path);
    const bool is_old_or_new = users == "present" || users == "backed-up";
    CAPTURE(users);
    CHECK(is_old_or_new);
    CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") ==
          (users == "present" ? "5003" : "3"));
    CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
  }
}

}  // namespace kiosk::test
