#include "store/desk_list.h"

#include "store/desk_rows.h"
#include "store/rules.h"

namespace kiosk::desk {
namespace {

// How many orders are read is up to the reader: a limit would count services.
constexpr char kList[] = R"(
  SELECT * FROM desk_order_rows
  WHERE (place, id_number, id) > (?1, ?2, ?3) AND place <= ?4
  ORDER BY place, id_number, id)";
constexpr char kListReversed[] = R"(
  SELECT * FROM desk_order_rows
  WHERE (place, id_number, id) < (?1, ?2, ?3) AND place >= ?4
  ORDER BY place DESC, id_number DESC, id DESC)";

// CROSS JOIN: the index of the service comes first.
constexpr char kListOfService[] = R"(
  SELECT found.* FROM desk_order_services AS listed CROSS JOIN desk_order_rows AS found
    ON found.id_number = listed.order_number AND found.id = listed.order_id
  WHERE listed.service_id = ?5
    AND (listed.place, listed.order_number, listed.order_id) > (?1, ?2, ?3) AND listed.place <= ?4
  ORDER BY listed.place, listed.order_number, listed.order_id)";
constexpr char kListOfServiceReversed[] = R"(
  SELECT found.* FROM desk_order_services AS listed CROSS JOIN desk_order_rows AS found
    ON found.id_number = listed.order_number AND found.id = listed.order_id
  WHERE listed.service_id = ?5
    AND (listed.place, listed.order_number, listed.order_id) < (?1, ?2, ?3) AND listed.place >= ?4
  ORDER BY listed.place DESC, listed.order_number DESC, listed.order_id DESC)";

// The last one of those that are skipped.
constexpr char kSkip[] = R"(
  SELECT place, id_number, id FROM desk_orders
  WHERE (place, id_number, id) > (?1, ?2, ?3) AND place <= ?4
  ORDER BY place, id_number, id LIMIT 1 OFFSET ?5)";
constexpr char kSkipReversed[] = R"(
  SELECT place, id_number, id FROM desk_orders
  WHERE (place, id_number, id) < (?1, ?2, ?3) AND place >= ?4
  ORDER BY place DESC, id_number DESC, id DESC LIMIT 1 OFFSET ?5)";
constexpr char kSkipOfService[] = R"(
  SELECT place, order_number, order_id FROM desk_order_services
  WHERE service_id = ?6 AND (place, order_number, order_id) > (?1, ?2, ?3) AND place <= ?4
  ORDER BY place, order_number, order_id LIMIT 1 OFFSET ?5)";
constexpr char kSkipOfServiceReversed[] = R"(
  SELECT place, order_number, order_id FROM desk_order_services
  WHERE service_id = ?6 AND (place, order_number, order_id) < (?1, ?2, ?3) AND place >= ?4
  ORDER BY place DESC, order_number DESC, order_id DESC LIMIT 1 OFFSET ?5)";

// Without a condition SQLite counts whole pages of the index.
constexpr char kCountAll[] = "SELECT count(*) FROM desk_orders";
constexpr char kCount[] = "SELECT count(*) FROM desk_orders WHERE place BETWEEN ? AND ?";
constexpr char kCountOfService[] =
    "SELECT count(*) FROM desk_order_services WHERE place BETWEEN ? AND ? AND service_id = ?";

constexpr char kFindPlace[] = "SELECT place FROM desk_orders WHERE id_number = ? AND id = ?";
constexpr char kFindDeleted[] = "SELECT place FROM deleted_orders WHERE id = ?";
constexpr char kRecordDeletion[] =
    "INSERT OR REPLACE INTO deleted_orders (id, place) VALUES (?, ?)";
constexpr char kForgetDeletions[] = R"(
  DELETE FROM deleted_orders
  WHERE number <= (SELECT max(number) FROM deleted_orders) - 10000)";

constexpr int64_t kBeforeAllNumbers = -1;
constexpr std::string_view kBeforeAllIds;
constexpr std::string_view kAfterAllIds = "~";  // all characters of an id come before it

}  // namespace

Place PlaceOf(const DeskOrder& order) {
  return {order.datetime ? order.datetime->ms : kUndated, order.id};
}

std::optional<Place> FindPlace(Database& db, std::string_view id) {
  {
    Query present = db.Run(kFindPlace, rules::OrderIdNumber(id), id);
    if (present.Step()) return Place{present.Int(0), std::string(id)};
  }
  Query deleted = db.Run(kFindDeleted, id);
  if (deleted.Step()) return Place{deleted.Int(0), std::string(id)};
  return std::nullopt;
}

void RecordDeletion(Database& db, const Place& place) {
  db.Execute(kRecordDeletion, place.id, place.at);
  db.Execute(kForgetDeletions);
}

ListingReader::ListingReader(Database& db, const DeskFilter& filter, Direction direction)
    : db_(db),
      direction_(direction),
      service_id_(filter.service_id),
      first_(filter.from.value_or(kMinTimestamp).ms),
      last_(filter.to     ? filter.to->ms - 1
            : filter.from ? kMaxTimestamp.ms
                          : kUndated),
      start_at_(IsAscending() ? first_ : last_),
      start_number_(IsAscending() ? kBeforeAllNumbers : rules::kNotANumber),
      start_id_(IsAscending() ? kBeforeAllIds : kAfterAllIds) {}

void ListingReader::StartAfter(const Place& place) {
  const bool is_before = IsAscending() ? place.at < first_ : place.at > last_;
  if (is_before) return;
  start_at_ = place.at;
  start_number_ = rules::OrderIdNumber(place.id);
  start_id_ = place.id;
}

void ListingReader::Skip(int64_t count) {
  if (count == 0) return;
  const int64_t end = IsAscending() ? last_ : first_;
  Query row = service_id_
                  ? db_.Run(IsAscending() ? kSkipOfService : kSkipOfServiceReversed, start_at_,
                            start_number_, start_id_, end, count - 1, *service_id_)
                  : db_.Run(IsAscending() ? kSkip : kSkipReversed, start_at_, start_number_,
                            start_id_, end, count - 1);
  is_past_end_ = !row.Step();
  if (is_past_end_) return;
  start_at_ = row.Int(0);
  start_number_ = row.Int(1);
  start_id_ = row.Text(2);
}

std::vector<DeskOrder> ListingReader::Read(int64_t limit) const {
  std::vector<DeskOrder> orders;
  if (is_past_end_) return orders;
  const int64_t end = IsAscending() ? last_ : first_;
  Query rows = service_id_ ? db_.Run(IsAscending() ? kListOfService : kListOfServiceReversed,
                                     start_at_, start_number_, start_id_, end, *service_id_)
                           : db_.Run(IsAscending() ? kList : kListReversed, start_at_,
                                     start_number_, start_id_, end);
  OrderReader reader(rows);
  while (static_cast<int64_t>(orders.size()) < limit) {
    auto next = reader.Next();
    if (!next) break;
    orders.push_back(*std::move(next));
  }
  return orders;
}

int64_t ListingReader::Count() const {
  const bool has_bounds = first_ > kMinTimestamp.ms || last_ < kUndated;
  Query row = service_id_  ? db_.Run(kCountOfService, first_, last_, *service_id_)
              : has_bounds ? db_.Run(kCount, first_, last_)
                           : db_.Run(kCountAll);
  row.Step();
  return row.Int(0);
}

}  // namespace kiosk::desk
