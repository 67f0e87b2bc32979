#include "store/desk.h"

#include <algorithm>

#include "store/desk_list.h"
#include "store/desk_rows.h"
#include "store/next_ids.h"
#include "store/rules.h"

namespace kiosk::desk {
namespace {

constexpr char kFindOrder[] = "SELECT * FROM desk_order_rows WHERE id_number = ? AND id = ?";

constexpr char kBookingsAfter[] = R"(
  SELECT place, id FROM desk_orders
  WHERE place > ? AND place < ? AND id <> ? ORDER BY place, id_number, id)";

constexpr char kHasOrder[] = "SELECT 1 FROM desk_orders WHERE id_number = ? AND id = ?";

constexpr char kLargestCounted[] = "SELECT max(id_number) FROM desk_orders WHERE id_number < ?";

constexpr char kInsertOrder[] = R"(
  INSERT INTO desk_orders
    (id_number, id, datetime, totalfee, product, quantity, created_at, updated_at, place)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?))";

constexpr char kUpdateOrder[] = R"(
  UPDATE desk_orders
  SET datetime = ?, totalfee = ?, product = ?, quantity = ?, updated_at = ?, place = ?
  WHERE id_number = ? AND id = ?)";

constexpr char kDeleteOrder[] = "DELETE FROM desk_orders WHERE id_number = ? AND id = ?";

constexpr char kInsertOrderService[] = R"(
  INSERT INTO desk_order_services (order_number, order_id, position, service_id, place)
  VALUES (?, ?, ?, ?, ?))";

constexpr char kDeleteOrderServices[] =
    "DELETE FROM desk_order_services WHERE order_number = ? AND order_id = ?";

constexpr char kListServices[] = "SELECT id, name FROM services ORDER BY position";
constexpr char kFindService[] = "SELECT id, name FROM services WHERE id = ?";
constexpr char kInsertService[] = R"(
  INSERT INTO services (id, position, name)
  VALUES (?, (SELECT ifnull(max(position), 0) + 1 FROM services), ?))";
constexpr char kRenameService[] = "UPDATE services SET name = ? WHERE id = ?";
constexpr char kDeleteService[] = "DELETE FROM services WHERE id = ?";
constexpr char kFindServiceUse[] = "SELECT 1 FROM desk_order_services WHERE service_id = ? LIMIT 1";

template <class T, class Member>
std::optional<int64_t> Unwrap(const std::optional<T>& value, Member member) {
  return value ? std::optional((*value).*member) : std::nullopt;
}

void InsertServices(Database& db, const DeskOrder& order) {
  const int64_t number = rules::OrderIdNumber(order.id);
  int64_t position = 0;
  for (const Service& service : order.services) {
    db.Execute(kInsertOrderService, number, order.id, position++, service.id, PlaceOf(order).at);
  }
}

// The id of an order that is not stored yet.
constexpr std::string_view kNoOrder;

// The three-hour rule against what is stored; an order does not conflict with itself.
std::optional<OrderConflict> FindConflict(Database& db, std::string_view id, Timestamp wanted,
                                          int64_t gap_ms) {
  Query booking = db.Run(kBookingsAfter, wanted.ms - gap_ms, kUndated, id);
  return rules::FindConflict(wanted, gap_ms, [&booking]() -> std::optional<rules::Booking> {
    if (!booking.Step()) return std::nullopt;
    return rules::Booking{Timestamp{booking.Int(0)}, booking.Text(1)};
  });
}

using Problem = std::variant<std::monostate, ServicesNotFound, InvalidField>;

constexpr size_t kMaxMissing = 21;  // one more than a message shows

// Gives the order its services, with their names. Names that are sent along must be right.
Problem ResolveServices(Database& db, const std::vector<ServiceReference>& wanted,
                        DeskOrder& order) {
  ServicesNotFound missing;
  bool has_wrong_name = false;
  order.services.clear();
  for (const ServiceReference& reference : wanted) {
    auto known = FindService(db, reference.id);
    if (!known) {
      missing.ids.push_back(reference.text);
      if (missing.ids.size() == kMaxMissing) break;
      continue;
    }
    has_wrong_name = has_wrong_name || reference.name.value_or(known->name) != known->name;
    order.services.push_back(*std::move(known));
  }
  if (!missing.ids.empty()) return missing;
  if (has_wrong_name) {
    return InvalidField{"services", "The name of a service is changed at /services, not here."};
  }
  return {};
}

