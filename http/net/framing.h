// Where a request begins and ends, and whether that is beyond doubt (RFC 9112). Pure functions over
// bytes. Requests that two readers could understand differently are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace kiosk::net {

// Limits of a request, in bytes where not counted.
constexpr size_t kMaxTarget = 8192;
constexpr size_t kMaxLine = size_t{16} * 1024;
constexpr size_t kMaxHead = size_t{64} * 1024;
constexpr size_t kMaxFields = 100;
constexpr size_t kMaxMethod = 64;

// Why a request is refused: the parts of an error response.
struct FramingError {
  int status;
  std::string_view code;
  std::string_view message;
};

extern const FramingError kNotHttp;
extern const FramingError kTargetTooLong;
extern const FramingError kLineTooLong;
extern const FramingError kTooManyFields;
extern const FramingError kHeadTooLong;
extern const FramingError kBodyTooLong;
extern const FramingError kBodyEncoded;

struct HeaderField {
  std::string_view name;
  std::string_view value;  // without white space around it, otherwise as it was sent
};

// Views into the bytes of a head.
struct Head {
  std::string_view method;
  std::string_view target;     // as it was sent, without a fragment
  std::string_view authority;  // of a target in absolute form
  std::string_view path;       // still percent-encoded, or "*"
  std::string_view query;      // without the question mark
  bool is_http10 = false;
  std::vector<HeaderField> fields;

  // Derived from the fields.
  bool has_host = false;
  bool is_chunked = false;
  std::optional<uint64_t> content_length;
  bool has_content_encoding = false;  // other than identity
  bool expects_continue = false;
  bool asks_to_close = false;

  [[nodiscard]] bool HasBody() const { return is_chunked || content_length.value_or(0) > 0; }
  // The value of the first field of that name, compared without case.
  [[nodiscard]] std::optional<std::string_view> Find(std::string_view name) const;
};

// Finds the end of a head that arrives in pieces. What is not HTTP is refused as soon as that is
// certain. A head that is too long in some way is read to its end if it has one within 64 KiB,
// because the response depends on its other headers.
class HeadScanner {
 public:
  enum class State { kMore, kComplete, kRefused };

  // `bytes` begins with the head and only grows between calls.
  State Scan(std::string_view bytes);
  // After kComplete: the size of the head with its empty line.
  [[nodiscard]] size_t size() const { return line_begin_; }
  // After kRefused, and after kComplete if a part is too long; otherwise null.
  [[nodiscard]] const FramingError* error() const { return error_; }

 private:
  State Refuse(const FramingError& error);
  void Note(const FramingError* error);
  [[nodiscard]] const FramingError* CheckUnfinishedLine(std::string_view line) const;

  size_t line_begin_ = 0;
  size_t scanned_ = 0;
  size_t lines_ = 0;
  const FramingError* error_ = nullptr;
};

// Whether a connection that begins with these bytes speaks TLS.
[[nodiscard]] bool IsTlsHandshake(std::string_view bytes);

// Takes a head apart. On an error `head` has what is valid of it.
[[nodiscard]] const FramingError* ParseHead(std::string_view text, Head& head);

}  // namespace kiosk::net
