#include "store/desk.h"

#include "store/next_ids.h"
#include "store/rules.h"

namespace kiosk::desk {
namespace {

constexpr char kFindOrder[] =
    "SELECT * FROM desk_order_rows WHERE id_number = ? AND id = ? ORDER BY position";

// The two parts of a listing: orders with a datetime, then those without. The last parameter is the
// service wanted, or null. How many are read is up to the reader: a limit would count services. For
// the same reason the services' positions are not named after ORDER BY: they come in the order of
// their key, and SQLite would sort each order's few.
constexpr char kListDated[] = R"(
  SELECT * FROM desk_order_rows
  WHERE (datetime, id_number, id) > (?1, ?2, ?3) AND datetime < ?4
    AND (?5 IS NULL OR EXISTS (SELECT 1 FROM desk_order_services AS chosen
                               WHERE order_number = id_number AND order_id = id
                                 AND chosen.service_id = ?5))
  ORDER BY datetime, id_number, id)";
constexpr char kListUndated[] = R"(
  SELECT * FROM desk_order_rows
  WHERE datetime IS NULL AND (id_number, id) > (?1, ?2)
    AND (?3 IS NULL OR EXISTS (SELECT 1 FROM desk_order_services AS chosen
                               WHERE order_number = id_number AND order_id = id
                                 AND chosen.service_id = ?3))
  ORDER BY id_number, id)";

constexpr char kBookingsAfter[] = R"(
  SELECT datetime, id FROM desk_orders
  WHERE datetime > ? AND id <> ? ORDER BY datetime, id_number, id)";

constexpr char kHasOrder[] = "SELECT 1 FROM desk_orders WHERE id_number = ? AND id = ?";

constexpr char kInsertOrder[] = R"(
  INSERT INTO desk_orders
    (id_number, id, datetime, totalfee, product, quantity, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?))";

constexpr char kUpdateOrder[] = R"(
  UPDATE desk_orders SET datetime = ?, totalfee = ?, product = ?, quantity = ?, updated_at = ?
  WHERE id_number = ? AND id = ?)";

constexpr char kDeleteOrder[] = "DELETE FROM desk_orders WHERE id_number = ? AND id = ?";

constexpr char kInsertOrderService[] = R"(
  INSERT INTO desk_order_services (order_number, order_id, position, service_id)
  VALUES (?, ?, ?, ?))";

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

template <class T>
std::optional<T> Wrap(std::optional<int64_t> value) {
  return value ? std::optional(T{*value}) : std::nullopt;
}

template <class T, class Member>
std::optional<int64_t> Unwrap(const std::optional<T>& value, Member member) {
  return value ? std::optional((*value).*member) : std::nullopt;
}

// Reads orders one after the other, each from its rows of desk_order_rows.
class OrderReader {
 public:
  template <class... Args>
  OrderReader(Database& db, const char* sql, const Args&... args)
      : rows_(db.Run(sql, args...)), has_row_(rows_.Step()) {}

  std::optional<DeskOrder> Next() {
    if (!has_row_) return std::nullopt;
    DeskOrder order;
    order.id = rows_.Text(1);
    order.datetime = Wrap<Timestamp>(rows_.OptionalInt(2));
    order.totalfee = Wrap<Money>(rows_.OptionalInt(3));
    order.product = rows_.OptionalText(4);
    order.quantity = rows_.OptionalInt(5);
    order.created_at = Timestamp{rows_.Int(6)};
    order.updated_at = Timestamp{rows_.Int(7)};
    do {
      if (!rows_.IsNull(8)) order.services.push_back({rows_.Int(8), rows_.Text(9)});
      has_row_ = rows_.Step();
    } while (has_row_ && rows_.TextView(1) == order.id);
    return order;
  }

 private:
  Query rows_;
  bool has_row_;
};

void InsertServices(Database& db, const DeskOrder& order) {
  const int64_t number = rules::OrderIdNumber(order.id);
  int64_t position = 0;
  for (const Service& service : order.services) {
    db.Execute(kInsertOrderService, number, order.id, position++, service.id);
  }
}

// The id of an order that is not stored yet.
constexpr std::string_view kNoOrder;

// The three-hour rule against what is stored; an order does not conflict with itself.
std::optional<OrderConflict> FindConflict(Database& db, std::string_view id, Timestamp wanted,
                                          int64_t gap_ms) {
  Query booking = db.Run(kBookingsAfter, wanted.ms - gap_ms, id);
  return rules::FindConflict(wanted, gap_ms, [&booking]() -> std::optional<rules::Booking> {
    if (!booking.Step()) return std::nullopt;
    return rules::Booking{Timestamp{booking.Int(0)}, booking.Text(1)};
  });
}

using Problem = std::variant<std::monostate, DeskRefusal, InvalidField>;

// Gives the order's services their true names. Names sent along must already be true.
Problem NameServices(Database& db, DeskOrder& order) {
  for (Service& service : order.services) {
    const auto known = FindService(db, service.id);
    if (!known) return DeskRefusal::kServicesNotFound;
    if (!service.name.empty() && service.name != known->name) {
      return InvalidField{"services", "A service's name is changed at /services, not in an order."};
    }
    service.name = known->name;
  }
  return {};
}

