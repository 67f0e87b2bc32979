// Which numbers are assigned as ids. A number is assigned once, also after what had it is deleted.
// Each runs in the transaction of its caller. Source: SPEC section 4.
#pragma once

#include <cstdint>

#include "store/sqlite.h"

namespace kiosk::next_ids {

enum class Kind { kPurchase, kOrder, kService };

// A number from here on is accepted from a client but does not count: 999999999999999999 would
// leave no number to assign.
inline constexpr int64_t kUncounted = 1'000'000'000'000;

// The number to assign next. It may be taken by a number that does not count, or by a row that
// another program inserted.
[[nodiscard]] int64_t Next(Database& db, Kind kind);

// Writes. The next number is at least `next` from now on.
void Raise(Database& db, Kind kind, int64_t next);

// Writes. Records a number that was accepted from a client or a seed.
void Accept(Database& db, Kind kind, int64_t number);

}  // namespace kiosk::next_ids
