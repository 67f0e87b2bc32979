// Everything that kiosk prints while it serves. Printing never waits for the reader: lines are
// queued, and one thread per descriptor writes them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <string>
#include <string_view>

#include "store/thread_annotations.h"

namespace kiosk {

// `text` as it may appear in a log or on a terminal: control characters, line and paragraph
// separators, changes of the writing direction and bytes that are not UTF-8 become '?'.
[[nodiscard]] std::string Printable(std::string_view text);

// One printable line on stderr. Any thread.
void LogLine(std::string_view line);

// One printable line on stdout. Any thread.
void PrintLine(std::string_view line);

// `text` on stderr as it is, for a progress bar. Any thread.
void LogRaw(std::string_view text);

// For the end of the process: waits until both readers have taken everything, at most 200 ms, or
// 400 ms on a machine so busy that nothing was written although it could be.
void FlushOutput();

// The queue in front of one descriptor. The descriptor may be shared with other processes, so it
// keeps its flags, and only the thread of the queue blocks on it. Never destroyed: the thread may
// be stuck until the process ends. Any thread.
class LineWriter {
 public:
  static constexpr size_t kCapacity = 1024 * 1024;  // bytes that wait for the reader

  explicit LineWriter(int fd) : fd_(fd) {}
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // Queues whole lines, or drops and counts them when the queue is full. When half of the queue
  // has been read, one line in the place of the dropped ones says how many there were.
  void Write(std::string_view lines);

  // Waits until everything is written, but not beyond `deadline`; false if something is not.
  bool Flush(std::chrono::steady_clock::time_point deadline);

  // Whether the descriptor takes bytes now.
  [[nodiscard]] bool IsWritable() const;

 private:
  enum class State { kNotStarted, kWaiting, kWriting, kResting };

  bool Wake() REQUIRES(mutex_);
  void Loop();
  void WriteBatch(std::string_view batch);
  void TakeFromQueue(size_t bytes);

  const int fd_;
  Mutex mutex_;
  std::condition_variable woken_;
  std::condition_variable written_;
  State state_ GUARDED_BY(mutex_) = State::kNotStarted;  // of the thread
  std::string queue_ GUARDED_BY(mutex_);                 // what the thread has not taken yet
  size_t unwritten_ GUARDED_BY(mutex_) = 0;  // bytes in the queue and in the hands of the thread
  uint64_t dropped_ GUARDED_BY(mutex_) = 0;  // lines, since the last line that was queued
};

}  // namespace kiosk
