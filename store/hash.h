// A hash of bytes that is the same on every machine and with every compiler, so that it can be
// stored and sent. Not for secrets: who knows the function can make two texts collide.
#pragma once

#include <cstdint>
#include <string_view>

namespace kiosk {

// MurmurHash64A of `bytes`, which depends on all bits of `seed`.
[[nodiscard]] uint64_t Hash(std::string_view bytes, uint64_t seed = 0);

}  // namespace kiosk
