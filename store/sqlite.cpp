#include "store/sqlite.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <mutex>

namespace kiosk {
namespace {

StorageFault::Kind KindOf(int extended_code) {
  switch (extended_code & 0xff) {
    case SQLITE_FULL:
      return StorageFault::Kind::kFull;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return StorageFault::Kind::kNotADatabase;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
      return StorageFault::Kind::kUnavailable;
    default:
      return StorageFault::Kind::kBug;
  }
}

[[noreturn]] void Fail(sqlite3* database) {
  throw StorageFault(sqlite3_extended_errcode(database), sqlite3_errmsg(database));
}

void Check(sqlite3* database, int result) {
  if (result != SQLITE_OK) Fail(database);
}

// Connections are used by one thread at a time, and nobody asks SQLite for its memory statistics:
// without both, its threads share no lock.
void ConfigureOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_URI, 0);  // every path is one: "file:x" is a file of that name
  });
}

int OpenFlags(Database::Mode mode) {
  switch (mode) {
    case Database::Mode::kReadOnly:
      return SQLITE_OPEN_READONLY;
    case Database::Mode::kReadWrite:
      return SQLITE_OPEN_READWRITE;
    case Database::Mode::kCreate:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  }
  return 0;
}

constexpr int kWalIndexRegion = 32768;  // bytes that SQLite maps of a wal-index at a time

// How long to wait for a lock that another process may hold for a moment, in milliseconds. SQLite's
// own wait sleeps up to 100 ms at a time, which all writes behind it would feel.
constexpr int kBusyTimeout = 2000;

int WaitForLock(void* /*unused*/, int milliseconds_waited) {
  if (milliseconds_waited >= kBusyTimeout) return 0;
  sqlite3_sleep(1);
  return 1;
}

}  // namespace

StorageFault::StorageFault(int code, const std::string& message)
    : std::runtime_error(message + " (SQLite " + std::to_string(code) + ")"), kind_(KindOf(code)) {}

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Query::Step() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) Fail(sqlite3_db_handle(statement_));
  return false;
}

bool Query::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

int64_t Query::Int(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Query::TextView(int column) const {
  const void* text = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(text), static_cast<size_t>(size)};
}

std::optional<int64_t> Query::OptionalInt(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Int(column));
}

std::optional<std::string> Query::OptionalText(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Text(column));
}

Database::Database(const std::string& path, Mode mode) {
  ConfigureOnce();
  sqlite3* database = nullptr;
  const int flags = OpenFlags(mode) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int result = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  database_.reset(database);
  if (!database) throw StorageFault(SQLITE_NOMEM, "out of memory");
  Check(database, result);
  sqlite3_busy_handler(database, WaitForLock, nullptr);
}

void Database::ExecuteScript(const std::string& sql) {
  Check(database_.get(), sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr));
}

void Database::WatchLog(std::function<void(int)> on_commit) {
  on_commit_ = std::make_unique<std::function<void(int)>>(std::move(on_commit));
  sqlite3_wal_hook(
      database_.get(),
      [](void* watcher, sqlite3*, const char*, int pages) {
        (*static_cast<std::function<void(int)>*>(watcher))(pages);
        return SQLITE_OK;
      },
      on_commit_.get());
}

struct Database::Guard : sqlite3_io_methods {
  const sqlite3_io_methods* unguarded = nullptr;
  FileGuard* file_guard = nullptr;

  static const Guard& Of(const sqlite3_file* file) {
    return *static_cast<const Guard*>(file->pMethods);
  }
  static int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    if (!Of(file).file_guard->AllowsWrite()) return SQLITE_IOERR_WRITE;
    const int result = Of(file).unguarded->xWrite(file, bytes, size, offset);
    Of(file).file_guard->Wrote();
    return result;
  }
  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (!Of(file).file_guard->AllowsWrite()) return SQLITE_IOERR_TRUNCATE;
    const int result = Of(file).unguarded->xTruncate(file, size);
    Of(file).file_guard->Wrote();
    return result;
  }
};

bool Database::Checkpoint(CheckpointMode mode) {
  sqlite3* const database = database_.get();
  int pages = 0;
  int moved = 0;
  sqlite3_busy_handler(database, nullptr, nullptr);
  const int result = sqlite3_wal_checkpoint_v2(
      database, nullptr,
      mode == CheckpointMode::kPassive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE,
      &pages, &moved);
  sqlite3_busy_handler(database, WaitForLock, nullptr);
  if (guard_) guard_->file_guard->Checkpointed();
  if ((result & 0xff) == SQLITE_BUSY) return false;
  Check(database, result);
  return moved == pages;
}

void Database::CopyTo(const std::string& path, const char* schema) {
  Database target(path, Mode::kCreate);
  target.Execute("PRAGMA journal_mode = OFF");  // a copy that fails is thrown away
  target.Execute("PRAGMA synchronous = OFF");
  CopyOver(target, schema);
}

void Database::CopyOver(Database& target, const char* schema) {
  sqlite3_backup* backup =
      sqlite3_backup_init(target.database_.get(), "main", database_.get(), schema);
  if (!backup) Fail(target.database_.get());
  const int copied = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (finished != SQLITE_OK || copied != SQLITE_DONE) {
    // A busy target is reported by the step alone.
    const int code = finished != SQLITE_OK ? finished : copied;
    throw StorageFault(code, sqlite3_errstr(code));
  }
}

