// The generation of a database: a random number that is part of every ETag. It is renewed whenever
// the content is replaced as a whole, so that no tag from before matches.
#pragma once

#include <cstdint>

#include "store/sqlite.h"

namespace kiosk {

[[nodiscard]] int64_t Generation(Database& db);

// Writes.
void RenewGeneration(Database& db);

}  // namespace kiosk
