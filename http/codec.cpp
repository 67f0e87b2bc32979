#include "http/codec.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "store/rules.h"

namespace kiosk {
namespace {

// Remembers the first fault that was found; readers go on with empty values after one.
struct Faults {
  std::optional<InvalidField> first;

  void Add(std::string field, std::string message) {
    if (!first) first = InvalidField{std::move(field), std::move(message)};
  }
};

template <class T>
Parsed<T> Finish(T value, const Faults& faults) {
  if (faults.first) return *faults.first;
  return value;
}

// Digits of a whole number from 0 to rules::kMaxCount, nothing else.
std::optional<int64_t> ParseCount(std::string_view digits) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (count < 0 || count > rules::kMaxCount) return std::nullopt;
  return count;
}

// Each reads one kind of value or reports what it wanted.

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

// An object's fields. Whatever was not asked for by the time Finish is called is unknown.
class Fields {
 public:
  // `path` names the object itself: "" for the body, "order" for its member.
  Fields(const Json& json, std::string path, Faults& faults)
      : path_(std::move(path)), object_(json.As<Json::Object>()), faults_(faults) {
    if (!object_) faults_.Add(path_, (path_.empty() ? "The body" : path_) + " must be an object.");
  }

  [[nodiscard]] std::string PathOf(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  }

  // The value of an optional field, null if it is missing.
  const Json* Find(std::string_view name) {
    known_.push_back(name);
    if (!object_) return nullptr;
    const auto same_name = [name](const Json::Member& member) { return member.first == name; };
    const auto found = std::ranges::find_if(*object_, same_name);
    if (found == object_->end()) return nullptr;
    if (std::find_if(found + 1, object_->end(), same_name) != object_->end()) {
      faults_.Add(PathOf(name), PathOf(name) + " stands twice.");
    }
    return &found->second;
  }

  // The value of a field that must be there; a null value if it is missing.
  const Json& Need(std::string_view name) {
    static const Json kNull;
    const Json* value = Find(name);
    if (!value) faults_.Add(PathOf(name), PathOf(name) + " is missing.");
    return value ? *value : kNull;
  }

  void RefuseOthers() {
    if (!object_) return;
    for (const auto& [name, value] : *object_) {
      if (std::ranges::find(known_, name) == known_.end()) {
        faults_.Add(PathOf(name), PathOf(name) + " is not a field that can be given here.");
        return;
      }
    }
  }

