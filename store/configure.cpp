#include "store/configure.h"

namespace kiosk {

void Configure(Database& db) {
  db.Execute("PRAGMA foreign_keys = ON");
  db.Execute("PRAGMA temp_store = MEMORY");  // temporary tables stay off the disk
  db.Execute("PRAGMA cache_size = -8192");   // in KiB
}

void ConfigureWriter(Database& db) {
  UseWriteAhead(db);
  db.Execute("PRAGMA synchronous = FULL");
  db.Execute("PRAGMA journal_size_limit = 33554432");  // a WAL that once grew is cut back
}

void UseWriteAhead(Database& db) { db.Execute("PRAGMA journal_mode = WAL"); }

void ConfigureBuilder(Database& db) {
  db.Execute("PRAGMA journal_mode = OFF");
  db.Execute("PRAGMA synchronous = OFF");
}

void Distrust(Database& db) { db.Execute("PRAGMA trusted_schema = OFF"); }

}  // namespace kiosk
