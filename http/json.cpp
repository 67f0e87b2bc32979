#include "http/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/rapidjson.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <optional>

#include "store/decimal.h"

namespace kiosk {
namespace {

// Every number of a document as the digit 0 and spaces, because the parser rejects the text of
// numbers that a double cannot hold; and the numbers themselves, in their order.
struct MaskedNumbers {
  std::string text;
  std::vector<std::string_view> numbers;
};

MaskedNumbers MaskNumbers(std::string_view text) {
  MaskedNumbers masked{std::string(text), {}};
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') in_string = !in_string;
    if (in_string && text[i] == '\\') ++i;
    if (in_string) continue;
    const size_t length = NumberLength(text.substr(i));
    if (length == 0) continue;
    masked.numbers.push_back(text.substr(i, length));
    masked.text.replace(i, length, length, ' ');
    masked.text[i] = '0';
    i += length - 1;
  }
  return masked;
}

// Builds a Json from the parser's events.
class Builder {
 public:
  // `numbers`: those that were masked, null if none were.
  explicit Builder(const std::vector<std::string_view>* numbers) : numbers_(numbers) {}

  bool Null() { return Add(Json::Null{}); }
  bool Bool(bool value) { return Add(value); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    if (numbers_) return Add(Json::Number{std::string((*numbers_)[next_number_++])});
    return Add(Json::Number{std::string(text, size)});
  }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return IsText({text, size}) && Add(std::string(text, size));
  }
  bool Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    if (!IsText({text, size})) return false;
    open_.back()->As<Json::Object>()->emplace_back().first.assign(text, size);
    return true;
  }
  bool StartObject() { return Open(Json::Object{}); }
  bool EndObject(rapidjson::SizeType /*members*/) { return Close(); }
  bool StartArray() { return Open(Json::Array{}); }
  bool EndArray(rapidjson::SizeType /*items*/) { return Close(); }

  // With numbers kept as text these never come, but the parser's interface wants them.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }

  // Why it had the parser stop; empty if it had not.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  Json Take() { return std::move(root_); }

 private:
  // Where the next value goes. Pointers to open values stay good: only the innermost one grows.
  template <class T>
  Json* Place(T value) {
    if (open_.empty()) {
      root_ = Json(std::move(value));
      return &root_;
    }
    if (auto* array = open_.back()->As<Json::Array>()) {
      return &array->emplace_back(std::move(value));
    }
    Json& member = open_.back()->As<Json::Object>()->back().second;
    member = Json(std::move(value));
    return &member;
  }
  template <class T>
  bool Add(T value) {
    Place(std::move(value));
    return true;
  }
  template <class T>
  bool Open(T value) {
    if (open_.size() == kMaxJsonDepth) {
      refusal_ = "More than 32 levels are nested.";
      return false;
    }
    open_.push_back(Place(std::move(value)));
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }
  // The parser lets the second half of a surrogate pair stand alone ("\udc00"), which leaves bytes
  // (ED B0 80) that are not UTF-8 (RFC 3629, section 3).
  bool IsText(std::string_view text) {
    for (size_t i = text.find('\xED'); i < text.size(); i = text.find('\xED', i + 1)) {
      if (static_cast<unsigned char>(text[i + 1]) < 0xA0) continue;
      refusal_ = "The surrogate pair in string is invalid.";
      return false;
    }
    return true;
  }

  Json root_;
  std::vector<Json*> open_;
  const std::vector<std::string_view>* numbers_;
  size_t next_number_ = 0;
  std::string refusal_;
};

// Hand-written JSON often has a comma too many: that is told in so many words.
JsonError DescribeError(std::string_view text, const rapidjson::ParseResult& result,
                        const std::string& refusal) {
  if (!refusal.empty()) return {result.Offset(), refusal};
  const size_t end = std::min(result.Offset(), text.size());
  const size_t last = text.substr(0, end).find_last_not_of(" \t\r\n");
  const bool closes = end < text.size() && (text[end] == '}' || text[end] == ']');
  if (closes && last != std::string_view::npos && text[last] == ',') {
    return {end, "A trailing comma is not allowed; remove it."};
  }
  return {result.Offset(), rapidjson::GetParseError_En(result.Code())};
}

// Nothing if the text has a number that the parser rejects unless it is masked.
std::optional<std::variant<Json, JsonError>> Parse(std::string_view text,
                                                   const std::vector<std::string_view>* numbers) {
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
  rapidjson::Reader reader;
  Builder builder(numbers);
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (result.Code() == rapidjson::kParseErrorNumberTooBig && !numbers) return std::nullopt;
  if (!result) return DescribeError(text, result, builder.refusal());
  // The parser takes a NUL for the end.
  if (stream.Tell() < text.size()) {
    return JsonError{stream.Tell(), "A NUL follows the document."};
  }
  return builder.Take();
}

// Strings begin with their length, so that none can look like something else.
void AppendCanonical(std::string_view string, std::string& text) {
  text.append(std::to_string(string.size())).append(1, '"').append(string);
}

// The depth is that of the document: at most kMaxJsonDepth.
void AppendCanonical(const Json& json, std::string& text) {  // NOLINT(misc-no-recursion)
  if (const auto* number = json.As<Json::Number>()) {
    text += CanonicalNumber(number->digits) + ";";
  } else if (const auto* string = json.As<std::string>()) {
    AppendCanonical(*string, text);
  } else if (const auto* array = json.As<Json::Array>()) {
    text += '[';
    for (const Json& item : *array) AppendCanonical(item, text);
    text += ']';
  } else if (const auto* object = json.As<Json::Object>()) {
    std::vector<const Json::Member*> members;
    for (const Json::Member& member : *object) members.push_back(&member);
    std::ranges::stable_sort(members, {}, [](const Json::Member* member) -> const std::string& {
      return member->first;
    });
    text += '{';
    for (const Json::Member* member : members) {
      AppendCanonical(member->first, text);
      AppendCanonical(member->second, text);
    }
    text += '}';
  } else {
    const auto* truth = json.As<bool>();
    text += !truth ? "null" : *truth ? "true" : "false";
  }
}

}  // namespace

const Json* Json::Find(std::string_view name) const {
  const auto* object = As<Object>();
  if (!object) return nullptr;
  for (const auto& [key, value] : *object) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string CanonicalText(const Json& json) {
  std::string text;
  AppendCanonical(json, text);
  return text;
}

std::variant<Json, JsonError> ParseJson(std::string_view text) {
  if (auto parsed = Parse(text, nullptr)) return *std::move(parsed);
  const MaskedNumbers masked = MaskNumbers(text);
  return *Parse(masked.text, &masked.numbers);
}

const char* RapidJsonVersion() { return RAPIDJSON_VERSION_STRING; }

}  // namespace kiosk
