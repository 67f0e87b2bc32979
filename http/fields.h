// Reads values out of parsed JSON, and names the first field at fault. What bodies and seed files
// have in common.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/json.h"
#include "store/model.h"

namespace kiosk {

template <class T>
using Parsed = std::variant<T, InvalidField>;

// Remembers the first fault that was found; readers go on with empty values after one.
struct Faults {
  std::optional<InvalidField> first;

  void Add(std::string field, std::string message) {
    if (!first) first = InvalidField{std::move(field), std::move(message)};
  }
  // "`quantity` must be an integer."; an empty field is the body itself.
  void Describe(const std::string& field, std::string_view predicate) {
    if (first) return;
    Add(field, (field.empty() ? "The body" : Quoted(field)) + " " + std::string(predicate));
  }
  static std::string Quoted(std::string_view name) { return "`" + std::string(name) + "`"; }
};

template <class T>
Parsed<T> Finish(T value, const Faults& faults) {
  if (faults.first) return *faults.first;
  return value;
}

// What null says: that the field is absent, as in a POST, or that it is to be removed.
enum class NullMeans { kAbsent, kValue };

// An object's fields. Every field that is not read before RefuseOthers is unknown.
class Fields {
 public:
  // `path` names the object itself: "" for the body, "order" for its member.
  Fields(const Json& json, std::string path, Faults& faults,
         NullMeans null_means = NullMeans::kAbsent)
      : path_(std::move(path)),
        object_(json.As<Json::Object>()),
        faults_(faults),
        null_means_(null_means) {
    if (!object_) faults_.Describe(path_, "must be an object.");
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string PathOf(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  }

  // The value of an optional field, null if it is absent.
  const Json* Find(std::string_view name) {
    known_.push_back(name);
    if (!object_) return nullptr;
    const auto same_name = [name](const Json::Member& member) { return member.first == name; };
    const auto found = std::ranges::find_if(*object_, same_name);
    if (found == object_->end()) return nullptr;
    if (std::find_if(found + 1, object_->end(), same_name) != object_->end()) {
      faults_.Describe(PathOf(name), "is given twice.");
    }
    if (found->second.IsNull() && null_means_ == NullMeans::kAbsent) return nullptr;
    return &found->second;
  }

  // The value of a required field; a null value if it is absent.
  const Json& Need(std::string_view name) {
    static const Json kNull;
    const Json* value = Find(name);
    if (!value) faults_.Describe(PathOf(name), "is missing.");
    return value ? *value : kNull;
  }

  void RefuseOthers() {
    if (!object_) return;
    for (const auto& [name, value] : *object_) {
      if (std::ranges::find(known_, name) == known_.end()) {
        faults_.Add(PathOf(name), "Unknown field: " + Faults::Quoted(PathOf(name)) + ".");
        return;
      }
    }
  }

 private:
  std::string path_;
  const Json::Object* object_;
  Faults& faults_;
  NullMeans null_means_;
  std::vector<std::string_view> known_;
};

// Each reads one kind of value, or reports what it wanted at `field`.
std::string ReadString(const Json& json, const std::string& field, Faults& faults);
// An integer of at least 1, in any spelling that denotes one: 1, 1.0, 1e2.
int64_t ReadCount(const Json& json, const std::string& field, Faults& faults);
Money ReadMoney(const Json& json, const std::string& field, Faults& faults);
Timestamp ReadTimestamp(const Json& json, const std::string& field, Faults& faults);
// In a seed a moment may also be relative to the day of seeding: "+1d 11:00".
Timestamp ReadSeedTimestamp(const Json& json, const std::string& field, Faults& faults,
                            Timestamp seeded_at);
const Json::Array& ReadArray(const Json& json, const std::string& field, Faults& faults);
// A fault in an element is the array's: clients look for the field they sent.
std::vector<std::string> ReadStrings(const Json& json, const std::string& field, Faults& faults);
std::string ReadUserId(const Json& json, const std::string& field, Faults& faults);
std::string ReadOrderId(const Json& json, const std::string& field, Faults& faults);
std::string ReadName(const Json& json, const std::string& field, Faults& faults);
// The id of a service itself: "123" or 123.
int64_t ReadServiceId(const Json& json, const std::string& field, Faults& faults);

template <class Read>
auto ReadOptional(Fields& fields, std::string_view name, Faults& faults, Read read)
    -> std::optional<decltype(read(Json(), std::string(), faults))> {
  const Json* json = fields.Find(name);
  if (!json) return std::nullopt;
  return read(*json, fields.PathOf(name), faults);
}

enum class BodyUse { kCreate, kUpdate };

// The fields of a desk order, as a body or a seed has them; with kUpdate null removes a field (the
// object is read with NullMeans::kValue), and the read-only ones may be sent back. `seeded_at` is
// given for a seed.
DeskOrderChanges ReadOrderFields(Fields& fields, BodyUse use, Faults& faults,
                                 std::optional<Timestamp> seeded_at = std::nullopt);

}  // namespace kiosk
