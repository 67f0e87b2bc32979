#include "store/restore.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include "store/configure.h"
#include "store/database_file.h"
#include "store/generation.h"
#include "store/lineage.h"
#include "store/migrate.h"
#include "store/replace.h"
#include "store/schema.h"
#include "store/temporary_file.h"
#include "store/wal_check.h"

namespace kiosk {
namespace {

namespace fs = std::filesystem;

constexpr char kIntegrity[] = "PRAGMA integrity_check(1)";
constexpr char kForeignKeys[] = "PRAGMA foreign_key_check";
constexpr char kRollbackJournal[] = "PRAGMA journal_mode = DELETE";

// What to do about most of them.
const std::string kGiveBackup = "; give a file that kiosk backup wrote";

[[noreturn]] void RefuseBackup(const std::string& path, const std::string& why) {
  throw StoreError("cannot restore " + path + ": " + why);
}

std::string FirstText(Database& db, const char* sql) {
  Query row = db.Run(sql);
  return row.Step() ? row.Text(0) : "";
}

// A file that no other kiosk uses as long as this lives. It outlives SQLite's connections to the
// file: closing a descriptor drops their locks.
class Hold {
 public:
  explicit Hold(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    error_ = fd_.valid() ? 0 : errno;
    is_free_ = fd_.valid() && ::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0;
  }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] bool is_free() const { return is_free_; }

 private:
  FileDescriptor fd_;
  int error_ = 0;
  bool is_free_ = false;
};

// Copies the backup's bytes, with its WAL if it has one: nothing is written next to the backup.
void CopyBackup(const std::string& backup, const std::string& to) {
  std::error_code failed;
  for (const char* part : {"", "-wal"}) {
    if (*part != '\0' && !fs::exists(backup + part, failed)) continue;
    fs::copy_file(backup + part, to + part, fs::copy_options::overwrite_existing, failed);
    if (failed) {
      RefuseBackup(backup,
                   failed.message() + "; check that it can be read and that the disk has room");
    }
  }
}

// Refuses what is not a database of this program, in a version that it knows.
void CheckMarksOf(const std::string& backup, const SchemaMarks& marks) {
  const SchemaMarks& current = CurrentMarks();
  if (marks.application != current.application) {
    RefuseBackup(backup, "it is not a backup of a kiosk; nothing was changed" + kGiveBackup);
  }
  if (marks.version != current.version && !CanMigrate(marks.version)) {
    RefuseBackup(backup, std::string("it was made by ") +
                             (marks.version > current.version ? "a newer" : "an older") +
                             " kiosk (schema " + std::to_string(marks.version) +
                             ", this one knows " + std::to_string(current.version) +
                             "); use that version. Nothing was changed");
  }
}

// Gives a copy of the backup this version's schema.
void MigrateBackup(const std::string& backup, const std::string& copy) {
  {
    Database db(copy, Database::Mode::kReadWrite);
    Distrust(db);
    CheckMarksOf(backup, MarksOf(db));
  }
  const std::string why = MigrateCopy(copy);
  if (!why.empty()) RefuseBackup(backup, why + "; nothing was changed" + kGiveBackup);
}

// Refuses what is not a whole database of this version.
void CheckBackup(const std::string& backup, Database& db) {
  const auto differences = SchemaDifferences(db);
  if (!differences.empty()) {
    RefuseBackup(backup, "its schema differs: " + differences.front() + "; nothing was changed" +
                             kGiveBackup);
  }
  if (FirstText(db, kIntegrity) != "ok" || db.Run(kForeignKeys).Step()) {
    RefuseBackup(backup, "it is damaged; nothing was changed" + kGiveBackup);
  }
}

// Reads the backup into `staged`, checks it, and removes what is not part of the data.
void Stage(const std::string& backup, const TemporaryFile& staged) {
  struct stat status {};
  if (::stat(backup.c_str(), &status) != 0) RefuseBackup(backup, Reason(errno) + kGiveBackup);
  if (!S_ISREG(status.st_mode)) RefuseBackup(backup, "it is not a plain file" + kGiveBackup);
  if (status.st_size == 0) RefuseBackup(backup, "it is empty; nothing was changed" + kGiveBackup);
  const Hold hold(backup);
  if (hold.error() != 0) RefuseBackup(backup, Reason(hold.error()) + kGiveBackup);
  if (!hold.is_free()) {
    RefuseBackup(backup, "a kiosk is using it; copy it with kiosk backup, and restore the copy");
  }
  if (lineage::IsForeignWal(hold.fd(), backup + "-wal")) {
    RefuseBackup(backup, "the WAL next to it belongs to another database; move that WAL away");
  }
  CopyBackup(backup, staged.path());
  try {
    MigrateBackup(backup, staged.path());
    Database db(staged.path(), Database::Mode::kReadWrite);
    Distrust(db);
    CheckBackup(backup, db);
    RemoveOwnTables(db);
    RenewGeneration(db);
    lineage::Renew(db);
    db.Execute(kRollbackJournal);  // everything in one file
  } catch (const StorageFault& fault) {
    if (fault.kind() == StorageFault::Kind::kFull) {
      RefuseBackup(backup, "the disk is full; free some space");
    }
    RefuseBackup(backup, "it is damaged or not a database; nothing was changed" + kGiveBackup);
  }
}

// Whether the file begins as every SQLite database does.
bool IsDatabase(int fd) {
  constexpr std::string_view kMagic = "SQLite format 3";
  std::array<char, kMagic.size()> start{};
  return ::pread(fd, start.data(), start.size(), 0) == static_cast<ssize_t>(start.size()) &&
         std::string_view(start.data(), start.size()) == kMagic;
}

// The present database with its WAL recovered; null if it cannot be read. Throws StoreError if it
// is another application's, which a restore would not bring back.
std::unique_ptr<Database> OpenPresent(const std::string& path) {
  try {
    auto db = std::make_unique<Database>(path, Database::Mode::kReadWrite);
    db->KeepWalOnClose();  // of a damaged database
    Distrust(*db);
    if (MarksOf(*db).application != CurrentMarks().application) {
      Refuse(path, "it belongs to another application; choose another file with --db");
    }
    if (FirstText(*db, kIntegrity) != "ok") return nullptr;
    db->KeepWalOnClose(false);
    ConfigureWriter(*db);
    return db;
  } catch (const StorageFault& fault) {
    if (fault.kind() != StorageFault::Kind::kNotADatabase) Refuse(path, fault);
    return nullptr;
  }
}

// Gives `staged` the page size that the content of a database in WAL mode must have.
void FitPages(const std::string& staged, Database& present) {
  Database db(staged, Database::Mode::kReadWrite);
  const int64_t size = present.PageSize();
  if (db.PageSize() == size) return;
  db.ExecuteScript("PRAGMA page_size = " + std::to_string(size) + "; VACUUM");
}

std::string ReplacePresent(const std::string& path, Database& present, const TemporaryFile& staged,
                           Timestamp now) {
  const std::string saved = NameForSaved(path, "before-restore", now);
  {
    const TemporaryFile copy(saved, "free some space, or check that its folder can be written");
    CopyAsNew(present, copy.path());
    if (!copy.MoveTo(saved)) Refuse(saved, "the file exists already");
  }
  try {
    FitPages(staged.path(), present);
    Database content(staged.path(), Database::Mode::kReadWrite);
    ReplaceContent(present, content);
  } catch (const StorageFault&) {
    ::unlink(saved.c_str());
    throw;
  }
  return "the data from before is in " + saved;
}

// Gives the file another name too; or only that one, where a file cannot have two.
void Link(const std::string& path, const std::string& name) {
  if (::link(path.c_str(), name.c_str()) == 0) return;
  if (::rename(path.c_str(), name.c_str()) != 0) Refuse(path, Reason(errno));
}

// A damaged database and its WAL go aside together: under one name, SQLite finds both.
std::string ReplaceDamaged(const std::string& path, const TemporaryFile& staged, Timestamp now) {
  const std::string aside = NameForSaved(path, "damaged", now);
  Link(path, aside);
  if (fs::exists(path + "-wal")) Link(path + "-wal", aside + "-wal");
  SyncFolderOf(path);
  for (const char* companion : {"-wal", "-shm", "-journal"}) ::unlink((path + companion).c_str());
  if (::rename(staged.path().c_str(), path.c_str()) != 0) Refuse(path, Reason(errno));
  SyncFolderOf(path);
  return "the database that was there cannot be read, and is now " + aside;
}

}  // namespace

