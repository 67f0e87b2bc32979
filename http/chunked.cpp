#include "http/chunked.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace kiosk {
namespace {

constexpr size_t kMaxLine = 1024;  // a chunk's size with its extensions, or a trailer
constexpr int kMaxTrailers = 32;
constexpr size_t kPiece = 16 * 1024;  // memory is taken for what came, not for what was announced

// A line without its CR LF, which nothing else ends.
std::optional<std::string> ReadLine(const ReadExactly& read) {
  std::string line;
  for (char c = 0; line.size() < kMaxLine && read(&c, 1);) {
    if (c != '\n') {
      line += c;
      continue;
    }
    if (!line.ends_with('\r')) return std::nullopt;
    line.pop_back();
    return line;
  }
  return std::nullopt;
}

std::variant<size_t, ChunkedError> ReadSize(const ReadExactly& read) {
  const auto line = ReadLine(read);
  if (!line) return ChunkedError::kMalformed;
  size_t size = 0;
  const char* const line_end = line->data() + line->size();
  // Hexadecimal digits alone: from_chars takes a minus only for signed numbers, and no prefix.
  const auto [end, error] = std::from_chars(line->data(), line_end, size, 16);
  if (error == std::errc::invalid_argument) return ChunkedError::kMalformed;
  const size_t rest = line->find_first_not_of(" \t", static_cast<size_t>(end - line->data()));
  if (rest != std::string::npos && (*line)[rest] != ';') return ChunkedError::kMalformed;
  if (error == std::errc::result_out_of_range) return ChunkedError::kTooLarge;
  return size;
}

bool SkipTrailers(const ReadExactly& read) {
  for (int i = 0; i <= kMaxTrailers; ++i) {
    const auto line = ReadLine(read);
    if (!line) return false;
    if (line->empty()) return true;
  }
  return false;
}

}  // namespace

std::variant<std::string, ChunkedError> ReadChunked(const ReadExactly& read, size_t max_size) {
  std::string body;
  for (;;) {
    const auto size = ReadSize(read);
    if (const auto* error = std::get_if<ChunkedError>(&size)) return *error;
    size_t left = std::get<size_t>(size);
    if (left > max_size - body.size()) return ChunkedError::kTooLarge;
    if (left == 0) break;
    while (left > 0) {
      const size_t count = std::min(left, kPiece);
      body.resize(body.size() + count);
      if (!read(body.data() + body.size() - count, count)) return ChunkedError::kMalformed;
      left -= count;
    }
    char end[2] = {};
    if (!read(end, 2) || end[0] != '\r' || end[1] != '\n') return ChunkedError::kMalformed;
  }
  if (!SkipTrailers(read)) return ChunkedError::kMalformed;
  return body;
}

}  // namespace kiosk
