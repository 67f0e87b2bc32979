#include "http/output.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>
#include <thread>

namespace kiosk {
namespace {

using std::chrono::steady_clock;

// After a write the thread rests, so that a busy server does not wake it for every line.
constexpr auto kRest = std::chrono::milliseconds(5);
constexpr auto kFlushTime = std::chrono::milliseconds(200);      // for a reader that is slow
constexpr auto kBusyFlushTime = std::chrono::milliseconds(400);  // for a machine that is busy
constexpr size_t kUrgent = 128 * 1024;  // bytes in the queue that end the rest

// --- printable text ---

// The length of the UTF-8 sequence that `text` begins with, and its character; 0 if it is invalid.
struct Character {
  size_t size = 0;
  char32_t code = 0;
};

Character FirstCharacter(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {1, lead};
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  char32_t code = lead & (0xFFU >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80) return {};
    code = code << 6U | (next & 0x3FU);
  }
  const bool is_overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  return is_overlong || is_surrogate || code > 0x10FFFF ? Character{} : Character{size, code};
}

bool IsPrintable(char32_t code) {
  if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;
  const bool breaks_line = code == 0x2028 || code == 0x2029;
  const bool turns_direction = code == 0x200E || code == 0x200F || code == 0x061C ||
                               (code >= 0x202A && code <= 0x202E) ||
                               (code >= 0x2066 && code <= 0x2069);
  return !breaks_line && !turns_direction;
}

// --- writing ---

// The end of the lines from `begin` on that reach a pipe whole or not at all.
size_t EndOfPiece(std::string_view batch, size_t begin) {
  if (batch.size() - begin <= PIPE_BUF) return batch.size();
  const size_t last = batch.rfind('\n', begin + PIPE_BUF - 1);
  if (last != std::string_view::npos && last >= begin) return last + 1;
  const size_t end = batch.find('\n', begin);
  return end == std::string_view::npos ? batch.size() : end + 1;
}

// Waits as long as the reader makes it wait. Without a reader or a disk the lines are lost.
void WriteWhole(int fd, std::string_view piece) {
  while (!piece.empty()) {
    const ssize_t count = ::write(fd, piece.data(), piece.size());
    if (count > 0) {
      piece.remove_prefix(static_cast<size_t>(count));
    } else if (count < 0 && errno == EAGAIN) {  // somebody else made it non-blocking
      pollfd writable{fd, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (count == 0 || errno != EINTR) {
      return;
    }
  }
}

LineWriter& Out() {
  static auto& writer = *new LineWriter(STDOUT_FILENO);
  return writer;
}

LineWriter& Err() {
  static auto& writer = *new LineWriter(STDERR_FILENO);
  return writer;
}

}  // namespace

std::string Printable(std::string_view text) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7F; };
  if (std::ranges::all_of(text, is_plain)) return std::string(text);
  std::string printable;
  printable.reserve(text.size());
  while (!text.empty()) {
    const Character first = FirstCharacter(text);
    if (first.size > 0 && IsPrintable(first.code)) {
      printable.append(text.substr(0, first.size));
    } else {
      printable += '?';
    }
    text.remove_prefix(std::max<size_t>(first.size, 1));
  }
  return printable;
}

void LogLine(std::string_view line) { Err().Write(Printable(line) + "\n"); }

void PrintLine(std::string_view line) { Out().Write(Printable(line) + "\n"); }

void LogRaw(std::string_view text) { Err().Write(text); }

void FlushOutput() {
  const auto begin = steady_clock::now();
  for (LineWriter* writer : {&Out(), &Err()}) {
    if (writer->Flush(begin + kFlushTime)) continue;
    // Nothing stalls a descriptor that can be written: the thread has not had its turn yet.
    if (writer->IsWritable()) static_cast<void>(writer->Flush(begin + kBusyFlushTime));
  }
}

void LineWriter::Write(std::string_view lines) {
  bool wake = false;
  {
    const MutexLock lock(mutex_);
    if (dropped_ > 0 || unwritten_ + lines.size() > kCapacity) {
      ++dropped_;
      return;
    }
    queue_.append(lines);
    unwritten_ += lines.size();
    wake = Wake();
  }
  if (wake) woken_.notify_one();
}

// Whether the thread has to be notified.
bool LineWriter::Wake() {
  if (state_ == State::kNotStarted) {
    try {
      std::thread([this] { Loop(); }).detach();
      state_ = State::kWriting;
    } catch (const std::system_error&) {  // the next line tries again
    }
    return false;
  }
  if (state_ == State::kWriting) return false;
  if (state_ == State::kResting && queue_.size() < kUrgent) return false;
  state_ = State::kWriting;
  return true;
}

bool LineWriter::IsWritable() const {
  pollfd descriptor{fd_, POLLOUT, 0};
  return ::poll(&descriptor, 1, 0) > 0 && (descriptor.revents & POLLOUT) != 0;
}

bool LineWriter::Flush(steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  if (state_ == State::kResting) {
    state_ = State::kWriting;
    woken_.notify_one();
  }
  while (unwritten_ > 0 && steady_clock::now() < deadline) lock.WaitUntil(written_, deadline);
  return unwritten_ == 0;
}

void LineWriter::Loop() {
  std::string batch;
  MutexLock lock(mutex_);
  for (;;) {
    if (queue_.empty()) {
      state_ = State::kWaiting;
      while (state_ != State::kWriting) lock.Wait(woken_);
    }
    batch.swap(queue_);
    lock.Unlock();
    WriteBatch(batch);
    batch.clear();
    lock.Lock();
    state_ = State::kResting;
    const auto end = steady_clock::now() + kRest;
    while (state_ != State::kWriting && steady_clock::now() < end) lock.WaitUntil(woken_, end);
    state_ = State::kWriting;
  }
}

void LineWriter::WriteBatch(std::string_view batch) {
  for (size_t begin = 0; begin < batch.size();) {
    const size_t end = EndOfPiece(batch, begin);
    WriteWhole(fd_, batch.substr(begin, end - begin));
    TakeFromQueue(end - begin);
    begin = end;
  }
}

void LineWriter::TakeFromQueue(size_t bytes) {
  const MutexLock lock(mutex_);
  unwritten_ -= bytes;
  if (dropped_ > 0 && unwritten_ <= kCapacity / 2) {
    const std::string notice = "kiosk: " + std::to_string(dropped_) +
                               " lines were dropped here because nothing read them\n";
    queue_.append(notice);
    unwritten_ += notice.size();
    dropped_ = 0;
  }
  if (unwritten_ == 0) written_.notify_all();
}

}  // namespace kiosk
