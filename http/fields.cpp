#include "http/fields.h"

#include <charconv>

#include "store/rules.h"

namespace kiosk {
namespace {

// Digits of a whole number from 0 to rules::kMaxCount, nothing else.
std::optional<int64_t> ParseCount(std::string_view digits) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (count < 0 || count > rules::kMaxCount) return std::nullopt;
  return count;
}

// No service has this id: what looks like no id at all names a service that does not exist.
constexpr int64_t kNoService = 0;

// {"id": "123"}, {"id": 123}, "123" or 123.
ServiceReference ReadServiceReference(const Json& json, const std::string& field, Faults& faults) {
  if (const auto* number = json.As<Json::Number>()) {
    const auto id = ParseCount(number->digits);
    if (!id) faults.Add(field, field + " must be whole numbers, or strings of digits.");
    return {id.value_or(kNoService), std::nullopt};
  }
  if (const auto* text = json.As<std::string>()) {
    return {ParseCount(*text).value_or(kNoService), std::nullopt};
  }
  if (!json.As<Json::Object>()) {
    faults.Add(field, field + " must hold ids, or objects with an id.");
    return {};
  }
  Fields fields(json, field, faults);
  const Json& id = fields.Need("id");
  const Json* name = fields.Find("name");
  fields.RefuseOthers();
  if (!id.As<Json::Number>() && !id.As<std::string>()) {
    faults.Add(field, field + " must hold ids, or objects with an id.");
    return {};
  }
  ServiceReference reference = ReadServiceReference(id, field, faults);
  if (name) reference.name = ReadString(*name, field, faults);
  return reference;
}

std::vector<ServiceReference> ReadServiceReferences(const Json& json, const std::string& field,
                                                    Faults& faults) {
  std::vector<ServiceReference> references;
  const Json::Array& items = ReadArray(json, field, faults);
  references.reserve(items.size());
  for (const Json& item : items) references.push_back(ReadServiceReference(item, field, faults));
  return references;
}

// A field that an update may set to null.
template <class Read>
auto ReadChange(Fields& fields, std::string_view name, BodyUse use, Faults& faults, Read read)
    -> Change<decltype(read(Json(), std::string(), faults))> {
  using Value = std::optional<decltype(read(Json(), std::string(), faults))>;
  const Json* json = fields.Find(name);
  if (!json) return std::nullopt;
  if (use == BodyUse::kUpdate && json->IsNull()) return Value();
  return read(*json, fields.PathOf(name), faults);
}

}  // namespace

std::string ReadString(const Json& json, const std::string& field, Faults& faults) {
  if (const auto* text = json.As<std::string>()) return *text;
  faults.Add(field, field + " must be a string.");
  return {};
}

int64_t ReadCount(const Json& json, const std::string& field, Faults& faults) {
  const auto* number = json.As<Json::Number>();
  const auto count = number ? ParseCount(number->digits) : std::nullopt;
  if (!count) faults.Add(field, field + " must be a whole number from 0 to 9007199254740991.");
  return count.value_or(0);
}

Money ReadMoney(const Json& json, const std::string& field, Faults& faults) {
  const auto* number = json.As<Json::Number>();
  const auto money = number ? ParseMoney(number->digits) : std::nullopt;
  if (!money) {
    faults.Add(field, field +
                          " must be a number with at most two decimals, not beyond "
                          "90000000000000.00.");
  }
  return money.value_or(Money{});
}

Timestamp ReadTimestamp(const Json& json, const std::string& field, Faults& faults) {
  const auto* text = json.As<std::string>();
  const auto moment = text ? ParseTimestamp(*text) : std::nullopt;
  if (!moment) {
    faults.Add(field, field +
                          " must be a date and time with a zone, such as "
                          "\"2022-11-01T11:11:11.111Z\".");
  }
  return moment.value_or(Timestamp{});
}

const Json::Array& ReadArray(const Json& json, const std::string& field, Faults& faults) {
  static const Json::Array kEmpty;
  if (const auto* array = json.As<Json::Array>()) return *array;
  faults.Add(field, field + " must be an array.");
  return kEmpty;
}

std::vector<std::string> ReadStrings(const Json& json, const std::string& field, Faults& faults) {
  std::vector<std::string> strings;
  for (const Json& item : ReadArray(json, field, faults)) {
    const auto* text = item.As<std::string>();
    if (!text) {
      faults.Add(field, field + " must hold strings only.");
      break;
    }
    strings.push_back(*text);
  }
  return strings;
}

std::string ReadUserId(const Json& json, const std::string& field, Faults& faults) {
  std::string user_id = ReadString(json, field, faults);
  if (!rules::IsUserId(user_id)) {
    faults.Add(field, field + " must be 1 to 128 bytes without control characters.");
  }
  return user_id;
}

std::string ReadName(const Json& json, const std::string& field, Faults& faults) {
  std::string name = ReadString(json, field, faults);
  if (!rules::IsName(name)) faults.Add(field, field + " must have 1 to 200 characters.");
  return name;
}

std::string ReadOrderId(const Json& json, const std::string& field, Faults& faults) {
  std::string id = ReadString(json, field, faults);
  if (!rules::IsOrderId(id)) {
    faults.Add(field, field + " must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'.");
  }
  return id;
}

int64_t ReadServiceId(const Json& json, const std::string& field, Faults& faults) {
  const auto* number = json.As<Json::Number>();
  const auto* text = json.As<std::string>();
  const auto id = number ? ParseCount(number->digits) : text ? ParseCount(*text) : std::nullopt;
  if (!id || *id == kNoService) {
    faults.Add(field, field + " must be a whole number of at least 1.");
  }
  return id.value_or(kNoService);
}

DeskOrderChanges ReadOrderFields(Fields& fields, BodyUse use, Faults& faults) {
  DeskOrderChanges changes;
  changes.id = ReadOptional(fields, "id", faults, ReadOrderId);
  changes.datetime = ReadChange(fields, "datetime", use, faults, ReadTimestamp);
  changes.totalfee = ReadChange(fields, "totalfee", use, faults, ReadMoney);
  changes.product = ReadChange(fields, "product", use, faults, ReadName);
  changes.quantity = ReadChange(fields, "quantity", use, faults, ReadCount);
  changes.services = ReadChange(fields, "services", use, faults, ReadServiceReferences);
  if (changes.services && *changes.services && (*changes.services)->empty()) {
    faults.Add(fields.PathOf("services"), fields.PathOf("services") + " must not be empty.");
  }
  if (use == BodyUse::kUpdate) {
    changes.created_at = ReadOptional(fields, "created_at", faults, ReadTimestamp);
    changes.updated_at = ReadOptional(fields, "updated_at", faults, ReadTimestamp);
  }
  return changes;
}

}  // namespace kiosk
