#include "store/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <thread>

namespace kiosk {
namespace {

constexpr uint32_t kApplicationId = 0x6b696f73;  // as in schema.sql
constexpr uint32_t kSchemaVersion = 1;

// For every connection. Constraints hold, temporary tables stay off the disk, and the page cache is
// bounded (in KiB).
constexpr char kForeignKeys[] = "PRAGMA foreign_keys = ON";
constexpr char kTemporaryInMemory[] = "PRAGMA temp_store = MEMORY";
constexpr char kCacheSize[] = "PRAGMA cache_size = -8192";

// For the writer: a commit is on the disk when it returns, and a log that once grew is cut back.
constexpr char kWriteAhead[] = "PRAGMA journal_mode = WAL";
constexpr char kSynchronous[] = "PRAGMA synchronous = FULL";
constexpr char kLogSizeLimit[] = "PRAGMA journal_size_limit = 33554432";

// For a file that is thrown away unless it is finished: no journal, and one sync at the end.
constexpr char kNoJournal[] = "PRAGMA journal_mode = OFF";
constexpr char kNoSync[] = "PRAGMA synchronous = OFF";

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string Reason(int error) { return std::generic_category().message(error); }

[[noreturn]] void Refuse(const std::string& path, const std::string& why) {
  throw StoreError("cannot use the database " + path + ": " + why);
}

// In one sentence what a failing disk means for someone who wants to start.
[[noreturn]] void Refuse(const std::string& path, const StorageFault& fault) {
  switch (fault.kind()) {
    case StorageFault::Kind::kFull:
      Refuse(path, "the disk is full; free some space, or use --memory");
    case StorageFault::Kind::kNotADatabase:
      Refuse(path, "it is damaged or not a database; choose another file with --db");
    case StorageFault::Kind::kUnavailable:
      Refuse(path, std::string(fault.what()) +
                       "; check that the file and its folder can be written and have room, or use "
                       "--memory");
    case StorageFault::Kind::kBug:
      Refuse(path, fault.what());
  }
  throw fault;
}

// The file that `path` stands for at the end of its links, whether it exists or not: the one that
// SQLite opens, and beside which it keeps its log.
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

// Why a database with these marks is not used; empty for one of this program, in a version that it
// knows.
std::string RefusalOf(uint32_t application_id, uint32_t schema_version) {
  if (application_id != kApplicationId) {
    return "it belongs to another application; choose another file with --db";
  }
  if (schema_version != kSchemaVersion) {
    return std::string("it was made by ") +
           (schema_version > kSchemaVersion ? "a newer" : "an older") + " kiosk (schema " +
           std::to_string(schema_version) + ", this one knows " + std::to_string(kSchemaVersion) +
           "); use that version, or choose another file with --db";
  }
  return "";
}

// By the file's header alone (SQLite file format, section 1.3).
std::string RefusalByHeader(const std::string& path, int fd) {
  std::array<unsigned char, 100> header{};
  const ssize_t size = ::pread(fd, header.data(), header.size(), 0);
  if (size < 0) Refuse(path, Reason(errno));
  if (size < static_cast<ssize_t>(header.size()) ||
      std::memcmp(header.data(), "SQLite format 3", 16) != 0) {
    return "it is not an SQLite database; choose another file with --db";
  }
  const auto number_at = [&header](size_t offset) {
    uint32_t number = 0;
    for (size_t i = 0; i < 4; ++i) number = number << 8 | header[offset + i];
    return number;
  };
  return RefusalOf(number_at(68), number_at(60));
}

// Whether the log has a header that makes up for the file's: power that went while the log was
// moved can have torn that one.
bool IsMendedByLog(const std::string& path) {
  std::error_code missing;
  const auto log_size = std::filesystem::file_size(path + "-wal", missing);
  if (missing || log_size == 0) return false;
  try {
    Database db(path, Database::Mode::kReadOnly);
    const auto number = [&db](const char* sql) {
      Query row = db.Run(sql);
      return row.Step() ? static_cast<uint32_t>(row.Int(0)) : 0;
    };
    return RefusalOf(number("PRAGMA application_id"), number("PRAGMA user_version")).empty();
  } catch (const StorageFault&) {
    return false;
  }
}

// Refuses what is not a database of this program in a version that it knows. Without SQLite as far
// as that goes: it would already create files beside it.
void CheckHeader(const std::string& path, int fd) {
  const std::string refusal = RefusalByHeader(path, fd);
  if (!refusal.empty() && !IsMendedByLog(path)) Refuse(path, refusal);
}

// The descriptor of the folder that `path` is in; negative if there is none.
int OpenFolderOf(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void SyncFolderOf(const std::string& path) {
  const FileDescriptor fd(OpenFolderOf(path));
  if (fd.valid()) ::fsync(fd.get());
}

// Held while a database is looked for and made: of two kiosks that start at once the second waits,
// and finds the first one's.
class FolderLock {
 public:
  explicit FolderLock(const std::string& path) : fd_(OpenFolderOf(path)) {
    if (fd_.valid()) ::flock(fd_.get(), LOCK_EX);
  }

 private:
  FileDescriptor fd_;
};

// A device or a folder is never opened, and above all never replaced.
void CheckPlainFile(const std::string& path) {
  struct stat present {};
  if (::stat(path.c_str(), &present) == 0 && !S_ISREG(present.st_mode)) {
    Refuse(path, "it is not a plain file; choose another one");
  }
}

// A file that is removed when it goes out of scope.
class TemporaryFile {
 public:
  // Beside `path`, so that it can be moved there. `advice` is for someone who may not write there.
  TemporaryFile(const std::string& path, const std::string& advice) : path_(path + ".XXXXXX") {
    CheckPlainFile(path);
    const FileDescriptor fd(::mkostemp(path_.data(), O_CLOEXEC));
    if (!fd.valid()) {
      Refuse(path, Reason(errno) + "; " + advice);
    }
    ::fchmod(fd.get(), 0644);
  }
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

  // Gives the finished file its name. False if a file with content has the name by now.
  [[nodiscard]] bool MoveTo(const std::string& path) const {
    {
      const FileDescriptor fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
      if (!fd.valid() || ::fsync(fd.get()) != 0) Refuse(path, Reason(errno));
    }
    struct stat present {};
    if (::stat(path.c_str(), &present) == 0 && present.st_size > 0) return false;
    // What a database of this name left behind when it was deleted is not this one's.
    for (const char* log : {"-wal", "-shm", "-journal"}) ::unlink((path + log).c_str());
    if (::rename(path_.c_str(), path.c_str()) != 0) Refuse(path, Reason(errno));
    SyncFolderOf(path);
    return true;
  }

 private:
  std::string path_;
};

void Configure(Database& db) {
  db.Execute(kForeignKeys);
  db.Execute(kTemporaryInMemory);
  db.Execute(kCacheSize);
}

void CreateAndFill(Database& db, const Origin& origin) {
  CreateTables(db);
  Prepare(db, origin);
  Transaction transaction(db, Transaction::Kind::kWrite);
  FillFrom(db, origin);
  transaction.Commit();
}

uint64_t FileSize(const std::string& path) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  return missing ? 0 : size;
}

// What SQLite leaves when it fails before anything was logged.
void RemoveEmptyLog(const std::string& path) {
  if (FileSize(path + "-wal") > 0) return;
  ::unlink((path + "-wal").c_str());
  ::unlink((path + "-shm").c_str());
}

size_t ReaderCount() { return std::clamp(std::thread::hardware_concurrency() * 2, 2U, 16U); }

}  // namespace

// Holds the database file for this process. SQLite's own locks are of another kind (fcntl, not
// flock) and are not touched, as long as this outlives its connections.
class Store::FileLock {
 public:
  explicit FileLock(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (!fd_.valid()) Refuse(path, Reason(errno));
    CheckHeader(path, fd_.get());
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
      Refuse(path,
             errno == EWOULDBLOCK
                 ? "another kiosk is using it; stop that one, or choose another file with --db"
                 : Reason(errno));
    }
  }

