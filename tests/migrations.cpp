// Databases of earlier versions of the schema, as those versions wrote them: tests/databases.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>
#include <sstream>
#include <thread>

#include "store/schema.h"
#include "tests/scenario.h"

namespace kiosk::test {
namespace {

namespace fs = std::filesystem;

std::string Current() { return std::to_string(CurrentMarks().version); }

std::vector<std::string> FormerVersions() {
  std::vector<std::string> versions;
  for (int64_t version = 1; version < CurrentMarks().version; ++version) {
    versions.push_back(std::to_string(version));
  }
  return versions;
}

std::set<std::string> FilesIn(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

// A folder with the database of an earlier version.
struct Former {
  TemporaryFolder folder;
  std::string version;
  std::string path = folder.File("kiosk.db");
  std::string bytes;

  explicit Former(const std::string& of_version) : version(of_version) {
    WriteFile(path, ReadFile("tests/databases/v" + version + ".db"));
    // Responses are kept for 24 hours: as if these had just been stored.
    REQUIRE(ChangeFile(path, "UPDATE idempotent_answers SET created_at = 4102444800000").empty());
    bytes = ReadFile(path);
  }
  // What that version answered: targets and bodies.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> Answers() const {
    std::vector<std::pair<std::string, std::string>> answers;
    std::istringstream lines(ReadFile("tests/databases/v" + version + ".txt"));
    for (std::string line; std::getline(lines, line);) {
      const size_t space = line.find(' ');
      answers.emplace_back(line.substr(0, space), line.substr(space + 1));
    }
    REQUIRE(answers.size() > 10);
    return answers;
  }
  // Empty if there is none.
  [[nodiscard]] std::string Saved() const {
    for (const std::string& name : FilesIn(folder.path())) {
      if (name.starts_with("kiosk.db.before-schema-" + Current() + "-")) return folder.File(name);
    }
    return "";
  }
  void CheckUntouched() const {
    CHECK(FilesIn(folder.path()) == std::set<std::string>{"kiosk.db"});
    CHECK(ReadFile(path) == bytes);
  }
};

void CheckAnswers(const Kiosk& kiosk, const Former& former) {
  for (const auto& [target, body] : former.Answers()) {
    CAPTURE(target);
    CHECK(Ask(kiosk.port(), "GET", target).body == body);
  }
}

// Ids go on after the largest ones, and stored responses are repeated.
void CheckContinues(const Kiosk& kiosk) {
  const auto created = [&](const std::string& target, const std::string& body,
                           const Headers& headers = {}) {
    return Ask(kiosk.port(), "POST", target, body, headers);
  };
  CHECK(created("/orders", R"({"product": "Next", "quantity": 1})")
            .body.starts_with(R"({"id":"301",)"));
  CHECK(created("/services", R"({"name": "Next"})").body == R"({"id":791,"name":"Next"})");
  CHECK(created("/api/orders", R"({"order": {"items": ["tap"], "user_id": "eve"}})").body ==
        R"({"order":{"order_id":"4","data":{"items":["tap"],"total":60}}})");
  const Answer repeated =
      created("/api/orders", R"({"order": {"items": ["worten"], "user_id": "ana"}})",
              {{"Idempotency-Key", "purchase"}});
  CHECK(repeated.status == 200);
  CHECK(repeated.body == R"({"order":{"order_id":"2","data":{"items":["worten"],"total":20}}})");
  CHECK(repeated.Header("idempotency-replayed") == "true");
}

void CheckWhole(const std::string& path) {
  CHECK(QueryFile(path, "PRAGMA user_version") == Current());
  CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
  CHECK(QueryFile(path, "PRAGMA foreign_key_check").empty());
  CHECK(QueryFile(path, kCountUnbalanced) == "0");
  CHECK(QueryFile(path,
                  "SELECT group_concat(rootpage) FROM sqlite_schema WHERE name LIKE "
                  "'lineage%'") == "2,3");
  Database db(path, Database::Mode::kReadOnly);
  CHECK(SchemaDifferences(db).empty());
}

}  // namespace

TEST_CASE("a database of each earlier version is migrated at start, and a copy of it stays") {
  for (const std::string& version : FormerVersions()) {
    CAPTURE(version);
    const Former former(version);
    {
      Kiosk kiosk({"--db", former.path, "--quiet"});
      CheckAnswers(kiosk, former);
      CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
      const Finished stopped = kiosk.Stop();
      CHECK(stopped.exit_code == 0);
      CHECK(stopped.err == "kiosk: " + former.path + " was made by an older kiosk (schema " +
                               version + ") and now has schema " + Current() +
                               "; the database from before is " + former.Saved() + "\n");
    }
    CHECK(FilesIn(former.folder.path()).size() == 2);
    REQUIRE_FALSE(former.Saved().empty());
    CheckWhole(former.path);
    Kiosk kiosk({"--db", former.path, "--quiet"});
    CheckAnswers(kiosk, former);
    CheckContinues(kiosk);
    CHECK(kiosk.Stop().err.empty());
    CHECK(FilesIn(former.folder.path()).size() == 2);
    CheckWhole(former.path);
    CHECK(QueryFile(former.Saved(), "PRAGMA user_version") == version);
  }
}

TEST_CASE(
    "after a migration the database file is recognized when another one is put in its place") {
  const Former former("1");
  const Kiosk kiosk({"--db", former.path, "--quiet"});
  REQUIRE(Ask(kiosk.port(), "POST", "/orders", R"({"product":"A","quantity":1})").status == 201);
  fs::copy_file("tests/databases/v1.db", former.path, fs::copy_options::overwrite_existing);
  CHECK(Ask(kiosk.port(), "POST", "/orders", R"({"product":"A","quantity":1})").status == 503);
}

TEST_CASE("kiosk restore migrates a backup of an earlier version, and leaves the backup alone") {
  for (const std::string& version : FormerVersions()) {
    CAPTURE(version);
    const Former former(version);
    const TemporaryFolder elsewhere;
    const std::string database = elsewhere.File("kiosk.db");
    for (const bool is_new : {true, false}) {
      const Finished restored = RunKiosk({"restore", "--db", database, former.path});
      CHECK(restored.exit_code == 0);
      CHECK(restored.err.empty());
      CHECK(FilesIn(elsewhere.path()).size() == (is_new ? 1 : 2));
      former.CheckUntouched();
      CheckWhole(database);
      Kiosk kiosk({"--db", database, "--quiet"});
      CheckAnswers(kiosk, former);
      CheckContinues(kiosk);
      CHECK(kiosk.Stop().exit_code == 0);
    }
  }
}

TEST_CASE("kiosk restore replaces a database of an earlier version and saves it") {
  const Former former("1");
  const TemporaryFolder elsewhere;
  const std::string backup = elsewhere.File("backup.db");
  {
    Kiosk kiosk({"--db", backup, "--quiet"});
    REQUIRE(Ask(kiosk.port(), "GET", "/api/users/backed-up").status == 200);
    REQUIRE(kiosk.Stop().exit_code == 0);
  }
  const Finished restored = RunKiosk({"restore", "--db", former.path, backup});
  CHECK(restored.exit_code == 0);
  const auto files = FilesIn(former.folder.path());
  CHECK(files.size() == 2);
  CheckWhole(former.path);
  CHECK(QueryFile(former.path, "SELECT user_id FROM users") == "backed-up");
  for (const std::string& name : files) {
    if (name == "kiosk.db") continue;
    CHECK(QueryFile(former.folder.File(name), "PRAGMA user_version") == "1");
  }
}

TEST_CASE("backup, export and pack read a database of an earlier version without changing it") {
  for (const std::string& version : FormerVersions()) {
    CAPTURE(version);
    const Former former(version);
    const TemporaryFolder elsewhere;
    const std::string backup = elsewhere.File("backup.db");
    CHECK(RunKiosk({"backup", "--db", former.path, backup}).exit_code == 0);
    former.CheckUntouched();
    CHECK(QueryFile(backup, "PRAGMA user_version") == version);
    const std::string seed = elsewhere.File("seed.json");
    const Finished exported = RunKiosk({"export", "--db", former.path, seed});
    CHECK(exported.err.empty());
    CHECK(exported.exit_code == 0);
    former.CheckUntouched();
    const std::string demo = elsewhere.File("demo");
    CHECK(RunKiosk({"pack", "--db", former.path, "--with-data", "-o", demo}).exit_code == 0);
    former.CheckUntouched();
    {
      const Kiosk seeded({"--memory", "--seed", seed, "--quiet"});
      CHECK(Ask(seeded.port(), "GET", "/services").body ==
            R"([{"id":123,"name":"Inspection"},{"id":789,"name":"Testing"},)"
            R"({"id":456,"name":"Deep analysis"},{"id":790,"name":"Cleaning"},)"
            R"({"id":5000000000000,"name":"Large"}])");
    }
    ChildOptions packed;
    packed.executable = demo;
    const Kiosk kiosk({"--memory", "--quiet"}, packed);
    CheckAnswers(kiosk, former);
  }
}

TEST_CASE("a database of an earlier version that is not as that version made it is left alone") {
  struct Row {
    std::string sql;
    std::string why;
  };
  const Row rows[] = {
      {"CREATE TRIGGER spy AFTER INSERT ON users BEGIN DELETE FROM services; END",
       "its schema is not that of version 1"},
      {"DROP VIEW desk_order_rows", "its schema is not that of version 1"},
      {"ALTER TABLE users ADD COLUMN age INTEGER", "its schema is not that of version 1"},
      {"PRAGMA foreign_keys = OFF; DELETE FROM services WHERE id = 123", "it is damaged"},
  };
  for (const auto& [sql, why] : rows) {
    CAPTURE(sql);
    Former former("1");
    REQUIRE(ChangeFile(former.path, sql).empty());
    former.bytes = ReadFile(former.path);
    const Finished refused = RunKiosk({"--db", former.path, "--port", "0"});
    CHECK(refused.exit_code == 1);
    CHECK(refused.err ==
          "kiosk: cannot use the database " + former.path +
              ": it was made by an older kiosk (schema 1) and cannot be migrated: " + why +
              "; use that version, or choose another file with --db. Nothing was "
              "changed\n");
    former.CheckUntouched();
    const TemporaryFolder elsewhere;
    const std::string database = elsewhere.File("kiosk.db");
    const Finished restored = RunKiosk({"restore", "--db", database, former.path});
    CHECK(restored.exit_code == 1);
    CHECK(restored.err == "kiosk: cannot restore " + former.path + ": " + why +
                              "; nothing was changed; give a file that kiosk backup wrote\n");
    CHECK(FilesIn(elsewhere.path()).empty());
  }
}

TEST_CASE("without room for a migration the database stays as it is") {
  static rlim_t most = 0;  // bytes of a file
  int refused = 0;
  bool has_room = false;
  for (most = 40'000; !has_room; most += 10'000) {
    REQUIRE(most < 400'000);
    const Former former("1");
    ChildOptions options;
    options.before_exec = [] {
      const rlimit limit{most, most};
      ::setrlimit(RLIMIT_FSIZE, &limit);
    };
    const Finished generated = RunKiosk({"generate", "--db", former.path, "--users", "1"}, options);
    has_room = QueryFile(former.path, "PRAGMA user_version") == Current();
    if (has_room) continue;
    ++refused;
    CHECK(generated.exit_code == 1);
    CHECK(generated.err.starts_with("kiosk: cannot use the database " + former.path));
    CHECK(generated.err.find("room") != std::string::npos);
    CHECK(std::ranges::count(generated.err, '\n') == 1);
    for (const char* companion : {"-wal", "-shm"}) fs::remove(former.path + companion);
    former.CheckUntouched();
  }
  CHECK(refused > 2);
}

TEST_CASE("a migration killed at any moment leaves the old content or the new") {
  for (const std::string& version : FormerVersions()) {
    const std::string executable = KioskPath();
    for (int i = 0; i < 25; ++i) {
      const Former former(version);
      const pid_t pid = ::fork();
      REQUIRE(pid >= 0);
      if (pid == 0) {
        ::close(STDOUT_FILENO);
        ::close(STDERR_FILENO);
        ::execl(executable.c_str(), executable.c_str(), "--db", former.path.c_str(), "--port", "0",
                nullptr);
        ::_exit(127);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2 * i));
      ::kill(pid, SIGKILL);
      int status = 0;
      REQUIRE(::waitpid(pid, &status, 0) == pid);
      const std::string left = QueryFile(former.path, "PRAGMA user_version");
      const bool is_old_or_new = left == version || left == Current();
      CHECK(is_old_or_new);
      {
        Kiosk kiosk({"--db", former.path, "--quiet"});
        CheckAnswers(kiosk, former);
        CHECK(kiosk.Stop().exit_code == 0);
      }
      CheckWhole(former.path);
      REQUIRE_FALSE(former.Saved().empty());
    }
  }
}

}  // namespace kiosk::test