// The result of a refusal, if it is one.
template <class T>
std::optional<DeskResult<T>> RefusalOf(const Problem& problem) {
  if (const auto* missing = std::get_if<ServicesNotFound>(&problem)) return *missing;
  if (const auto* invalid = std::get_if<InvalidField>(&problem)) return *invalid;
  return std::nullopt;
}

// Read-only fields may be sent back only as they are.
std::optional<InvalidField> FindChangedReadOnlyField(const DeskOrder& order,
                                                     const DeskOrderChanges& changes) {
  if (changes.id && *changes.id != order.id) {
    return InvalidField{"id", "The id of an order cannot be changed."};
  }
  if (changes.created_at && *changes.created_at != order.created_at) {
    return InvalidField{"created_at", "`created_at` cannot be changed."};
  }
  if (changes.updated_at && *changes.updated_at != order.updated_at) {
    return InvalidField{"updated_at",
                        "`updated_at` cannot be changed; the order may have been edited since it "
                        "was read."};
  }
  return std::nullopt;
}

}  // namespace

std::optional<DeskOrder> FindOrder(Database& db, std::string_view id) {
  Query rows = db.Run(kFindOrder, rules::OrderIdNumber(id), id);
  return OrderReader(rows).Next();
}

DeskResult<DeskOrder> CreateOrder(Database& db, const DeskOrderChanges& wanted, int64_t gap_ms,
                                  Timestamp now) {
  DeskOrder order = rules::Apply({}, wanted);
  order.created_at = order.updated_at = now;
  if (auto invalid = rules::FindInvalidField(order)) return *std::move(invalid);
  if (!order.services.empty() && !order.datetime) order.datetime = now;
  if (wanted.services && *wanted.services) {
    const Problem problem = ResolveServices(db, **wanted.services, order);
    if (auto refusal = RefusalOf<DeskOrder>(problem)) return *std::move(refusal);
  }
  if (wanted.id && FindOrder(db, *wanted.id)) return DeskRefusal::kOrderExists;
  if (order.datetime) {
    if (auto conflict = FindConflict(db, kNoOrder, *order.datetime, gap_ms)) {
      return *std::move(conflict);
    }
  }
  order.id = wanted.id ? *wanted.id : AssignOrderId(db);  // last: a refusal uses up no id
  InsertOrder(db, order);
  return order;
}

DeskResult<DeskOrder> UpdateOrder(Database& db, std::string_view id,
                                  const DeskOrderChanges& changes, const OrderCondition& condition,
                                  int64_t gap_ms, Timestamp now) {
  const auto stored = FindOrder(db, id);
  if (!stored) return DeskRefusal::kOrderNotFound;
  if (!condition(*stored)) return DeskRefusal::kPreconditionFailed;
  if (auto invalid = FindChangedReadOnlyField(*stored, changes)) return *std::move(invalid);
  DeskOrder order = rules::Apply(*stored, changes);
  if (auto invalid = rules::FindInvalidField(order)) return *std::move(invalid);
  if (changes.services && *changes.services) {
    const Problem problem = ResolveServices(db, **changes.services, order);
    if (auto refusal = RefusalOf<DeskOrder>(problem)) return *std::move(refusal);
  }
  if (order.datetime && order.datetime != stored->datetime) {
    if (auto conflict = FindConflict(db, order.id, *order.datetime, gap_ms)) {
      return *std::move(conflict);
    }
  }
  order.updated_at = now;
  db.Execute(kUpdateOrder, Unwrap(order.datetime, &Timestamp::ms),
             Unwrap(order.totalfee, &Money::cents), order.product, order.quantity,
             order.updated_at.ms, PlaceOf(order).at, rules::OrderIdNumber(order.id), order.id);
  if (changes.services) {
    db.Execute(kDeleteOrderServices, rules::OrderIdNumber(order.id), order.id);
    InsertServices(db, order);
  }
  return order;
}

