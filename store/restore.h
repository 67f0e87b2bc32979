// Replaces a database with a backup: `kiosk restore`.
#pragma once

#include <string>

#include "store/timestamp.h"

namespace kiosk {

// Puts the content of the backup at `backup` in the place of the database at `database`, all or
// nothing, and returns in one sentence where the former data is. Throws StoreError if the backup is
// not whole or not of this version, or if a kiosk uses either file; then nothing has changed.
[[nodiscard]] std::string Restore(const std::string& backup, const std::string& database,
                                  Timestamp now);

}  // namespace kiosk
