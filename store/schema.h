// The schema as this version makes it, and whether a database still has it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "store/sqlite.h"

namespace kiosk {

// What marks a database: both numbers are in the file's header, so they are read without SQLite
// too.
struct SchemaMarks {
  int64_t application = 0;
  int64_t version = 0;
  bool operator==(const SchemaMarks&) const = default;
};
[[nodiscard]] SchemaMarks MarksOf(Database& db);
// Those of a database that this version makes, as schema.sql has them.
[[nodiscard]] const SchemaMarks& CurrentMarks();

// The tables, empty.
void CreateTables(Database& db);

// How the schema of `db` differs from this version's, an item each: "table users is missing". Other
// objects than this version's are named too, except the tables that Litestream adds.
[[nodiscard]] std::vector<std::string> SchemaDifferences(Database& db);

// One number for the SQL of all objects of a schema, except the tables that Litestream adds. It is
// the same with every compiler.
[[nodiscard]] uint64_t SchemaDigest(Database& db);

// Checks a schema whenever it has changed since the last time. Any thread.
class SchemaCheck {
 public:
  // Inside a transaction on `db`. Throws StorageFault, of the kind kUnavailable, if anything of
  // this version's schema is missing or changed, or if another program's trigger or unique index is
  // on one of its tables.
  void Check(Database& db);

 private:
  std::atomic<int64_t> intact_version_ = -1;  // SQLite's schema_version when it was last intact
};

}  // namespace kiosk
