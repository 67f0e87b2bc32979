// Another program that uses the database of a kiosk through SQLite.
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <string>

namespace kiosk::test {

// Has the database open as long as this lives.
class OtherProgram {
 public:
  explicit OtherProgram(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
    sqlite3_busy_timeout(database_, 10'000);
  }
  ~OtherProgram() { sqlite3_close(database_); }
  OtherProgram(const OtherProgram&) = delete;
  OtherProgram& operator=(const OtherProgram&) = delete;

  // Runs the statements, which must succeed, and returns the first column of their last row.
  std::string Execute(const std::string& sql) {
    std::string value;
    char* error = nullptr;
    sqlite3_exec(
        database_, sql.c_str(),
        [](void* text, int /*columns*/, char** values, char** /*names*/) {
          *static_cast<std::string*>(text) = values[0] ? values[0] : "NULL";
          return 0;
        },
        &value, &error);
    const std::string message = error ? error : "";
    sqlite3_free(error);
    REQUIRE_MESSAGE(message.empty(), sql << ": " << message);
    return value;
  }

  // A read transaction, which keeps the WAL from being emptied until it ends.
  void BeginReading() { Execute("BEGIN; SELECT count(*) FROM users"); }
  // Writes so many MiB into the WAL, of a table that kiosk does not know, and checkpoints nothing.
  void Write(int mib) {
    Execute("PRAGMA wal_autocheckpoint = 0; CREATE TABLE IF NOT EXISTS other (content)");
    Execute("INSERT INTO other SELECT zeroblob(" + std::to_string(mib * 1024 * 1024) + ")");
  }

 private:
  sqlite3* database_ = nullptr;
};

}  // namespace kiosk::test
