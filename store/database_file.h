// The file of a database: which one it is, and that it is this program's. Used before SQLite opens
// the file and until SQLite has closed it, because closing any descriptor of the file drops
// SQLite's locks.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "store/sqlite.h"

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

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Throws StoreError about the database at `path`.
[[noreturn]] void Refuse(const std::string& path, const std::string& why);
// In one sentence what a failing disk means for someone who wants to start.
[[noreturn]] void Refuse(const std::string& path, const StorageFault& fault);

// What the system says of an errno.
[[nodiscard]] std::string Reason(int error);

// The file at the end of the links at `path`, whether it exists or not: the one that SQLite opens,
// and next to which it keeps its WAL. Throws StoreError.
[[nodiscard]] std::string FollowLinks(std::string path);

// A device or a folder is never opened, and above all never replaced. Throws StoreError.
void CheckPlainFile(const std::string& path);

// A database of this program that exists, open for as long as this lives.
class DatabaseFile {
 public:
  // Throws StoreError if the file is not a database of this program in a version that it knows.
  explicit DatabaseFile(std::string path);

  // Makes the file this process's own until this is gone; false if another process has it. SQLite's
  // locks are of another kind (fcntl, not flock).
  [[nodiscard]] bool TryLock() const;

  [[nodiscard]] const std::string& path() const { return path_; }

  // The database, its WAL and its wal-index: the opened ones, and what has their names by now.
  [[nodiscard]] std::vector<FileId> Files() const;

 private:
  std::string path_;
  FileDescriptor fd_;
  FileId id_;
};

}  // namespace kiosk
