#include "store/seed.h"

#include "store/desk.h"
#include "store/generation.h"
#include "store/next_ids.h"

namespace kiosk {
namespace {

constexpr char kInsertSeed[] =
    "INSERT INTO seed (only_row, starting_balance, text) VALUES (1, ?, ?)";
constexpr char kInsertProduct[] = "INSERT INTO products (product_id, name, price) VALUES (?, ?, ?)";
constexpr char kInsertUser[] =
    "INSERT INTO users (user_id, starting_balance, balance) VALUES (?, ?, ?)";
constexpr char kInsertOwned[] =
    "INSERT INTO owned_products (user_id, product_id, position) VALUES (?, ?, ?)";
constexpr char kInsertPurchase[] =
    "INSERT INTO benefit_orders (order_id, user_id, total, created_at) VALUES (?, ?, ?, ?)";
constexpr char kSetPurchased[] =
    "UPDATE owned_products SET order_id = ?, price = ? WHERE user_id = ? AND product_id = ?";
constexpr char kSeedText[] = "SELECT text FROM seed";

// Those referred to come before those that refer.
constexpr const char* kCopyTables[] = {
    "INSERT INTO seed SELECT * FROM packed.seed",
    "INSERT INTO next_ids SELECT * FROM packed.next_ids",
    "INSERT INTO products SELECT * FROM packed.products",
    "INSERT INTO users SELECT * FROM packed.users",
    "INSERT INTO benefit_orders SELECT * FROM packed.benefit_orders",
    "INSERT INTO owned_products SELECT * FROM packed.owned_products",
    "INSERT INTO services SELECT * FROM packed.services",
    "INSERT INTO deleted_orders SELECT * FROM packed.deleted_orders",
    "INSERT INTO desk_orders SELECT * FROM packed.desk_orders",
    "INSERT INTO desk_order_services SELECT * FROM packed.desk_order_services",
};

void InsertPurchase(Database& db, const BenefitOrder& order) {
  db.Execute(kInsertPurchase, order.order_id, order.user_id, order.total.cents,
             order.created_at.ms);
  for (const Product& item : order.items) {
    db.Execute(kSetPurchased, order.order_id, item.price.cents, order.user_id, item.product_id);
  }
  next_ids::Accept(db, next_ids::Kind::kPurchase, order.order_id);
}

void ApplySeed(Database& db, const Seed& seed) {
  db.Execute(kInsertSeed, seed.starting_balance.cents, seed.text);
  for (const Product& product : seed.products) {
    db.Execute(kInsertProduct, product.product_id, product.name, product.price.cents);
  }
  for (const SeedUser& user : seed.users) {
    db.Execute(kInsertUser, user.user_id, user.starting_balance.cents, user.balance.cents);
    int64_t position = 0;
    for (const std::string& product_id : user.product_ids) {
      db.Execute(kInsertOwned, user.user_id, product_id, position++);
    }
  }
  for (const Service& service : seed.services) desk::InsertService(db, service);
  for (const DeskOrder& order : seed.orders) desk::InsertOrder(db, order);
  for (const BenefitOrder& order : seed.purchases) InsertPurchase(db, order);
  next_ids::Raise(db, next_ids::Kind::kPurchase, seed.next_ids.purchase.value_or(1));
  next_ids::Raise(db, next_ids::Kind::kOrder, seed.next_ids.order.value_or(1));
  next_ids::Raise(db, next_ids::Kind::kService, seed.next_ids.service.value_or(1));
}

}  // namespace

void Prepare(Database& db, const Origin& origin) {
  if (const auto* image = std::get_if<Image>(&origin)) db.AttachImage(image->bytes);
}

void FillFrom(Database& db, const Origin& origin) {
  RenewGeneration(db);
  if (const auto* seed = std::get_if<Seed>(&origin)) {
    ApplySeed(db, *seed);
  } else {
    for (const char* copy : kCopyTables) db.Execute(copy);
  }
}

std::string SeedText(Database& db) {
  Query row = db.Run(kSeedText);
  return row.Step() ? row.Text(0) : "";
}

}  // namespace kiosk