std::string Database::Image() {
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> bytes(
      sqlite3_serialize(database_.get(), "main", &size, 0), sqlite3_free);
  if (!bytes) throw StorageFault(SQLITE_NOMEM, "out of memory");
  return {reinterpret_cast<const char*>(bytes.get()), static_cast<size_t>(size)};
}

void Database::AttachImage(std::string_view image) {
  Execute("ATTACH ':memory:' AS packed");
  const auto size = static_cast<sqlite3_int64>(image.size());
  auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(image.data()));
  // Not marked read-only: BEGIN IMMEDIATE takes its lock on every database, and fails on those.
  Check(database_.get(), sqlite3_deserialize(database_.get(), "packed", bytes, size, size, 0));
}

void Database::MapWalIndex() {
  Execute("SELECT 1 FROM sqlite_schema");
  Check(database_.get(),
        sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file_));
  if (!file_->pMethods || file_->pMethods->iVersion < 2) return;
  volatile void* region = nullptr;
  if (file_->pMethods->xShmMap(file_, 0, kWalIndexRegion, 0, &region) == SQLITE_OK) {
    wal_index_ = static_cast<const volatile uint32_t*>(region);
  }
}

Database::WalState Database::GetWalState() const {
  if (!wal_index_) return {};
  const auto word = [this](size_t offset) { return wal_index_[offset / 4]; };
  const auto two_words = [&word](size_t offset) {
    return static_cast<uint64_t>(word(offset)) << 32 | word(offset + 4);
  };
  WalState state;
  state.state = two_words(40);  // the checksum of what follows, first: so it is never newer
  std::atomic_thread_fence(std::memory_order_acquire);
  state.commits = word(8);
  state.frames = word(16);
  state.salt = two_words(32);
  state.checkpointed = word(96);
  state.attempted = word(128);
  return state;
}

std::string Database::ReadFile(uint64_t offset, size_t size) const {
  std::string bytes(size, '\0');
  const auto from = static_cast<sqlite3_int64>(offset);
  const int result = file_->pMethods->xRead(file_, bytes.data(), static_cast<int>(size), from);
  if (result == SQLITE_IOERR_SHORT_READ) {
    sqlite3_int64 length = 0;
    file_->pMethods->xFileSize(file_, &length);
    bytes.resize(static_cast<size_t>(
        std::clamp(length - from, sqlite3_int64{0}, static_cast<sqlite3_int64>(size))));
  } else if (result != SQLITE_OK) {
    throw StorageFault(result, "the database file cannot be read");
  }
  return bytes;
}

void Database::DeleteGuard::operator()(Guard* guard) const { delete guard; }

void Database::GuardFile(FileGuard& guard) {
  guard_.reset(new Guard);
  static_cast<sqlite3_io_methods&>(*guard_) = *file_->pMethods;
  guard_->unguarded = file_->pMethods;
  guard_->file_guard = &guard;
  guard_->xWrite = Guard::Write;
  guard_->xTruncate = Guard::Truncate;
  file_->pMethods = guard_.get();
}

void Database::DisableTriggers() {
  Check(database_.get(),
        sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr));
}

void Database::KeepWalOnClose(bool keeps) {
  Check(database_.get(), sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
                                           keeps ? 1 : 0, nullptr));
}

int64_t Database::TotalChanges() const { return sqlite3_total_changes64(database_.get()); }

int64_t Database::PageSize() {
  Query row = Run("PRAGMA page_size");
  return row.Step() ? row.Int(0) : 0;
}

bool Database::InTransaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

bool Database::IsReadOnly() const { return sqlite3_db_readonly(database_.get(), "main") == 1; }

std::string Database::FileName() const {
  const char* name = sqlite3_db_filename(database_.get(), "main");
  return name ? name : "";
}

int64_t Database::Changes() const { return sqlite3_changes64(database_.get()); }

sqlite3_stmt* Database::Prepare(const char* sql) {
  auto& statement = statements_[sql];
  if (!statement) {
    sqlite3_stmt* prepared = nullptr;
    Check(database_.get(), sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT,
                                              &prepared, nullptr));
    statement.reset(prepared);
  }
  if (sqlite3_stmt_busy(statement.get())) {
    throw StorageFault(SQLITE_MISUSE, "a statement was run while it was running");
  }
  return statement.get();
}

void Database::Bind(sqlite3_stmt* statement, int index, int64_t value) {
  Check(sqlite3_db_handle(statement), sqlite3_bind_int64(statement, index, value));
}

void Database::Bind(sqlite3_stmt* statement, int index, std::string_view value) {
  Check(sqlite3_db_handle(statement),
        sqlite3_bind_text64(statement, index, value.data() ? value.data() : "", value.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Database::Bind(sqlite3_stmt* statement, int index, std::nullopt_t) {
  Check(sqlite3_db_handle(statement), sqlite3_bind_null(statement, index));
}

void Database::CloseDatabase::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

void Database::FinalizeStatement::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
  database_.Execute(kind == Kind::kRead ? "BEGIN" : "BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_ || !database_.InTransaction()) return;  // SQLite may have rolled back on its own
  try {
    database_.Execute("ROLLBACK");
  } catch (const StorageFault&) {
    // There is nothing left to undo it with; the next BEGIN tells.
  }
}

void Transaction::Commit() {
  database_.Execute("COMMIT");
  open_ = false;
}

const char* SqliteVersion() { return sqlite3_libversion(); }

}  // namespace kiosk