template <class T>
DeskResult<T> AsResult(const Problem& problem) {
  if (const auto* refusal = std::get_if<DeskRefusal>(&problem)) return *refusal;
  return std::get<InvalidField>(problem);
}

// Read-only fields may be sent back only as they are.
std::optional<InvalidField> FindChangedReadOnlyField(const DeskOrder& order,
                                                     const DeskOrderChanges& changes) {
  if (changes.id && *changes.id != order.id) {
    return InvalidField{"id", "The id of an order cannot be changed."};
  }
  if (changes.created_at && *changes.created_at != order.created_at) {
    return InvalidField{"created_at", "created_at cannot be changed."};
  }
  if (changes.updated_at && *changes.updated_at != order.updated_at) {
    return InvalidField{"updated_at",
                        "updated_at cannot be changed; the order may have been edited since it was "
                        "read."};
  }
  return std::nullopt;
}

}  // namespace

std::optional<DeskOrder> FindOrder(Database& db, std::string_view id) {
  return OrderReader(db, kFindOrder, rules::OrderIdNumber(id), id).Next();
}

std::vector<DeskOrder> ListOrders(Database& db, const DeskFilter& filter, const DeskOrder* after,
                                  int64_t limit) {
  std::vector<DeskOrder> orders;
  const auto append_from = [&](OrderReader&& reader) {
    while (static_cast<int64_t>(orders.size()) < limit) {
      auto next = reader.Next();
      if (!next) return;
      orders.push_back(*std::move(next));
    }
  };
  int64_t after_number = -1;
  std::string after_id;
  if (after) {
    after_number = rules::OrderIdNumber(after->id);
    after_id = after->id;
  }
  if (!after || after->datetime) {
    const Timestamp from = filter.from.value_or(kMinTimestamp);
    const bool begin = !after || *after->datetime < from;
    const int64_t to = filter.to ? filter.to->ms : kMaxTimestamp.ms + 1;
    append_from(OrderReader(db, kListDated, begin ? from.ms : after->datetime->ms,
                            begin ? -1 : after_number, begin ? "" : after_id, to,
                            filter.service_id));
    after_number = -1;
    after_id.clear();
  }
  if (!filter.from && !filter.to) {
    append_from(OrderReader(db, kListUndated, after_number, after_id, filter.service_id));
  }
  return orders;
}

DeskResult<DeskOrder> CreateOrder(Database& db, const DeskOrderChanges& wanted, int64_t gap_ms,
                                  Timestamp now) {
  DeskOrder order = rules::Apply({}, wanted);
  order.created_at = order.updated_at = now;
  if (auto invalid = rules::FindInvalidField(order)) return *std::move(invalid);
  if (!order.services.empty() && !order.datetime) order.datetime = now;
  if (const Problem problem = NameServices(db, order); problem.index() != 0) {
    return AsResult<DeskOrder>(problem);
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
  if (!condition(*stored)) return DeskRefusal::kOrderChanged;
  if (auto invalid = FindChangedReadOnlyField(*stored, changes)) return *std::move(invalid);
  DeskOrder order = rules::Apply(*stored, changes);
  if (auto invalid = rules::FindInvalidField(order)) return *std::move(invalid);
  if (const Problem problem = NameServices(db, order); problem.index() != 0) {
    return AsResult<DeskOrder>(problem);
  }
  if (order.datetime && order.datetime != stored->datetime) {
    if (auto conflict = FindConflict(db, order.id, *order.datetime, gap_ms)) {
      return *std::move(conflict);
    }
  }
  order.updated_at = now;
  db.Execute(kUpdateOrder, Unwrap(order.datetime, &Timestamp::ms),
             Unwrap(order.totalfee, &Money::cents), order.product, order.quantity,
             order.updated_at.ms, rules::OrderIdNumber(order.id), order.id);
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
  if (!condition(*stored)) return DeskRefusal::kOrderChanged;
  db.Execute(kDeleteOrder, rules::OrderIdNumber(stored->id), stored->id);
  return *std::move(stored);
}

std::string AssignOrderId(Database& db) {
  int64_t number = next_ids::Next(db, next_ids::Kind::kOrder);
  while (db.Run(kHasOrder, number, std::to_string(number)).Step()) ++number;
  next_ids::Raise(db, next_ids::Kind::kOrder, number + 1);
  return std::to_string(number);
}

void InsertOrder(Database& db, const DeskOrder& order) {
  db.Execute(kInsertOrder, rules::OrderIdNumber(order.id), order.id,
             Unwrap(order.datetime, &Timestamp::ms), Unwrap(order.totalfee, &Money::cents),
             order.product, order.quantity, order.created_at.ms, order.updated_at.ms);
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

DeskResult<Service> RenameService(Database& db, int64_t id, std::string_view name) {
  if (db.Execute(kRenameService, name, id) == 0) return DeskRefusal::kServiceNotFound;
  return Service{id, std::string(name)};
}

DeskResult<Service> DeleteService(Database& db, int64_t id) {
  auto service = FindService(db, id);
  if (!service) return DeskRefusal::kServiceNotFound;
  {
    Query use = db.Run(kFindServiceUse, id);
    if (use.Step()) return DeskRefusal::kServiceInUse;
  }
  db.Execute(kDeleteService, id);
  return *std::move(service);
}

}  // namespace kiosk::desk
