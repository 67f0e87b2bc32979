// Orders of the desk as they are read from the rows of the view desk_order_rows.
#pragma once

#include <optional>

#include "store/model.h"
#include "store/sqlite.h"

namespace kiosk::desk {

// Reads one order after the other from a query that selects all columns of the view.
class OrderReader {
 public:
  explicit OrderReader(Query& rows) : rows_(rows), has_row_(rows_.Step()) {}

  // Nothing at the end.
  [[nodiscard]] std::optional<DeskOrder> Next();

 private:
  Query& rows_;
  bool has_row_;
};

}  // namespace kiosk::desk
