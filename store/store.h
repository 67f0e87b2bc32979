// The database of one kiosk: open, read, write, reset, backup. The use cases are in benefits and
// desk; they run inside Read and Write. Every member may be called from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <type_traits>
#include <vector>

#include "store/database_file.h"
#include "store/schema.h"
#include "store/seed.h"
#include "store/sqlite.h"
#include "store/thread_annotations.h"
#include "store/writer.h"

namespace kiosk {

struct OpenOptions {
  Timestamp now = {};  // in the name of what is saved before a migration
  std::function<void(const std::string&)> report = nullptr;  // one sentence about a migration
};

class Store {
 public:
  // Opens the database file at `path`, which stays this process's own until the store is gone; a
  // missing or empty file is made from `origin`, whole or not at all. A database of an earlier
  // version of the schema is migrated. Throws StoreError, and then the file is as it was.
  static std::unique_ptr<Store> Open(const std::string& path, const Origin& origin,
                                     const OpenOptions& options = {});

  // A database that lives in memory alone.
  static std::unique_ptr<Store> InMemory(const Origin& origin);

  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Runs `use_case(Database&)` on one consistent state and returns what it returns. It only reads,
  // and never waits for the writer (except in memory, where there is one connection).
  template <class UseCase>
  auto Read(UseCase&& use_case) {
    if (readers_.empty()) return Write(use_case);
    return ExplainingFaults([&] {
      const ReaderLease lease(*this);
      if (file_) file_->RequireContent(lease.database());
      Transaction transaction(lease.database(), Transaction::Kind::kRead);
      auto result = use_case(lease.database());
      transaction.Commit();
      return result;
    });
  }

  // As Read, for what may take long: such reads leave half of the readers to all others.
  template <class UseCase>
  auto ReadListing(UseCase&& use_case) {
    const ListingSlot slot(listing_slots_);
    return Read(use_case);
  }

  // Runs `use_case(Database&)` as one transaction on the writer's thread and returns what it
  // returns, once that is on the disk. It may be run twice (see Writer::Run).
  template <class UseCase>
  auto Write(UseCase&& use_case) {
    std::optional<std::invoke_result_t<UseCase&, Database&>> result;
    ExplainingFaults([&] { writer_->Run([&](Database& db) { result.emplace(use_case(db)); }); });
    return *std::move(result);
  }

  // Puts the content of `staged` in the place of the whole content, in one transaction. Readers
  // neither wait nor see a mix. Durable when it returns; throws StorageFault if nothing has
  // changed.
  void Replace(Database& staged);
  // Replaces the content with what a new database made from `origin` holds.
  void ResetTo(const Origin& origin);

  // The catalogue changes by a reset, whose caller calls CatalogueChanged, and by other programs.
  // What was made from it can be kept as long as this number stays.
  [[nodiscard]] uint64_t catalogue_version() const;
  void CatalogueChanged();

  // The generation of the database (store/generation), as of the last reset that was reported with
  // CatalogueChanged.
  [[nodiscard]] int64_t generation() const { return generation_; }

  // Throws StorageFault unless the database answers, its schema is this version's and nothing read
  // from it was damaged.
  void CheckHealth();

  // Copies the database, consistent, to `path`, also while it is written to.
  void CopyTo(const std::string& path);

  // Whether it was made now, from its origin; otherwise it had data already, and keeps that.
  [[nodiscard]] bool is_new() const { return is_new_; }

  // Throws StorageFault (kFileGone) unless the file at the path is the one that was opened. Every
  // write does the same before it begins.
  void RequireFile();
  // Where it is reported, once each, that the file is another one and that it is back.
  void ReportTo(std::function<void(const std::string&)> report);

  // The database file with its WAL and wal-index, to be recognized before any of them is opened:
  // opening and closing one would drop SQLite's locks. Empty in memory.
  [[nodiscard]] std::vector<FileId> Files() const;

  // The size of the database with its log, in bytes.
  [[nodiscard]] uint64_t SizeInBytes() const;

  [[nodiscard]] Writer::Counts writer_counts() const { return writer_->counts(); }

 private:
  // A read-only connection, borrowed.
  class ReaderLease {
   public:
    explicit ReaderLease(Store& store) : store_(store), database_(store.TakeReader()) {}
    ~ReaderLease() { store_.ReturnReader(database_); }
    ReaderLease(const ReaderLease&) = delete;
    ReaderLease& operator=(const ReaderLease&) = delete;
    [[nodiscard]] Database& database() const { return *database_; }

   private:
    Store& store_;
    Database* database_;
  };

  using ListingSlots = std::counting_semaphore<>;

  // One of those that listings may occupy together.
  class ListingSlot {
   public:
    explicit ListingSlot(ListingSlots& slots) : slots_(slots) { slots_.acquire(); }
    ~ListingSlot() { slots_.release(); }
    ListingSlot(const ListingSlot&) = delete;
    ListingSlot& operator=(const ListingSlot&) = delete;

   private:
    ListingSlots& slots_;
  };

  Store() = default;
  [[nodiscard]] static size_t ReaderCount();
  // A fault because the file was replaced is that, and no bug or damage.
  template <class Action>
  auto ExplainingFaults(Action&& action) {
    try {
      return action();
    } catch (const StorageFault& fault) {
      if (fault.kind() != StorageFault::Kind::kFileGone) RequireFile();
      if (fault.kind() == StorageFault::Kind::kNotADatabase) is_damaged_ = true;
      throw;
    }
  }
  Database* TakeReader();
  void ReturnReader(Database* reader);

  std::string path_;  // empty: in memory
  bool is_new_ = true;
  std::unique_ptr<DatabaseFile> file_;  // before the connections: it is closed after them
  std::unique_ptr<Writer> writer_;
  std::vector<std::unique_ptr<Database>> readers_;
  std::atomic<uint64_t> catalogue_version_ = 1;
  SchemaCheck schema_check_;
  std::atomic<bool> is_damaged_ = false;  // something read from it was, since its last replacement
  std::atomic<int64_t> generation_ = 0;

  ListingSlots listing_slots_{static_cast<std::ptrdiff_t>(ReaderCount() / 2)};

  Mutex readers_mutex_;
  std::condition_variable reader_free_;
  std::vector<Database*> free_readers_ GUARDED_BY(readers_mutex_);
};

// Makes a new database file at `path`, whole or not at all, unless somebody else does so first.
// Throws StoreError.
void CreateDatabase(const std::string& path, const Origin& origin);

// Copies the database at `from`, consistent and also while a kiosk serves it, to `to`, which must
// not exist yet; it appears whole or not at all. Throws StoreError.
void CopyDatabase(const std::string& from, const std::string& to);

}  // namespace kiosk
