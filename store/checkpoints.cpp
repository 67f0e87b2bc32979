#include "store/checkpoints.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <thread>

namespace kiosk {
namespace {

// Of the disk's room, the share that the WAL may take.
constexpr uint64_t kShareOfRoom = 8;

// Read transactions of this process end within milliseconds. One that does not is another
// program's, and costs a write no more than this.
constexpr int kTruncateAttempts = 5;
constexpr auto kBetweenAttempts = std::chrono::milliseconds(1);

// Litestream takes a WAL that somebody else has moved for one that it has copied. Only a WAL so
// many times longer than the limit shows that it does not run.
constexpr int kLitestreamsShare = 16;
constexpr char kHasLitestream[] =
    "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_litestream_seq'";

uint64_t PageSize(Database& db) {
  Query row = db.Run("PRAGMA page_size");
  return row.Step() ? static_cast<uint64_t>(row.Int(0)) : 0;
}

uint64_t WalSize(const Database& db) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(db.FileName() + "-wal", missing);
  return missing ? 0 : size;
}

}  // namespace

void CheckpointPolicy::SetRoom(uint64_t free_bytes, uint64_t page_size) {
  const uint64_t share = free_bytes / kShareOfRoom / page_size;
  limit_ = static_cast<int>(
      std::clamp(share, static_cast<uint64_t>(kLeastPages), static_cast<uint64_t>(kMostPages)));
}

void CheckpointPolicy::Committed(int pages) {
  if (pages < pages_) {
    next_pages_ = 0;
    is_blocked_ = false;
  }
  pages_ = pages;
}

void CheckpointPolicy::Attempted(Outcome outcome, Time now) {
  is_blocked_ = outcome == Outcome::kBlocked;
  next_time_ = now + kRetryAfter;
  switch (outcome) {
    case Outcome::kEmptied:
      pages_ = 0;
      next_pages_ = 0;
      break;
    case Outcome::kMoved:
      next_pages_ = pages_ + limit_;
      break;
    case Outcome::kBlocked:
      next_pages_ = pages_ + std::max(limit_, pages_ / 2);
      break;
  }
}

bool CheckpointPolicy::IsDue(Time now) const {
  return pages_ >= limit_ && (pages_ >= next_pages_ || (is_blocked_ && now >= next_time_));
}

Checkpoints::Checkpoints(Database& database) : database_(database), page_size_(PageSize(database)) {
  database_.Execute("PRAGMA wal_autocheckpoint = 0");
  database_.WatchLog([this](int pages) { policy_.Committed(pages); });
  MeasureRoom();
}

bool Checkpoints::IsDue() const { return policy_.IsDue(std::chrono::steady_clock::now()); }

void Checkpoints::Run() {
  auto outcome = CheckpointPolicy::Outcome::kBlocked;
  try {
    if (!IsLeftToLitestream() && database_.Checkpoint(Database::CheckpointMode::kPassive)) {
      outcome = CheckpointPolicy::Outcome::kMoved;
      if (policy_.IsTooLong() && Truncate()) outcome = CheckpointPolicy::Outcome::kEmptied;
    }
  } catch (const StorageFault&) {
    // The WAL keeps what was not moved; the next attempt comes as after one that was blocked.
  }
  MeasureRoom();
  policy_.Attempted(outcome, std::chrono::steady_clock::now());
}

void Checkpoints::Shorten() {
  try {
    if (!IsLeftToLitestream()) MakeRoom();
  } catch (const StorageFault&) {
    // It can be read no more; the next use reports that.
  }
}

bool Checkpoints::IsLeftToLitestream() {
  return policy_.pages() < kLitestreamsShare * policy_.limit() &&
         database_.Run(kHasLitestream).Step();
}

bool Checkpoints::MakeRoom() {
  if (WalSize(database_) == 0) return false;
  try {
    if (!Truncate()) return false;
  } catch (const StorageFault&) {
    return false;  // the database cannot grow either
  }
  MeasureRoom();
  policy_.Attempted(CheckpointPolicy::Outcome::kEmptied, std::chrono::steady_clock::now());
  return true;
}

bool Checkpoints::Truncate() {
  for (int i = 0; i < kTruncateAttempts; ++i) {
    if (i > 0) std::this_thread::sleep_for(kBetweenAttempts);
    if (database_.Checkpoint(Database::CheckpointMode::kTruncate)) return true;
  }
  return false;
}

void Checkpoints::MeasureRoom() {
  const std::string file = database_.FileName();
  if (file.empty()) return;
  std::error_code unknown;
  const auto space = std::filesystem::space(file, unknown);
  if (!unknown) policy_.SetRoom(space.available, page_size_);
}

}  // namespace kiosk
