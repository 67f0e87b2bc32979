#include "store/generation.h"

namespace kiosk {
namespace {

constexpr char kGeneration[] = "SELECT number FROM generation";
constexpr char kRenew[] =
    "INSERT OR REPLACE INTO generation (only_row, number) VALUES (1, random())";

}  // namespace

int64_t Generation(Database& db) {
  Query row = db.Run(kGeneration);
  return row.Step() ? row.Int(0) : 0;
}

void RenewGeneration(Database& db) { db.Execute(kRenew); }

}  // namespace kiosk
