// The first answers to requests that may be repeated, kept in the transaction of their effect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/sqlite.h"
#include "store/timestamp.h"

namespace kiosk::idempotency {

inline constexpr size_t kMaxKey = 255;                      // in bytes
inline constexpr int64_t kKeptFor = 24LL * 60 * 60 * 1000;  // in milliseconds

// Of a request that an earlier version of kiosk answered: it matches any request with its key.
inline constexpr int64_t kUnknownFingerprint = 0;

struct Answer {
  int64_t fingerprint = 0;  // of the request that it answers
  int status = 0;
  std::string location;  // empty: none
  std::string body;
};

// The answer kept under `key`, unless it is older than kKeptFor.
[[nodiscard]] std::optional<Answer> Find(Database& db, std::string_view key, Timestamp now);

// Writes. Keeps `answer` under `key`, and forgets what is too old.
void Keep(Database& db, std::string_view key, const Answer& answer, Timestamp now);

}  // namespace kiosk::idempotency
