// Random sequences of calls, the same for the same seed.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/model/call.h"

namespace kiosk::model {

// When every sequence begins: 2030-01-01T00:00:00Z.
inline constexpr int64_t kBegin = 1'893'456'000'000;

// Clients that call at the same time, at most.
inline constexpr size_t kClients = 5;

[[nodiscard]] std::vector<Round> Generate(uint64_t seed, size_t calls);

}  // namespace kiosk::model
