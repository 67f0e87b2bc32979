// Seed files: a text is refused with a reason, or it fills a database that breaks no constraint.
#include "store/seed.h"

#include "http/seed_reader.h"
#include "tests/fuzz/fuzz.h"

namespace kiosk::fuzz {
namespace {

constexpr char kForeignKeys[] = "PRAGMA foreign_keys = ON";

// Made once; every input fills it anew.
Database& EmptyDatabase() {
  static Database* const kDatabase = [] {
    auto* database = new Database(":memory:", Database::Mode::kCreate);
    database->Execute(kForeignKeys);
    CreateTables(*database);
    return database;
  }();
  return *kDatabase;
}

void Check(std::string_view text) {
  const auto read = ReadSeed(text, kNow);
  if (const auto* invalid = std::get_if<InvalidField>(&read)) {
    Require(!invalid->message.empty(), "a refusal has a reason");
    return;
  }
  Database& db = EmptyDatabase();
  const Transaction nothing_stays(db, Transaction::Kind::kWrite);
  try {
    FillFrom(db, std::get<Seed>(read));
  } catch (const StorageFault& fault) {
    Require(false, "a seed that was read fills a database", fault.what());
  }
  Require(SeedText(db) == text, "a seed's text is kept as it is");
}

}  // namespace
}  // namespace kiosk::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kiosk::fuzz::Check(kiosk::fuzz::AsText(data, size));
  return 0;
}
