#include "store/idempotency.h"

namespace kiosk::idempotency {
namespace {

constexpr char kFind[] = R"(
  SELECT fingerprint, status, location, body
  FROM idempotent_answers WHERE key = ? AND created_at > ?)";

constexpr char kForget[] = "DELETE FROM idempotent_answers WHERE created_at <= ?";

constexpr char kKeep[] = R"(
  INSERT INTO idempotent_answers (key, fingerprint, status, location, body, created_at)
  VALUES (?, ?, ?, ?, ?, ?))";

}  // namespace

std::optional<Answer> Find(Database& db, std::string_view key, Timestamp now) {
  Query row = db.Run(kFind, key, now.ms - kKeptFor);
  if (!row.Step()) return std::nullopt;
  return Answer{row.Int(0), static_cast<int>(row.Int(1)), row.Text(2), row.Text(3)};
}

void Keep(Database& db, std::string_view key, const Answer& answer, Timestamp now) {
  db.Execute(kForget, now.ms - kKeptFor);
  db.Execute(kKeep, key, answer.fingerprint, answer.status, answer.location, answer.body, now.ms);
}

}  // namespace kiosk::idempotency
