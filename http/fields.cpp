#include "http/fields.h"

#include <charconv>
#include <cstdlib>

#include "store/decimal.h"
#include "store/rules.h"

namespace kiosk {
namespace {

// An id as text: the digits of an integer up to rules::kMaxCount, nothing else.
std::optional<int64_t> ParseDigits(std::string_view digits) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (count < 0 || count > rules::kMaxCount) return std::nullopt;
  return count;
}

// Why `digits` are no count: it is too large, or something else.
std::string CountRule(const std::string& digits) {
  constexpr auto kLargest = static_cast<double>(rules::kMaxCount);
  char* end = nullptr;
  const bool is_too_large = std::strtod(digits.c_str(), &end) >= kLargest && *end == '\0';
  return is_too_large ? "must be an integer of at most 9007199254740991."
                      : "must be an integer of at least 1.";
}

// A JSON number that is an integer from 0 to rules::kMaxCount, in any spelling.
std::optional<int64_t> ParseInteger(const Json::Number& number) {
  const auto integer = ParseDecimal(number.digits, 0, rules::kMaxCount);
  return integer && *integer >= 0 ? integer : std::nullopt;
}

constexpr size_t kDateSize = 10;  // of "2022-11-01"

// No service has this id: what looks like no id at all names a service that does not exist.
constexpr int64_t kNoService = 0;

// A service's id as a client sent it; the id 0 if no service can have it.
ServiceReference ReferenceTo(std::optional<int64_t> id, const std::string& text) {
  if (!id || *id == kNoService) return {kNoService, text, std::nullopt};
  return {*id, std::to_string(*id), std::nullopt};
}

// {"id": "123"}, {"id": 123}, "123" or 123.
ServiceReference ReadServiceReference(const Json& json, const std::string& field, Faults& faults) {
  if (const auto* number = json.As<Json::Number>()) {
    return ReferenceTo(ParseInteger(*number), number->digits);
  }
  if (const auto* text = json.As<std::string>()) {
    const auto id = ParseDigits(*text);
    const bool is_id = id && std::to_string(*id) == *text;  // "0123" is not the id 123
    return ReferenceTo(is_id ? id : std::nullopt, *text);
  }
  if (!json.As<Json::Object>()) {
    faults.Describe(field, "must contain ids, or objects with an id.");
    return {};
  }
  Fields fields(json, field, faults);
  const Json& id = fields.Need("id");
  const Json* name = fields.Find("name");
  fields.RefuseOthers();
  if (!id.As<Json::Number>() && !id.As<std::string>()) {
    faults.Describe(field, "must contain ids, or objects with an id.");
    return {};
  }
  ServiceReference reference = ReadServiceReference(id, field, faults);
  if (name) reference.name = ReadString(*name, fields.PathOf("name"), faults);
  return reference;
}

std::vector<ServiceReference> ReadServiceReferences(const Json& json, const std::string& field,
                                                    Faults& faults) {
  std::vector<ServiceReference> references;
  const Json::Array& items = ReadArray(json, field, faults);
  references.reserve(items.size());
  for (const Json& item : items) references.push_back(ReadServiceReference(item, field, faults));
  if (rules::NamesServiceTwice(references)) {
    faults.Describe(field, "must not name a service twice.");
  }
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
  faults.Describe(field, "must be a string.");
  return {};
}

int64_t ReadCount(const Json& json, const std::string& field, Faults& faults) {
  const auto* number = json.As<Json::Number>();
  const int64_t count = number ? ParseInteger(*number).value_or(0) : 0;
  if (count >= 1) return count;
  faults.Describe(field, CountRule(number ? number->digits : ""));
  return 0;
}

Money ReadMoney(const Json& json, const std::string& field, Faults& faults) {
  const auto* number = json.As<Json::Number>();
  const auto money = number ? ParseMoney(number->digits) : std::nullopt;
  if (!money) {
    faults.Describe(field,
                    "must be a number with at most two decimals, from -90000000000000.00 to "
                    "90000000000000.00.");
  }
  return money.value_or(Money{});
}

Timestamp ReadTimestamp(const Json& json, const std::string& field, Faults& faults) {
  const auto* text = json.As<std::string>();
  const auto moment = text ? ParseTimestamp(*text) : std::nullopt;
  if (!moment) {
    faults.Describe(field,
                    "must be a date and time with a zone, such as \"2022-11-01T11:11:11.111Z\".");
  }
  return moment.value_or(Timestamp{});
}

Timestamp ReadSeedTimestamp(const Json& json, const std::string& field, Faults& faults,
                            Timestamp seeded_at) {
  const auto* text = json.As<std::string>();
  auto moment = text ? ParseTimestamp(*text) : std::nullopt;
  if (text && !moment) moment = ParseRelativeTimestamp(*text, seeded_at);
  if (!moment && text && IsRelativeTimestamp(*text)) {
    faults.Describe(field, "must be in the years 0000 to 9999, and the day of seeding is " +
                               FormatTimestamp(seeded_at).substr(0, kDateSize) + ".");
  } else if (!moment) {
    faults.Describe(field,
                    "must be a date and time with a zone, such as \"2022-11-01T11:11:11.111Z\", or "
                    "relative to the day of seeding, such as \"+1d 11:00\".");
  }
  return moment.value_or(Timestamp{});
}

const Json::Array& ReadArray(const Json& json, const std::string& field, Faults& faults) {
  static const Json::Array kEmpty;
  if (const auto* array = json.As<Json::Array>()) return *array;
  faults.Describe(field, "must be an array.");
  return kEmpty;
}

std::vector<std::string> ReadStrings(const Json& json, const std::string& field, Faults& faults) {
  std::vector<std::string> strings;
  for (const Json& item : ReadArray(json, field, faults)) {
    const auto* text = item.As<std::string>();
    if (!text) {
      faults.Describe(field, "must contain only strings.");
      break;
    }
    strings.push_back(*text);
  }
  return strings;
}

std::string ReadUserId(const Json& json, const std::string& field, Faults& faults) {
  std::string user_id = ReadString(json, field, faults);
  if (!rules::IsUserId(user_id)) {
    faults.Describe(field, rules::kUserIdRule);
  }
  return user_id;
}

std::string ReadName(const Json& json, const std::string& field, Faults& faults) {
  std::string name = ReadString(json, field, faults);
  if (!rules::IsName(name)) faults.Describe(field, "must have 1 to 200 characters.");
  return name;
}

std::string ReadOrderId(const Json& json, const std::string& field, Faults& faults) {
  std::string id = ReadString(json, field, faults);
  if (!rules::IsOrderId(id)) {
    faults.Describe(field, rules::kOrderIdRule);
  }
  return id;
}

int64_t ReadServiceId(const Json& json, const std::string& field, Faults& faults) {
  const auto* number = json.As<Json::Number>();
  const auto* text = json.As<std::string>();
  const auto id = number ? ParseInteger(*number) : text ? ParseDigits(*text) : std::nullopt;
  if (!id || *id == kNoService) {
    faults.Describe(field, CountRule(number ? number->digits : text ? *text : ""));
  }
  return id.value_or(kNoService);
}

DeskOrderChanges ReadOrderFields(Fields& fields, BodyUse use, Faults& faults,
                                 std::optional<Timestamp> seeded_at) {
  DeskOrderChanges changes;
  changes.id = ReadOptional(fields, "id", faults, ReadOrderId);
  const auto read_datetime = [seeded_at](const Json& json, const std::string& field,
                                         Faults& found) {
    return seeded_at ? ReadSeedTimestamp(json, field, found, *seeded_at)
                     : ReadTimestamp(json, field, found);
  };
  changes.datetime = ReadChange(fields, "datetime", use, faults, read_datetime);
  changes.totalfee = ReadChange(fields, "totalfee", use, faults, ReadMoney);
  changes.product = ReadChange(fields, "product", use, faults, ReadName);
  changes.quantity = ReadChange(fields, "quantity", use, faults, ReadCount);
  changes.services = ReadChange(fields, "services", use, faults, ReadServiceReferences);
  if (changes.services && *changes.services && (*changes.services)->empty()) {
    faults.Describe(fields.PathOf("services"), "must not be empty.");
  }
  if (use == BodyUse::kUpdate) {
    changes.created_at = ReadOptional(fields, "created_at", faults, ReadTimestamp);
    changes.updated_at = ReadOptional(fields, "updated_at", faults, ReadTimestamp);
  }
  return changes;
}

}  // namespace kiosk
