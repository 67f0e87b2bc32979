// Plausible data in any amount, the same for the same seed on the same day (in UTC).
#pragma once

#include <cstdint>
#include <functional>

#include "store/store.h"

namespace kiosk {

struct GenerateOrder {
  int64_t users = 0;   // of the shop, most of them with orders there
  int64_t orders = 0;  // of the desk
  uint64_t random_seed = 1;
};

struct GenerateProgress {
  int64_t done = 0;  // users and orders
  int64_t total = 0;
  int64_t rows = 0;  // written to the database for them
};

// Adds to what is there, in commits of some thousands: whenever it ends, the database is valid.
// Orders come at least three hours apart and after all others. `report` is called after every
// commit and stops the work by returning false. Returns the last progress. Throws StoreError when
// the calendar ends.
GenerateProgress Generate(Store& store, const GenerateOrder& order, Timestamp now,
                          const std::function<bool(const GenerateProgress&)>& report);

}  // namespace kiosk