 private:
  FileDescriptor fd_;
};

std::unique_ptr<Store> Store::Open(const std::string& name, const Origin& origin) {
  std::unique_ptr<Store> store(new Store);
  const std::string path = FollowLinks(name);
  bool had_log = false;
  CheckPlainFile(path);
  try {
    const FolderLock folder(path);
    store->is_new_ = FileSize(path) == 0;
    if (store->is_new_) CreateDatabase(path, origin);
    store->path_ = path;
    store->lock_ = std::make_unique<FileLock>(path);
    had_log = std::filesystem::exists(path + "-wal");
    auto database = std::make_unique<Database>(path, Database::Mode::kReadWrite);
    if (database->IsReadOnly()) {
      Refuse(path, "it is read-only; make it writable, or choose another file with --db");
    }
    Configure(*database);
    database->Execute(kWriteAhead);
    database->Execute(kSynchronous);
    database->Execute(kLogSizeLimit);
    Prepare(*database, origin);
    store->writer_ = std::make_unique<Writer>(std::move(database));
    // Proves that it can be read and that a commit finds room.
    store->Write([](Database& db) { return SeedText(db); });
    for (size_t i = 0; i < ReaderCount(); ++i) {
      auto reader = std::make_unique<Database>(path, Database::Mode::kReadOnly);
      Configure(*reader);
      store->free_readers_.push_back(reader.get());
      store->readers_.push_back(std::move(reader));
    }
  } catch (const StorageFault& fault) {
    store->readers_.clear();
    store->writer_.reset();
    if (!had_log) RemoveEmptyLog(path);
    Refuse(path, fault);
  }
  return store;
}

