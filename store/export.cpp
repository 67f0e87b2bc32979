#include "store/export.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include "store/benefits.h"
#include "store/database_file.h"
#include "store/migrate.h"
#include "store/schema.h"
#include "store/temporary_file.h"

namespace kiosk::data_export {
namespace {

constexpr char kStartingBalance[] = "SELECT starting_balance FROM seed";
constexpr char kUsers[] = "SELECT user_id, starting_balance FROM users ORDER BY user_id";
constexpr char kBuyers[] = "SELECT user_id FROM users ORDER BY user_id";
constexpr char kOrders[] = R"(
  SELECT id_number, id, datetime, totalfee, product, quantity
  FROM desk_orders ORDER BY id_number, id)";
constexpr char kServicesOf[] = R"(
  SELECT service_id FROM desk_order_services
  WHERE order_number = ? AND order_id = ? ORDER BY position)";

constexpr char kForeignKeys[] = "PRAGMA foreign_keys = ON";
constexpr char kTemporaryInMemory[] = "PRAGMA temp_store = MEMORY";

// A file that is removed unless it gets its name.
class NewFile {
 public:
  explicit NewFile(const std::string& path)
      : path_(path), temporary_(path + ".XXXXXX"), fd_(::mkostemp(temporary_.data(), O_CLOEXEC)) {
    if (!fd_.valid()) Fail();
    ::fchmod(fd_.get(), 0644);
  }
  ~NewFile() { ::unlink(temporary_.c_str()); }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void Append(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(fd_.get(), text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) Fail();
      text.remove_prefix(static_cast<size_t>(written));
    }
  }

  void Finish() const {
    if (::fsync(fd_.get()) != 0) Fail();
    if (FileIdOf(path_)) throw StoreError(Exists(path_));
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) Fail();
  }

  static std::string Exists(const std::string& path) {
    return "cannot write " + path + ": the file exists already; choose another name";
  }

 private:
  [[noreturn]] void Fail() const {
    throw StoreError("cannot write " + path_ + ": " + Reason(errno) + "; choose another place");
  }

  std::string path_;
  std::string temporary_;
  FileDescriptor fd_;
};

void ReadAll(Database& db, const std::function<void(Database&)>& read) {
  db.Execute(kForeignKeys);
  db.Execute(kTemporaryInMemory);
  Transaction transaction(db, Transaction::Kind::kRead);
  read(db);
  transaction.Commit();
}

}  // namespace

Money StartingBalance(Database& db) {
  Query row = db.Run(kStartingBalance);
  return row.Step() ? Money{row.Int(0)} : Money{};
}

void ForEachUser(Database& db, const std::function<void(const SeedUser&)>& visit) {
  Query row = db.Run(kUsers);
  while (row.Step()) {
    auto user = benefits::FindUser(db, row.TextView(0));
    if (!user) continue;
    visit({user->user_id, user->balance, Money{row.Int(1)}, std::move(user->product_ids)});
  }
}

void ForEachPurchase(Database& db, const std::function<void(const BenefitOrder&)>& visit) {
  Query row = db.Run(kBuyers);
  while (row.Step()) {
    for (const BenefitOrder& order : benefits::ListOrders(db, row.TextView(0))) visit(order);
  }
}

void ForEachOrder(Database& db, const std::function<void(const DeskOrder&)>& visit) {
  Query row = db.Run(kOrders);
  while (row.Step()) {
    DeskOrder order;
    order.id = row.Text(1);
    if (!row.IsNull(2)) order.datetime = Timestamp{row.Int(2)};
    if (!row.IsNull(3)) order.totalfee = Money{row.Int(3)};
    order.product = row.OptionalText(4);
    order.quantity = row.OptionalInt(5);
    Query service = db.Run(kServicesOf, row.Int(0), order.id);
    while (service.Step()) order.services.push_back({service.Int(0), ""});
    visit(order);
  }
}

void ReadFrom(const std::string& name, const std::function<void(Database&)>& read) {
  const std::string path = FollowLinks(name);
  CheckPlainFile(path);
  const DatabaseFile file(path);
  // Alone, as a writer: that leaves no WAL behind.
  const bool is_served = !file.TryLock();
  try {
    Database db(path, is_served ? Database::Mode::kReadOnly : Database::Mode::kReadWrite);
    CheckMarks(path, db);
    if (MarksOf(db) == CurrentMarks()) return ReadAll(db, read);
    const TemporaryFile copy(path, "free some space, or check that its folder can be written");
    db.CopyTo(copy.path());
    const std::string why = MigrateCopy(copy.path());
    if (!why.empty()) Refuse(path, why);
    Database migrated(copy.path(), Database::Mode::kReadWrite);
    ReadAll(migrated, read);
  } catch (const StorageFault& fault) {
    Refuse(path, fault);
  }
}

void WriteNewFile(const std::string& name, const std::function<void(const Append&)>& write) {
  const std::string path = FollowLinks(name);
  if (FileIdOf(path)) throw StoreError(NewFile::Exists(path));
  const NewFile file(path);
  write([&file](std::string_view text) { file.Append(text); });
  file.Finish();
}

}  // namespace kiosk::data_export
