// Replacing the whole content of a database: what a reset and a restore have in common. The new
// content is staged in a database of its own, and copied in one transaction.
#pragma once

#include <string>

#include "store/sqlite.h"

namespace kiosk {

// Copies `staged` over all of `live`, durable when it returns. Connections that read see the old or
// the new state. What belongs to the live database, Litestream's tables, stays. Not in a
// transaction; `staged` is changed, and may be used again. Throws StorageFault, and then nothing
// has changed.
void ReplaceContent(Database& live, Database& staged);

// Copies the whole database, consistent, to `to`, which is a new or an empty file. The copy has a
// lineage of its own: no WAL of the original applies to it. `schema` is as for Database::CopyTo.
void CopyAsNew(Database& from, const std::string& to, const char* schema = "main");

// Removes what a copy must not take along: the tables of Litestream.
void RemoveOwnTables(Database& copy);

}  // namespace kiosk
