// JSON for the model: a reader and a writer of its own, so that it shares nothing with what it
// judges.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiosk::model {

struct Value {
  enum class Kind { kNull, kTruth, kNumber, kText, kArray, kObject };
  Kind kind = Kind::kNull;
  std::string text;  // of a number its digits, of a truth its word
  std::vector<Value> items;
  std::vector<std::pair<std::string, Value>> members;

  // The first member of that name; null if there is none.
  [[nodiscard]] const Value* Find(std::string_view name) const;
};

[[nodiscard]] std::optional<Value> ParseValue(std::string_view text);

// Without spaces, and members sorted by name: two texts of one value are the same in this form.
[[nodiscard]] std::string Canonical(const Value& value);
// Of a text; one that is not JSON stays as it is.
[[nodiscard]] std::string Canonical(const std::string& text);

// A JSON string.
[[nodiscard]] std::string Quote(std::string_view text);
// An object of JSON texts, in canonical form; those that are empty are left out.
[[nodiscard]] std::string Object(std::vector<std::pair<std::string, std::string>> members);
// An array of JSON texts.
[[nodiscard]] std::string Array(const std::vector<std::string>& items);

}  // namespace kiosk::model
