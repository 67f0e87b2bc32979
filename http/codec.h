// Bodies to model types and back. Every reader names the first field at fault.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/fields.h"
#include "http/json.h"
#include "store/model.h"

namespace kiosk {

struct PlaceOrderBody {
  std::string user_id;
  std::vector<std::string> items;
};

struct ServiceBody {
  std::optional<int64_t> id;
  std::string name;
};

// The fields of a service that a PUT or PATCH gives.
struct ServiceChanges {
  std::optional<int64_t> id;
  std::optional<std::string> name;
};

// How order.data.items is written: as ids, or as objects with id, name and price.
enum class ItemsForm { kIds, kObjects };

// {"order": {"items": ["netflix"], "user_id": "johndoe"}}
[[nodiscard]] Parsed<PlaceOrderBody> ReadPlaceOrder(const Json& body);

// An order of the desk. For an update every field is optional, null removes one, and read-only
// fields may be sent along.
[[nodiscard]] Parsed<DeskOrderChanges> ReadDeskOrder(const Json& body, BodyUse use);

// {"name": "Inspection", "id": 123}; the id is optional.
[[nodiscard]] Parsed<ServiceBody> ReadService(const Json& body);
[[nodiscard]] Parsed<ServiceChanges> ReadServiceChanges(const Json& body);

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
