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

#include "store/configure.h"
#include "store/generation.h"
#include "store/migrate.h"
#include "store/replace.h"
#include "store/temporary_file.h"

namespace kiosk {
namespace {

// A damaged page is noticed at the start if the database is not larger: the check of so many bytes
// takes about a tenth of a second.
constexpr uint64_t kMostChecked = uint64_t{16} << 20;
constexpr char kQuickCheck[] = "PRAGMA quick_check(1)";

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

void CreateAndFill(Database& db, const Origin& origin) {
  CreateTables(db);
  Prepare(db, origin);
  Transaction transaction(db, Transaction::Kind::kWrite);
  lineage::Renew(db);
  FillFrom(db, origin);
  transaction.Commit();
}

uint64_t FileSize(const std::string& path) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  return missing ? 0 : size;
}

bool IsWhole(Database& db) {
  try {
    Query verdict = db.Run(kQuickCheck);
    return verdict.Step() && verdict.TextView(0) == "ok";
  } catch (const StorageFault& fault) {
    if (fault.kind() != StorageFault::Kind::kNotADatabase) throw;
    return false;
  }
}

// Throws StorageFault, and then nothing is written to the file when `db` is closed.
void CheckContent(Database& db, const std::string& path) {
  if (FileSize(path) > kMostChecked || IsWhole(db)) return;
  db.KeepWalOnClose();
  throw StorageFault(StorageFault::Kind::kNotADatabase, "the database is damaged");
}

// What SQLite leaves when it fails before anything was logged.
void RemoveEmptyLog(const std::string& path) {
  if (FileSize(path + "-wal") > 0) return;
  ::unlink((path + "-wal").c_str());
  ::unlink((path + "-shm").c_str());
}

}  // namespace

std::unique_ptr<Store> Store::Open(const std::string& name, const Origin& origin,
                                   const OpenOptions& options) {
  std::unique_ptr<Store> store(new Store);
  const std::string path = FollowLinks(name);
  bool had_log = false;
  CheckPlainFile(path);
  try {
    const FolderLock folder(path);
    store->is_new_ = FileSize(path) == 0;
    if (store->is_new_) CreateDatabase(path, origin);
    store->path_ = path;
    store->file_ = std::make_unique<DatabaseFile>(name);
    if (!store->file_->TryLock()) {
      Refuse(path, "another kiosk is using it; stop that one, or choose another file with --db");
    }
    had_log = std::filesystem::exists(path + "-wal");
    auto database = std::make_unique<Database>(path, Database::Mode::kReadWrite);
    if (database->IsReadOnly()) {
      Refuse(path, "it is read-only; make it writable, or choose another file with --db");
    }
    Configure(*database);
    ConfigureWriter(*database);
    CheckContent(*database, path);
    CheckMarks(path, *database);
    const std::string migrated = MigrateLive(path, *database, options.now);
    if (!migrated.empty() && options.report) options.report(migrated);
    store->file_->Watch(*database);
    store->writer_ = std::make_unique<Writer>(std::move(database), store->file_.get());
    // Proves that it can be read and that a commit finds room.
    store->Write([](Database& db) { return SeedText(db); });
    store->generation_ = store->Write(Generation);
    for (size_t i = 0; i < ReaderCount(); ++i) {
      auto reader = std::make_unique<Database>(path, Database::Mode::kReadOnly);
      Configure(*reader);
      reader->MapWalIndex();
      store->ReturnReader(reader.get());
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
  store->generation_ = store->Write(Generation);
  return store;
}

size_t Store::ReaderCount() { return std::clamp(std::thread::hardware_concurrency() * 2, 2U, 16U); }

Store::~Store() = default;

void Store::Replace(Database& staged) {
  RenewGeneration(staged);
  ExplainingFaults([&] {
    writer_->RunAlone([&](Database& live) {
      if (file_) file_->Require(live);
      ReplaceContent(live, staged);
    });
  });
  is_damaged_ = false;
  CatalogueChanged();
}

void Store::ResetTo(const Origin& origin) {
  Database staged(":memory:", Database::Mode::kCreate);
  Configure(staged);
  CreateAndFill(staged, origin);
  Replace(staged);
}

void Store::CheckHealth() {
  RequireFile();
  if (is_damaged_) {
    throw StorageFault(StorageFault::Kind::kUnavailable,
                       "the database is damaged; bring back a backup with kiosk restore");
  }
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
    CopyAsNew(scratch, path, "packed");
    return;
  }
  // A connection of its own could open another file.
  const ReaderLease lease(*this);
  file_->RequireContent(lease.database());
  CopyAsNew(lease.database(), path);
}

void Store::RequireFile() {
  if (!file_ || readers_.empty()) return;  // while it is opened nothing is served
  const ReaderLease lease(*this);
  file_->Require(lease.database());
}

void Store::ReportTo(std::function<void(const std::string&)> report) {
  if (file_) file_->ReportTo(std::move(report));
}

uint64_t Store::catalogue_version() const {
  return catalogue_version_ + (file_ ? file_->ForeignChanges() : 0);
}

std::vector<FileId> Store::Files() const { return file_ ? file_->Files() : std::vector<FileId>(); }

uint64_t Store::SizeInBytes() const { return FileSize(path_) + FileSize(path_ + "-wal"); }

Database* Store::TakeReader() {
  MutexLock lock(readers_mutex_);
  while (free_readers_.empty()) lock.Wait(reader_free_);
  Database* reader = free_readers_.back();
  free_readers_.pop_back();
  return reader;
}

void Store::ReturnReader(Database* reader) {
  {
    const MutexLock lock(readers_mutex_);
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
      ConfigureBuilder(db);
      CreateAndFill(db, origin);
      UseWriteAhead(db);
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
    Database source(from, is_served ? Database::Mode::kReadOnly : Database::Mode::kReadWrite);
    CopyAsNew(source, file.path());
    if (!file.MoveTo(to)) Refuse(to, "the file exists already; choose another name for the copy");
  } catch (const StorageFault& fault) {
    Refuse(to, fault);
  }
}

}  // namespace kiosk
