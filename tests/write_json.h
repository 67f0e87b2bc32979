// A parsed value written again, as the JSON tests and the JSON fuzzer compare it.
#pragma once

#include <string>

#include "http/json.h"

namespace kiosk::test {

inline void WriteJson(JsonWriter& out, const Json& json) {
  if (const auto* number = json.As<Json::Number>()) {
    out.Raw(number->digits);
  } else if (const auto* text = json.As<std::string>()) {
    out.String(*text);
  } else if (const auto* truth = json.As<bool>()) {
    out.Raw(*truth ? "true" : "false");
  } else if (const auto* array = json.As<Json::Array>()) {
    out.BeginArray();
    for (const Json& item : *array) WriteJson(out, item);
    out.EndArray();
  } else if (const auto* object = json.As<Json::Object>()) {
    out.BeginObject();
    for (const auto& [name, value] : *object) {
      out.Key(name);
      WriteJson(out, value);
    }
    out.EndObject();
  } else {
    out.Raw("null");
  }
}

inline std::string WriteJson(const Json& json) {
  JsonWriter out;
  WriteJson(out, json);
  return out.Take();
}

}  // namespace kiosk::test
