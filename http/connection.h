// The bytes of one client's connection: when they must have come, and which are read next. Knows no
// more of HTTP than where a request's line, its headers and its body begin.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "http/sockets.h"

namespace kiosk {

// For one thread at a time. Does not close the socket.
class Connection {
 public:
  explicit Connection(int fd);

  [[nodiscard]] const Peer& peer() const { return peer_; }

  // What comes next is a request: it has 20 seconds from its first byte to its last, and 60 seconds
  // to begin.
  void BeginRequest();

  // The request's method if it is none that the library knows; the library, which would refuse the
  // request as malformed, reads kStandIn in its place. Empty otherwise.
  [[nodiscard]] const std::string& unknown_method() const { return unknown_method_; }

  // The headers were read; what comes now is the body, as it is.
  void EndHeaders() { part_ = Part::kBody; }

  // The bytes to be read next, before those of the client.
  void PutBack(std::string bytes);

  // The name under which a request's Range header reads: the library would refuse a request with a
  // unit that it does not know, which is to be ignored (RFC 9110, section 14.2).
  static constexpr char kRange[] = "Range-Asked";

  // Reads at most `size` bytes: how many, or -1 if none came in time. In the headers a percent sign
  // reads as "%25": the library decodes their values, where it means nothing, and a key, an origin
  // or a length would become another one.
  ssize_t Read(char* data, size_t size);

  // Reads exactly that many bytes of the body, as the client sent them; false if they do not come.
  bool ReadExactly(char* data, size_t size);

  // Sends at most `size` bytes: how many, or -1 if the client took none for 20 seconds.
  ssize_t Write(const char* data, size_t size) const;

 private:
  enum class Part { kMethod, kRequestLine, kHeaders, kBody };

  static constexpr std::string_view kStandIn = "PUT";

  bool ReadMethod();
  ssize_t ReadHead(char* data);
  bool EndsRangeName(char c);
  ssize_t TakeAhead(char* data, size_t size);
  ssize_t ReadSome(char* data, size_t size);
  bool Fill();
  [[nodiscard]] bool WaitUntilDeadline() const;

  int fd_;
  Peer peer_;
  std::chrono::steady_clock::time_point deadline_;
  bool in_request_ = false;
  Part part_ = Part::kMethod;
  std::string unknown_method_;
  size_t range_length_ = 0;  // of "range", as far as the present header line begins with it
  std::string ahead_;        // from ahead_begin_ on
  size_t ahead_begin_ = 0;
  std::array<char, 16 * 1024> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace kiosk
