// Tells the writes into a database file that SQLite's checkpoints make from everything else, such
// as another file that is copied over it. In WAL mode nothing but checkpoints writes into the file,
// and the wal-index counts each one before its first write. Not synchronized.
#pragma once

#include <chrono>
#include <cstdint>

#include "store/sqlite.h"

namespace kiosk {

class FileWrites {
 public:
  enum class Finding { kUnchanged, kCheckpointed, kUnexplained };

  // `fd` is open for the database of `writer`, which has its wal-index. Both outlive this.
  FileWrites(int fd, const Database& writer);

  // What happened to the file since the last call. kUnchanged is certain: a change that came within
  // the file system's step of time is kCheckpointed. In front of a write of this process's own
  // checkpoint, `is_own`, that one explains nothing yet.
  [[nodiscard]] Finding Look(bool is_own);

  // After such a write.
  void AcceptOwn();

 private:
  struct Stamp {
    int64_t seconds = 0;
    int64_t nanoseconds = 0;
    int64_t size = 0;
    bool operator==(const Stamp&) const = default;
  };

  [[nodiscard]] Stamp StampNow() const;
  [[nodiscard]] bool IsExplained(const Database::WalState& wal, bool is_own) const;
  void Accept(const Stamp& stamp, const Database::WalState& wal);

  int fd_;
  const Database& writer_;
  Stamp stamp_;
  std::chrono::steady_clock::time_point accepted_;
  Database::WalState wal_;
  bool explains_all_ = false;  // a checkpoint runs that was counted already
};

}  // namespace kiosk
