#include "http/net/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

#include "http/net/loop.h"

namespace kiosk::net {
namespace {

constexpr auto kWriteTime = std::chrono::seconds(20);  // without any progress

}  // namespace

Connection::Connection(Loop& loop, int fd, size_t max_body)
    : loop_(loop), fd_(fd), peer_(PeerOf(fd)), reader_(max_body) {
  SendSmallWritesImmediately(fd);
}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

bool Connection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EAGAIN) {
      if (loop_.is_cutting_off()) return false;
      Await(Wait::kWritable, loop_.now() + kWriteTime);
      if (timed_out_) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

void Connection::Await(Wait wait, Moment until) {
  wait_ = wait;
  timed_out_ = false;
  loop_.SetDeadline(*this, until);
  fiber_->Yield();
}

void Connection::Park(void (*nudge)(void*), void* what) {
  loop_.NudgeLater(nudge, what);
  Await(Wait::kUnpark, Deadlines<Connection>::kNever);
}

void Connection::Unpark() { loop_.Post(*this); }

Waker& Connection::waker() { return loop_; }

void Connection::ParkFor(std::chrono::milliseconds time) {
  if (loop_.is_stopping()) return;  // what runs is to finish
  Await(Wait::kTime, loop_.now() + time);
}

void Connection::ParkDuring(const std::function<void()>& work) {
  std::exception_ptr error;
  loop_.RunOnWorker([this, &work, &error, loop = &loop_] {
    try {
      work();
    } catch (...) {
      error = std::current_exception();
    }
    loop->PrepareWake();
    Unpark();  // after this, what is captured may be gone
    loop->Wake();
  });
  Await(Wait::kUnpark, Deadlines<Connection>::kNever);
  if (error) std::rethrow_exception(error);
}

}  // namespace kiosk::net
