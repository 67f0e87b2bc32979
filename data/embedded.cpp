#include "data/embedded.h"

#define EMBEDDED(name)                       \
  extern "C" {                               \
  extern const char embedded_##name[];       \
  extern const char embedded_##name##_end[]; \
  }

EMBEDDED(schema)
EMBEDDED(seed)

#undef EMBEDDED

namespace kiosk::embedded {
namespace {

std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

}  // namespace

std::string_view Schema() { return Between(embedded_schema, embedded_schema_end); }
std::string_view Seed() { return Between(embedded_seed, embedded_seed_end); }

}  // namespace kiosk::embedded
