#include "http/net/poller.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <system_error>

namespace kiosk::net {
namespace {

bool Register(int epoll, int fd, uint32_t events, void* owner) {
  epoll_event event{events, {.ptr = owner}};
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

Poller::Poller()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (epoll_.fd() < 0 || wake_.fd() < 0 ||
      !Register(epoll_.fd(), wake_.fd(), EPOLLIN | EPOLLET, this)) {
    throw std::system_error(errno, std::generic_category(), "epoll");
  }
}

bool Poller::Add(int fd, void* owner) {
  return Register(epoll_.fd(), fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, owner);
}

bool Poller::AddListener(int fd, void* owner) { return Register(epoll_.fd(), fd, EPOLLIN, owner); }

void Poller::Remove(int fd) { ::epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, fd, nullptr); }

std::span<const Poller::Event> Poller::Wait(std::chrono::milliseconds timeout) {
  const int ms = static_cast<int>(std::clamp<int64_t>(timeout.count(), -1, INT_MAX));
  const int count = ::epoll_wait(epoll_.fd(), ready_.data(), static_cast<int>(ready_.size()), ms);
  size_t reported = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& ready = ready_[static_cast<size_t>(i)];
    if (ready.data.ptr == this) continue;  // woken: edge triggered, so its counter is never read
    constexpr uint32_t kEnded = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    events_[reported++] = {ready.data.ptr, (ready.events & (EPOLLIN | kEnded)) != 0,
                           (ready.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
                           (ready.events & kEnded) != 0};
  }
  return std::span(events_).first(reported);
}

void Poller::Wake() const {
  const uint64_t one = 1;
  static_cast<void>(::write(wake_.fd(), &one, sizeof one));
}

}  // namespace kiosk::net
