#include "store/seed.h"

#include "data/embedded.h"
#include "store/desk.h"

namespace kiosk {
namespace {

constexpr char kInsertSeed[] =
    "INSERT INTO seed (only_row, starting_balance, text) VALUES (1, ?, ?)";
constexpr char kInsertProduct[] = "INSERT INTO products (product_id, name, price) VALUES (?, ?, ?)";
constexpr char kInsertUser[] =
    "INSERT INTO users (user_id, starting_balance, balance) VALUES (?1, ?2, ?2)";
constexpr char kInsertOwned[] =
    "INSERT INTO owned_products (user_id, product_id, position) VALUES (?, ?, ?)";
constexpr char kInsertService[] = "INSERT INTO services (id, name) VALUES (?, ?)";
constexpr char kSeedText[] = "SELECT text FROM seed";

// Those that refer come before those referred to.
constexpr const char* kDeleteAll[] = {"DELETE FROM idempotent_answers",
                                      "DELETE FROM desk_order_services",
                                      "DELETE FROM desk_orders",
                                      "DELETE FROM services",
                                      "DELETE FROM benefit_order_items",
                                      "DELETE FROM benefit_orders",
                                      "DELETE FROM owned_products",
                                      "DELETE FROM users",
                                      "DELETE FROM products",
                                      "DELETE FROM seed"};

}  // namespace

void CreateTables(Database& db) { db.ExecuteScript(std::string(embedded::Schema())); }

void ApplySeed(Database& db, const Seed& seed) {
  db.Execute(kInsertSeed, seed.starting_balance.cents, seed.text);
  for (const Product& product : seed.products) {
    db.Execute(kInsertProduct, product.product_id, product.name, product.price.cents);
  }
  for (const SeedUser& user : seed.users) {
    db.Execute(kInsertUser, user.user_id, user.balance.cents);
    int64_t position = 0;
    for (const std::string& product_id : user.product_ids) {
      db.Execute(kInsertOwned, user.user_id, product_id, position++);
    }
  }
  for (const Service& service : seed.services) {
    db.Execute(kInsertService, service.id, service.name);
  }
  for (const DeskOrder& order : seed.orders) desk::InsertSeedOrder(db, order);
}

void ResetTo(Database& db, const Seed& seed) {
  for (const char* sql : kDeleteAll) db.Execute(sql);
  ApplySeed(db, seed);
}

std::string SeedText(Database& db) {
  Query row = db.Run(kSeedText);
  return row.Step() ? row.Text(0) : "";
}

}  // namespace kiosk
