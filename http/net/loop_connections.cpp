// How the loop treats its connections: accepts, reads, serves, resumes and closes them.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

#include "http/net/loop.h"

namespace kiosk::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Phase = Connection::Phase;

constexpr auto kIdleTime = seconds(60);           // between requests
constexpr auto kRequestTime = seconds(20);        // from a request's first byte to its last
constexpr auto kLingerTime = milliseconds(1000);  // of a connection at its end
constexpr auto kIdleAtLeast = seconds(1);         // before a connection makes room for another
constexpr size_t kFreeFibers = 64;
constexpr int kReadsAtEnd = 64;  // per event
constexpr int kAcceptedPerTurn = 64;

}  // namespace

void Loop::CloseAtStop(Connection& connection) {
  const bool waits = connection.phase_ == Phase::kReading && !connection.is_queued_;
  if (stop_began_ && waits) Close(connection);
}

void Loop::WatchListeners(bool watch) {
  if (!watch) retry_accept_at_ = now_ + kRetryAccept;
  if (watch == listeners_are_watched_) return;
  listeners_are_watched_ = watch;
  for (Socket& listener : listeners_.sockets) {
    if (watch) {
      static_cast<void>(poller_.AddListener(listener.fd(), &listener));
    } else {
      poller_.Remove(listener.fd());
    }
  }
}

void Loop::Accept(int listener) {
  for (int i = 0; i < kAcceptedPerTurn; ++i) {
    if (connections_ >= max_connections_ && !MakeRoom()) return WatchListeners(false);
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      Open(fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      if (!MakeRoom()) return WatchListeners(false);
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

// Closes the connection that has waited longest for its client. Not one that has just come: its
// client may be about to send a request.
bool Loop::MakeRoom() {
  if (reading_.empty() || now_ - reading_.front()->since_ < kIdleAtLeast) return false;
  Remove(*reading_.front());
  return true;
}

void Loop::Open(int fd) {
  auto* const connection = new Connection(*this, fd, max_body_);
  ++connections_;
  connection->place_ = reading_.insert(reading_.end(), connection);
  connection->since_ = now_;
  deadlines_.Set(*connection, now_ + kIdleTime);
  if (!poller_.Add(fd, connection)) Remove(*connection);
}

// Reads what has come, until it makes a request or nothing is left.
void Loop::Read(Connection& connection) {
  while (connection.phase_ == Phase::kReading && connection.may_be_readable_ &&
         !connection.is_queued_) {
    const ssize_t count = ::recv(connection.fd_, scratch_.data(), scratch_.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      connection.may_be_readable_ = false;
      return;
    }
    if (count <= 0) return Close(connection);
    // A read that leaves room has drained the socket, unless its end is still to be read.
    const auto size = static_cast<size_t>(count);
    if (size < scratch_.size() && !connection.has_ended_) connection.may_be_readable_ = false;
    const bool was_idle = connection.state_ == RequestReader::State::kIdle;
    if (was_idle) connection.since_ = now_;
    const auto wants_body = [&](const Head& head) {
      return service_.WantsBody(head, connection.peer_);
    };
    const std::string_view bytes(scratch_.data(), size);
    TakeState(connection, connection.reader_.Append(bytes, wants_body));
    if (was_idle && connection.phase_ == Phase::kReading) {
      reading_.splice(reading_.end(), reading_, connection.place_);
      deadlines_.Set(connection, now_ + kRequestTime);
    }
  }
}

void Loop::SendContinue(Connection& connection) {
  if (!connection.reader_.TakeExpectation()) return;
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  ::send(connection.fd_, kContinue.data(), kContinue.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Loop::TakeState(Connection& connection, RequestReader::State state) {
  connection.state_ = state;
  SendContinue(connection);
  if (state == RequestReader::State::kTls) {
    Remove(connection);
  } else if (state == RequestReader::State::kComplete) {
    Serve(connection);
  }
}

void Loop::Enter(Connection& connection, Phase phase) {
  List& from = connection.phase_ == Phase::kReading ? reading_ : others_;
  List& to = phase == Phase::kReading ? reading_ : others_;
  to.splice(to.end(), from, connection.place_);
  connection.phase_ = phase;
}

std::unique_ptr<Fiber> Loop::TakeFiber() {
  if (free_fibers_.empty()) return std::make_unique<Fiber>();
  auto fiber = std::move(free_fibers_.back());
  free_fibers_.pop_back();
  return fiber;
}

void Loop::Serve(Connection& connection) {
  Enter(connection, Phase::kServing);
  deadlines_.Set(connection, Deadlines<Connection>::kNever);
  try {
    connection.fiber_ = TakeFiber();
  } catch (const std::bad_alloc&) {
    return Close(connection);
  }
  ++serving_;
  Parking::SetCurrent(&connection);
  const bool has_ended = connection.fiber_->Start(
      [this, &connection] { connection.keep_ = service_.Answer(connection); });
  Continue(connection, has_ended);
}

void Loop::Resume(Connection& connection) {
  connection.wait_ = Connection::Wait::kNothing;
  deadlines_.Set(connection, Deadlines<Connection>::kNever);
  Parking::SetCurrent(&connection);
  Continue(connection, connection.fiber_->Resume());
}

// After a fiber has run, for the first time or again.
void Loop::Continue(Connection& connection, bool has_ended) {
  Parking::SetCurrent(nullptr);
  if (!has_ended) return;
  --serving_;
  if (free_fibers_.size() < kFreeFibers) free_fibers_.push_back(std::move(connection.fiber_));
  connection.fiber_.reset();
  if (!connection.keep_ || connection.message().ends_connection) return Close(connection);
  Enter(connection, Phase::kReading);
  connection.since_ = now_;
  const auto wants_body = [&](const Head& head) {
    return service_.WantsBody(head, connection.peer_);
  };
  const RequestReader::State state = connection.reader_.Next(wants_body);
  deadlines_.Set(connection,
                 now_ + (state == RequestReader::State::kIdle ? kIdleTime : kRequestTime));
  connection.state_ = state;
  SendContinue(connection);
  if (state == RequestReader::State::kTls) return Remove(connection);
  if (state != RequestReader::State::kComplete && !connection.may_be_readable_ && !stop_began_) {
    return;
  }
  // The next request, or more of it, is there. It is read when the others have had their turn.
  connection.is_queued_ = true;
  queued_.push_back(&connection);
}

// Closing a socket with unread bytes resets the connection, and the client may lose a response that
// it has not read yet. Therefore what still comes is read for a moment.
void Loop::Close(Connection& connection) {
  ::shutdown(connection.fd_, SHUT_WR);
  Enter(connection, Phase::kClosing);
  deadlines_.Set(connection, now_ + (stop_began_ ? kLingerAtStop : kLingerTime));
  Drain(connection);
}

void Loop::Drain(Connection& connection) {
  for (int i = 0; i < kReadsAtEnd; ++i) {
    const ssize_t count = ::recv(connection.fd_, scratch_.data(), scratch_.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return Remove(connection);
  }
  // More is there: it is read at the next event or not at all.
  Remove(connection);
}

void Loop::Remove(Connection& connection) {
  ::close(connection.fd_);  // which also takes it out of the poller
  connection.fd_ = -1;
  deadlines_.Remove(connection);
  if (connection.is_queued_) std::erase(queued_, &connection);
  Enter(connection, Phase::kGone);
  others_.erase(connection.place_);
  --connections_;
  gone_.emplace_back(&connection);
  if (!stop_began_) WatchListeners(true);
}

}  // namespace kiosk::net
