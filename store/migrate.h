// Databases of earlier versions of the schema. A numbered step leads from each version to the next
// (store/migrations); all steps run on a copy, which then replaces the content in one transaction.
#pragma once

#include <cstdint>
#include <string>

#include "store/sqlite.h"
#include "store/timestamp.h"

namespace kiosk {

// Whether steps lead from this version of the schema to the present one.
[[nodiscard]] bool CanMigrate(int64_t version);

// Gives the database at `path` the present schema, exactly as schema.sql makes it, and a lineage of
// its own. It is a copy that only the caller uses and throws away if this fails. A database that
// has the present schema stays as it is. Returns why it cannot be migrated, in a few words; empty:
// it was. Throws StorageFault.
[[nodiscard]] std::string MigrateCopy(const std::string& path);

// Migrates the database at `path`, which only this process uses, through `live`, a connection in
// WAL mode that is not in a transaction. A copy of the former database stays next to it. Returns
// one sentence about both; empty if there was nothing to migrate. Throws StoreError, and then
// nothing has changed, also after a kill at any moment.
[[nodiscard]] std::string MigrateLive(const std::string& path, Database& live, Timestamp now);

}  // namespace kiosk
