// Listing the orders of the desk: by datetime, those without one last, then by id; or the reverse.
// Each runs in the transaction of its caller. Source: SPEC section 4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/model.h"
#include "store/sqlite.h"

namespace kiosk::desk {

// Where an order is, or was, in the listing of all orders.
struct Place {
  int64_t at = 0;  // the datetime in milliseconds; kUndated for an order without one
  std::string id;
};
inline constexpr int64_t kUndated = INT64_MAX;

[[nodiscard]] Place PlaceOf(const DeskOrder& order);

// Where the order is or, after its deletion, was. Nothing for an id that no order had, or whose
// order was deleted long ago.
[[nodiscard]] std::optional<Place> FindPlace(Database& db, std::string_view id);

// Writes. Records where an order was that is deleted.
void RecordDeletion(Database& db, const Place& place);

enum class Direction { kAscending, kDescending };

// Reads one page of a listing. Every page costs the same, wherever it is and whatever the filter:
// an index has the orders, and another one those of each service, in the order of the listing.
class ListingReader {
 public:
  ListingReader(Database& db, const DeskFilter& filter, Direction direction);

  // Begins after `place`, which need not be an order's any more.
  void StartAfter(const Place& place);

  // Leaves out the next `count` orders. Reads only the index.
  void Skip(int64_t count);

  // The next orders, at most `limit`.
  [[nodiscard]] std::vector<DeskOrder> Read(int64_t limit) const;

  // The number of orders in the whole listing. Reads only the index.
  [[nodiscard]] int64_t Count() const;

 private:
  [[nodiscard]] bool IsAscending() const { return direction_ == Direction::kAscending; }

  Database& db_;
  Direction direction_;
  std::optional<int64_t> service_id_;
  int64_t first_;  // the bounds of the filter, inclusive
  int64_t last_;

  // The page begins after these.
  int64_t start_at_;
  int64_t start_number_;
  std::string start_id_;
  bool is_past_end_ = false;
};

}  // namespace kiosk::desk
