#include "http/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace kiosk {
namespace {

using std::chrono::steady_clock;

constexpr int kIdleSeconds = 60;  // between requests
constexpr auto kRequestTime = std::chrono::seconds(20);
constexpr int kWriteSeconds = 20;  // without any progress
constexpr size_t kMaxMethod = 64;  // bytes

constexpr std::string_view kLibraryMethods[] = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                                "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};

bool BeginsWithLibraryMethod(std::string_view line) {
  return std::ranges::any_of(kLibraryMethods, [line](std::string_view method) {
    return line.starts_with(method) && line.size() > method.size() && line[method.size()] == ' ';
  });
}

// Whether it may occur in a method (RFC 9110, section 5.6.2).
bool IsTokenCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

Connection::Connection(int fd) : fd_(fd), peer_(PeerOf(fd)) {
  Configure(fd, kIdleSeconds, kWriteSeconds);
}

void Connection::BeginRequest() {
  in_request_ = begin_ < end_;
  deadline_ = steady_clock::now() + kRequestTime;
  part_ = Part::kMethod;
  unknown_method_.clear();
  range_length_ = 0;
  PutBack("");
}

void Connection::PutBack(std::string bytes) {
  ahead_ = std::move(bytes);
  ahead_begin_ = 0;
}

ssize_t Connection::Read(char* data, size_t size) {
  if (part_ == Part::kMethod && !ReadMethod()) return -1;
  if (part_ != Part::kBody) return ReadHead(data);
  if (!ahead_.empty()) return TakeAhead(data, size);
  return ReadSome(data, size);
}

bool Connection::ReadExactly(char* data, size_t size) {
  while (size > 0) {
    const ssize_t count = ReadSome(data, size);
    if (count <= 0) return false;
    data += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

ssize_t Connection::Write(const char* data, size_t size) const {
  return ::send(fd_, data, size, MSG_NOSIGNAL);
}

// Reads the method and puts it, or another one, back; false if no bytes come.
bool Connection::ReadMethod() {
  if (begin_ == end_ && !Fill()) return false;
  part_ = Part::kRequestLine;
  if (BeginsWithLibraryMethod({buffer_.data() + begin_, end_ - begin_})) return true;
  std::string method;
  char next = 0;
  while (method.size() <= kMaxMethod) {
    if (ReadSome(&next, 1) != 1) return false;
    if (!IsTokenCharacter(next)) break;
    method += next;
  }
  const bool is_method = next == ' ' && !method.empty();
  if (is_method && std::ranges::find(kLibraryMethods, method) == std::end(kLibraryMethods)) {
    unknown_method_ = std::exchange(method, kStandIn);
  }
  PutBack(IsTokenCharacter(next) ? method : method + next);
  return true;
}

// One byte.
ssize_t Connection::ReadHead(char* data) {
  if (!ahead_.empty()) return TakeAhead(data, 1);
  const ssize_t count = ReadSome(data, 1);
  if (count <= 0) return count;
  if (part_ == Part::kHeaders && EndsRangeName(*data)) {
    PutBack(kRange + std::strlen("Range") + 1);
    ahead_ += ':';
    *data = kRange[std::strlen("Range")];
    return count;
  }
  if (*data == '\n') part_ = Part::kHeaders;
  if (*data == '%' && part_ == Part::kHeaders) PutBack("25");
  return count;
}

// Whether the byte is the colon after a header's name that is "Range", in any case.
bool Connection::EndsRangeName(char c) {
  constexpr std::string_view kName = "range";
  constexpr size_t kOther = kName.size() + 1;
  if (c == '\n') {
    range_length_ = 0;
    return false;
  }
  if (range_length_ == kName.size() && c == ':') {
    range_length_ = kOther;
    return true;
  }
  const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const bool continues = range_length_ < kName.size() && lower == kName[range_length_];
  range_length_ = continues ? range_length_ + 1 : kOther;
  return false;
}

ssize_t Connection::TakeAhead(char* data, size_t size) {
  const size_t count = ahead_.copy(data, size, ahead_begin_);
  ahead_begin_ += count;
  if (ahead_begin_ == ahead_.size()) PutBack("");
  return static_cast<ssize_t>(count);
}

ssize_t Connection::ReadSome(char* data, size_t size) {
  if (begin_ == end_ && !Fill()) return -1;
  const size_t count = std::min(size, end_ - begin_);
  std::memcpy(data, buffer_.data() + begin_, count);
  begin_ += count;
  return static_cast<ssize_t>(count);
}

// Waits for bytes: between requests as long as an idle client may, within one until its deadline.
bool Connection::Fill() {
  if (in_request_ && !WaitUntilDeadline()) return false;
  const ssize_t count = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
  if (count <= 0) return false;
  if (!in_request_) deadline_ = steady_clock::now() + kRequestTime;
  in_request_ = true;
  begin_ = 0;
  end_ = static_cast<size_t>(count);
  return true;
}

bool Connection::WaitUntilDeadline() const {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - steady_clock::now());
  if (left.count() <= 0) return false;
  pollfd poll_fd{fd_, POLLIN, 0};
  return ::poll(&poll_fd, 1, static_cast<int>(left.count())) > 0;
}

}  // namespace kiosk
