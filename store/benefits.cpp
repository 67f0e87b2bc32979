#include "store/benefits.h"

#include <algorithm>
#include <unordered_set>

#include "store/next_ids.h"
#include "store/rules.h"

namespace kiosk::benefits {
namespace {

constexpr char kListProducts[] = "SELECT product_id, name, price FROM products ORDER BY position";

constexpr char kFindUser[] = R"(
  SELECT users.balance, owned_products.product_id, owned_products.position
  FROM users LEFT JOIN owned_products USING (user_id)
  WHERE users.user_id = ?)";

constexpr char kStartingBalance[] = "SELECT starting_balance FROM seed";

constexpr char kCreateUser[] = R"(
  INSERT INTO users (user_id, starting_balance, balance)
  SELECT ?, starting_balance, starting_balance FROM seed WHERE true
  ON CONFLICT DO NOTHING)";

// Of a user whose first order is placed.
constexpr char kInsertUser[] =
    "INSERT INTO users (user_id, starting_balance, balance) VALUES (?, ?, ?)";

constexpr char kFindProduct[] = "SELECT name, price FROM products WHERE product_id = ?";

constexpr char kDebit[] = "UPDATE users SET balance = balance - ? WHERE user_id = ?";

constexpr char kHasOrder[] = "SELECT 1 FROM benefit_orders WHERE order_id = ?";

constexpr char kInsertOrder[] =
    "INSERT INTO benefit_orders (order_id, user_id, total, created_at) VALUES (?, ?, ?, ?)";

constexpr char kInsertItem[] = R"(
  INSERT INTO owned_products (user_id, product_id, position, order_id, price)
  VALUES (?, ?, ?, ?, ?))";

constexpr char kFindOrder[] =
    "SELECT order_id, user_id, total, created_at FROM benefit_orders WHERE order_id = ?";

constexpr char kListOrders[] = R"(
  SELECT order_id, user_id, total, created_at FROM benefit_orders
  WHERE order_id IN (SELECT order_id FROM owned_products WHERE user_id = ?)
  ORDER BY order_id)";

constexpr char kListItems[] = R"(
  SELECT items.order_id, items.product_id, products.name, items.price
  FROM owned_products AS items JOIN products USING (product_id)
  WHERE items.user_id = ?1 AND items.order_id IS NOT NULL
    AND (?2 IS NULL OR items.order_id = ?2)
  ORDER BY items.order_id, items.position)";

// All but the items.
BenefitOrder ReadOrder(const Query& row) {
  BenefitOrder order;
  order.order_id = row.Int(0);
  order.user_id = row.Text(1);
  order.total = Money{row.Int(2)};
  order.created_at = Timestamp{row.Int(3)};
  return order;
}

// Orders of one user, sorted by id. All items are read by one query: what a user owns is not
// searched once for each order.
void ReadItems(Database& db, const std::string& user_id, std::optional<int64_t> order_id,
               std::vector<BenefitOrder>& orders) {
  Query item = db.Run(kListItems, user_id, order_id);
  auto order = orders.begin();
  while (item.Step()) {
    while (order->order_id != item.Int(0)) ++order;
    order->items.push_back({item.Text(1), item.Text(2), Money{item.Int(3)}});
  }
}

// The products named, each once, in the order of their first mention; and what is known of them.
struct Basket {
  std::vector<Product> products;
  std::vector<rules::WantedProduct> facts;
};

Basket FillBasket(Database& db, const User& user, const std::vector<std::string>& product_ids) {
  const std::unordered_set<std::string_view> owned(user.product_ids.begin(),
                                                   user.product_ids.end());
  std::unordered_set<std::string_view> seen;
  Basket basket;
  for (const std::string& id : product_ids) {
    if (!seen.insert(id).second) continue;
    Query row = db.Run(kFindProduct, id);
    const bool exists = row.Step();
    const Money price{exists ? row.Int(1) : 0};
    basket.products.push_back({id, exists ? row.Text(0) : "", price});
    basket.facts.push_back({exists, owned.contains(id), price});
    if (!exists) break;  // decided: a long list of unknown ids costs no more than one
  }
  return basket;
}

