#include "store/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <thread>

#include "store/generation.h"
#include "store/replace.h"
#include "store/temporary_file.h"

namespace kiosk {
namespace {

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

}  // namespace

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
    store->file_ = std::make_unique<DatabaseFile>(path);
    if (!store->file_->TryLock()) {
      Refuse(path, "another kiosk is using it; stop that one, or choose another file with --db");
    }
    had_log = std::filesystem::exists(path + "-wal");
    auto database = std::make_unique<Database>(path, Database::Mode::kReadWrite);
    if (database->IsReadOnly()) {
      Refuse(path, "it is read-only; make it writable, or choose another file with --db");
    }
    Configure(*database);
    database->Execute(kWriteAhead);
    database->Execute(kSynchronous);
    database->Execute(kLogSizeLimit);
    store->writer_ = std::make_unique<Writer>(std::move(database));
    // Proves that it can be read and that a commit finds room.
    store->Write([](Database& db) { return SeedText(db); });
    store->generation_ = store->Write(Generation);
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
  store->writer_ = std::make_unique<Writer>(std::move(database), /*waits_for_disk=*/false);
  store->generation_ = store->Write(Generation);
  return store;
}

size_t Store::ReaderCount() { return std::clamp(std::thread::hardware_concurrency() * 2, 2U, 16U); }

Store::~Store() = default;

void Store::Replace(Database& staged) {
  RenewGeneration(staged);
  writer_->RunAlone([&staged](Database& live) { ReplaceContent(live, staged); });
  CatalogueChanged();
}

void Store::ResetTo(const Origin& origin) {
  Database staged(":memory:", Database::Mode::kCreate);
  Configure(staged);
  CreateAndFill(staged, origin);
  Replace(staged);
}

void Store::CheckHealth() {
  try {
    Read([this](Database& db) {
      schema_check_.Check(db);
      return true;
    });
  } catch (const StorageFault& fault) {
    throw StorageFault(StorageFault::Kind::kUnavailable, fault.what());
  }
}

void Store::CatalogueChanged() {
  generation_ = Read(Generation);
  ++catalogue_version_;
}

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

std::vector<FileId> Store::Files() const { return file_ ? file_->Files() : std::vector<FileId>(); }

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
  const DatabaseFile present(from);
  // Beside a kiosk only as a reader; alone as a writer too, which leaves no log behind.
  const bool is_served = !present.TryLock();
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
