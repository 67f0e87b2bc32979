#include "http/seed_reader.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <unordered_set>

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

using ServicesById = std::unordered_map<int64_t, const Service*>;

DeskOrder ReadSeedOrder(Fields& fields, const ServicesById& services, Timestamp now,
                        Faults& faults) {
  const std::string id = ReadOrderId(fields.Need("id"), fields.PathOf("id"), faults);
  DeskOrderChanges changes = ReadOrderFields(fields, BodyUse::kCreate, faults, now);
  DeskOrder order = rules::Apply({}, changes);
  order.id = id;
  order.created_at = order.updated_at = now;
  if (const auto invalid = rules::FindInvalidField(order)) {
    faults.Add(fields.PathOf(invalid->field), invalid->message);
  }
  const std::string path = fields.PathOf("services");
  for (size_t i = 0; i < order.services.size(); ++i) {
    const auto& [service_id, name] = order.services[i];
    const auto known = services.find(service_id);
    if (known == services.end()) {
      faults.Describe(path, "names a service that is not in the seed.");
    } else if (!name.empty() && name != known->second->name) {
      const std::string member = At(path, i) + ".name";
      faults.Describe(member, "is not that service's name; correct it or leave it out.");
    }
  }
  return order;
}

using Prices = std::unordered_map<std::string_view, Money>;  // by product

void RequireProduct(const Prices& prices, const std::string& id, const std::string& field,
                    Faults& faults) {
  if (prices.contains(id)) return;
  faults.Describe(field, "names a product that is not in the seed: " + Faults::Quoted(id) + ".");
}

// A user before the purchases are counted in.
struct GivenUser {
  SeedUser user;
  std::string path;
  std::optional<Money> balance;
  std::optional<Money> starting_balance;
  Money spent;
  std::unordered_set<std::string> owned;
  std::unordered_set<std::string> purchased;
};

GivenUser ReadSeedUser(Fields& fields, const Prices& prices, Faults& faults) {
  GivenUser given;
  given.path = fields.path();
  given.user.user_id = ReadUserId(fields.Need("user_id"), fields.PathOf("user_id"), faults);
  given.balance = ReadOptional(fields, "balance", faults, ReadPositiveMoney);
  given.starting_balance = ReadOptional(fields, "starting_balance", faults, ReadPositiveMoney);
  given.user.product_ids =
      ReadOptional(fields, "product_ids", faults, ReadStrings).value_or(std::vector<std::string>{});
  const std::string path = fields.PathOf("product_ids");
  RefuseRepeated(given.user.product_ids, std::identity{}, path, "", faults);
  for (const std::string& id : given.user.product_ids) RequireProduct(prices, id, path, faults);
  given.owned.insert(given.user.product_ids.begin(), given.user.product_ids.end());
  return given;
}

// {"id": "netflix", "price": 75.99}, or an id alone for the price in the seed.
Product ReadPurchasedItem(const Json& json, const std::string& path, const Prices& prices,
                          Faults& faults) {
  Product item;
  if (const auto* id = json.As<std::string>()) {
    item.product_id = *id;
    RequireProduct(prices, *id, path, faults);
    const auto price = prices.find(*id);
    if (price != prices.end()) item.price = price->second;
    return item;
  }
  Fields fields(json, path, faults);
  item.product_id = ReadString(fields.Need("id"), fields.PathOf("id"), faults);
  item.price = ReadPositiveMoney(fields.Need("price"), fields.PathOf("price"), faults);
  RequireProduct(prices, item.product_id, fields.PathOf("id"), faults);
  fields.RefuseOthers();
  return item;
}

BenefitOrder ReadPurchase(Fields& fields, const Prices& prices, Timestamp now, Faults& faults) {
  BenefitOrder order;
  order.order_id = ReadServiceId(fields.Need("order_id"), fields.PathOf("order_id"), faults);
  order.user_id = ReadUserId(fields.Need("user_id"), fields.PathOf("user_id"), faults);
  const std::string path = fields.PathOf("items");
  const Json::Array& items = ReadArray(fields.Need("items"), path, faults);
  if (items.empty()) faults.Describe(path, "must not be empty.");
  for (const Json& item : items) {
    order.items.push_back(ReadPurchasedItem(item, At(path, order.items.size()), prices, faults));
    order.total.cents += order.items.back().price.cents;
    if (order.total > kMaxMoney) {
      faults.Describe(path, "must not cost more than 90000000000000.00.");
    }
    if (faults.first) break;
  }
  const Json* created_at = fields.Find("created_at");
  order.created_at =
      created_at ? ReadSeedTimestamp(*created_at, fields.PathOf("created_at"), faults, now) : now;
  return order;
}

// Counts a purchase in with its user: what it cost, and that its items are owned.
void CountIn(const BenefitOrder& order, GivenUser& given, const std::string& path, Faults& faults) {
  given.spent.cents += order.total.cents;
  if (given.spent > kMaxMoney) faults.Describe(path, "costs more than a user can spend.");
  for (size_t i = 0; i < order.items.size(); ++i) {
    const std::string& id = order.items[i].product_id;
    if (!given.purchased.insert(id).second) {
      faults.Describe(At(path + ".items", i), "is owned by that user already.");
      return;
    }
    if (given.owned.insert(id).second) given.user.product_ids.push_back(id);
  }
}

