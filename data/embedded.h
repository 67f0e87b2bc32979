// The files carried inside the executable (see embedded.S), as they are in the source tree.
#pragma once

#include <string_view>

namespace kiosk::embedded {

[[nodiscard]] std::string_view Schema();  // store/schema.sql
[[nodiscard]] std::string_view Seed();    // data/seed.json

}  // namespace kiosk::embedded
