#include "http/net/request_reader.h"

#include <algorithm>
#include <utility>

namespace kiosk::net {
namespace {

constexpr size_t kKeptCapacity = 1024;  // of a connection that waits for its next request

}  // namespace

RequestReader::State RequestReader::Append(std::string_view bytes, const WantsBody& wants_body) {
  bytes_.append(bytes);
  return Advance(wants_body);
}

RequestReader::State RequestReader::Next(const WantsBody& wants_body) {
  Message next;
  next.head.fields = std::move(message_.head.fields);  // for its memory
  next.head.fields.clear();
  message_ = std::move(next);
  chunks_.reset();
  scanner_ = {};
  expectation_is_open_ = false;
  if (begin_ == bytes_.size()) {
    begin_ = 0;
    bytes_.clear();
    if (bytes_.capacity() > kKeptCapacity) bytes_.shrink_to_fit();
  } else if (begin_ > bytes_.size() / 2) {
    bytes_.erase(0, begin_);  // at most as much as was read since the last time
    begin_ = 0;
  }
  if (head_.capacity() > kKeptCapacity) {
    head_.clear();
    head_.shrink_to_fit();
  }
  state_ = State::kIdle;
  return Advance(wants_body);
}

bool RequestReader::TakeExpectation() { return std::exchange(expectation_is_open_, false); }

RequestReader::State RequestReader::Advance(const WantsBody& wants_body) {
  if (state_ == State::kIdle || state_ == State::kHead) {
    state_ = ReadHead();
    if (state_ == State::kBody) state_ = BeginBody(wants_body);
  }
  if (state_ == State::kBody) state_ = ReadBody();
  return state_;
}

// kBody: the head is complete, and valid.
RequestReader::State RequestReader::ReadHead() {
  while (Unread().starts_with("\r\n")) begin_ += 2;  // RFC 9112, section 2.2
  const std::string_view bytes = Unread();
  if (bytes.empty()) return State::kIdle;
  if (IsTlsHandshake(bytes)) return State::kTls;
  if (bytes == "\r" || bytes == "\x16") return State::kHead;
  switch (scanner_.Scan(bytes)) {
    case HeadScanner::State::kMore:
      return State::kHead;
    case HeadScanner::State::kRefused:
      return RefuseHead(*scanner_.error(), bytes);
    case HeadScanner::State::kComplete:
      break;
  }
  head_.assign(bytes.substr(0, scanner_.size()));
  begin_ += scanner_.size();
  message_.error = ParseHead(head_, message_.head);
  if (scanner_.error()) message_.error = scanner_.error();
  if (!message_.error) return State::kBody;
  message_.ends_connection = true;
  return State::kComplete;
}

// What is known of it is kept, for the response and the log.
RequestReader::State RequestReader::RefuseHead(const FramingError& error, std::string_view bytes) {
  head_.assign(bytes);
  static_cast<void>(ParseHead(head_, message_.head));
  message_.error = &error;
  message_.ends_connection = true;
  return State::kComplete;
}

RequestReader::State RequestReader::BeginBody(const WantsBody& wants_body) {
  const Head& head = message_.head;
  message_.ends_connection = head.is_http10 || head.asks_to_close;
  if (head.has_content_encoding) return Complete(&kBodyEncoded);
  if (!head.HasBody()) return State::kComplete;
  if (head.content_length.value_or(0) > max_body_) return Complete(&kBodyTooLong);
  if (!wants_body(head)) {
    message_.ends_connection = true;
    return State::kComplete;
  }
  if (head.is_chunked) chunks_.emplace(max_body_);
  expectation_is_open_ = head.expects_continue && !head.is_http10;
  return State::kBody;
}

RequestReader::State RequestReader::ReadBody() {
  if (!chunks_) {
    const auto length = static_cast<size_t>(*message_.head.content_length);
    if (Unread().size() < length) return State::kBody;
    message_.body = Unread().substr(0, length);
    begin_ += length;
    return Complete(nullptr);
  }
  std::string_view bytes = Unread();
  const ChunkedDecoder::State state = chunks_->Feed(bytes);
  begin_ = bytes_.size() - bytes.size();
  if (begin_ == bytes_.size()) {  // decoded: what a chunk was wrapped in need not be kept
    bytes_.clear();
    begin_ = 0;
  }
  switch (state) {
    case ChunkedDecoder::State::kMore:
      return State::kBody;
    case ChunkedDecoder::State::kMalformed:
      return Complete(&kNotHttp);
    case ChunkedDecoder::State::kTooLarge:
      return Complete(&kBodyTooLong);
    case ChunkedDecoder::State::kDone:
      break;
  }
  message_.body = chunks_->body();
  return Complete(nullptr);
}

RequestReader::State RequestReader::Complete(const FramingError* body_error) {
  expectation_is_open_ = false;
  message_.body_error = body_error;
  if (body_error) {
    message_.ends_connection = true;
    message_.body = {};
  }
  return State::kComplete;
}

}  // namespace kiosk::net
