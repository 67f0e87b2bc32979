#include "http/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/rapidjson.h>
#include <rapidjson/reader.h>

namespace kiosk {
namespace {

// Builds a Json from the parser's events.
class Builder {
 public:
  bool Null() { return Add(Json::Null{}); }
  bool Bool(bool value) { return Add(value); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return Add(Json::Number{std::string(text, size)});
  }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return Add(std::string(text, size));
  }
  bool Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    open_.back()->As<Json::Object>()->emplace_back(std::string(text, size), Json());
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

  [[nodiscard]] bool too_deep() const { return too_deep_; }
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
    too_deep_ = open_.size() == kMaxJsonDepth;
    if (too_deep_) return false;
    open_.push_back(Place(std::move(value)));
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }

  Json root_;
  std::vector<Json*> open_;
  bool too_deep_ = false;
};

}  // namespace

const Json* Json::Find(std::string_view name) const {
  const auto* object = As<Object>();
  if (!object) return nullptr;
  for (const auto& [key, value] : *object) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::variant<Json, JsonError> ParseJson(std::string_view text) {
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
  rapidjson::Reader reader;
  Builder builder;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (!result) {
    return JsonError{result.Offset(), builder.too_deep()
                                          ? "More than 32 levels are nested."
                                          : rapidjson::GetParseError_En(result.Code())};
  }
  return builder.Take();
}

const char* RapidJsonVersion() { return RAPIDJSON_VERSION_STRING; }

}  // namespace kiosk