 private:
  std::string path_;
  const Json::Object* object_;
  Faults& faults_;
  std::vector<std::string_view> known_;
};

// An array of strings. A fault in an element is the array's: clients look for the field they sent.
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

// The id of a service itself: "123" or 123.
int64_t ReadServiceId(const Json& json, const std::string& field, Faults& faults) {
  const auto* number = json.As<Json::Number>();
  const auto* text = json.As<std::string>();
  const auto id = number ? ParseCount(number->digits) : text ? ParseCount(*text) : std::nullopt;
  if (!id || *id == kNoService) {
    faults.Add(field, field + " must be a whole number of at least 1.");
  }
  return id.value_or(kNoService);
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

template <class Read>
auto ReadOptional(Fields& fields, std::string_view name, Faults& faults, Read read)
    -> std::optional<decltype(read(Json(), std::string(), faults))> {
  const Json* json = fields.Find(name);
  if (!json) return std::nullopt;
  return read(*json, fields.PathOf(name), faults);
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

// --- the seed ---

std::string At(const std::string& array, size_t index) {
  return array + "[" + std::to_string(index) + "]";
}

// Reads every element of an optional array with `read(Fields&)`.
template <class T, class Read>
std::vector<T> ReadEach(Fields& fields, std::string_view name, Faults& faults, Read read) {
  std::vector<T> values;
  const Json* json = fields.Find(name);
  if (!json) return values;
  const std::string path = fields.PathOf(name);
  for (const Json& item : ReadArray(*json, path, faults)) {
    Fields element(item, At(path, values.size()), faults);
    values.push_back(read(element));
    element.RefuseOthers();
    if (faults.first) break;
  }
  return values;
}

Money ReadPositiveMoney(const Json& json, const std::string& field, Faults& faults) {
  const Money money = ReadMoney(json, field, faults);
  if (money.cents < 0) faults.Add(field, field + " must not be negative.");
  return money;
}

// Reports the first element whose key was there before.
template <class T, class Key>
void RefuseRepeated(const std::vector<T>& values, Key key, const std::string& array,
                    const std::string& member, Faults& faults) {
  std::vector<std::pair<std::decay_t<decltype(std::invoke(key, values[0]))>, size_t>> keys;
  for (size_t i = 0; i < values.size(); ++i) keys.emplace_back(std::invoke(key, values[i]), i);
  std::ranges::sort(keys);
  for (size_t i = 1; i < keys.size(); ++i) {
    if (keys[i].first == keys[i - 1].first) {
      const std::string path = At(array, keys[i].second) + member;
      faults.Add(path, path + " stands twice.");
    }
  }
}

DeskOrder ReadSeedOrder(Fields& fields, const std::vector<Service>& services, Timestamp now,
                        Faults& faults) {
  const std::string id = ReadOrderId(fields.Need("id"), fields.PathOf("id"), faults);
  DeskOrderChanges changes = ReadOrderFields(fields, BodyUse::kCreate, faults);
  DeskOrder order = rules::Apply({}, changes);
  order.id = id;
  order.created_at = order.updated_at = now;
  if (const auto invalid = rules::FindInvalidField(order)) {
    faults.Add(fields.PathOf(invalid->field), invalid->message);
  }
  for (const Service& service : order.services) {
    if (std::ranges::find(services, service.id, &Service::id) == services.end()) {
      faults.Add(fields.PathOf("services"),
                 fields.PathOf("services") + " names a service that is not in the seed.");
    }
  }
  return order;
}

SeedUser ReadSeedUser(Fields& fields, const std::vector<Product>& products, Money starting_balance,
                      Faults& faults) {
  SeedUser user;
  user.user_id = ReadUserId(fields.Need("user_id"), fields.PathOf("user_id"), faults);
  user.balance =
      ReadOptional(fields, "balance", faults, ReadPositiveMoney).value_or(starting_balance);
  user.product_ids =
      ReadOptional(fields, "product_ids", faults, ReadStrings).value_or(std::vector<std::string>{});
  RefuseRepeated(user.product_ids, std::identity{}, fields.PathOf("product_ids"), "", faults);
  for (const std::string& id : user.product_ids) {
    if (std::ranges::find(products, id, &Product::product_id) == products.end()) {
      faults.Add(fields.PathOf("product_ids"),
                 fields.PathOf("product_ids") + " names a product that is not in the seed: " + id);
    }
  }
  return user;
}

// --- writing ---

void WriteMoney(JsonWriter& out, Money amount) { out.Raw(FormatMoney(amount)); }

void WriteProduct(JsonWriter& out, const Product& product) {
  out.BeginObject().Key("id").String(product.product_id).Key("name").String(product.name);
  out.Key("price");
  WriteMoney(out, product.price);
  out.EndObject();
}

// The members that every order of the shop has; the object of its data stays open.
void BeginBenefitOrder(JsonWriter& out, const BenefitOrder& order, ItemsForm form) {
  out.BeginObject().Key("order_id").String(std::to_string(order.order_id));
  out.Key("data").BeginObject().Key("items").BeginArray();
  for (const Product& item : order.items) {
    if (form == ItemsForm::kIds) {
      out.String(item.product_id);
    } else {
      WriteProduct(out, item);
    }
  }
  out.EndArray().Key("total");
  WriteMoney(out, order.total);
}

void WriteStoredOrder(JsonWriter& out, const BenefitOrder& order, ItemsForm form) {
  BeginBenefitOrder(out, order, form);
  out.Key("user_id").String(order.user_id);
  out.Key("created_at").String(FormatTimestamp(order.created_at));
  out.EndObject().EndObject();
}

void WriteService(JsonWriter& out, const Service& service) {
  out.BeginObject().Key("id").Int(service.id).Key("name").String(service.name).EndObject();
}

}  // namespace

Parsed<PlaceOrderBody> ReadPlaceOrder(const Json& body) {
  Faults faults;
  Fields top(body, "", faults);
  Fields order(top.Need("order"), "order", faults);
  PlaceOrderBody result;
  result.items = ReadStrings(order.Need("items"), "order.items", faults);
  result.user_id = ReadUserId(order.Need("user_id"), "order.user_id", faults);
  order.RefuseOthers();
  top.RefuseOthers();
  return Finish(std::move(result), faults);
}

Parsed<DeskOrderChanges> ReadDeskOrder(const Json& body, BodyUse use) {
  Faults faults;
  Fields fields(body, "", faults);
  DeskOrderChanges changes = ReadOrderFields(fields, use, faults);
  fields.RefuseOthers();
  return Finish(std::move(changes), faults);
}

Parsed<ServiceBody> ReadService(const Json& body) {
  Faults faults;
  Fields fields(body, "", faults);
  ServiceBody result;
  result.name = ReadName(fields.Need("name"), "name", faults);
  result.id = ReadOptional(fields, "id", faults, ReadServiceId);
  fields.RefuseOthers();
  return Finish(std::move(result), faults);
}

Parsed<Seed> ReadSeed(std::string_view text, Timestamp now) {
  const auto json = ParseJson(text);
  if (const auto* error = std::get_if<JsonError>(&json)) {
    return InvalidField{
        "", "not valid JSON at byte " + std::to_string(error->offset) + ": " + error->reason};
  }
  Faults faults;
  Fields top(std::get<Json>(json), "", faults);
  Seed seed;
  seed.text = text;
  seed.starting_balance =
      ReadPositiveMoney(top.Need("starting_balance"), "starting_balance", faults);
  seed.products = ReadEach<Product>(top, "products", faults, [&](Fields& fields) {
    const std::string id = ReadUserId(fields.Need("id"), fields.PathOf("id"), faults);
    const std::string name = ReadName(fields.Need("name"), fields.PathOf("name"), faults);
    return Product{id, name,
                   ReadPositiveMoney(fields.Need("price"), fields.PathOf("price"), faults)};
  });
  seed.services = ReadEach<Service>(top, "services", faults, [&](Fields& fields) {
    const int64_t id = ReadServiceId(fields.Need("id"), fields.PathOf("id"), faults);
    return Service{id, ReadName(fields.Need("name"), fields.PathOf("name"), faults)};
  });
  seed.orders = ReadEach<DeskOrder>(top, "orders", faults, [&](Fields& fields) {
    return ReadSeedOrder(fields, seed.services, now, faults);
  });
  seed.users = ReadEach<SeedUser>(top, "users", faults, [&](Fields& fields) {
    return ReadSeedUser(fields, seed.products, seed.starting_balance, faults);
  });
  top.RefuseOthers();
  RefuseRepeated(seed.products, &Product::product_id, "products", ".id", faults);
  RefuseRepeated(seed.services, &Service::id, "services", ".id", faults);
  RefuseRepeated(seed.orders, &DeskOrder::id, "orders", ".id", faults);
  RefuseRepeated(seed.users, &SeedUser::user_id, "users", ".user_id", faults);
  return Finish(std::move(seed), faults);
}

std::string WriteUser(const User& user) {
  JsonWriter out;
  out.BeginObject().Key("user").BeginObject().Key("user_id").String(user.user_id);
  out.Key("data").BeginObject().Key("balance");
  WriteMoney(out, user.balance);
  out.Key("product_ids").BeginArray();
  for (const std::string& id : user.product_ids) out.String(id);
  out.EndArray().EndObject().EndObject().EndObject();
  return out.Take();
}

std::string WriteProducts(const std::vector<Product>& products) {
  JsonWriter out;
  out.BeginObject().Key("products").BeginArray();
  for (const Product& product : products) WriteProduct(out, product);
  out.EndArray().EndObject();
  return out.Take();
}

std::string WritePlacedOrder(const BenefitOrder& order, ItemsForm form) {
  JsonWriter out;
  out.BeginObject().Key("order");
  BeginBenefitOrder(out, order, form);
  out.EndObject().EndObject().EndObject();
  return out.Take();
}

std::string WriteBenefitOrder(const BenefitOrder& order, ItemsForm form) {
  JsonWriter out;
  out.BeginObject().Key("order");
  WriteStoredOrder(out, order, form);
  out.EndObject();
  return out.Take();
}

std::string WriteBenefitOrders(const std::vector<BenefitOrder>& orders, ItemsForm form) {
  JsonWriter out;
  out.BeginObject().Key("orders").BeginArray();
  for (const BenefitOrder& order : orders) WriteStoredOrder(out, order, form);
  out.EndArray().EndObject();
  return out.Take();
}

void WriteDeskOrder(JsonWriter& out, const DeskOrder& order) {
  out.BeginObject().Key("id").String(order.id);
  if (order.datetime) out.Key("datetime").String(FormatTimestamp(*order.datetime));
  if (order.totalfee) {
    out.Key("totalfee");
    WriteMoney(out, *order.totalfee);
  }
  if (!order.services.empty()) {
    out.Key("services").BeginArray();
    for (const Service& service : order.services) {
      out.BeginObject().Key("id").String(std::to_string(service.id));
      out.Key("name").String(service.name).EndObject();
    }
    out.EndArray();
  }
  if (order.product) out.Key("product").String(*order.product);
  if (order.quantity) out.Key("quantity").Int(*order.quantity);
  out.Key("created_at").String(FormatTimestamp(order.created_at));
  out.Key("updated_at").String(FormatTimestamp(order.updated_at));
  out.EndObject();
}

std::string WriteDeskOrder(const DeskOrder& order) {
  JsonWriter out;
  WriteDeskOrder(out, order);
  return out.Take();
}

std::string WriteService(const Service& service) {
  JsonWriter out;
  WriteService(out, service);
  return out.Take();
}

std::string WriteServices(const std::vector<Service>& services) {
  JsonWriter out;
  out.BeginArray();
  for (const Service& service : services) WriteService(out, service);
  out.EndArray();
  return out.Take();
}

}  // namespace kiosk
