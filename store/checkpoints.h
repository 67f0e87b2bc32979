// When the WAL is moved into the database file. SQLite's own rule does not fit: it waits for other
// programs, and does not know how much room the disk has. Used by the writer alone.
#pragma once

#include <chrono>
#include <cstdint>

#include "store/sqlite.h"

namespace kiosk {

// Decides when to try. Pure: the time and the disk's room are arguments.
class CheckpointPolicy {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Often enough to keep the WAL small, rare enough that a page written many times is moved once.
  static constexpr int kMostPages = 4000;
  static constexpr int kLeastPages = 64;
  // A WAL that readers keep from being reused is cut back when it is this many times the limit.
  static constexpr int kCutBackAt = 4;
  // How long a WAL that was not moved because of another program waits for the next attempt, unless
  // it grows by half before.
  static constexpr auto kRetryAfter = std::chrono::seconds(1);

  // The WAL takes at most an eighth of the room that the disk has.
  void SetRoom(uint64_t free_bytes, uint64_t page_size);
  // After each commit, with the length of the WAL. A shorter one than before was begun again.
  void Committed(int pages);
  // After an attempt. The WAL is empty after kEmptied, and still in use after the others.
  enum class Outcome { kEmptied, kMoved, kBlocked };
  void Attempted(Outcome outcome, Time now);

  [[nodiscard]] bool IsDue(Time now) const;
  [[nodiscard]] bool IsBlocked() const { return is_blocked_; }
  [[nodiscard]] bool IsTooLong() const { return pages_ >= kCutBackAt * limit_; }
  [[nodiscard]] int limit() const { return limit_; }
  [[nodiscard]] int pages() const { return pages_; }

 private:
  int limit_ = kMostPages;
  int pages_ = 0;
  int next_pages_ = 0;  // the next attempt is due at this length
  bool is_blocked_ = false;
  Time next_time_;  // if blocked: it is due at this time in any case
};

// Carries out what the policy decides, on the connection that writes. None of it waits for another
// program.
class Checkpoints {
 public:
  // Takes over the checkpoints of `database`, which outlives it.
  explicit Checkpoints(Database& database);

  [[nodiscard]] bool IsDue() const;
  // Whether another attempt is needed even if nothing is written.
  [[nodiscard]] bool IsBlocked() const { return policy_.IsBlocked(); }
  // Moves the WAL as far as others let it.
  void Run();
  // Empties the WAL, unless that is left to Litestream.
  void Shorten();
  // Empties the WAL of a full disk. False if that is not possible now, or the WAL was empty
  // already.
  bool MakeRoom();

 private:
  // Whether Litestream, which copies the WAL before it moves it, is given the time to do so.
  [[nodiscard]] bool IsLeftToLitestream();
  void MeasureRoom();
  bool Truncate();

  Database& database_;
  uint64_t page_size_ = 0;
  CheckpointPolicy policy_;
};

}  // namespace kiosk
