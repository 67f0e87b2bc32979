#include "store/database_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "store/wal_check.h"

namespace kiosk {
namespace {

constexpr char kWal[] = "-wal";
constexpr char kWalIndex[] = "-shm";

// A check of the content costs as much as a short read. A read makes one only so often.
constexpr auto kBetweenLooks = std::chrono::milliseconds(100);

// The mark that the file holds by now, without its WAL. Throws StorageFault.
std::optional<lineage::Mark> MarkOf(const Database& through, uint64_t page_size) {
  return lineage::MarkIn(through.ReadFile((lineage::kMarkPage - 1) * page_size, page_size));
}

Database& Checked(Database& database, DatabaseFile* file) {
  if (file) file->Require(database);
  return database;
}

std::string WhatIsWrong(const std::string& path, bool is_overwritten, bool is_wal) {
  if (is_overwritten) {
    return "the database file " + path + " was overwritten; writes are refused, restart kiosk";
  }
  return (is_wal ? "the WAL " + path + kWal : "the database file " + path) +
         " was removed, moved or replaced; writes are refused until it is back" +
         (is_wal ? ", or until kiosk is stopped and started again" : "");
}

// The file of this name itself, where FileIdOf follows links.
std::optional<FileId> EntryAt(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

bool HasContent(const std::string& path) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  return !missing && size > 0;
}

// The name for a WAL that belongs to no file any more: with the time of its last write.
std::string NameOfOrphan(const std::string& wal) {
  struct stat status {};
  ::stat(wal.c_str(), &status);
  struct tm utc {};
  ::gmtime_r(&status.st_mtime, &utc);
  std::array<char, 32> time{};
  const size_t length = std::strftime(time.data(), time.size(), "%Y%m%dT%H%M%SZ", &utc);
  const std::string name = wal + ".orphan-" + std::string(time.data(), length);
  std::string free = name;
  for (int i = 2; FileIdOf(free); ++i) free = name + "-" + std::to_string(i);
  return free;
}

}  // namespace

DatabaseFile::DatabaseFile(std::string name)
    : name_(std::move(name)),
      path_(FollowLinks(name_)),
      fd_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat status {};
  if (!fd_.valid() || ::fstat(fd_.get(), &status) != 0) RefuseFile(path_, errno);
  id_ = {status.st_dev, status.st_ino};
  CheckWal(path_, fd_.get());
  CheckHeader(path_, fd_.get());
}

DatabaseFile::~DatabaseFile() {
  if (wal_id_) PutWalAway();
}

bool DatabaseFile::TryLock() const {
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) RefuseFile(path_, errno);
  return false;
}

std::vector<FileId> DatabaseFile::Files() const {
  std::vector<FileId> files{id_};
  for (const auto& id : {wal_id_, wal_index_id_, FileIdOf(path_), FileIdOf(path_ + kWal),
                         FileIdOf(path_ + kWalIndex)}) {
    if (id) files.push_back(*id);
  }
  return files;
}

void DatabaseFile::Watch(Database& writer) {
  writer.MapWalIndex();
  page_size_ = static_cast<uint64_t>(writer.PageSize());
  const auto mark = lineage::Find(writer);
  if (mark && !MarkOf(writer, page_size_)) {
    // Power that went during a checkpoint tore the mark; the WAL has all of it.
    writer.Checkpoint(Database::CheckpointMode::kPassive);
  }
  const auto in_file = MarkOf(writer, page_size_);
  const MutexLock lock(mutex_);
  if (mark && in_file) {
    ids_ = {mark->id};
    if (in_file->id != mark->id) ids_.push_back(in_file->id);
    generation_ = mark->generation;
    least_generation_ = in_file->generation;
  }
  writer_ = &writer;
  guarded_ = &writer;
  wal_id_ = FileIdOf(path_ + kWal);
  wal_index_id_ = FileIdOf(path_ + kWalIndex);
  own_state_ = writer.GetWalState().state;
  writes_.emplace(fd_.get(), writer);
  writer.GuardFile(*this);
}

void DatabaseFile::ReportTo(std::function<void(const std::string&)> report) {
  const MutexLock lock(mutex_);
  report_ = std::move(report);
}

