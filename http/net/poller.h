// Which sockets can be read or written: the only file that knows epoll. Registrations are edge
// triggered: an event is reported once, when a socket becomes ready, and its reader goes on
// until the socket is drained. That saves a system call per request to change the registration.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <span>

#include "http/net/listeners.h"

namespace kiosk::net {

class Poller {
 public:
  struct Event {
    void* owner;
    bool readable;  // or ended, or failed: a read tells
    bool writable;
    bool has_ended;  // the peer sends nothing more
  };

  // Throws std::system_error.
  Poller();

  // Reports both directions to `owner`. False if the system has no room for it.
  [[nodiscard]] bool Add(int fd, void* owner);
  // For a listener: reported for as long as connections wait.
  [[nodiscard]] bool AddListener(int fd, void* owner);
  void Remove(int fd);

  // Waits for events, at most `timeout` (negative: without end), or until Wake. Valid until the
  // next call.
  std::span<const Event> Wait(std::chrono::milliseconds timeout);

  // Any thread.
  void Wake() const;

 private:
  static constexpr size_t kEvents = 256;

  Socket epoll_;
  Socket wake_;
  std::array<epoll_event, kEvents> ready_;
  std::array<Event, kEvents> events_;
};

}  // namespace kiosk::net
