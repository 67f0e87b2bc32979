#include "store/database_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "store/migrate.h"
#include "store/schema.h"

namespace kiosk {
namespace {

// Why a database with these marks is not used; empty for one of this program, in a version that it
// knows.
std::string RefusalOf(const SchemaMarks& marks) {
  const SchemaMarks& current = CurrentMarks();
  if (marks.application != current.application) {
    return "it belongs to another application; choose another file with --db";
  }
  if (marks.version != current.version && !CanMigrate(marks.version)) {
    return std::string("it was made by ") +
           (marks.version > current.version ? "a newer" : "an older") + " kiosk (schema " +
           std::to_string(marks.version) + ", this one knows " + std::to_string(current.version) +
           "); use that version, or choose another file with --db";
  }
  return "";
}

// By the file's header alone (SQLite file format, section 1.3).
std::string RefusalByHeader(const std::string& path, int fd) {
  std::array<unsigned char, 100> header{};
  const ssize_t size = ::pread(fd, header.data(), header.size(), 0);
  if (size < 0) RefuseFile(path, errno);
  if (size < static_cast<ssize_t>(header.size()) ||
      std::memcmp(header.data(), "SQLite format 3", 16) != 0) {
    return "it is not an SQLite database; choose another file with --db";
  }
  const auto number_at = [&header](size_t offset) {
    uint32_t number = 0;
    for (size_t i = 0; i < 4; ++i) number = number << 8 | header[offset + i];
    return number;
  };
  return RefusalOf({number_at(68), number_at(60)});
}

// Whether the log has a header that makes up for the file's: power that went while the log was
// moved can have torn that one.
bool IsMendedByLog(const std::string& path) {
  std::error_code missing;
  const auto log_size = std::filesystem::file_size(path + "-wal", missing);
  if (missing || log_size == 0) return false;
  try {
    Database db(path, Database::Mode::kReadOnly);
    return RefusalOf(MarksOf(db)).empty();
  } catch (const StorageFault&) {
    return false;
  }
}

}  // namespace

std::optional<FileId> FileIdOf(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

std::string Reason(int error) { return std::generic_category().message(error); }

void Refuse(const std::string& path, const std::string& why) {
  throw StoreError("cannot use the database " + path + ": " + why);
}

void RefuseFile(const std::string& path, int error) {
  const bool is_missing = error == ENOENT || error == ENOTDIR;
  const bool is_forbidden = error == EACCES || error == EPERM || error == EROFS;
  const bool is_exhausted = error == EMFILE || error == ENFILE;
  Refuse(path, Reason(error) + "; " +
                   (is_missing     ? ""
                    : is_forbidden ? "check the permissions of the file and its folder, or "
                    : is_exhausted ? "raise the limit of open files, or "
                                   : "check the file and its disk, or ") +
                   "choose another file with --db");
}

void Refuse(const std::string& path, const StorageFault& fault) {
  switch (fault.kind()) {
    case StorageFault::Kind::kFull:
      Refuse(path, "the disk is full; free some space, or use --memory");
    case StorageFault::Kind::kNotADatabase:
      Refuse(path, "it is damaged or not a database; choose another file with --db");
    case StorageFault::Kind::kUnavailable:
      Refuse(path, std::string(fault.what()) +
                       "; check that the file and its folder can be written and have room, or use "
                       "--memory");
    case StorageFault::Kind::kFileGone:
    case StorageFault::Kind::kBug:
      Refuse(path, fault.what());
  }
  throw fault;
}

std::string FollowLinks(std::string path) {
  constexpr int kMostLinks = 40;  // as the kernel
  std::error_code no_link;
  for (int i = 0; std::filesystem::is_symlink(path, no_link); ++i) {
    if (i == kMostLinks) Refuse(path, Reason(ELOOP) + "; choose another file with --db");
    const std::filesystem::path link(path);
    path = (link.parent_path() / std::filesystem::read_symlink(link)).string();
  }
  return path;
}

void CheckPlainFile(const std::string& path) {
  struct stat present {};
  if (::stat(path.c_str(), &present) == 0 && !S_ISREG(present.st_mode)) {
    Refuse(path, "it is not a plain file; choose another one");
  }
}

void CheckHeader(const std::string& path, int fd) {
  const std::string refusal = RefusalByHeader(path, fd);
  if (!refusal.empty() && !IsMendedByLog(path)) Refuse(path, refusal);
}

void CheckMarks(const std::string& path, Database& db) {
  const std::string refusal = RefusalOf(MarksOf(db));
  if (!refusal.empty()) Refuse(path, refusal);
}

std::string NameForSaved(const std::string& path, const std::string& label, Timestamp now) {
  std::string time = FormatTimestamp(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  const std::string name = path + "." + label + "-" + time.substr(0, time.find('.')) + "Z";
  std::string free = name;
  for (int i = 2; FileIdOf(free) || FileIdOf(free + "-wal"); ++i) {
    free = name + "-" + std::to_string(i);
  }
  return free;
}

}  // namespace kiosk
