// Bodies to model types and back. Every reader names the first field at fault.
#pragma once

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

struct PlaceOrderBody {
  std::string user_id;
  std::vector<std::string> items;
};

struct ServiceBody {
  std::optional<int64_t> id;
  std::string name;
};

enum class BodyUse { kCreate, kUpdate };

// How order.data.items is written: as ids, or as objects with id, name and price.
enum class ItemsForm { kIds, kObjects };

// {"order": {"items": ["netflix"], "user_id": "johndoe"}}
[[nodiscard]] Parsed<PlaceOrderBody> ReadPlaceOrder(const Json& body);

// An order of the desk. For an update every field is optional, null removes one, and read-only
// fields may be sent along.
[[nodiscard]] Parsed<DeskOrderChanges> ReadDeskOrder(const Json& body, BodyUse use);

// {"name": "Inspection", "id": 123}; the id is optional.
[[nodiscard]] Parsed<ServiceBody> ReadService(const Json& body);

// A seed file as data/seed.json; `now` is when its orders were created. A field is named by its
// path from the top: "products[2].price". References between its parts are checked.
[[nodiscard]] Parsed<Seed> ReadSeed(std::string_view text, Timestamp now);

[[nodiscard]] std::string WriteUser(const User& user);
[[nodiscard]] std::string WriteProducts(const std::vector<Product>& products);
[[nodiscard]] std::string WritePlacedOrder(const BenefitOrder& order, ItemsForm form);
[[nodiscard]] std::string WriteBenefitOrder(const BenefitOrder& order, ItemsForm form);
[[nodiscard]] std::string WriteBenefitOrders(const std::vector<BenefitOrder>& orders,
                                             ItemsForm form);
[[nodiscard]] std::string WriteDeskOrder(const DeskOrder& order);
void WriteDeskOrder(JsonWriter& out, const DeskOrder& order);
[[nodiscard]] std::string WriteService(const Service& service);
[[nodiscard]] std::string WriteServices(const std::vector<Service>& services);

}  // namespace kiosk
