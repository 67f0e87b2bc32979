#include "tests/model/value.h"

#include <algorithm>
#include <cstdlib>

namespace kiosk::model {
namespace {

// Takes values from the front; throws a Fault where there is none.
class Reader {
 public:
  struct Fault {};

  explicit Reader(std::string_view text) : text_(text) {}

  Value Whole() {
    Value value = Next();
    SkipSpace();
    if (!text_.empty()) throw Fault();
    return value;
  }

 private:
  Value Next() {
    SkipSpace();
    if (text_.empty()) throw Fault();
    const char c = text_.front();
    if (c == '{') return ReadObject();
    if (c == '[') return ReadArray();
    if (c == '"') return {Value::Kind::kText, ReadText(), {}, {}};
    if (c == '-' || (c >= '0' && c <= '9')) return ReadNumber();
    if (TakeWord("null")) return {};
    if (TakeWord("true")) return {Value::Kind::kTruth, "true", {}, {}};
    if (TakeWord("false")) return {Value::Kind::kTruth, "false", {}, {}};
    throw Fault();
  }

  Value ReadObject() {
    Value value{Value::Kind::kObject, {}, {}, {}};
    Need('{');
    if (Take('}')) return value;
    do {
      SkipSpace();
      std::string name = ReadText();
      Need(':');
      value.members.emplace_back(std::move(name), Next());
    } while (Take(','));
    Need('}');
    return value;
  }

  Value ReadArray() {
    Value value{Value::Kind::kArray, {}, {}, {}};
    Need('[');
    if (Take(']')) return value;
    do {
      value.items.push_back(Next());
    } while (Take(','));
    Need(']');
    return value;
  }

  Value ReadNumber() {
    const size_t end = std::min(text_.find_first_not_of("+-.0123456789eE"), text_.size());
    Value value{Value::Kind::kNumber, std::string(text_.substr(0, end)), {}, {}};
    text_.remove_prefix(end);
    return value;
  }

  std::string ReadText() {
    Need('"');
    std::string text;
    for (;;) {
      const char c = Character();
      if (c == '"') return text;
      if (c != '\\') {
        text += c;
        continue;
      }
      const char escaped = Character();
      constexpr std::string_view kNames = "\"\\/bfnrt";
      constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
      const size_t at = kNames.find(escaped);
      if (at != std::string_view::npos) {
        text += kMeant[at];
      } else if (escaped == 'u' && text_.starts_with("00")) {
        // kiosk writes nothing else so than control characters.
        text +=
            static_cast<char>(std::strtol(std::string(text_.substr(0, 4)).c_str(), nullptr, 16));
        text_.remove_prefix(4);
      } else {
        throw Fault();
      }
    }
  }

  char Character() {
    if (text_.empty()) throw Fault();
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  void SkipSpace() {
    text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size()));
  }
  bool Take(char c) {
    SkipSpace();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void Need(char c) {
    if (!Take(c)) throw Fault();
  }
  bool TakeWord(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  std::string_view text_;
};

}  // namespace

const Value* Value::Find(std::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::optional<Value> ParseValue(std::string_view text) {
  try {
    return Reader(text).Whole();
  } catch (const Reader::Fault&) {
    return std::nullopt;
  }
}

std::string Canonical(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kTruth:
    case Value::Kind::kNumber:
      return value.text;
    case Value::Kind::kText:
      return Quote(value.text);
    case Value::Kind::kArray: {
      std::vector<std::string> items;
      for (const Value& item : value.items) items.push_back(Canonical(item));
      return Array(items);
    }
    case Value::Kind::kObject:
      break;
  }
  std::vector<std::pair<std::string, std::string>> members;
  for (const auto& [name, member] : value.members) members.emplace_back(name, Canonical(member));
  return Object(std::move(members));
}

std::string Canonical(const std::string& text) {
  const auto value = ParseValue(text);
  return value ? Canonical(*value) : text;
}

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') quoted += '\\';
    if (byte < 0x20) {
      quoted += std::string("\\u00") + kDigits[byte / 16] + kDigits[byte % 16];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string Object(std::vector<std::pair<std::string, std::string>> members) {
  std::ranges::stable_sort(members, {}, &std::pair<std::string, std::string>::first);
  std::string text = "{";
  for (const auto& [name, json] : members) {
    if (json.empty()) continue;
    text += (text.size() > 1 ? "," : "") + Quote(name) + ":" + json;
  }
  return text + "}";
}

std::string Array(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) text += (text.size() > 1 ? "," : "") + item;
  return text + "]";
}

}  // namespace kiosk::model
