#include "http/health.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "http/net/listeners.h"

namespace kiosk {
namespace {

using net::Connect;
using net::Connected;
using net::WaitUntilReadable;
using net::WaitUntilWritable;
using std::chrono::steady_clock;

constexpr int kPatienceSeconds = 5;  // for all addresses together
constexpr int kHealthy = 200;
constexpr std::string_view kPath = "/healthz";

// How far a request came, the furthest last.
enum class Reached { kNothing, kListener, kStatus };

struct Outcome {
  Reached reached = Reached::kNothing;
  int status = 0;
  std::string error;  // of the connection
};

bool IsName(const std::string& host) { return IsLoopbackHost(host) && !IsIpLiteral(host); }

// The part of a URL after its host and port.
std::string_view PathOf(std::string_view url) {
  const size_t begin = url.find_first_of("/?#", url.find("://") + 3);
  return begin == std::string_view::npos ? "" : url.substr(begin);
}

// The URL that `text` was probably meant to be.
std::string Suggest(const std::string& text) {
  const size_t mark = text.find("://");
  const std::string rest = mark == std::string::npos ? text : text.substr(mark + 3);
  const auto authority = CanonicalAuthority(rest.substr(0, rest.find_first_of("/?#")));
  constexpr int kDefaultPort = 4000;
  const int port = authority ? authority->port.value_or(kDefaultPort) : kDefaultPort;
  const bool is_usable =
      authority && (IsLoopbackHost(authority->host) || IsIpLiteral(authority->host));
  return WebOrigin{"http", is_usable ? authority->host : "localhost",
                   port == 0 ? kDefaultPort : port}
      .Spelling();
}

// The status of "HTTP/1.1 200 OK". Nothing if the line is no HTTP/1 status line.
std::optional<int> ParseStatus(std::string_view line) {
  constexpr std::string_view kVersion = "HTTP/1.";
  constexpr size_t kBegin = 9;  // after the minor version and a space
  constexpr size_t kDigits = 3;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!line.starts_with(kVersion) || line.size() < kBegin + kDigits || line[kBegin - 1] != ' ') {
    return std::nullopt;
  }
  int status = 0;
  const char* end = line.data() + kBegin + kDigits;
  const auto [rest, error] = std::from_chars(line.data() + kBegin, end, status);
  const bool is_status = error == std::errc() && rest == end && status >= 100 &&
                         (line.size() == kBegin + kDigits || line[kBegin + kDigits] == ' ');
  return is_status ? std::optional(status) : std::nullopt;
}

// Sends all of `text`. False when the other end is gone or `deadline` comes.
bool SendAll(int fd, std::string_view text, steady_clock::time_point deadline) {
  while (!text.empty()) {
    const ssize_t count = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (count > 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (errno != EINTR && (errno != EAGAIN || !WaitUntilWritable(fd, deadline))) {
      return false;
    }
  }
  return true;
}

// The first line, without its line feed. Nothing if none comes whole, or none of a usual length.
std::optional<std::string> ReceiveLine(int fd, steady_clock::time_point deadline) {
  std::array<char, 1024> bytes{};
  size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t count = ::recv(fd, bytes.data() + size, bytes.size() - size, 0);
    if (count > 0) {
      size += static_cast<size_t>(count);
      const std::string_view received(bytes.data(), size);
      const size_t end = received.find('\n');
      if (end != std::string_view::npos) return std::string(received.substr(0, end));
    } else if (count == 0 ||
               (errno != EINTR && (errno != EAGAIN || !WaitUntilReadable(fd, deadline)))) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

// Asks one IP address for the health of `origin`.
Outcome Ask(const WebOrigin& origin, const std::string& address,
            steady_clock::time_point deadline) {
  const Connected connected = Connect(address, origin.port, deadline);
  if (connected.error != 0) {
    return {Reached::kNothing, 0, std::generic_category().message(connected.error)};
  }
  const std::string host = origin.Spelling().substr(std::string_view("http://").size());
  const std::string request = "GET " + std::string(kPath) + " HTTP/1.1\r\nHost: " + host +
                              "\r\nUser-Agent: kiosk\r\nConnection: close\r\n\r\n";
  const int fd = connected.socket.fd();
  // An answer may come before the whole request is sent, so a failure to send is none yet.
  SendAll(fd, request, deadline);
  const auto line = ReceiveLine(fd, deadline);
  const auto status = line ? ParseStatus(*line) : std::nullopt;
  if (!status) return {Reached::kListener, 0, ""};
  return {Reached::kStatus, *status, ""};
}

std::string Describe(const Outcome& outcome, const WebOrigin& origin) {
  const std::string url = origin.Spelling();
  switch (outcome.reached) {
    case Reached::kNothing:
      return "cannot connect to " + url + ": " + outcome.error +
             "; start kiosk there, or give the URL where it listens";
    case Reached::kListener:
      return url +
             " gives no HTTP response in time; restart it if it is a kiosk, or give the URL " +
             "where kiosk listens";
    case Reached::kStatus:
      break;
  }
  return url + std::string(kPath) + " answers " + std::to_string(outcome.status) +
         " where a healthy kiosk answers 200; the log of that kiosk says more";
}

}  // namespace

std::string CheckHealthUrl(const std::string& text) {
  const auto give = [&text](const std::string& why) {
    return (text.empty() ? "an empty text" : text) + why + "; give it as " + Suggest(text);
  };
  const auto origin = CanonicalOrigin(text);
  if (!origin || origin->host.empty()) return give(" is not the URL of a kiosk");
  if (origin->scheme != "http") return give(" is not http, which is all that kiosk speaks");
  if (!IsName(origin->host) && !IsIpLiteral(origin->host)) {
    return give(" has a name, and only localhost and IP addresses are looked up");
  }
  if (origin->port == 0) return give(" has no port that anything listens on");
  const std::string_view path = PathOf(text);
  if (!path.empty() && path != "/" && path != kPath) {
    return give(" has a path, and " + std::string(kPath) + " is added to what is given");
  }
  return "";
}

std::string FindUnhealthy(const WebOrigin& origin) {
  std::vector<std::string> addresses{origin.host};
  if (IsName(origin.host)) addresses = {"::1", "127.0.0.1"};
  const auto deadline = steady_clock::now() + std::chrono::seconds(kPatienceSeconds);
  Outcome furthest;
  for (size_t left = addresses.size(); left > 0; --left) {
    const auto now = steady_clock::now();
    // An address that does not answer leaves the others their share of the time.
    const auto share = (deadline - now) / static_cast<int>(left);
    Outcome outcome = Ask(origin, addresses[addresses.size() - left], now + share);
    if (outcome.status == kHealthy) return "";
    if (outcome.reached >= furthest.reached) furthest = std::move(outcome);
  }
  return Describe(furthest, origin);
}

}  // namespace kiosk