// The equation of every user: starting balance = balance + what the purchases cost.
SeedUser Settle(GivenUser given, Money starting_balance, Faults& faults) {
  const std::string path = given.path + ".balance";
  Money start = given.starting_balance.value_or(starting_balance);
  if (given.balance && !given.starting_balance) {
    start = Money{given.balance->cents + given.spent.cents};
  }
  const Money balance{start.cents - given.spent.cents};
  if (start > kMaxMoney) faults.Describe(path, "is too large for what the user's purchases cost.");
  if (balance.cents < 0) {
    faults.Add(given.path, "The purchases of " + Faults::Quoted(given.user.user_id) +
                               " cost more than the starting balance.");
  } else if (given.balance && *given.balance != balance) {
    faults.Describe(path, "must be " + Faults::Quoted("starting_balance") +
                              " less what the user's purchases cost: " + FormatMoney(balance) +
                              ".");
  }
  given.user.balance = balance;
  given.user.starting_balance = start;
  return std::move(given.user);
}

// The users given, and those who appear in purchases only.
std::vector<SeedUser> SettleUsers(std::vector<GivenUser> given, const Seed& seed, Faults& faults) {
  std::unordered_map<std::string, size_t> index;
  for (size_t i = 0; i < given.size(); ++i) index.emplace(given[i].user.user_id, i);
  for (size_t i = 0; i < seed.purchases.size() && !faults.first; ++i) {
    const BenefitOrder& order = seed.purchases[i];
    const std::string path = At("purchases", i);
    const auto [user, is_new] = index.emplace(order.user_id, given.size());
    if (is_new) {
      given.emplace_back().user.user_id = order.user_id;
      given.back().path = path;
    }
    CountIn(order, given[user->second], path, faults);
  }
  std::vector<SeedUser> users;
  for (GivenUser& user : given) {
    if (faults.first) break;
    users.push_back(Settle(std::move(user), seed.starting_balance, faults));
  }
  return users;
}

SeedNextIds ReadNextIds(const Json& json, Faults& faults) {
  Fields fields(json, "next_ids", faults);
  SeedNextIds next;
  next.purchase = ReadOptional(fields, "purchase", faults, ReadCount);
  next.order = ReadOptional(fields, "order", faults, ReadCount);
  next.service = ReadOptional(fields, "service", faults, ReadCount);
  fields.RefuseOthers();
  return next;
}

std::string ReadAbout(const Json& json, const std::string& field, Faults& faults) {
  std::string about = ReadString(json, field, faults);
  if (about.find('\0') != std::string::npos) faults.Describe(field, "must not contain U+0000.");
  return about;
}

// The parts that stand alone; users come later.
void ReadCatalogue(Fields& top, Timestamp now, Seed& seed, Faults& faults) {
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
  ServicesById services;
  for (const Service& service : seed.services) services.emplace(service.id, &service);
  seed.orders = ReadEach<DeskOrder>(top, "orders", faults, [&](Fields& fields) {
    return ReadSeedOrder(fields, services, now, faults);
  });
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
  ReadCatalogue(top, now, seed, faults);
  Prices prices;
  for (const Product& product : seed.products) prices.emplace(product.product_id, product.price);
  auto users = ReadEach<GivenUser>(
      top, "users", faults, [&](Fields& fields) { return ReadSeedUser(fields, prices, faults); });
  seed.purchases = ReadEach<BenefitOrder>(top, "purchases", faults, [&](Fields& fields) {
    return ReadPurchase(fields, prices, now, faults);
  });
  if (const Json* next = top.Find("next_ids")) seed.next_ids = ReadNextIds(*next, faults);
  static_cast<void>(ReadOptional(top, "name", faults, ReadName));
  static_cast<void>(ReadOptional(top, "about", faults, ReadAbout));
  top.RefuseOthers();
  RefuseRepeated(seed.products, &Product::product_id, "products", ".id", faults);
  RefuseRepeated(seed.services, &Service::id, "services", ".id", faults);
  RefuseRepeated(seed.orders, &DeskOrder::id, "orders", ".id", faults);
  RefuseRepeated(
      users, [](const GivenUser& given) { return given.user.user_id; }, "users", ".user_id",
      faults);
  RefuseRepeated(seed.purchases, &BenefitOrder::order_id, "purchases", ".order_id", faults);
  seed.users = SettleUsers(std::move(users), seed, faults);
  return Finish(std::move(seed), faults);
}

SeedTexts ReadSeedTexts(std::string_view text) {
  SeedTexts texts;
  const auto json = ParseJson(WithPlainSpaces(text));
  const auto* seed = std::get_if<Json>(&json);
  if (!seed) return texts;
  for (const auto& [name, value] :
       {std::pair("name", &texts.name), std::pair("about", &texts.about)}) {
    const Json* const member = seed->Find(name);
    if (const auto* string = member ? member->As<std::string>() : nullptr) *value = *string;
  }
  return texts;
}

std::string SeedErrorText(const InvalidField& invalid) {
  const bool names_path = invalid.field.empty() ||
                          invalid.message.find(Faults::Quoted(invalid.field)) != std::string::npos;
  return names_path ? invalid.message : "at " + invalid.field + ": " + invalid.message;
}

}  // namespace kiosk
