// A WAL is applied only to its own database.
#pragma once

#include <string>

#include "store/database_path.h"
#include "store/lineage.h"

namespace kiosk {

// Refuses a database at `path` whose WAL provably belongs to another one, before SQLite would apply
// it. `fd` is open for the database. Throws StoreError.
inline void CheckWal(const std::string& path, int fd) {
  const std::string wal = path + "-wal";
  if (!lineage::IsForeignWal(fd, wal)) return;
  Refuse(path, "the WAL next to it, " + wal +
                   ", belongs to another database; bring back the database that was at this path, "
                   "or move that WAL away");
}

// Refuses to make a database at `path` where a WAL holds changes that its own database, which is
// missing or empty, may not have. Throws StoreError.
inline void CheckNoWal(const std::string& path) {
  const std::string wal = path + "-wal";
  if (!lineage::HoldsCommit(wal)) return;
  Refuse(path, "it is missing or empty, but the WAL next to it, " + wal +
                   ", has changes; bring back the database that was at this path, or move that WAL "
                   "away");
}

}  // namespace kiosk