void DatabaseFile::Require(const Database& through) {
  if (!writer_) return;
  const State state = Look(through);
  Report(state);
  if (state == State::kOriginal) return;
  throw StorageFault(StorageFault::Kind::kFileGone,
                     WhatIsWrong(path_, state == State::kOverwritten, FileIdOf(name_) == id_));
}

void DatabaseFile::RequireContent(const Database& through) {
  if (!writer_) return;
  if (!is_overwritten_) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_look_.load(std::memory_order_relaxed)) return;
    next_look_.store(now + kBetweenLooks, std::memory_order_relaxed);
    try {
      if (HoldsContent(through, false)) return;
    } catch (const StorageFault&) {
      return;  // The read itself finds out what cannot be read.
    }
    Report(State::kOverwritten);
  }
  throw StorageFault(StorageFault::Kind::kFileGone, WhatIsWrong(path_, true, false));
}

uint64_t DatabaseFile::ForeignChanges() const {
  if (!writer_) return 0;
  // Until the writer has seen what another program changed, the changed state is its own number.
  constexpr uint64_t kUnseen = uint64_t{1} << 63;
  const uint64_t state = writer_->GetWalState().state;
  return state == own_state_ ? foreign_changes_.load() : state | kUnseen;
}

void DatabaseFile::Begin(Database& writer) {
  const Database::WalState wal = writer.GetWalState();
  changes_ = writer.TotalChanges();
  commits_ = wal.commits;
  written_generation_ = 0;
  if (wal.salt != marked_salt_ || wal.checkpointed >= marked_frames_) {
    // A WAL begins again only after all of it is in the file.
    const MutexLock lock(mutex_);
    if (marked_frames_ > 0) least_generation_ = generation_;
  }
  if (wal.state == own_state_) return;
  ++foreign_changes_;
  Adopt(writer);
}

void DatabaseFile::BeforeCommit(Database& writer) {
  if (writer.TotalChanges() == changes_) return;
  // The mark belongs into every WAL, and after every checkpoint: then the file's tells how far the
  // file has come. With all frames in the file this commit may begin the WAL again.
  const Database::WalState wal = writer.GetWalState();
  if (wal.salt == marked_salt_ && wal.checkpointed == marked_checkpointed_ &&
      wal.frames > wal.checkpointed) {
    return;
  }
  auto mark = lineage::Find(writer);
  if (!mark) return;
  const MutexLock lock(mutex_);
  mark->generation = std::max(mark->generation, generation_) + 1;
  lineage::Write(writer, *mark);
  written_generation_ = mark->generation;
}

void DatabaseFile::AfterCommit(const Database& writer) {
  const Database::WalState wal = writer.GetWalState();
  const bool is_own = wal.commits - commits_ <= 1;
  if (is_own) own_state_ = wal.state;
  if (written_generation_ == 0) return;
  marked_salt_ = wal.salt;
  marked_checkpointed_ = wal.checkpointed;
  marked_frames_ = wal.frames;
  const MutexLock lock(mutex_);
  generation_ = written_generation_;
  static_cast<void>(writes_->Look(false));  // counts a WAL that this commit began again
}

void DatabaseFile::BeforeClose(Database& writer) {
  if (!writer_) return;
  const State state = Look(writer);
  Report(state);
  try {
    if (state == State::kAway) writer.Checkpoint(Database::CheckpointMode::kPassive);
  } catch (const StorageFault&) {
    // What is not in the file stays in the WAL.
  }
  const Database::WalState wal = writer.GetWalState();
  checkpointed_at_close_ = wal.checkpointed >= wal.frames;
  if (state != State::kOriginal) writer.KeepWalOnClose();
  writer_ = nullptr;
}

// SQLite finds the WAL by the file's own name: a link at that name is another place.
bool DatabaseFile::IsAtPath() const {
  return EntryAt(path_) == id_ && (name_ == path_ || FileIdOf(name_) == id_);
}

// Whether the WAL has its name and all committed frames (SQLite file format, section 4.1). Frames
// are written before the wal-index counts them: what it counts before and after the look is in the
// file.
bool DatabaseFile::IsWalWhole() const {
  if (!wal_id_) return true;
  constexpr uint64_t kHeader = 32;
  constexpr uint64_t kFrameHeader = 24;
  Database::WalState before = writer_->GetWalState();
  for (;;) {
    struct stat status {};
    if (::stat((path_ + kWal).c_str(), &status) != 0) return false;
    if (FileId{status.st_dev, status.st_ino} != wal_id_) return false;
    const uint64_t size = kHeader + before.frames * (kFrameHeader + page_size_);
    if (before.frames == 0 || static_cast<uint64_t>(status.st_size) >= size) return true;
    const Database::WalState after = writer_->GetWalState();
    if (after.state == before.state && after.salt == before.salt) return false;
    before = after;
  }
}

