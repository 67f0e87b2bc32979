// A database's lineage: a random id that only this database and its WAL carry. It tells whether a
// WAL, or what the file holds, belongs to another database. See the tables in schema.sql.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/sqlite.h"

namespace kiosk::lineage {

using Id = std::array<unsigned char, 16>;

// The id, and how often it was written: a copy of the file from an earlier time has a lower number.
struct Mark {
  Id id{};
  uint64_t generation = 0;
  bool operator==(const Mark&) const = default;
};

// The pages of the two tables, whose rows are recognized without SQLite. The mark is written into
// every WAL; the anchor is only ever written with the whole database.
constexpr uint32_t kMarkPage = 2;
constexpr uint32_t kAnchorPage = 3;

// The mark or anchor that the bytes of its page hold; nothing if they are torn or something else.
[[nodiscard]] std::optional<Mark> MarkIn(std::string_view page);
[[nodiscard]] std::optional<Id> AnchorIn(std::string_view page);

// Gives a database a new random id. In a transaction of the caller, or in one for each statement.
void Renew(Database& db);

// The mark as SQL sees it; nothing if the tables are missing, empty or on other pages.
[[nodiscard]] std::optional<Mark> Find(Database& db);

// Writes the mark; its id must be the database's own.
void Write(Database& db, const Mark& mark);

// Makes `staged`, which is about to replace the whole content of `live`, continue its lineage.
void Continue(Database& staged, Database& live);

// Whether the WAL at `wal_path` provably belongs to another database than the one that
// `database_fd` is open for. Power loss, a kill during a checkpoint and other programs' checkpoints
// never prove that. Reads both, and nothing else.
[[nodiscard]] bool IsForeignWal(int database_fd, const std::string& wal_path);

// Whether SQLite would find a committed transaction in that WAL.
[[nodiscard]] bool HoldsCommit(const std::string& wal_path);

}  // namespace kiosk::lineage