DeskResult<DeskOrder> DeleteOrder(Database& db, std::string_view id,
                                  const OrderCondition& condition) {
  auto stored = FindOrder(db, id);
  if (!stored) return DeskRefusal::kOrderNotFound;
  if (!condition(*stored)) return DeskRefusal::kPreconditionFailed;
  db.Execute(kDeleteOrder, rules::OrderIdNumber(stored->id), stored->id);
  RecordDeletion(db, PlaceOf(*stored));
  return *std::move(stored);
}

std::string AssignOrderId(Database& db) {
  int64_t number = next_ids::Next(db, next_ids::Kind::kOrder);
  // Another program may have inserted many: they are skipped in one step.
  if (db.Run(kHasOrder, number, std::to_string(number)).Step()) {
    Query largest = db.Run(kLargestCounted, next_ids::kUncounted);
    if (largest.Step()) number = std::max(number, largest.OptionalInt(0).value_or(0) + 1);
  }
  while (db.Run(kHasOrder, number, std::to_string(number)).Step()) ++number;
  next_ids::Raise(db, next_ids::Kind::kOrder, number + 1);
  return std::to_string(number);
}

void InsertOrder(Database& db, const DeskOrder& order) {
  db.Execute(kInsertOrder, rules::OrderIdNumber(order.id), order.id,
             Unwrap(order.datetime, &Timestamp::ms), Unwrap(order.totalfee, &Money::cents),
             order.product, order.quantity, order.created_at.ms, order.updated_at.ms,
             PlaceOf(order).at);
  InsertServices(db, order);
  next_ids::Accept(db, next_ids::Kind::kOrder, rules::OrderIdNumber(order.id));
}

void InsertService(Database& db, const Service& service) {
  db.Execute(kInsertService, service.id, service.name);
  next_ids::Accept(db, next_ids::Kind::kService, service.id);
}

std::vector<Service> ListServices(Database& db) {
  std::vector<Service> services;
  Query row = db.Run(kListServices);
  while (row.Step()) services.push_back({row.Int(0), row.Text(1)});
  return services;
}

std::optional<Service> FindService(Database& db, int64_t id) {
  Query row = db.Run(kFindService, id);
  if (!row.Step()) return std::nullopt;
  return Service{row.Int(0), row.Text(1)};
}

DeskResult<Service> CreateService(Database& db, std::optional<int64_t> id, std::string_view name) {
  Service service{id.value_or(0), std::string(name)};
  if (!id) {
    service.id = next_ids::Next(db, next_ids::Kind::kService);
    while (FindService(db, service.id)) ++service.id;
    next_ids::Raise(db, next_ids::Kind::kService, service.id + 1);
  } else if (FindService(db, *id)) {
    return DeskRefusal::kServiceExists;
  }
  InsertService(db, service);
  return service;
}

DeskResult<Service> RenameService(Database& db, int64_t id, std::optional<int64_t> sent_id,
                                  std::optional<std::string_view> name,
                                  const ServiceCondition& condition) {
  auto stored = FindService(db, id);
  if (!stored) return DeskRefusal::kServiceNotFound;
  if (!condition(*stored)) return DeskRefusal::kPreconditionFailed;
  if (sent_id.value_or(id) != id) {
    return InvalidField{"id", "The id of a service cannot be changed."};
  }
  if (!name) return *std::move(stored);
  db.Execute(kRenameService, *name, id);
  return Service{id, std::string(*name)};
}

DeskResult<Service> DeleteService(Database& db, int64_t id, const ServiceCondition& condition) {
  auto stored = FindService(db, id);
  if (!stored) return DeskRefusal::kServiceNotFound;
  if (!condition(*stored)) return DeskRefusal::kPreconditionFailed;
  if (db.Run(kFindServiceUse, id).Step()) return DeskRefusal::kServiceInUse;
  db.Execute(kDeleteService, id);
  return *std::move(stored);
}

}  // namespace kiosk::desk
