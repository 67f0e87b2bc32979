// Accepts connections, gives each a thread of its own, and ends them all in bounded time. Knows no
// HTTP but the one answer to a client for whom there is no room.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_set>

#include "http/sockets.h"

namespace kiosk {

class Acceptor {
 public:
  explicit Acceptor(Listeners listeners);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // As a client would write it: "http://localhost:4000".
  [[nodiscard]] std::string url() const;
  // For other devices; empty if it is bound to the loopback alone.
  [[nodiscard]] std::string lan_url() const;

  // Runs `serve` for each connection until Stop, on that connection's thread, with its socket;
  // when it returns, the connection is closed.
  void Start(std::function<void(int)> serve);

  // Accepts nothing more, and lets nothing more be read: what was read is answered. After 1.2
  // seconds calls `cut_off` and ends the connections that are left. Returns after 1.5 seconds at
  // most: how many threads still run, which then use what `serve` uses.
  size_t Stop(const std::function<void()>& cut_off);

  // Any thread.
  [[nodiscard]] bool is_stopping() const { return stopping_; }

 private:
  void Loop();
  void AcceptOne(int listener);
  void Serve(int fd);

  Listeners listeners_;
  Socket wake_;
  std::function<void(int)> serve_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;

  std::mutex mutex_;
  std::condition_variable connection_gone_;
  // The state below is protected by mutex_.
  std::unordered_set<int> connections_;  // those that may have to be woken
  size_t threads_ = 0;                   // those, and the ones being closed
};

}  // namespace kiosk