// Whether the file holds this database's content, not another's that was written over it. When it
// cannot be read, that is not known.
bool DatabaseFile::HoldsContent(const Database& through, bool is_own_checkpoint) {
  const MutexLock lock(mutex_);
  if (state_ == State::kOverwritten) return false;
  const auto finding = writes_->Look(is_own_checkpoint);
  if (finding == FileWrites::Finding::kUnexplained) return false;
  if (finding == FileWrites::Finding::kUnchanged || ids_.empty()) return true;
  // Another program's checkpoint may be writing the page at this moment.
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto mark = MarkOf(through, page_size_);
    if (mark) {
      return std::ranges::find(ids_, mark->id) != ids_.end() &&
             mark->generation >= least_generation_;
    }
  }
  return false;
}

// Inside SQLite: throws nothing.
bool DatabaseFile::AllowsWrite() {
  try {
    if (HoldsContent(*guarded_, true)) return true;
    Report(State::kOverwritten);
  } catch (const StorageFault&) {
    // What cannot be read is not written to either.
  }
  return false;
}

void DatabaseFile::Wrote() {
  const MutexLock lock(mutex_);
  writes_->AcceptOwn();
}

void DatabaseFile::Checkpointed() {
  const MutexLock lock(mutex_);
  static_cast<void>(writes_->Look(false));
}

DatabaseFile::State DatabaseFile::Look(const Database& through) {
  try {
    if (!HoldsContent(through, false)) return State::kOverwritten;
  } catch (const StorageFault&) {
    // It cannot be read; the one that needs it sees the fault itself.
  }
  return IsAtPath() && IsWalWhole() ? State::kOriginal : State::kAway;
}

// Another program may have replaced the whole content through SQLite, as `.restore` does. The file
// was this database's a moment ago, so what SQLite reads from it and its WAL is, too.
void DatabaseFile::Adopt(Database& writer) {
  const auto mark = lineage::Find(writer);
  const MutexLock lock(mutex_);
  if (!mark) {
    ids_.clear();
  } else if (!ids_.empty() && std::ranges::find(ids_, mark->id) == ids_.end()) {
    ids_.push_back(mark->id);
    least_generation_ = 0;
  }
}

void DatabaseFile::Report(State state) {
  const MutexLock lock(mutex_);
  if (state == state_ || state_ == State::kOverwritten) return;
  state_ = state;
  is_overwritten_ = state == State::kOverwritten;
  if (!report_) return;
  report_(state == State::kOriginal
              ? "the database file " + path_ + " is back; writes are accepted again"
              : WhatIsWrong(path_, state == State::kOverwritten, FileIdOf(name_) == id_));
}

// Only what is this database's: another program may have put files of its own at these names.
void DatabaseFile::PutWalAway() const {
  const std::string wal = path_ + kWal;
  const std::string wal_index = path_ + kWalIndex;
  const auto is_own = [](const std::string& path, const std::optional<FileId>& id) {
    return id && FileIdOf(path) == id;
  };
  const MutexLock lock(mutex_);
  const bool is_overwritten = state_ == State::kOverwritten;
  if (!is_overwritten && (IsAtPath() || !checkpointed_at_close_)) return;
  if (is_own(wal, wal_id_)) {
    if (is_overwritten && HasContent(wal)) {
      ::rename(wal.c_str(), NameOfOrphan(wal).c_str());
    } else {
      ::unlink(wal.c_str());
    }
  }
  if (is_own(wal_index, wal_index_id_)) ::unlink(wal_index.c_str());
}

FileTransaction::FileTransaction(Database& database, DatabaseFile* file)
    : database_(database),
      file_(file),
      transaction_(Checked(database, file), Transaction::Kind::kWrite) {
  if (file_) file_->Begin(database_);
}

void FileTransaction::Commit() {
  if (file_) file_->BeforeCommit(database_);
  transaction_.Commit();
  if (file_) file_->AfterCommit(database_);
}

}  // namespace kiosk
