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

// Writes. `gap_ms` is the least distance between two orders; 0 turns the rule off. A service order
// without a datetime gets `now`. Refusals: InvalidField, ServicesNotFound, kOrderExists,
// OrderConflict.
[[nodiscard]] DeskResult<DeskOrder> CreateOrder(Database& db, const DeskOrderChanges& wanted,
                                                int64_t gap_ms, Timestamp now);

// The caller's condition on what is stored, from its If-Match.
using OrderCondition = std::function<bool(const DeskOrder&)>;
using ServiceCondition = std::function<bool(const Service&)>;

// Writes. Merges the changes into the order. Refusals: kOrderNotFound, kPreconditionFailed
// (the condition is false), InvalidField, ServicesNotFound, OrderConflict (only when the datetime
// changes).
[[nodiscard]] DeskResult<DeskOrder> UpdateOrder(Database& db, std::string_view id,
                                                const DeskOrderChanges& changes,
                                                const OrderCondition& condition, int64_t gap_ms,
                                                Timestamp now);

// Writes. Returns the order deleted. Refusals: kOrderNotFound, kPreconditionFailed.
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

// Writes. `sent_id` is the id in the body, which cannot change; without a name the service stays as
// it is. Refusals: kServiceNotFound,
// kPreconditionFailed, InvalidField.
[[nodiscard]] DeskResult<Service> RenameService(Database& db, int64_t id,
                                                std::optional<int64_t> sent_id,
                                                std::optional<std::string_view> name,
                                                const ServiceCondition& condition);

// Writes. Returns the service deleted. Refusals: kServiceNotFound, kPreconditionFailed,
// kServiceInUse.
[[nodiscard]] DeskResult<Service> DeleteService(Database& db, int64_t id,
                                                const ServiceCondition& condition);

}  // namespace kiosk::desk
