// Writes the data of a database as a seed.
#pragma once

#include <functional>
#include <string_view>

#include "store/sqlite.h"

namespace kiosk {

// Calls `append` with the seed piece by piece; memory does not grow with the data. Runs in a read
// transaction. A database made from the seed gives the same answers, except for created_at and
// updated_at of the desk.
void WriteSeed(Database& db, const std::function<void(std::string_view)>& append);

}  // namespace kiosk
