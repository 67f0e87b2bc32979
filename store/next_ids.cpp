#include "store/next_ids.h"

#include <string_view>

namespace kiosk::next_ids {
namespace {

constexpr char kNext[] = "SELECT next FROM next_ids WHERE kind = ?";

constexpr char kRaise[] = R"(
  INSERT INTO next_ids (kind, next) VALUES (?, ?)
  ON CONFLICT DO UPDATE SET next = excluded.next WHERE next < excluded.next)";

std::string_view NameOf(Kind kind) {
  switch (kind) {
    case Kind::kPurchase:
      return "purchase";
    case Kind::kOrder:
      return "order";
    case Kind::kService:
      return "service";
  }
  return "";
}

}  // namespace

int64_t Next(Database& db, Kind kind) {
  Query row = db.Run(kNext, NameOf(kind));
  return row.Step() ? row.Int(0) : 1;
}

void Raise(Database& db, Kind kind, int64_t next) { db.Execute(kRaise, NameOf(kind), next); }

void Accept(Database& db, Kind kind, int64_t number) {
  if (number < kUncounted) Raise(db, kind, number + 1);
}

}  // namespace kiosk::next_ids
