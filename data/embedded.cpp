#include "data/embedded.h"

#define EMBEDDED(name)                       \
  extern "C" {                               \
  extern const char embedded_##name[];       \
  extern const char embedded_##name##_end[]; \
  }

EMBEDDED(schema)
EMBEDDED(migration_2)
EMBEDDED(seed)
EMBEDDED(openapi)

#undef EMBEDDED

extern "C" {
struct EmbeddedWebFile {
  const char* name;
  const char* begin;
  const char* end;
};
extern const EmbeddedWebFile embedded_web[];  // ends with a null name
extern const kiosk::embedded::PackSlot embedded_pack_slot;
}

namespace kiosk::embedded {
namespace {

std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

}  // namespace

std::string_view Schema() { return Between(embedded_schema, embedded_schema_end); }
std::string_view Migration(int64_t version) {
  switch (version) {
    case 2:
      return Between(embedded_migration_2, embedded_migration_2_end);
    default:
      return {};
  }
}

std::string_view Seed() { return Between(embedded_seed, embedded_seed_end); }

std::string_view OpenApi() { return Between(embedded_openapi, embedded_openapi_end); }

std::optional<std::string_view> WebFile(std::string_view name) {
  for (const EmbeddedWebFile* file = embedded_web; file->name; ++file) {
    if (name == file->name) return Between(file->begin, file->end);
  }
  return std::nullopt;
}

const PackSlot& Slot() { return embedded_pack_slot; }

}  // namespace kiosk::embedded
