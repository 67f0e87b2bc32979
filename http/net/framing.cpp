#include "http/net/framing.h"

#include <algorithm>
#include <charconv>

namespace kiosk::net {

const FramingError kNotHttp{400, "bad_request", "The request is not valid HTTP."};
const FramingError kTargetTooLong{414, "uri_too_long", "An address has at most 8192 bytes."};
const FramingError kLineTooLong{431, "header_too_large", "A header line has at most 16384 bytes."};
const FramingError kTooManyFields{431, "header_too_large", "A request has at most 100 headers."};
const FramingError kHeadTooLong{431, "header_too_large",
                                "The headers of a request have at most 65536 bytes."};
const FramingError kBodyTooLong{413, "payload_too_large", "A body has at most 1 MiB."};
const FramingError kBodyEncoded{415, "unsupported_media_type",
                                "A body must be sent without an encoding."};

namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::ranges::equal(a, b, {}, Lower, Lower);
}

// The characters of methods and header names (RFC 9110, section 5.6.2).
bool IsTokenCharacter(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, IsTokenCharacter);
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Whether a list such as "foo, close" has this element. White space divides it too.
bool HasToken(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const size_t end = std::min(list.find_first_of(", \t"), list.size());
    if (SameText(list.substr(0, end), token)) return true;
    list.remove_prefix(std::min(list.size(), end + 1));
  }
  return false;
}

// "http://host:port/path" has its authority taken off. False if the target has no known form.
bool SplitTarget(Head& head) {
  std::string_view rest = head.target;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!SameText(rest.substr(0, scheme.size()), scheme)) continue;
    rest.remove_prefix(scheme.size());
    head.authority = rest.substr(0, rest.find_first_of("/?"));
    if (head.authority.empty()) return false;
    rest.remove_prefix(head.authority.size());
    break;
  }
  head.path = rest.substr(0, rest.find('?'));
  head.query = rest.substr(std::min(rest.size(), head.path.size() + 1));
  if (head.path.empty() && !head.authority.empty()) head.path = "/";
  return head.path.starts_with('/') || head.path == "*";
}

// "GET /path HTTP/1.1", without its line end.
const FramingError* ParseRequestLine(std::string_view line, Head& head) {
  const size_t method_end = line.find(' ');
  const size_t target_end = line.rfind(' ');
  if (method_end > kMaxMethod) return &kNotHttp;  // or there is no space
  if (!IsToken(line.substr(0, method_end))) return &kNotHttp;
  head.method = line.substr(0, method_end);
  const bool is_whole = target_end > method_end;
  const std::string_view target =
      line.substr(method_end + 1, is_whole ? target_end - method_end - 1 : std::string_view::npos);
  if (target.find_first_of(std::string_view(" \0", 2)) != std::string_view::npos) return &kNotHttp;
  head.target = target.substr(0, target.find('#'));
  if (target.size() > kMaxTarget) return &kTargetTooLong;
  const std::string_view version = is_whole ? line.substr(target_end + 1) : "";
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return &kNotHttp;
  head.is_http10 = version == "HTTP/1.0";
  return SplitTarget(head) ? nullptr : &kNotHttp;
}

// What a field says about the framing of the request. False if it is in doubt.
bool Interpret(const HeaderField& field, Head& head) {
  if (SameText(field.name, "Content-Length")) {
    const bool is_number = !field.value.empty() && std::ranges::all_of(field.value, [](char c) {
      return c >= '0' && c <= '9';
    });
    if (!is_number || head.content_length || head.is_chunked) return false;
    uint64_t length = 0;
    const char* const end = field.value.data() + field.value.size();
    const bool fits = std::from_chars(field.value.data(), end, length).ec == std::errc();
    head.content_length = fits ? length : UINT64_MAX;
  } else if (SameText(field.name, "Transfer-Encoding")) {
    if (!SameText(field.value, "chunked") || head.content_length || head.is_chunked) return false;
    head.is_chunked = true;
  } else if (SameText(field.name, "Host")) {
    if (head.has_host) return false;
    head.has_host = true;
  } else if (SameText(field.name, "Content-Encoding")) {
    head.has_content_encoding |= !SameText(field.value, "identity");
  } else if (SameText(field.name, "Expect")) {
    head.expects_continue |= SameText(field.value, "100-continue");
  } else if (SameText(field.name, "Connection")) {
    head.asks_to_close |= HasToken(field.value, "close");
  }
  return true;
}

