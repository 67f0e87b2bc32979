#include "http/net/chunked.h"

#include <algorithm>
#include <charconv>

namespace kiosk::net {
namespace {

constexpr size_t kMaxLine = 1024;  // a chunk's size with its extensions, or a trailer
constexpr int kMaxTrailers = 32;

}  // namespace

ChunkedDecoder::State ChunkedDecoder::Feed(std::string_view& bytes) {
  while (state_ == State::kMore && !bytes.empty()) {
    if (part_ == Part::kData) {
      const size_t count = std::min(left_, bytes.size());
      body_.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      left_ -= count;
      if (left_ == 0) part_ = Part::kDataEnd;
    } else if (TakeLine(bytes)) {
      state_ = EndLine();
      line_.clear();
    }
  }
  return state_;
}

// True when the line is complete.
bool ChunkedDecoder::TakeLine(std::string_view& bytes) {
  const size_t end = bytes.find('\n');
  const size_t count = std::min(end, bytes.size());
  // The line after a chunk's data is empty: anything else is refused without waiting for its end.
  const bool is_data_end = part_ == Part::kDataEnd;
  const size_t max = is_data_end ? 1 : kMaxLine;
  line_.append(bytes.substr(0, std::min(count, max + 1)));
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  if (line_.size() > max || (is_data_end && !line_.empty() && line_ != "\r")) {
    state_ = State::kMalformed;
    return false;
  }
  return end != std::string_view::npos;
}

ChunkedDecoder::State ChunkedDecoder::EndLine() {
  // Lines end with CR LF; a bare line feed or carriage return is read differently elsewhere.
  if (line_.empty() || line_.find('\r') != line_.size() - 1) return State::kMalformed;
  line_.pop_back();
  switch (part_) {
    case Part::kSize:
      return EndSizeLine();
    case Part::kDataEnd:
      part_ = Part::kSize;
      return State::kMore;
    default:
      if (line_.empty()) {
        part_ = Part::kEnd;
        return State::kDone;
      }
      return ++trailers_ > kMaxTrailers ? State::kMalformed : State::kMore;
  }
}

ChunkedDecoder::State ChunkedDecoder::EndSizeLine() {
  size_t size = 0;
  const char* const line_end = line_.data() + line_.size();
  // Only hexadecimal digits: from_chars takes a minus only for signed numbers, and no prefix.
  const auto [end, error] = std::from_chars(line_.data(), line_end, size, 16);
  if (error == std::errc::invalid_argument) return State::kMalformed;
  const size_t rest = line_.find_first_not_of(" \t", static_cast<size_t>(end - line_.data()));
  if (rest != std::string::npos && line_[rest] != ';') return State::kMalformed;
  if (error == std::errc::result_out_of_range) return State::kTooLarge;
  if (size > max_size_ - body_.size()) return State::kTooLarge;
  left_ = size;
  part_ = size == 0 ? Part::kTrailer : Part::kData;
  return State::kMore;
}

}  // namespace kiosk::net
