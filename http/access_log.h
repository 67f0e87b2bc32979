// The access log: one line per request, as text or as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/timestamp.h"

namespace kiosk {

enum class LogFormat { kNone, kText, kJson };

// One request and its response. Method and target are as the client sent them.
struct AccessEntry {
  Timestamp time;
  std::string_view remote;
  std::string_view method;
  std::string_view target;
  int status = 0;
  size_t bytes = 0;  // of the body; 0 for one of unknown size
  int64_t microseconds = 0;
};

// The line for it, without its line break. What a client chose is printable and of bounded length,
// so that a line reaches a pipe whole.
[[nodiscard]] std::string FormatAccess(LogFormat format, const AccessEntry& entry);

}  // namespace kiosk
