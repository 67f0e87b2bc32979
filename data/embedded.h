// The files carried inside the executable (see embedded_files.S), as they are in the source tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kiosk::embedded {

[[nodiscard]] std::string_view Schema();   // store/schema.sql
[[nodiscard]] std::string_view Seed();     // data/seed.json
[[nodiscard]] std::string_view OpenApi();  // data/openapi.json

// The step that leads to this version of the schema: store/migrations/; empty if there is none.
[[nodiscard]] std::string_view Migration(int64_t version);

// A file of the built-in page, by its name in data/web/; nothing if there is none.
[[nodiscard]] std::optional<std::string_view> WebFile(std::string_view name);

// Where in the executable's own file its pack stands; a size of 0 if it has none. `mark` makes the
// slot findable in the file.
struct PackSlot {
  char mark[16];
  uint64_t offset;
  uint64_t size;
  uint64_t hash;
};
[[nodiscard]] const PackSlot& Slot();

}  // namespace kiosk::embedded
