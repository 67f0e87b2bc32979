// The file of a database: which one it is, and that it is this program's. Used before SQLite opens
// the file and until SQLite has closed it, because closing any descriptor of the file drops
// SQLite's locks.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/database_path.h"
#include "store/file_descriptor.h"
#include "store/file_writes.h"
#include "store/lineage.h"
#include "store/sqlite.h"
#include "store/thread_annotations.h"

namespace kiosk {

// A database of this program that exists, open for as long as this lives. Any thread.
class DatabaseFile : private Database::FileGuard {
 public:
  // The file at the end of the links at `name`. Throws StoreError if it is not a database of this
  // program in a version that it knows, or if the WAL next to it belongs to another database.
  explicit DatabaseFile(std::string name);
  // After SQLite has closed it: puts away a WAL that must not be applied to the file at the path.
  ~DatabaseFile() override;
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;

  // Makes the file this process's own until this is gone; false if another process has it. SQLite's
  // locks are of another kind (fcntl, not flock).
  [[nodiscard]] bool TryLock() const;

  [[nodiscard]] const std::string& path() const { return path_; }

  // The database, its WAL and its wal-index: the opened ones, and what has their names by now.
  [[nodiscard]] std::vector<FileId> Files() const;

  // From here on `writer`, the only connection that writes, writes into no other file's content.
  // It outlives every other call but the destructor.
  void Watch(Database& writer);
  // Where it is reported that the file at the path is another one, and that it is back.
  void ReportTo(std::function<void(const std::string&)> report);

  // Throws StorageFault (kFileGone) unless the file at the path is the one that was opened and
  // still holds its database. `through` is a connection to it. A check of a few microseconds.
  void Require(const Database& through);

  // The same for a read, which a file that was removed, moved or replaced does not affect: throws
  // if another one was written over the opened one, at most 0.1 s after that.
  void RequireContent(const Database& through);

  // Another number each time another program may have changed the content.
  [[nodiscard]] uint64_t ForeignChanges() const;

  // The writer's transactions go through FileTransaction, and closing is announced.
  void Begin(Database& writer);
  void BeforeCommit(Database& writer);
  void AfterCommit(const Database& writer);
  void BeforeClose(Database& writer);

 private:
  enum class State { kOriginal, kAway, kOverwritten };

  [[nodiscard]] bool IsAtPath() const;
  [[nodiscard]] bool IsWalWhole() const;
  [[nodiscard]] bool HoldsContent(const Database& through, bool is_own_checkpoint);
  [[nodiscard]] bool AllowsWrite() override;
  void Wrote() override;
  void Checkpointed() override;
  [[nodiscard]] State Look(const Database& through);
  void Adopt(Database& writer);
  void Report(State state);
  void PutWalAway() const;

  std::string name_;
  std::string path_;
  FileDescriptor fd_;
  FileId id_;

  // Set by Watch.
  const Database* writer_ = nullptr;
  const Database* guarded_ = nullptr;  // the same, also while it is closed
  std::optional<FileId> wal_id_;
  std::optional<FileId> wal_index_id_;
  uint64_t page_size_ = 0;
  std::atomic<uint64_t> own_state_ = 0;        // the database's after the writer's last commit
  std::atomic<uint64_t> foreign_changes_ = 0;  // seen by the writer
  std::atomic<bool> is_overwritten_ = false;
  std::atomic<std::chrono::steady_clock::time_point> next_look_{};  // for a read

  // The writer's thread only.
  uint64_t marked_salt_ = 0;  // the WAL that has the mark of the present generation
  uint32_t marked_checkpointed_ = 0;
  uint32_t marked_frames_ = 0;
  uint32_t commits_ = 0;
  int64_t changes_ = 0;
  uint64_t written_generation_ = 0;  // in the running transaction; 0: none
  bool checkpointed_at_close_ = false;

  mutable Mutex mutex_;
  std::optional<FileWrites> writes_ GUARDED_BY(mutex_);
  // Of this database; empty: not known, and not checked.
  std::vector<lineage::Id> ids_ GUARDED_BY(mutex_);
  uint64_t generation_ GUARDED_BY(mutex_) = 0;        // of the last mark written
  uint64_t least_generation_ GUARDED_BY(mutex_) = 0;  // that the file holds
  State state_ GUARDED_BY(mutex_) = State::kOriginal;
  std::function<void(const std::string&)> report_ GUARDED_BY(mutex_);
};

// A write transaction that is refused unless the file is the one that was opened, and marks the WAL
// with the lineage of the database. `file` may be null.
class FileTransaction {
 public:
  FileTransaction(Database& database, DatabaseFile* file);
  void Commit();

 private:
  Database& database_;
  DatabaseFile* file_;
  Transaction transaction_;
};

}  // namespace kiosk