const FramingError* ParseField(std::string_view line, Head& head) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) return &kNotHttp;
  const HeaderField field{line.substr(0, colon), Trim(line.substr(colon + 1))};
  const bool has_control = std::ranges::any_of(
      field.value, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; });
  if (has_control || !Interpret(field, head)) return &kNotHttp;
  head.fields.push_back(field);
  return nullptr;
}

// Takes a line off, without its line end.
std::string_view TakeLine(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find("\r\n"));
  text.remove_prefix(std::min(text.size(), line.size() + 2));
  return line;
}

}  // namespace

std::optional<std::string_view> Head::Find(std::string_view name) const {
  for (const HeaderField& field : fields) {
    if (SameText(field.name, name)) return field.value;
  }
  return std::nullopt;
}

HeadScanner::State HeadScanner::Refuse(const FramingError& error) {
  error_ = &error;
  return State::kRefused;
}

void HeadScanner::Note(const FramingError* error) {
  if (!error_) error_ = error;
}

// Of a line that has no end yet.
const FramingError* HeadScanner::CheckUnfinishedLine(std::string_view line) const {
  if (lines_ > 0) return line.size() > kMaxLine ? &kLineTooLong : nullptr;
  const std::string_view method = line.substr(0, line.find(' '));
  if (!std::ranges::all_of(method, IsTokenCharacter) || method.size() > kMaxMethod) {
    return &kNotHttp;
  }
  const std::string_view target = line.substr(std::min(line.size(), method.size() + 1));
  return std::min(target.find(' '), target.size()) > kMaxTarget ? &kTargetTooLong : nullptr;
}

HeadScanner::State HeadScanner::Scan(std::string_view bytes) {
  for (;;) {
    const size_t end = bytes.find('\n', scanned_);
    const bool is_finished = end != std::string_view::npos;
    const std::string_view line = bytes.substr(line_begin_, is_finished ? end - line_begin_ : end);
    const FramingError* found = nullptr;
    if (!is_finished) {
      found = CheckUnfinishedLine(line);
    } else if (!line.ends_with('\r')) {
      found = &kNotHttp;
    } else if (lines_ == 0) {
      Head head;
      found = ParseRequestLine(line.substr(0, line.size() - 1), head);
    } else if (line.size() > kMaxLine + 1) {
      found = &kLineTooLong;
    } else if (lines_ > kMaxFields && line.size() > 1) {
      found = &kTooManyFields;
    }
    if (found == &kNotHttp) return Refuse(kNotHttp);
    Note(found);
    scanned_ = is_finished ? end + 1 : bytes.size();
    if (scanned_ > kMaxHead) return Refuse(error_ ? *error_ : kHeadTooLong);
    if (!is_finished) return State::kMore;
    line_begin_ = scanned_;
    if (lines_++ > 0 && line.size() == 1) return State::kComplete;
  }
}

bool IsTlsHandshake(std::string_view bytes) { return bytes.starts_with("\x16\x03"); }

const FramingError* ParseHead(std::string_view text, Head& head) {
  const FramingError* first_error = ParseRequestLine(TakeLine(text), head);
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line.empty()) break;
    const FramingError* error = ParseField(line, head);
    if (!first_error) first_error = error;
  }
  if (first_error) return first_error;
  return head.has_host || head.is_http10 ? nullptr : &kNotHttp;
}

}  // namespace kiosk::net
