// Listening and connecting sockets, and the state of a connection's socket: plain Linux calls, no
// HTTP.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace kiosk::net {

// Closes what it holds.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

struct Listeners {
  std::vector<Socket> sockets;
  int port = 0;
  std::string name;      // for a URL: "localhost", "192.168.1.2", "[::1]"
  std::string lan_name;  // the same for other devices; empty: bound to the loopback alone
};

// Listens on `host` (empty: the loopback, 127.0.0.1 and, where the machine has it, ::1). Port 0
// takes a free one, the same for both. Never shares a port with another listener. Throws
// std::runtime_error with one line that says what is wrong and what to do.
[[nodiscard]] Listeners Listen(const std::string& host, int port);

// Whether what Listen would bind for `host` is the loopback alone.
[[nodiscard]] bool IsLoopbackAddress(const std::string& host);

struct Connected {
  Socket socket{-1};
  int error = 0;  // errno of what failed
};

// Connects to an IP literal, an IPv6 one with or without brackets. The socket is non-blocking.
[[nodiscard]] Connected Connect(const std::string& address, int port,
                                std::chrono::steady_clock::time_point deadline);

// Waits on a non-blocking socket. False when `deadline` comes first.
[[nodiscard]] bool WaitUntilReadable(int fd, std::chrono::steady_clock::time_point deadline);
[[nodiscard]] bool WaitUntilWritable(int fd, std::chrono::steady_clock::time_point deadline);

// The other end of a connection.
struct Peer {
  std::string address;  // without the port
  bool is_loopback = false;
};
[[nodiscard]] Peer PeerOf(int fd);

void SendSmallWritesImmediately(int fd);

}  // namespace kiosk::net
