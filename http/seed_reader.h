// Reads a seed file.
#pragma once

#include <string>
#include <string_view>

#include "http/fields.h"
#include "store/model.h"

namespace kiosk {

// A seed file as data/seed.json; `now` is when its orders were created. A field is named by its
// path from the top: "products[2].price". References between its parts are checked.
[[nodiscard]] Parsed<Seed> ReadSeed(std::string_view text, Timestamp now);

// Why a seed was rejected, in one line that names the path once.
[[nodiscard]] std::string SeedErrorText(const InvalidField& invalid);

}  // namespace kiosk
