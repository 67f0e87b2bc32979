// The settings of SQLite's connections.
#pragma once

#include "store/sqlite.h"

namespace kiosk {

// For every connection.
void Configure(Database& db);

// For the connection that writes: a commit is on the disk when it returns.
void ConfigureWriter(Database& db);

// The database's readers do not wait for its writer. This is kept in the file.
void UseWriteAhead(Database& db);

// For a file that is thrown away unless it is finished, and synced when it gets its name.
void ConfigureBuilder(Database& db);

// For the connection to a database that somebody else may have made.
void Distrust(Database& db);

}  // namespace kiosk