int64_t AssignOrderId(Database& db) {
  int64_t id = next_ids::Next(db, next_ids::Kind::kPurchase);
  while (db.Run(kHasOrder, id).Step()) ++id;
  next_ids::Raise(db, next_ids::Kind::kPurchase, id + 1);
  return id;
}

}  // namespace

std::vector<Product> ListProducts(Database& db) {
  std::vector<Product> products;
  Query row = db.Run(kListProducts);
  while (row.Step()) products.push_back({row.Text(0), row.Text(1), Money{row.Int(2)}});
  return products;
}

std::optional<User> FindUser(Database& db, std::string_view user_id) {
  Query row = db.Run(kFindUser, user_id);
  if (!row.Step()) return std::nullopt;
  User user{std::string(user_id), Money{row.Int(0)}, {}};
  if (row.IsNull(1)) return user;
  // They are few: sorted here they cost a fraction of what SQLite's sorter does.
  std::vector<std::pair<int64_t, std::string>> owned;
  do {
    owned.emplace_back(row.Int(2), row.Text(1));
  } while (row.Step());
  std::ranges::sort(owned);
  for (auto& [position, product_id] : owned) user.product_ids.push_back(std::move(product_id));
  return user;
}

User NewUser(Database& db, std::string_view user_id) {
  Query row = db.Run(kStartingBalance);
  row.Step();
  return {std::string(user_id), Money{row.Int(0)}, {}};
}

User GetOrCreateUser(Database& db, std::string_view user_id) {
  if (auto user = FindUser(db, user_id)) return *std::move(user);
  db.Execute(kCreateUser, user_id);
  return NewUser(db, user_id);
}

std::variant<BenefitOrder, BenefitRefusal> PlaceOrder(Database& db, std::string_view user_id,
                                                      const std::vector<std::string>& product_ids,
                                                      Timestamp now) {
  const std::optional<User> known = FindUser(db, user_id);
  const User user = known ? *known : NewUser(db, user_id);
  Basket basket = FillBasket(db, user, product_ids);
  const auto decision = rules::DecidePurchase(user.balance, basket.facts);
  if (const auto* refusal = std::get_if<BenefitRefusal>(&decision)) return *refusal;
  const Money total = std::get<Money>(decision);

  if (known) {
    db.Execute(kDebit, total.cents, user_id);
  } else {
    db.Execute(kInsertUser, user_id, user.balance.cents, user.balance.cents - total.cents);
  }
  const BenefitOrder order{AssignOrderId(db), user.user_id, std::move(basket.products), total, now};
  db.Execute(kInsertOrder, order.order_id, user_id, total.cents, now.ms);
  auto position = static_cast<int64_t>(user.product_ids.size());
  for (const Product& item : order.items) {
    db.Execute(kInsertItem, user_id, item.product_id, position++, order.order_id, item.price.cents);
  }
  return order;
}

std::optional<BenefitOrder> FindOrder(Database& db, int64_t order_id) {
  Query row = db.Run(kFindOrder, order_id);
  if (!row.Step()) return std::nullopt;
  std::vector<BenefitOrder> orders{ReadOrder(row)};
  ReadItems(db, orders[0].user_id, order_id, orders);
  return std::move(orders[0]);
}

std::vector<BenefitOrder> ListOrders(Database& db, std::string_view user_id) {
  std::vector<BenefitOrder> orders;
  {
    Query row = db.Run(kListOrders, user_id);
    while (row.Step()) orders.push_back(ReadOrder(row));
  }
  ReadItems(db, std::string(user_id), std::nullopt, orders);
  return orders;
}

}  // namespace kiosk::benefits
