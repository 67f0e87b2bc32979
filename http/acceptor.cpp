#include "http/acceptor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace kiosk {
namespace {

constexpr size_t kMaxConnections = 1000;
constexpr auto kFinishWithin = std::chrono::milliseconds(1200);  // at a stop: what is running
constexpr auto kAbandonWithin = std::chrono::milliseconds(300);  // and what had to be cut off

// As many descriptors as the system lets us have: each connection takes one.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void RefuseBusy(int fd) {
  static const std::string kBody =
      R"({"error":"too_busy","message":"Too many connections are open."})";
  static const std::string kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
      "Connection: close\r\nContent-Length: " +
      std::to_string(kBody.size()) + "\r\n\r\n" + kBody;
  ::send(fd, kBusy.data(), kBusy.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(fd, SHUT_WR);
  ::close(fd);
}

}  // namespace

Acceptor::Acceptor(Listeners listeners)
    : listeners_(std::move(listeners)), wake_(::eventfd(0, EFD_CLOEXEC)) {}

std::string Acceptor::url() const {
  return "http://" + listeners_.name + ":" + std::to_string(listeners_.port);
}

std::string Acceptor::lan_url() const {
  if (listeners_.lan_name.empty()) return "";
  return "http://" + listeners_.lan_name + ":" + std::to_string(listeners_.port);
}

void Acceptor::Start(std::function<void(int)> serve) {
  serve_ = std::move(serve);
  RaiseDescriptorLimit();
  thread_ = std::thread([this] { Loop(); });
}

size_t Acceptor::Stop(const std::function<void()>& cut_off) {
  if (!thread_.joinable()) return 0;
  stopping_ = true;
  const uint64_t one = 1;
  static_cast<void>(::write(wake_.fd(), &one, sizeof one));
  thread_.join();
  listeners_.sockets.clear();
  std::unique_lock lock(mutex_);
  for (const int fd : connections_) ::shutdown(fd, SHUT_RD);
  const auto all_gone = [this] { return threads_ == 0; };
  if (connection_gone_.wait_for(lock, kFinishWithin, all_gone)) return 0;
  cut_off();
  for (const int fd : connections_) ::shutdown(fd, SHUT_RDWR);
  connection_gone_.wait_for(lock, kAbandonWithin, all_gone);
  return threads_;
}

void Acceptor::Loop() {
  std::vector<pollfd> ready{{wake_.fd(), POLLIN, 0}};
  for (const Socket& socket : listeners_.sockets) ready.push_back({socket.fd(), POLLIN, 0});
  while (!stopping_) {
    if (::poll(ready.data(), ready.size(), -1) < 0) continue;
    for (size_t i = 1; i < ready.size(); ++i) {
      if (ready[i].revents != 0) AcceptOne(ready[i].fd);
    }
  }
}

void Acceptor::AcceptOne(int listener) {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) {
    // Out of descriptors: those who wait are served when a connection ends.
    if (errno == EMFILE || errno == ENFILE) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return;
  }
  const std::scoped_lock lock(mutex_);
  if (threads_ >= kMaxConnections) {
    RefuseBusy(fd);
    return;
  }
  try {
    std::thread([this, fd] { Serve(fd); }).detach();
    connections_.insert(fd);
    ++threads_;
  } catch (const std::system_error&) {
    RefuseBusy(fd);
  }
}

void Acceptor::Serve(int fd) {
  serve_(fd);
  {
    // Not closed before it is off the list: the number might come back for another connection.
    const std::scoped_lock lock(mutex_);
    connections_.erase(fd);
  }
  CloseGently(fd);
  const std::scoped_lock lock(mutex_);
  --threads_;
  connection_gone_.notify_all();
}

}  // namespace kiosk
