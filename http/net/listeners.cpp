#include "http/net/listeners.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

namespace kiosk::net {
namespace {

constexpr int kBacklog = 1024;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  void SetPort(int port) {
    const auto wire = htons(static_cast<uint16_t>(port));
    if (storage.ss_family == AF_INET) {
      reinterpret_cast<sockaddr_in*>(&storage)->sin_port = wire;
    } else {
      reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port = wire;
    }
  }
  [[nodiscard]] int port() const {
    return ntohs(storage.ss_family == AF_INET
                     ? reinterpret_cast<const sockaddr_in*>(&storage)->sin_port
                     : reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  }
};

// An IP literal, an IPv6 one with or without brackets.
std::optional<Address> ParseAddress(std::string text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    address.size = sizeof(sockaddr_in);
    return address;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    address.size = sizeof(sockaddr_in6);
    return address;
  }
  return std::nullopt;
}

constexpr int kSendBuffer = 128 * 1024;  // bytes; the kernel doubles it for its own accounts

void SetOption(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

// A listening socket, or the error number.
struct Bound {
  Socket socket{-1};
  int port = 0;
  int error = 0;
};

Bound Bind(Address address, int port) {
  address.SetPort(port);
  Bound bound{
      Socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
  const int fd = bound.socket.fd();
  if (fd < 0) {
    bound.error = errno;
    return bound;
  }
  // Taking a port over from connections that are still closing is fine; from a listener it is not,
  // which SO_REUSEADDR, unlike SO_REUSEPORT, never allows here.
  SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  // Accepted sockets inherit it: what a client does not read waits here, not in megabytes of the
  // kernel's.
  SetOption(fd, SOL_SOCKET, SO_SNDBUF, kSendBuffer);
  if (address.storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr) ? 0 : 1);
  }
  if (::bind(fd, address.get(), address.size) != 0 || ::listen(fd, kBacklog) != 0 ||
      ::getsockname(fd, address.get(), &address.size) != 0) {
    bound.error = errno;
  }
  bound.port = address.port();
  return bound;
}

[[noreturn]] void Refuse(const std::string& host, int port, int error) {
  const std::string where = host + " port " + std::to_string(port);
  if (error == EADDRINUSE) {
    throw std::runtime_error("port " + std::to_string(port) +
                             " is in use, perhaps by another kiosk; stop that one, or choose "
                             "another port with --port (0 picks a free one)");
  }
  if (error == EADDRNOTAVAIL) {
    throw std::runtime_error("cannot listen on " + where +
                             ": this machine does not have that address; choose another --host");
  }
  throw std::runtime_error("cannot listen on " + where + ": " +
                           std::generic_category().message(error) +
                           "; choose another --host or --port");
}

bool IsMissingFamily(int error) {
  return error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT;
}

// Both families on one port. A machine without IPv6 does with IPv4.
Listeners ListenOnLoopback(int port) {
  constexpr int kAttempts = 20;  // a port that is free in one family may be taken in the other
  for (int attempt = 1;; ++attempt) {
    Bound v4 = Bind(*ParseAddress("127.0.0.1"), port);
    if (v4.error != 0) Refuse("127.0.0.1", port, v4.error);
    Bound v6 = Bind(*ParseAddress("::1"), v4.port);
    if (v6.error == EADDRINUSE && port == 0 && attempt < kAttempts) continue;
    if (v6.error != 0 && !IsMissingFamily(v6.error)) Refuse("::1", v4.port, v6.error);
    Listeners listeners{{}, v4.port, "localhost", ""};
    listeners.sockets.push_back(std::move(v4.socket));
    if (v6.error == 0) listeners.sockets.push_back(std::move(v6.socket));
    return listeners;
  }
}

bool IsLoopback(const Address& address) {
  if (address.storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
  }
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

bool IsAnyAddress(const Address& address) {
  if (address.storage.ss_family == AF_INET) {
    return reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_addr.s_addr == INADDR_ANY;
  }
  return IN6_IS_ADDR_UNSPECIFIED(
      &reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_addr);
}

std::string TextOf(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    return ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
  return ::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
}

std::string InUrl(const std::string& address) {
  const bool needs_brackets = address.find(':') != std::string::npos && address.front() != '[';
  return needs_brackets ? "[" + address + "]" : address;
}

// The address of the default route's interface: the one from which a packet to `destination` would
// go. No packet is sent. Empty if there is no route.
std::string AddressTowards(const std::string& destination) {
  constexpr int kDiscardPort = 9;
  Address address = *ParseAddress(destination);
  address.SetPort(kDiscardPort);
  const Socket probe(::socket(address.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (::connect(probe.fd(), address.get(), address.size) != 0 ||
      ::getsockname(probe.fd(), address.get(), &address.size) != 0 || IsLoopback(address)) {
    return "";
  }
  return InUrl(TextOf(address));
}

// Of the ranges for documentation, which are no network's own.
std::string DefaultAddress(int family) {
  std::string address = AddressTowards("192.0.2.1");
  return address.empty() && family == AF_INET6 ? AddressTowards("2001:db8::1") : address;
}

bool WaitFor(int fd, decltype(pollfd::events) event,
             std::chrono::steady_clock::time_point deadline) {
  using std::chrono::ceil, std::chrono::milliseconds, std::chrono::steady_clock;
  for (;;) {
    const auto left = ceil<milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd waiting{fd, event, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Listeners Listen(const std::string& host, int port) {
  if (host.empty() || host == "localhost") return ListenOnLoopback(port);
  const auto address = ParseAddress(host);
  if (!address) {
    throw std::runtime_error("cannot listen on " + host +
                             ": it is not an IP address; give one such as 0.0.0.0 to --host");
  }
  Bound bound = Bind(*address, port);
  if (bound.error != 0) Refuse(host, port, bound.error);
  Listeners listeners{{}, bound.port, InUrl(host), ""};
  if (IsAnyAddress(*address)) {
    listeners.name = "localhost";
    listeners.lan_name = DefaultAddress(address->storage.ss_family);
  } else if (!IsLoopback(*address)) {
    listeners.lan_name = listeners.name;
  }
  listeners.sockets.push_back(std::move(bound.socket));
  return listeners;
}

bool IsLoopbackAddress(const std::string& host) {
  if (host.empty() || host == "localhost") return true;
  const auto address = ParseAddress(host);
  return address && IsLoopback(*address);
}

Connected Connect(const std::string& address, int port,
                  std::chrono::steady_clock::time_point deadline) {
  auto target = ParseAddress(address);
  if (!target) return {Socket(-1), EINVAL};
  target->SetPort(port);
  constexpr int kType = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  Connected connected{Socket(::socket(target->storage.ss_family, kType, 0))};
  const int fd = connected.socket.fd();
  if (fd < 0) {
    connected.error = errno;
  } else if (::connect(fd, target->get(), target->size) != 0) {
    connected.error = errno;
    if (errno != EINPROGRESS && errno != EINTR) return connected;
    if (!WaitUntilWritable(fd, deadline)) {
      connected.error = ETIMEDOUT;
      return connected;
    }
    socklen_t size = sizeof connected.error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &connected.error, &size);
  }
  return connected;
}

bool WaitUntilReadable(int fd, std::chrono::steady_clock::time_point deadline) {
  return WaitFor(fd, POLLIN, deadline);
}

bool WaitUntilWritable(int fd, std::chrono::steady_clock::time_point deadline) {
  return WaitFor(fd, POLLOUT, deadline);
}

Peer PeerOf(int fd) {
  Address address;
  address.size = sizeof address.storage;
  if (::getpeername(fd, address.get(), &address.size) != 0) return {};
  return {TextOf(address), IsLoopback(address)};
}

void SendSmallWritesImmediately(int fd) { SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

}  // namespace kiosk::net
