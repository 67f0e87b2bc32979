// What a new database holds. All but SeedText write: on a connection that only the caller has.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "store/model.h"
#include "store/schema.h"
#include "store/sqlite.h"

namespace kiosk {

// A whole database as bytes, in this program's schema; they outlive whoever uses them.
struct Image {
  std::string_view bytes;
};

// Where the first content of a database comes from.
using Origin = std::variant<Seed, Image>;

// Makes an image readable on this connection, which FillFrom needs. Not in a
// transaction.
void Prepare(Database& db, const Origin& origin);

// Fills empty tables. A seed's references must be sound: its reader checks them.
void FillFrom(Database& db, const Origin& origin);

// The text of the seed that the database was first filled from.
[[nodiscard]] std::string SeedText(Database& db);

}  // namespace kiosk
