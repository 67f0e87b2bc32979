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

}  // namespace kiosk
