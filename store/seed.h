// What a new database holds, and going back to it. Both write: inside Store::Write, or on a
// connection that nobody else has.
#pragma once

#include <string>

#include "store/model.h"
#include "store/sqlite.h"

namespace kiosk {

// The tables, empty.
void CreateTables(Database& db);

// Fills empty tables. The seed's references must be sound: its reader checks them.
void ApplySeed(Database& db, const Seed& seed);

// Deletes everything and applies the seed.
void ResetTo(Database& db, const Seed& seed);

// The text of the seed applied last. Reads.
[[nodiscard]] std::string SeedText(Database& db);

}  // namespace kiosk
