// What the command line names for a database and a server to start with: seed, demo, frontend.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/api.h"
#include "http/options.h"
#include "store/folder.h"
#include "store/seed.h"
#include "store/store.h"

namespace kiosk {

// `name`: of the seed, for the message. Throws CommandError.
[[nodiscard]] Seed ParseSeed(std::string_view text, const std::string& name, Timestamp now);

// What a new database starts with: the seed asked for, or what this executable carries.
[[nodiscard]] Origin LoadOrigin(const Options& options);

// The store on the database that is named, which a new one fills from `origin`. A migration is
// reported in the log. Throws StoreError.
[[nodiscard]] std::unique_ptr<Store> OpenDatabase(const Options& options, const Origin& origin);

// The files that a frontend's folder may hold and that are never opened as a part of it. `store` is
// the database that is open, once it is; null if none will be.
[[nodiscard]] IsProtected ProtectDatabase(const Options& options,
                                          const std::unique_ptr<Store>* store);

// The frontend asked for, or the one that this executable carries; null if there is none.
[[nodiscard]] FileReader LoadFrontend(const Options& options, const std::unique_ptr<Store>& store);

}  // namespace kiosk
