#include "store/desk_rows.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace kiosk::desk {
namespace {

template <class T>
std::optional<T> Wrap(std::optional<int64_t> value) {
  return value ? std::optional(T{*value}) : std::nullopt;
}

}  // namespace

std::optional<DeskOrder> OrderReader::Next() {
  if (!has_row_) return std::nullopt;
  DeskOrder order;
  order.id = rows_.Text(1);
  order.datetime = Wrap<Timestamp>(rows_.OptionalInt(2));
  order.totalfee = Wrap<Money>(rows_.OptionalInt(3));
  order.product = rows_.OptionalText(4);
  order.quantity = rows_.OptionalInt(5);
  order.created_at = Timestamp{rows_.Int(6)};
  order.updated_at = Timestamp{rows_.Int(7)};
  // The rows of an order come by service; the client listed them by position.
  std::vector<std::pair<int64_t, Service>> services;
  do {
    if (!rows_.IsNull(8)) {
      services.emplace_back(rows_.Int(10), Service{rows_.Int(8), rows_.Text(9)});
    }
    has_row_ = rows_.Step();
  } while (has_row_ && rows_.TextView(1) == order.id);
  std::ranges::sort(services, {}, &std::pair<int64_t, Service>::first);
  for (auto& [position, service] : services) order.services.push_back(std::move(service));
  return order;
}

}  // namespace kiosk::desk
