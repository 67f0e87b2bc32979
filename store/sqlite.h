// SQLite's C API as values that clean up after themselves. Nothing else includes sqlite3.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_file;
struct sqlite3_stmt;

namespace kiosk {

// The machine failed: disk, memory, a broken constraint. A "no" of the domain is never a fault.
class StorageFault : public std::runtime_error {
 public:
  enum class Kind {
    kUnavailable,  // I/O failed or the file cannot be reached; may work again later
    kFileGone,  // the file at the path is not the one that was opened; that is in the log already
    kFull,      // no room on the disk
    kNotADatabase,
    kBug,  // a broken constraint, wrong SQL: our fault
  };

  // `code` is SQLite's extended result code.
  StorageFault(int code, const std::string& message);
  StorageFault(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}

  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// A statement being run. Ends (and can be run again) when it goes out of scope.
class Query {
 public:
  explicit Query(sqlite3_stmt* statement) : statement_(statement) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Advances to the next row; false at the end. Throws StorageFault.
  bool Step();

  // Columns of the present row, counted from 0.
  [[nodiscard]] bool IsNull(int column) const;
  [[nodiscard]] int64_t Int(int column) const;
  [[nodiscard]] std::string Text(int column) const { return std::string(TextView(column)); }
  [[nodiscard]] std::string_view TextView(int column) const;  // until the next Step
  [[nodiscard]] std::optional<int64_t> OptionalInt(int column) const;
  [[nodiscard]] std::optional<std::string> OptionalText(int column) const;

 private:
  sqlite3_stmt* statement_;
};

// One connection, for one thread at a time, with every statement it has run kept prepared.
class Database {
 public:
  enum class Mode { kReadOnly, kReadWrite, kCreate };

  // Opens `path` (":memory:" for none). Throws StorageFault.
  Database(const std::string& path, Mode mode);

  // Runs a statement with its parameters bound in order. `sql` must be a constant: the prepared
  // statement is kept under its address. A statement in use cannot be run a second time.
  template <class... Args>
  [[nodiscard]] Query Run(const char* sql, const Args&... args) {
    sqlite3_stmt* statement = Prepare(sql);
    int index = 0;
    (Bind(statement, ++index, args), ...);
    return Query(statement);
  }

  // Runs a statement to its end, for its effect. Returns the number of rows it changed.
  template <class... Args>
  int64_t Execute(const char* sql, const Args&... args) {
    {
      Query query = Run(sql, args...);
      while (query.Step()) {
      }
    }
    return Changes();
  }

  // Runs several statements that take no parameters, such as a schema.
  void ExecuteScript(const std::string& sql);

  // Calls `on_commit` with the write-ahead log's length in pages after every commit.
  void WatchLog(std::function<void(int)> on_commit);

  enum class CheckpointMode { kPassive, kTruncate };
  // Moves the WAL into the database file as far as other connections let it, and never waits for
  // them. Returns whether all of it was moved; after kTruncate, its file is then empty.
  bool Checkpoint(CheckpointMode mode);

  // Copies the whole database, consistent, into a new file. Throws StorageFault.
  // `schema` is "main", or "packed" for an attached image.
  void CopyTo(const std::string& path, const char* schema = "main");

  // Copies the whole database over another one's content, in one transaction. Throws StorageFault.
  void CopyOver(Database& target, const char* schema = "main");

  // The bytes of the whole database, also inside a transaction.
  [[nodiscard]] std::string Image();

  // Opens the database whose bytes are `image` beside the main one, in place, under the schema name
  // `packed`. The bytes outlive this connection; nobody writes to them.
  void AttachImage(std::string_view image);

  // The state of a database in WAL mode, as its wal-index has it (SQLite's walformat.html, section
  // 2.1). All zero without one.
  struct WalState {
    uint64_t state = 0;         // another number after every commit of any program
    uint32_t commits = 0;       // one more after every commit
    uint64_t salt = 0;          // another number each time the WAL begins again
    uint32_t frames = 0;        // committed ones
    uint32_t checkpointed = 0;  // of those, how many are in the database file
    uint32_t attempted = 0;     // how many the running checkpoint moves; later the same number
  };
  // Opens the file, the WAL and its index, which SQLite does only when they are needed. Comes
  // before the functions below.
  void MapWalIndex();
  // Needs no transaction; inside a write transaction it is exact. Any thread.
  [[nodiscard]] WalState GetWalState() const;

  // Bytes of the database file as it is on the disk, without the WAL, through SQLite's own
  // descriptor; fewer at the file's end. Throws StorageFault. Any thread.
  [[nodiscard]] std::string ReadFile(uint64_t offset, size_t size) const;
  // Is asked before each write of this connection into the database file, and hears of it after.
  class FileGuard {
   public:
    virtual ~FileGuard() = default;
    [[nodiscard]] virtual bool AllowsWrite() = 0;  // no: the write fails
    virtual void Wrote() = 0;
    virtual void Checkpointed() = 0;
  };
  // `guard` outlives this connection.
  void GuardFile(FileGuard& guard);
  // From here on no trigger fires.
  void DisableTriggers();
  // When this connection is closed, the WAL is neither checkpointed nor deleted; or it is again.
  void KeepWalOnClose(bool keeps = true);

  // The number of rows changed since it was opened.
  [[nodiscard]] int64_t TotalChanges() const;
  [[nodiscard]] int64_t PageSize();
  [[nodiscard]] bool InTransaction() const;
  [[nodiscard]] bool IsReadOnly() const;
  // The absolute path of the database file; empty for one in memory.
  [[nodiscard]] std::string FileName() const;

 private:
  struct CloseDatabase {
    void operator()(sqlite3* database) const;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };
  struct Guard;  // SQLite's functions for the database file, with a check before the writing ones
  struct DeleteGuard {
    void operator()(Guard* guard) const;
  };

  sqlite3_stmt* Prepare(const char* sql);
  static void Bind(sqlite3_stmt* statement, int index, int64_t value);
  static void Bind(sqlite3_stmt* statement, int index, std::string_view value);
  static void Bind(sqlite3_stmt* statement, int index, std::nullopt_t value);
  template <class T>
  static void Bind(sqlite3_stmt* statement, int index, const std::optional<T>& value) {
    if (value) {
      Bind(statement, index, *value);
    } else {
      Bind(statement, index, std::nullopt);
    }
  }
  [[nodiscard]] int64_t Changes() const;

  // Declaration order is lifetime: the statements go before their database.
  std::unique_ptr<std::function<void(int)>> on_commit_;
  std::unique_ptr<Guard, DeleteGuard> guard_;
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  // SQLite's, as long as the database is open; set by MapWalIndex.
  sqlite3_file* file_ = nullptr;
  const volatile uint32_t* wal_index_ = nullptr;
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, FinalizeStatement>> statements_;
};

// Everything between here and Commit is done whole or not at all.
class Transaction {
 public:
  enum class Kind { kRead, kWrite };
  Transaction(Database& database, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void Commit();

 private:
  Database& database_;
  bool open_ = true;
};

// The version of the library, for --version.
[[nodiscard]] const char* SqliteVersion();

}  // namespace kiosk