std::unique_ptr<Store> Store::InMemory(const Origin& origin) {
  std::unique_ptr<Store> store(new Store);
  auto database = std::make_unique<Database>(":memory:", Database::Mode::kCreate);
  Configure(*database);
  CreateAndFill(*database, origin);
  store->writer_ = std::make_unique<Writer>(std::move(database));
  return store;
}

Store::~Store() = default;

void Store::CopyTo(const std::string& path) {
  if (path_.empty()) {
    // SQLite copies nothing out of a connection that is in a transaction, as the writer's is.
    const std::string image = Write([](Database& db) { return db.Image(); });
    Database scratch(":memory:", Database::Mode::kReadWrite);
    scratch.AttachImage(image);
    scratch.CopyTo(path, "packed");
    return;
  }
  Database(path_, Database::Mode::kReadOnly).CopyTo(path);
}

uint64_t Store::SizeInBytes() const { return FileSize(path_) + FileSize(path_ + "-wal"); }

Database* Store::TakeReader() {
  std::unique_lock lock(readers_mutex_);
  reader_free_.wait(lock, [this] { return !free_readers_.empty(); });
  Database* reader = free_readers_.back();
  free_readers_.pop_back();
  return reader;
}

void Store::ReturnReader(Database* reader) {
  {
    const std::scoped_lock lock(readers_mutex_);
    free_readers_.push_back(reader);
  }
  reader_free_.notify_one();
}

void CreateDatabase(const std::string& path, const Origin& origin) {
  try {
    const TemporaryFile file(path, "choose another place with --db, or use --memory");
    {
      Database db(file.path(), Database::Mode::kReadWrite);
      Configure(db);
      db.Execute(kNoJournal);
      db.Execute(kNoSync);
      CreateAndFill(db, origin);
      db.Execute(kWriteAhead);
    }
    static_cast<void>(file.MoveTo(path));
  } catch (const StorageFault& fault) {
    Refuse(path, fault);
  }
}

void CopyDatabase(const std::string& from_name, const std::string& to_name) {
  const std::string from = FollowLinks(from_name);
  const std::string to = FollowLinks(to_name);
  CheckPlainFile(from);
  const FileDescriptor present(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!present.valid()) Refuse(from, Reason(errno));
  CheckHeader(from, present.get());
  // Beside a kiosk only as a reader; alone as a writer too, which leaves no log behind.
  const bool is_served = ::flock(present.get(), LOCK_EX | LOCK_NB) != 0;
  try {
    const TemporaryFile file(to, "choose another place for the copy");
    Database(from, is_served ? Database::Mode::kReadOnly : Database::Mode::kReadWrite)
        .CopyTo(file.path());
    if (!file.MoveTo(to)) Refuse(to, "the file exists already; choose another name for the copy");
  } catch (const StorageFault& fault) {
    Refuse(to, fault);
  }
}

}  // namespace kiosk
