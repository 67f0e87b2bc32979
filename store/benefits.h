// The use cases of the benefits shop. Each runs in the transaction of its caller: reads inside
// Store::Read, all others inside Store::Write. Source: SPEC section 3.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/model.h"
#include "store/sqlite.h"

namespace kiosk::benefits {

// What the seed lists, in its order.
[[nodiscard]] std::vector<Product> ListProducts(Database& db);

[[nodiscard]] std::optional<User> FindUser(Database& db, std::string_view user_id);

// The user as GetOrCreateUser would make it, without making it.
[[nodiscard]] User NewUser(Database& db, std::string_view user_id);

// Writes. `user_id` must satisfy rules::IsUserId.
[[nodiscard]] User GetOrCreateUser(Database& db, std::string_view user_id);

// Writes: the order, its items with the price paid, the debit and the ownership. A repeated id is
// one item. An unknown user is created if the order is placed.
[[nodiscard]] std::variant<BenefitOrder, BenefitRefusal> PlaceOrder(
    Database& db, std::string_view user_id, const std::vector<std::string>& product_ids,
    Timestamp now);

[[nodiscard]] std::optional<BenefitOrder> FindOrder(Database& db, int64_t order_id);

// All orders of a user, the oldest first; empty for a user who does not exist.
[[nodiscard]] std::vector<BenefitOrder> ListOrders(Database& db, std::string_view user_id);

}  // namespace kiosk::benefits
