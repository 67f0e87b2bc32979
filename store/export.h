// The data of a database one by one, for a seed that is written from it. Each function runs in the
// read transaction of its caller and keeps one value, or what one user has, in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "store/model.h"
#include "store/sqlite.h"

namespace kiosk::data_export {

// What every new user begins with.
[[nodiscard]] Money StartingBalance(Database& db);

// All users, with the ids of what they own.
void ForEachUser(Database& db, const std::function<void(const SeedUser&)>& visit);

// All purchases, those of one user together.
void ForEachPurchase(Database& db, const std::function<void(const BenefitOrder&)>& visit);

// All orders of the desk, by their ids; services without their names.
void ForEachOrder(Database& db, const std::function<void(const DeskOrder&)>& visit);

// Runs `read` on one consistent state of the database file at `path`, which a kiosk may be serving.
// Throws StoreError.
void ReadFrom(const std::string& path, const std::function<void(Database&)>& read);

// Makes a file that appears whole or not at all: `write` is called with a function that appends.
// Throws StoreError, also if there is a file of that name.
using Append = std::function<void(std::string_view)>;
void WriteNewFile(const std::string& path, const std::function<void(const Append&)>& write);

}  // namespace kiosk::data_export
