// Where a database is, and what is refused there before SQLite opens it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "store/sqlite.h"
#include "store/timestamp.h"

namespace kiosk {

// A database that cannot be used, in one line that says what and what to do.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Which file it is, whatever its name.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  auto operator<=>(const FileId&) const = default;
};

// The file that `path` leads to; nothing if there is none. It is not opened.
[[nodiscard]] std::optional<FileId> FileIdOf(const std::string& path);

// Throws StoreError about the database at `path`.
[[noreturn]] void Refuse(const std::string& path, const std::string& why);
// The same about a file that the system does not open: `error` is its errno.
[[noreturn]] void RefuseFile(const std::string& path, int error);
// In one sentence what a failing disk means for someone who wants to start.
[[noreturn]] void Refuse(const std::string& path, const StorageFault& fault);

// What the system says of an errno.
[[nodiscard]] std::string Reason(int error);

// The file at the end of the links at `path`, whether it exists or not: the one that SQLite opens,
// and next to which it keeps its WAL. Throws StoreError.
[[nodiscard]] std::string FollowLinks(std::string path);

// A device or a folder is never opened, and above all never replaced. Throws StoreError.
void CheckPlainFile(const std::string& path);

// Refuses what is not a database of this program in a version that it knows. `fd` is open for the
// file at `path`. Throws StoreError.
void CheckHeader(const std::string& path, int fd);
// The same of what SQLite reads from the file and its WAL.
void CheckMarks(const std::string& path, Database& db);

// A name that no file has, for what is kept of the database at `path`:
// "kiosk.db.before-restore-20261130T210000Z".
[[nodiscard]] std::string NameForSaved(const std::string& path, const std::string& label,
                                       Timestamp now);

}  // namespace kiosk
