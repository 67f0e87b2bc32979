// The use cases of the order desk. Each runs in the transaction of its caller: reads inside
// Store::Read, all others inside Store::Write. Source: SPEC section 4.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/model.h"
#include "store/sqlite.h"

namespace kiosk::desk {

[[nodiscard]] std::optional<DeskOrder> FindOrder(Database& db, std::string_view id);

// A page of a listing: at most `limit` orders that pass `filter`, after the order `after` (null:
// from the beginning), which need not exist any more.
[[nodiscard]] std::vector<DeskOrder> ListOrders(Database& db, const DeskFilter& filter,
                                                const DeskOrder* after, int64_t limit);

// Writes. `gap_ms` is the least distance between two orders; 0 turns the rule off. A service order
// without a datetime gets `now`. Refusals: InvalidField, kServicesNotFound, kOrderExists,
// OrderConflict.
[[nodiscard]] DeskResult<DeskOrder> CreateOrder(Database& db, const DeskOrderChanges& wanted,
                                                int64_t gap_ms, Timestamp now);

// The caller's condition on the present order, from its If-Match.
using OrderCondition = std::function<bool(const DeskOrder&)>;

// Writes. Merges the changes into the order. Refusals: kOrderNotFound, kOrderChanged (the condition
// says no), InvalidField, kServicesNotFound, OrderConflict (only when the datetime changes).
[[nodiscard]] DeskResult<DeskOrder> UpdateOrder(Database& db, std::string_view id,
                                                const DeskOrderChanges& changes,
                                                const OrderCondition& condition, int64_t gap_ms,
                                                Timestamp now);

// Writes. Returns the order deleted. Refusals: kOrderNotFound, kOrderChanged.
[[nodiscard]] DeskResult<DeskOrder> DeleteOrder(Database& db, std::string_view id,
                                                const OrderCondition& condition);

// Writes. An id for a new order, which is not assigned again.
[[nodiscard]] std::string AssignOrderId(Database& db);

// Write what is given as it is, unchecked: for a seed, whose orders keep no distance. Their ids are
// not assigned again.
void InsertOrder(Database& db, const DeskOrder& order);
void InsertService(Database& db, const Service& service);

// In the order in which they were added.
[[nodiscard]] std::vector<Service> ListServices(Database& db);

[[nodiscard]] std::optional<Service> FindService(Database& db, int64_t id);

// Writes. Without an id the service is assigned one. Refusal: kServiceExists.
[[nodiscard]] DeskResult<Service> CreateService(Database& db, std::optional<int64_t> id,
                                                std::string_view name);

// Writes. Refusal: kServiceNotFound.
[[nodiscard]] DeskResult<Service> RenameService(Database& db, int64_t id, std::string_view name);

// Writes. Returns the service deleted. Refusals: kServiceNotFound, kServiceInUse.
[[nodiscard]] DeskResult<Service> DeleteService(Database& db, int64_t id);

}  // namespace kiosk::desk
