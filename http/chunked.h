// The chunked transfer coding of a request's body (RFC 9112, section 7.1), read strictly: what two
// readers could understand differently is refused.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <variant>

namespace kiosk {

enum class ChunkedError { kMalformed, kTooLarge };

// Fills `data` with exactly `size` bytes of the connection; false if they do not come.
using ReadExactly = std::function<bool(char* data, size_t size)>;

// The body, of at most `max_size` bytes, without its chunk extensions and trailers.
[[nodiscard]] std::variant<std::string, ChunkedError> ReadChunked(const ReadExactly& read,
                                                                  size_t max_size);

}  // namespace kiosk
