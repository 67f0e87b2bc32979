// Collects the bytes of one connection into complete requests. Knows no socket and no clock.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/net/chunked.h"
#include "http/net/framing.h"

namespace kiosk::net {

// A request, complete or refused. Views into the reader, valid until Next.
struct Message {
  Head head;
  std::string_view body;
  const FramingError* error = nullptr;       // of the head, which is then incomplete
  const FramingError* body_error = nullptr;  // of the body, of which nothing is kept
  bool ends_connection = false;              // the rest cannot or will not be read
};

class RequestReader {
 public:
  enum class State {
    kIdle,      // nothing has come since the last request
    kHead,      // a part of a head
    kBody,      // a head and a part of its body
    kComplete,  // message() is to be answered
    kTls,       // a TLS handshake: the connection is of no use
  };
  // Whether the body of a request is to be read. Otherwise the request is complete without it.
  using WantsBody = std::function<bool(const Head&)>;

  explicit RequestReader(size_t max_body) : max_body_(max_body) {}
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Not while a complete request is being answered.
  State Append(std::string_view bytes, const WantsBody& wants_body);
  [[nodiscard]] const Message& message() const { return message_; }
  // Drops the request that was answered and goes on with what came after it.
  State Next(const WantsBody& wants_body);

  // Once for each request whose client waits for "100 Continue" before it sends the body.
  [[nodiscard]] bool TakeExpectation();

 private:
  State Advance(const WantsBody& wants_body);
  State ReadHead();
  State BeginBody(const WantsBody& wants_body);
  State ReadBody();
  State Complete(const FramingError* body_error);
  State RefuseHead(const FramingError& error, std::string_view bytes);
  [[nodiscard]] std::string_view Unread() const { return std::string_view(bytes_).substr(begin_); }

  size_t max_body_;
  State state_ = State::kIdle;
  std::string bytes_;
  size_t begin_ = 0;  // of what is not consumed
  HeadScanner scanner_;
  std::string head_;  // what message_.head looks at
  Message message_;
  std::optional<ChunkedDecoder> chunks_;
  bool expectation_is_open_ = false;
};

}  // namespace kiosk::net
