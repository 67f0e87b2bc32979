#include "http/seed_reader.h"

#include <algorithm>
#include <functional>

#include "store/rules.h"

namespace kiosk {
namespace {

std::string At(const std::string& array, size_t index) {
  return array + "[" + std::to_string(index) + "]";
}

// Sample data that was copied from a web page is indented with no-break spaces (U+00A0). Outside of
// strings they become as many spaces as they have bytes, so that offsets stay true.
std::string WithPlainSpaces(std::string_view text) {
  constexpr std::string_view kNoBreakSpace = "\xC2\xA0";
  std::string plain(text);
  bool in_string = false;
  for (size_t i = 0; i < plain.size(); ++i) {
    if (plain[i] == '"') in_string = !in_string;
    if (in_string && plain[i] == '\\') ++i;  // what is escaped is not looked at
    if (!in_string && text.substr(i).starts_with(kNoBreakSpace)) plain.replace(i, 2, "  ");
  }
  return plain;
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
  if (money.cents < 0) faults.Describe(field, "must not be negative.");
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
      faults.Describe(path, "is given twice.");
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
  const std::string path = fields.PathOf("services");
  for (size_t i = 0; i < order.services.size(); ++i) {
    const auto& [service_id, name] = order.services[i];
    const auto known = std::ranges::find(services, service_id, &Service::id);
    if (known == services.end()) {
      faults.Describe(path, "names a service that is not in the seed.");
    } else if (!name.empty() && name != known->name) {
      const std::string member = At(path, i) + ".name";
      faults.Describe(member, "is not that service's name; correct it or leave it out.");
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
      faults.Describe(fields.PathOf("product_ids"),
                      "names a product that is not in the seed: " + Faults::Quoted(id) + ".");
    }
  }
  return user;
}

}  // namespace

Parsed<Seed> ReadSeed(std::string_view text, Timestamp now) {
  const auto json = ParseJson(WithPlainSpaces(text));
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

std::string SeedErrorText(const InvalidField& invalid) {
  const bool names_path = invalid.field.empty() ||
                          invalid.message.find(Faults::Quoted(invalid.field)) != std::string::npos;
  return names_path ? invalid.message : "at " + invalid.field + ": " + invalid.message;
}

}  // namespace kiosk
