#include "store/migrate.h"

#include <unistd.h>

#include <array>

#include "data/embedded.h"
#include "store/configure.h"
#include "store/database_path.h"
#include "store/generation.h"
#include "store/lineage.h"
#include "store/replace.h"
#include "store/schema.h"
#include "store/temporary_file.h"

namespace kiosk {
namespace {

// The digests of the schemas that there were, from version 1 on (SchemaDigest).
constexpr std::array<uint64_t, 1> kFormerSchemas = {0xfc77ef09c31dbc3a};

constexpr char kIntegrity[] = "PRAGMA integrity_check(1)";
constexpr char kForeignKeys[] = "PRAGMA foreign_key_check";

constexpr char kAttach[] = "ATTACH ? AS former";
constexpr char kDetach[] = "DETACH former";
// A statement for each table of the present schema. The names are schema.sql's.
constexpr char kCopyTables[] = R"(
  SELECT 'INSERT INTO main.' || t.name || ' (' || group_concat(c.name) || ')'
      || ' SELECT ' || group_concat(c.name) || ' FROM former.' || t.name
  FROM main.sqlite_schema AS t JOIN pragma_table_info(t.name, 'main') AS c
  WHERE t.type = 'table' GROUP BY t.name ORDER BY t.rowid)";

constexpr char kAdvice[] = "free some space, or check that its folder can be written";

bool IsWhole(Database& db) {
  Query row = db.Run(kIntegrity);
  return row.Step() && row.Text(0) == "ok";
}

void ConfigureCopy(Database& db) {
  Distrust(db);
  ConfigureBuilder(db);
}

// Runs the steps, each in one transaction. Returns why they cannot be run.
std::string RunSteps(Database& db) {
  const int64_t version = MarksOf(db).version;
  if (!CanMigrate(version)) return "this kiosk does not know its schema " + std::to_string(version);
  if (SchemaDigest(db) != kFormerSchemas.at(static_cast<size_t>(version - 1))) {
    return "its schema is not that of version " + std::to_string(version);
  }
  if (!IsWhole(db)) return "it is damaged";
  db.DisableTriggers();
  for (int64_t next = version + 1; next <= CurrentMarks().version; ++next) {
    Transaction transaction(db, Transaction::Kind::kWrite);
    db.ExecuteScript(std::string(embedded::Migration(next)));
    transaction.Commit();
  }
  return "";
}

// Fills the new database with the rows of the one at `path`. False if they refer to rows that are
// missing.
bool FillFrom(Database& db, const std::string& path) {
  CreateTables(db);
  db.DisableTriggers();
  db.Execute(kAttach, path);
  std::string script;
  {
    Query statement = db.Run(kCopyTables);
    while (statement.Step()) script += statement.Text(0) + ";";
  }
  Transaction transaction(db, Transaction::Kind::kWrite);
  db.ExecuteScript(script);
  lineage::Renew(db);
  RenewGeneration(db);
  transaction.Commit();
  return !db.Run(kForeignKeys).Step();
}

std::string NumberOf(int64_t version) { return "schema " + std::to_string(version); }

}  // namespace

bool CanMigrate(int64_t version) { return version >= 1 && version < CurrentMarks().version; }

std::string MigrateCopy(const std::string& path) {
  Database db(path, Database::Mode::kReadWrite);
  if (MarksOf(db) == CurrentMarks()) return "";
  ConfigureCopy(db);
  std::string why = RunSteps(db);
  if (!why.empty()) return why;
  const TemporaryFile file(path, kAdvice);
  Database fresh(file.path(), Database::Mode::kCreate);
  ConfigureCopy(fresh);
  fresh.ExecuteScript("PRAGMA page_size = " + std::to_string(db.PageSize()));
  if (!FillFrom(fresh, path)) return "it is damaged";
  fresh.Execute(kDetach);
  fresh.CopyOver(db);
  return "";
}

std::string MigrateLive(const std::string& path, Database& live, Timestamp now) {
  const int64_t version = MarksOf(live).version;
  const int64_t current = CurrentMarks().version;
  if (version == current) return "";
  const std::string label = "before-schema-" + std::to_string(current);
  const std::string saved = NameForSaved(path, label, now);
  const std::string origin = "it was made by an older kiosk (" + NumberOf(version) + ")";
  bool is_saved = false;
  try {
    const TemporaryFile copy(saved, kAdvice);
    CopyAsNew(live, copy.path());
    const TemporaryFile staged(path, kAdvice);
    live.CopyTo(staged.path());
    const std::string why = MigrateCopy(staged.path());
    if (!why.empty()) {
      Refuse(path, origin + " and cannot be migrated: " + why +
                       "; use that version, or choose another file with --db. Nothing was changed");
    }
    Database content(staged.path(), Database::Mode::kReadWrite);
    if (!copy.MoveTo(saved)) Refuse(saved, "the file exists already");
    is_saved = true;
    ReplaceContent(live, content);
  } catch (const StorageFault& fault) {
    if (is_saved) ::unlink(saved.c_str());
    if (fault.kind() != StorageFault::Kind::kFull) throw;
    Refuse(path, origin + ", and the disk has no room to migrate it, about four times its size; " +
                     "free some space. Nothing was changed");
  }
  // From here on the file itself names the present version: an older kiosk refuses it.
  live.Checkpoint(Database::CheckpointMode::kTruncate);
  return path + " was made by an older kiosk (" + NumberOf(version) + ") and now has " +
         NumberOf(current) + "; the database from before is " + saved;
}

}  // namespace kiosk
