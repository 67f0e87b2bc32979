#include "store/schema.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "data/embedded.h"
#include "store/hash.h"

namespace kiosk {
namespace {

// Without the indexes that SQLite makes for constraints, and without the quotation marks that ALTER
// TABLE puts around a name.
constexpr char kObjects[] =
    "SELECT type, name, replace(sql, 'CREATE TABLE \"' || name || '\"', 'CREATE TABLE ' || name) "
    "FROM sqlite_schema WHERE sql IS NOT NULL";
constexpr char kVersion[] = "PRAGMA schema_version";
// What acts on the writes to a table: SQLite gives the text of a unique index this beginning.
constexpr char kActing[] =
    "SELECT type, name, lower(tbl_name) FROM sqlite_schema "
    "WHERE type = 'trigger' OR sql LIKE 'CREATE UNIQUE INDEX %'";
constexpr char kApplication[] = "PRAGMA application_id";
constexpr char kUserVersion[] = "PRAGMA user_version";
constexpr char kAnyRow[] = "SELECT only_row FROM seed";

// Tables that Litestream adds to a database that it replicates, and SQLite on ANALYZE.
constexpr std::array<std::string_view, 4> kToleratedTables = {"_litestream_lock", "_litestream_seq",
                                                              "sqlite_stat1", "sqlite_stat4"};

using Objects = std::map<std::pair<std::string, std::string>, std::string>;  // type, name: SQL

Objects ReadObjects(Database& db) {
  Objects objects;
  Query rows = db.Run(kObjects);
  while (rows.Step()) objects.emplace(std::pair(rows.Text(0), rows.Text(1)), rows.Text(2));
  return objects;
}

int64_t Number(Database& db, const char* sql) {
  Query row = db.Run(sql);
  return row.Step() ? row.Int(0) : 0;
}

// What this version makes.
struct Current {
  SchemaMarks marks;
  Objects objects;
};

const Current& CurrentSchema() {
  static const Current kCurrent = [] {
    Database db(":memory:", Database::Mode::kCreate);
    CreateTables(db);
    return Current{MarksOf(db), ReadObjects(db)};
  }();
  return kCurrent;
}

bool IsTolerated(const Objects::key_type& object) {
  return object.first == "table" &&
         std::ranges::find(kToleratedTables, object.second) != kToleratedTables.end();
}

// What of this version's schema is missing or changed in `present`.
std::vector<std::string> Damages(const Objects& present) {
  std::vector<std::string> damages;
  for (const auto& [object, sql] : CurrentSchema().objects) {
    const auto found = present.find(object);
    if (found != present.end() && found->second == sql) continue;
    damages.push_back(object.first + " " + object.second +
                      (found == present.end() ? " is missing" : " is changed"));
  }
  return damages;
}

// Triggers and unique indexes on this version's tables that are not its own: they change what its
// writes do. Anything else that other programs add does not matter.
std::vector<std::string> Intruders(Database& db) {
  const Objects& own = CurrentSchema().objects;
  std::vector<std::string> intruders;
  Query rows = db.Run(kActing);
  while (rows.Step()) {
    const std::string table = rows.Text(2);
    const bool is_on_own = own.contains({"table", table}) || own.contains({"view", table});
    if (!is_on_own || own.contains({rows.Text(0), rows.Text(1)})) continue;
    intruders.push_back(rows.Text(0) + " " + rows.Text(1) + " on " + table + " is unknown");
  }
  return intruders;
}

std::string Join(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

}  // namespace

SchemaMarks MarksOf(Database& db) { return {Number(db, kApplication), Number(db, kUserVersion)}; }

const SchemaMarks& CurrentMarks() { return CurrentSchema().marks; }

uint64_t SchemaDigest(Database& db) {
  uint64_t digest = 0;
  for (const auto& [object, sql] : ReadObjects(db)) {
    if (!IsTolerated(object)) digest = Hash(sql, Hash(object.second, Hash(object.first, digest)));
  }
  return digest;
}

void CreateTables(Database& db) { db.ExecuteScript(std::string(embedded::Schema())); }

std::vector<std::string> SchemaDifferences(Database& db) {
  const Objects present = ReadObjects(db);
  std::vector<std::string> differences = Damages(present);
  for (const auto& [object, sql] : present) {
    const bool is_known = IsTolerated(object) || CurrentSchema().objects.contains(object);
    if (!is_known) differences.push_back(object.first + " " + object.second + " is unknown");
  }
  return differences;
}

void SchemaCheck::Check(Database& db) {
  const int64_t version = Number(db, kVersion);
  if (version != intact_version_) {
    auto damages = Damages(ReadObjects(db));
    std::ranges::move(Intruders(db), std::back_inserter(damages));
    if (!damages.empty()) {
      throw StorageFault(StorageFault::Kind::kUnavailable,
                         "the schema is damaged: " + Join(damages));
    }
    intact_version_ = version;
  }
  static_cast<void>(db.Run(kAnyRow).Step());
}

}  // namespace kiosk
