#include "store/replace.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "store/configure.h"
#include "store/lineage.h"

namespace kiosk {
namespace {

// Litestream's, as every version makes them.
constexpr char kDropOwnTables[] =
    "DROP TABLE IF EXISTS _litestream_seq; DROP TABLE IF EXISTS _litestream_lock;";
constexpr char kHasTable[] = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";
constexpr char kCreateSequence[] =
    "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)";
constexpr char kCreateLock[] = "CREATE TABLE _litestream_lock (id INTEGER)";
constexpr char kReadSequence[] = "SELECT id, seq FROM _litestream_seq";
constexpr char kAddSequence[] = "INSERT INTO _litestream_seq (id, seq) VALUES (?, ?)";

bool HasTable(Database& db, std::string_view name) { return db.Run(kHasTable, name).Step(); }

void KeepOwnTables(Database& live, Database& staged) {
  RemoveOwnTables(staged);
  if (HasTable(live, "_litestream_lock")) staged.ExecuteScript(kCreateLock);
  if (!HasTable(live, "_litestream_seq")) return;
  staged.ExecuteScript(kCreateSequence);
  Query rows = live.Run(kReadSequence);
  while (rows.Step()) staged.Execute(kAddSequence, rows.Int(0), rows.Int(1));
}

}  // namespace

void ReplaceContent(Database& live, Database& staged) {
  KeepOwnTables(live, staged);
  lineage::Continue(staged, live);
  staged.CopyOver(live);
}

void CopyAsNew(Database& from, const std::string& to, const char* schema) {
  from.CopyTo(to, schema);
  Database copy(to, Database::Mode::kReadWrite);
  ConfigureBuilder(copy);
  if (!HasTable(copy, "lineage")) return;  // schema 1 had none
  Transaction transaction(copy, Transaction::Kind::kWrite);
  lineage::Renew(copy);
  transaction.Commit();
}

void RemoveOwnTables(Database& copy) { copy.ExecuteScript(kDropOwnTables); }

}  // namespace kiosk
