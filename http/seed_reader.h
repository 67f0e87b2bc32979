// Reads a seed file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/fields.h"
#include "store/model.h"

namespace kiosk {

// A seed file as data/seed.json; `now` is when its orders were created. A field is named by its
// path from the top: "products[2].price". References between its parts are checked.
[[nodiscard]] Parsed<Seed> ReadSeed(std::string_view text, Timestamp now);

// The texts for the start page in a seed, which may be invalid in other places.
struct SeedTexts {
  std::optional<std::string> name;
  std::optional<std::string> about;
};
[[nodiscard]] SeedTexts ReadSeedTexts(std::string_view text);

// Why a seed was rejected, in one line that names the path once.
[[nodiscard]] std::string SeedErrorText(const InvalidField& invalid);

}  // namespace kiosk
