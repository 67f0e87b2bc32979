// The chunked transfer coding of a request's body (RFC 9112, section 7.1), read strictly, in pieces
// of any size.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kiosk::net {

class ChunkedDecoder {
 public:
  enum class State { kMore, kDone, kMalformed, kTooLarge };

  explicit ChunkedDecoder(size_t max_size) : max_size_(max_size) {}

  // Takes what it can use from the front of `bytes`.
  State Feed(std::string_view& bytes);

  // The body so far, without chunk extensions and trailers.
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  enum class Part { kSize, kData, kDataEnd, kTrailer, kEnd };

  bool TakeLine(std::string_view& bytes);
  State EndLine();
  State EndSizeLine();

  size_t max_size_;
  Part part_ = Part::kSize;
  State state_ = State::kMore;
  size_t left_ = 0;   // of the current chunk
  std::string line_;  // what has come of the current line, with its CR
  int trailers_ = 0;
  std::string body_;
};

}  // namespace kiosk::net
