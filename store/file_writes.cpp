#include "store/file_writes.h"

#include <sys/stat.h>

namespace kiosk {
namespace {

// File systems count time in steps of up to 10 ms.
constexpr std::chrono::milliseconds kStep{50};

// Also after the WAL was recovered, until the next checkpoint.
bool IsRunning(const Database::WalState& wal) { return wal.attempted != wal.checkpointed; }

}  // namespace

FileWrites::FileWrites(int fd, const Database& writer) : fd_(fd), writer_(writer) {
  const Database::WalState wal = writer_.GetWalState();
  Accept(StampNow(), wal);
  explains_all_ = IsRunning(wal);
}

FileWrites::Finding FileWrites::Look(bool is_own) {
  // A checkpoint between two of these looks makes the counts older than the file, never newer.
  const Database::WalState before = writer_.GetWalState();
  const Stamp stamp = StampNow();
  if (stamp == stamp_) {
    if (!is_own && !IsRunning(before)) {
      wal_ = before;
      explains_all_ = false;
    }
    const auto age = std::chrono::steady_clock::now() - accepted_;
    return age >= kStep ? Finding::kUnchanged : Finding::kCheckpointed;
  }
  const Database::WalState after = writer_.GetWalState();
  if (!IsExplained(after, is_own)) return Finding::kUnexplained;
  if (!is_own) {
    Accept(stamp, before);
    explains_all_ = IsRunning(before) || IsRunning(after);
  }
  return Finding::kCheckpointed;
}

void FileWrites::AcceptOwn() {
  Database::WalState wal = writer_.GetWalState();
  wal.checkpointed = wal.attempted;  // as at its end, which comes without a write
  Accept(StampNow(), wal);
  explains_all_ = false;
}

bool FileWrites::IsExplained(const Database::WalState& wal, bool is_own) const {
  return explains_all_ || wal.salt != wal_.salt || wal.checkpointed != wal_.checkpointed ||
         (!is_own && wal.attempted != wal_.attempted);
}

void FileWrites::Accept(const Stamp& stamp, const Database::WalState& wal) {
  stamp_ = stamp;
  wal_ = wal;
  accepted_ = std::chrono::steady_clock::now();
}

FileWrites::Stamp FileWrites::StampNow() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return {};
  return {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_size};
}

}  // namespace kiosk