std::string Restore(const std::string& backup, const std::string& database, Timestamp now) {
  const std::string path = FollowLinks(database);
  CheckPlainFile(path);
  if (FileIdOf(path) && FileIdOf(path) == FileIdOf(backup)) {
    RefuseBackup(backup, "it is the database itself" + kGiveBackup);
  }
  std::error_code missing;
  const bool is_new = !fs::exists(path, missing) || fs::file_size(path, missing) == 0;
  const Hold hold(path);
  if (!is_new && hold.error() != 0) RefuseFile(path, hold.error());
  if (!is_new && !hold.is_free()) {
    Refuse(path, "another kiosk is using it; stop that one, or choose another file with --db");
  }
  const bool is_readable = is_new || IsDatabase(hold.fd());
  // Which WAL belongs to an unreadable file is not known: they go aside together.
  if (!is_new && is_readable) CheckWal(path, hold.fd());
  try {
    const TemporaryFile staged(path, "check that its folder can be written");
    Stage(backup, staged);
    if (is_new) {
      if (!staged.MoveTo(path)) Refuse(path, "another kiosk has just made it; try again");
      return "there was no database before";
    }
    const auto present = is_readable ? OpenPresent(path) : nullptr;
    return present ? ReplacePresent(path, *present, staged, now)
                   : ReplaceDamaged(path, staged, now);
  } catch (const StorageFault& fault) {
    Refuse(path, fault);
  }
}

}  // namespace kiosk
