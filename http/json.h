// JSON as text, in and out. The only file that knows RapidJSON.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kiosk {

// A parsed value. A number keeps its digits, so that money never passes through a double.
class Json {
 public:
  struct Null {};
  struct Number {
    std::string digits;
  };
  using Member = std::pair<std::string, Json>;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;  // as written: a name may stand twice

  Json() = default;
  template <class T>
  explicit Json(T value) : value_(std::move(value)) {}

  // The value as a T, or null if it is something else.
  template <class T>
  [[nodiscard]] const T* As() const {
    return std::get_if<T>(&value_);
  }
  template <class T>
  [[nodiscard]] T* As() {
    return std::get_if<T>(&value_);
  }
  [[nodiscard]] bool IsNull() const { return As<Null>() != nullptr; }

  // The first member of that name; null if there is none, or this is not an object.
  [[nodiscard]] const Json* Find(std::string_view name) const;

 private:
  std::variant<Null, bool, Number, std::string, Array, Object> value_;
};

// A text that two values share exactly if they are equal as JSON: the order of members, whitespace
// and the spelling of numbers and strings do not matter. It is not JSON itself.
[[nodiscard]] std::string CanonicalText(const Json& json);

struct JsonError {
  size_t offset = 0;  // in bytes from the beginning
  std::string reason;
};

inline constexpr int kMaxJsonDepth = 32;

// Parses one value of valid UTF-8, nested at most kMaxJsonDepth deep.
[[nodiscard]] std::variant<Json, JsonError> ParseJson(std::string_view text);

// Writes JSON, member by member, into a string.
class JsonWriter {
 public:
  JsonWriter& BeginObject() { return Done(writer_.StartObject()); }
  JsonWriter& EndObject() { return Done(writer_.EndObject()); }
  JsonWriter& BeginArray() { return Done(writer_.StartArray()); }
  JsonWriter& EndArray() { return Done(writer_.EndArray()); }
  JsonWriter& Key(std::string_view name) { return String(name); }
  JsonWriter& String(std::string_view text) {
    return Done(NeedsEscape(text) ? writer_.String(text.data(), Size(text)) : writer_.Plain(text));
  }
  JsonWriter& Int(int64_t number) { return Done(writer_.Int64(number)); }
  // Digits or a whole document that are JSON already.
  JsonWriter& Raw(std::string_view json) {
    return Done(writer_.RawValue(json.data(), json.size(), rapidjson::kObjectType));
  }

  [[nodiscard]] std::string_view view() const { return {buffer_.GetString(), buffer_.GetSize()}; }
  [[nodiscard]] std::string Take() const { return std::string(view()); }
  // Ready for the next document; the memory is kept.
  void Clear() {
    buffer_.Clear();
    writer_.Reset(buffer_);
  }

 private:
  static rapidjson::SizeType Size(std::string_view text) {
    return static_cast<rapidjson::SizeType>(text.size());
  }
  static bool NeedsEscape(std::string_view text) {
    return std::ranges::any_of(text,
                               [](unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; });
  }
  JsonWriter& Done(bool /*into memory, it cannot fail*/) { return *this; }

  // The library looks at every byte of a string; most need only be copied.
  class Writer : public rapidjson::Writer<rapidjson::StringBuffer> {
   public:
    using rapidjson::Writer<rapidjson::StringBuffer>::Writer;
    bool Plain(std::string_view text) {
      Prefix(rapidjson::kStringType);
      char* const out = os_->Push(text.size() + 2);
      out[0] = '"';
      text.copy(out + 1, text.size());
      out[text.size() + 1] = '"';
      return true;
    }
  };

  rapidjson::StringBuffer buffer_;
  Writer writer_{buffer_};
};

// The version of the library, for --version.
[[nodiscard]] const char* RapidJsonVersion();

}  // namespace kiosk
