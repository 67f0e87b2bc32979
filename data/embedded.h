// The files carried inside the executable (see embedded_files.S), as they are in the source tree.
#pragma once

#include <optional>
#include <string_view>

namespace kiosk::embedded {

[[nodiscard]] std::string_view Schema();   // store/schema.sql
[[nodiscard]] std::string_view Seed();     // data/seed.json
[[nodiscard]] std::string_view OpenApi();  // data/openapi.json

// A file of the built-in page, by its name in data/web/; nothing if there is none.
[[nodiscard]] std::optional<std::string_view> WebFile(std::string_view name);

}  // namespace kiosk::embedded
