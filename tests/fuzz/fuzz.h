// What the fuzz targets share. Each is one file with libFuzzer's entry point,
// LLVMFuzzerTestOneInput; `make fuzz` builds and runs them all.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "store/timestamp.h"

namespace kiosk::fuzz {

// 2022-11-01T12:00:00.000Z, when every run begins.
inline constexpr Timestamp kNow{1'667'304'000'000};

inline std::string_view AsText(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Ends the run when something does not hold: libFuzzer then keeps the input and shows it.
inline void Require(bool holds, std::string_view what, std::string_view detail = "") {
  if (holds) return;
  std::cerr << "does not hold: " << what << "\n" << detail << std::endl;
  std::abort();
}

}  // namespace kiosk::fuzz
