#include "tests/crash/client.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "http/codec.h"
#include "store/desk.h"
#include "store/desk_list.h"

namespace kiosk::test {
namespace {

struct Price {
  const char* product_id;
  int64_t cents;
};
constexpr std::array<Price, 6> kPrices = {{{"netflix", 7599},
                                           {"spotify", 4000},
                                           {"worten", 2000},
                                           {"tap", 6000},
                                           {"health-insurance", 25000},
                                           {"equipment-insurance", 6000}}};
constexpr int64_t kStartingBalance = 50000;

struct KnownService {
  int64_t id;
  const char* name;
};
constexpr std::array<KnownService, 3> kServices = {
    {{123, "Inspection"}, {789, "Testing"}, {456, "Analysis"}}};

constexpr int64_t kFirstSlot = 1893456000000;  // 2030-01-01
constexpr int64_t kGap = 3LL * 60 * 60 * 1000;

// What holds in every state. Each finds what breaks it.
struct Rule {
  const char* name;
  const char* sql;
};
constexpr Rule kRules[] = {
    {"SQLite's integrity check",
     "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'"},
    {"SQLite's foreign key check", "SELECT \"table\" FROM pragma_foreign_key_check"},
    {"starting balance = balance + totals",
     "SELECT user_id FROM users LEFT JOIN (SELECT user_id, sum(total) AS spent FROM benefit_orders "
     "GROUP BY user_id) USING (user_id) WHERE starting_balance <> balance + coalesce(spent, 0)"},
    {"an order's total is its items'",
     "SELECT order_id FROM benefit_orders LEFT JOIN (SELECT order_id, sum(price) AS paid "
     "FROM owned_products GROUP BY order_id) USING (order_id) WHERE total IS NOT paid"},
    {"an item is owned by who bought it",
     "SELECT order_id FROM owned_products AS i JOIN benefit_orders AS o USING (order_id) "
     "WHERE i.user_id <> o.user_id"},
    {"what is owned was bought", "SELECT user_id FROM owned_products WHERE order_id IS NULL"},
    {"a desk order has a product or services",
     "SELECT id FROM desk_orders WHERE product IS NULL AND NOT EXISTS "
     "(SELECT 1 FROM desk_order_services WHERE order_number = id_number AND order_id = id)"},
};

constexpr char kShopOrders[] = R"(
  SELECT order_id, orders.user_id, total, product_id
  FROM benefit_orders AS orders JOIN owned_products USING (order_id) ORDER BY order_id, position)";
constexpr char kUsers[] = R"(
  SELECT user_id, balance, product_id
  FROM users LEFT JOIN owned_products USING (user_id) ORDER BY user_id, owned_products.position)";
constexpr char kKeptAnswers[] = "SELECT key, status, body FROM idempotent_answers";

std::string Quoted(const std::string& text) { return '"' + text + '"'; }

std::string List(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : ",") + Quoted(id);
  return "[" + text + "]";
}

std::string Amount(int64_t cents) {
  std::string text = std::to_string(cents / 100);
  if (cents % 100 != 0) text += "." + std::to_string(cents % 100 + 100).substr(1);
  if (cents % 100 != 0 && text.back() == '0') text.pop_back();
  return text;
}

// The value of a text field of a flat JSON object.
std::string Field(const std::string& json, const std::string& name) {
  const std::string before = Quoted(name) + ":\"";
  const size_t begin = json.find(before);
  if (begin == std::string::npos) return "";
  const size_t from = begin + before.size();
  return json.substr(from, json.find('"', from) - from);
}

std::string ToText(const DeskOrder& order) { return WriteDeskOrder(order); }
std::string ToText(const State::ShopOrder& order) {
  return order.user_id + " " + List(order.items) + " " + Amount(order.total);
}
std::string ToText(const State::User& user) { return Amount(user.balance) + List(user.owned); }
std::string ToText(const std::string& text) { return text; }

template <class Map>
void CompareMaps(const std::string& what, const Map& expected, const Map& found,
                 std::vector<std::string>& wrong) {
  const auto name = [&what](const auto& key) {
    if constexpr (std::is_integral_v<std::decay_t<decltype(key)>>) {
      return what + " " + std::to_string(key);
    } else {
      return what + " " + key;
    }
  };
  for (const auto& [key, value] : expected) {
    const auto other = found.find(key);
    if (other == found.end()) {
      wrong.push_back(name(key) + " is lost: " + ToText(value));
    } else if (ToText(other->second) != ToText(value)) {
      wrong.push_back(name(key) + " must be " + ToText(value) + " and is " + ToText(other->second));
    }
  }
  for (const auto& [key, value] : found) {
    if (!expected.contains(key))
      wrong.push_back(name(key) + " must not be there: " + ToText(value));
  }
}

}  // namespace

// --- State ---

State State::Read(Database& db, std::vector<std::string>& wrong) {
  for (const Rule& rule : kRules) {
    Query row = db.Run(rule.sql);
    while (row.Step()) wrong.push_back(std::string("broken: ") + rule.name + ": " + row.Text(0));
  }
  State state;
  for (DeskOrder& order :
       desk::ListingReader(db, {}, desk::Direction::kAscending).Read(INT64_MAX)) {
    const std::string id = order.id;
    state.desk_orders.emplace(id, std::move(order));
  }
  for (Query row = db.Run(kShopOrders); row.Step();) {
    ShopOrder& order = state.shop_orders[row.Int(0)];
    order.user_id = row.Text(1);
    order.total = row.Int(2);
    order.items.push_back(row.Text(3));
  }
  for (Query row = db.Run(kUsers); row.Step();) {
    User& user = state.users[row.Text(0)];
    user.balance = row.Int(1);
    if (!row.IsNull(2)) user.owned.push_back(row.Text(2));
  }
  for (Query row = db.Run(kKeptAnswers); row.Step();) {
    state.kept_answers[row.Text(0)] = row.Text(1) + " " + row.Text(2);
  }
  return state;
}

void State::Compare(const State& found, std::vector<std::string>& wrong) const {
  CompareMaps("desk order", desk_orders, found.desk_orders, wrong);
  CompareMaps("shop order", shop_orders, found.shop_orders, wrong);
  CompareMaps("user", users, found.users, wrong);
  CompareMaps("answer", kept_answers, found.kept_answers, wrong);
}

// --- Client ---

Client::Client(std::string name, uint64_t seed, std::atomic<int64_t>& slots)
    : name_(std::move(name)), random_(seed), slots_(slots) {}

size_t Client::Below(size_t limit) {
  return std::uniform_int_distribution<size_t>(0, limit - 1)(random_);
}

bool Client::Chance(double probability) {
  return std::bernoulli_distribution(probability)(random_);
}

std::string Client::Tag() { return name_ + "-" + std::to_string(++tags_); }

std::string Client::AnyUser() {
  if (known_.users.empty() || Chance(0.5)) return Tag();
  return std::next(known_.users.begin(), static_cast<long>(Below(known_.users.size())))->first;
}

const DeskOrder* Client::AnyDeskOrder() {
  const auto& orders = known_.desk_orders;
  if (orders.empty()) return nullptr;
  return &std::next(orders.begin(), static_cast<long>(Below(orders.size())))->second;
}

Client::Plan Client::Choose() {
  if (!keyed_.empty() && Chance(0.05)) {
    const auto& [key, exchange] =
        *std::next(keyed_.begin(), static_cast<long>(Below(keyed_.size())));
    Plan plan;
    plan.asked = exchange.first;
    plan.replays = key;
    return plan;
  }
  Plan plan;
  const DeskOrder* order = AnyDeskOrder();
  const size_t kind = Below(100);
  if (kind < 40) {
    plan = PlaceOrder();
  } else if (kind < 60 || !order) {
    plan = CreateDeskOrder();
  } else if (kind < 80) {
    plan = ChangeDeskOrder(*order);
  } else if (kind < 88) {
    plan = Collide(*order);
  } else if (kind < 94) {
    plan = LookAt(*order);
  } else {
    plan = LookAtUser();
  }
  if (plan.asked.method == "POST" && Chance(0.3)) plan.asked.key = "key-" + Tag();
  return plan;
}

// Decides as SPEC section 3 does.
Client::Plan Client::PlaceOrder() {
  const std::string user_id = AnyUser();
  const auto known = known_.users.find(user_id);
  const State::User user =
      known == known_.users.end() ? State::User{kStartingBalance, {}} : known->second;
  State::ShopOrder order{user_id, {}, 0};
  bool owned = false;
  for (const Price& price : kPrices) {
    if (!Chance(0.4)) continue;
    order.items.emplace_back(price.product_id);
    order.total += price.cents;
    owned |= std::ranges::find(user.owned, price.product_id) != user.owned.end();
  }
  const bool unknown = order.items.empty() || Chance(0.05);
  if (unknown) order.items.emplace_back("no-such-product");

  Plan plan;
  plan.asked = {
      "POST", "/api/orders",
      R"({"order":{"items":)" + List(order.items) + R"(,"user_id":)" + Quoted(user_id) + "}}", ""};
  plan.writes = true;
  const char* refusal = unknown                      ? "products_not_found"
                        : owned                      ? "products_already_purchased"
                        : order.total > user.balance ? "insufficient_balance"
                                                     : nullptr;
  if (refusal) {
    plan.status = 400;
    plan.whole_body = std::string(R"({"error":")") + refusal + "\"}";
    return plan;
  }
  plan.says =
      R"("data":{"items":)" + List(order.items) + R"(,"total":)" + Amount(order.total) + "}}}";
  plan.shop_order = std::move(order);
  return plan;
}

Client::Plan Client::CreateDeskOrder() {
  const std::string tag = Tag();
  DeskOrder order;
  std::string body;
  const bool is_service = Chance(0.4);
  const bool is_product = !is_service || Chance(0.3);
  if (!is_product || Chance(0.5)) {
    order.id = tag;
    body += R"(,"id":)" + Quoted(tag);
  }
  if (is_service || Chance(0.5)) {
    order.datetime = Timestamp{kFirstSlot + kGap * slots_++};
    body += R"(,"datetime":)" + Quoted(FormatTimestamp(*order.datetime));
  }
  if (is_service) {
    const KnownService& service = kServices[Below(kServices.size())];
    order.services.push_back({service.id, service.name});
    order.totalfee = Money{static_cast<int64_t>(Below(100000))};
    body += R"(,"services":[{"id":")" + std::to_string(service.id) + R"("}],"totalfee":)" +
            Amount(order.totalfee->cents);
  }
  if (is_product) {
    order.product = tag + std::string(Below(150), 'x');
    order.quantity = static_cast<int64_t>(Below(1000)) + 1;
    body += R"(,"product":)" + Quoted(*order.product) + R"(,"quantity":)" +
            std::to_string(*order.quantity);
  }
  Plan plan;
  plan.asked = {"POST", "/orders", "{" + body.substr(1) + "}", ""};
  plan.status = 201;
  plan.writes = true;
  plan.desk_order = std::move(order);
  return plan;
}

Client::Plan Client::ChangeDeskOrder(const DeskOrder& order) {
  Plan plan;
  plan.writes = true;
  if (Chance(0.25)) {
    plan.asked = {"DELETE", "/orders/" + order.id, "", ""};
    plan.whole_body = WriteDeskOrder(order);
    plan.deleted = order.id;
    return plan;
  }
  DeskOrder changed = order;
  std::string body;
  if (Chance(0.3)) {
    changed.datetime = Timestamp{kFirstSlot + kGap * slots_++};
    body += R"(,"datetime":)" + Quoted(FormatTimestamp(*changed.datetime));
  }
  if (!changed.services.empty() && Chance(0.5)) {
    changed.services.clear();
    std::string list;
    for (const KnownService& service : kServices) {
      changed.services.push_back({service.id, service.name});
      list += (list.empty() ? "" : ",") + std::to_string(service.id);
    }
    body += R"(,"services":[)" + list + "]";
  }
  if (changed.product) {
    changed.product =
        changed.product->substr(0, changed.product->find('x')) + std::string(Below(150), 'x');
    changed.quantity = static_cast<int64_t>(Below(1000)) + 1;
    body += R"(,"product":)" + Quoted(*changed.product) + R"(,"quantity":)" +
            std::to_string(*changed.quantity);
  } else {
    changed.totalfee = Money{static_cast<int64_t>(Below(100000))};
    body += R"(,"totalfee":)" + Amount(changed.totalfee->cents);
  }
  plan.asked = {Chance(0.5) ? "PUT" : "PATCH", "/orders/" + order.id, "{" + body.substr(1) + "}",
                ""};
  plan.desk_order = std::move(changed);
  return plan;
}

// Asks for what is taken.
Client::Plan Client::Collide(const DeskOrder& order) {
  Plan plan;
  plan.writes = true;
  plan.status = 409;
  const std::string rest = R"(,"product":"refused","quantity":1})";
  if (order.datetime && Chance(0.5)) {
    const Timestamp near{order.datetime->ms + 60000};
    plan.asked = {"POST", "/orders", R"({"datetime":)" + Quoted(FormatTimestamp(near)) + rest, ""};
    plan.says = R"("conflicts_with":)" + Quoted(order.id);
  } else {
    plan.asked = {"POST", "/orders", R"({"id":)" + Quoted(order.id) + rest, ""};
    plan.says = R"({"error":"order_exists")";
  }
  return plan;
}

Client::Plan Client::LookAt(const DeskOrder& order) {
  Plan plan;
  plan.asked = {"GET", "/orders/" + order.id, "", ""};
  plan.whole_body = WriteDeskOrder(order);
  return plan;
}

// A user is created by being looked at.
Client::Plan Client::LookAtUser() {
  Plan plan;
  const std::string user_id = AnyUser();
  const auto known = known_.users.find(user_id);
  const State::User user =
      known == known_.users.end() ? State::User{kStartingBalance, {}} : known->second;
  plan.asked = {"GET", "/api/users/" + user_id, "", ""};
  plan.whole_body = R"({"user":{"user_id":)" + Quoted(user_id) + R"(,"data":{"balance":)" +
                    Amount(user.balance) + R"(,"product_ids":)" + List(user.owned) + "}}}";
  if (known == known_.users.end()) {
    plan.created_user = user_id;
    plan.writes = true;
  }
  return plan;
}

void Client::Wrong(const Plan& plan, const Received& received, const std::string& why) {
  wrong_.push_back(plan.asked.method + " " + plan.asked.target + " " + plan.asked.body + " " +
                   plan.asked.key + " was answered " + std::to_string(received.status) + " " +
                   received.body + ": " + why);
}

Client::Result Client::Step(const Ask& ask) {
  Plan plan = again_ ? *std::exchange(again_, std::nullopt) : Choose();
  const auto received = ask(plan.asked);
  if (!received) {
    unanswered_ = std::move(plan);
    return Result::kNoAnswer;
  }
  if (received->status == 503 || received->status == 507) {
    const std::string expected =
        received->status == 503
            ? R"({"error":"storage_unavailable","message":"The database cannot be reached at the moment; nothing was changed."})"
            : R"({"error":"insufficient_storage","message":"The disk is full; nothing was changed."})";
    if (received->body != expected)
      Wrong(plan, *received, "the storage fault must be answered exactly");
    again_ = std::move(plan);
    return Result::kUnavailable;
  }
  Check(plan, *received);
  Accept(std::move(plan), *received);
  return Result::kAnswered;
}

void Client::Check(const Plan& plan, const Received& received) {
  if (!plan.replays.empty()) {
    const Received& first = keyed_.at(plan.replays).second;
    if (received.status != first.status || received.body != first.body) {
      Wrong(plan, received,
            "the first answer was " + std::to_string(first.status) + " " + first.body);
    }
    if (!received.replayed) Wrong(plan, received, "not marked as a repeated answer");
    return;
  }
  if (received.replayed) Wrong(plan, received, "marked as a repeated answer");
  if (received.status != plan.status)
    Wrong(plan, received, "expected " + std::to_string(plan.status));
  if (plan.whole_body && received.body != *plan.whole_body) {
    Wrong(plan, received, "expected " + *plan.whole_body);
  }
  if (received.body.find(plan.says) == std::string::npos)
    Wrong(plan, received, "expected " + plan.says);
}

void Client::Accept(Plan plan, const Received& received) {
  if (!plan.replays.empty()) return;
  if (plan.writes) ++(received.status < 300 ? acknowledged_ : refused_);
  if (!plan.asked.key.empty()) {
    keyed_[plan.asked.key] = {plan.asked, received};
    known_.kept_answers[plan.asked.key] = std::to_string(received.status) + " " + received.body;
  }
  if (plan.desk_order) {
    DeskOrder& order = *plan.desk_order;
    if (order.id.empty()) order.id = Field(received.body, "id");
    const auto known = known_.desk_orders.find(order.id);
    if (known == known_.desk_orders.end()) {
      order.created_at = ParseTimestamp(Field(received.body, "created_at")).value_or(Timestamp{});
    }
    order.updated_at = ParseTimestamp(Field(received.body, "updated_at")).value_or(Timestamp{});
    if (received.body != WriteDeskOrder(order)) {
      Wrong(plan, received, "expected " + WriteDeskOrder(order));
    }
    known_.desk_orders[order.id] = order;
  }
  if (!plan.deleted.empty()) known_.desk_orders.erase(plan.deleted);
  if (plan.shop_order) {
    const std::string order_id = Field(received.body, "order_id");
    const State::ShopOrder& order = *plan.shop_order;
    if (received.body != R"({"order":{"order_id":)" + Quoted(order_id) + "," + plan.says) {
      Wrong(plan, received, "expected " + plan.says);
      return;
    }
    known_.shop_orders[std::stoll(order_id)] = order;
    auto& user =
        known_.users.try_emplace(order.user_id, State::User{kStartingBalance, {}}).first->second;
    user.balance -= order.total;
    user.owned.insert(user.owned.end(), order.items.begin(), order.items.end());
  }
  if (!plan.created_user.empty()) {
    known_.users.try_emplace(plan.created_user, State::User{kStartingBalance, {}});
  }
}

void Client::Settle(const State& found) {
  if (!unanswered_) return;
  Plan plan = *std::exchange(unanswered_, std::nullopt);
  if (!plan.replays.empty()) return;

  // The answer that the client would have had, if there is a trace of what it asked for.
  std::optional<Received> received;
  if (plan.desk_order) {
    const DeskOrder& wanted = *plan.desk_order;
    for (const auto& [id, order] : found.desk_orders) {
      // An order whose id is the server's choice is known by its product.
      if (wanted.id.empty() ? order.product != wanted.product : id != wanted.id) continue;
      const auto known = known_.desk_orders.find(id);
      if (known != known_.desk_orders.end() &&
          WriteDeskOrder(known->second) == WriteDeskOrder(order)) {
        continue;
      }
      received = Received{plan.status, WriteDeskOrder(order), false};
    }
  }
  if (!plan.deleted.empty()) {
    // The server may have given its id to another client's order.
    const auto left = found.desk_orders.find(plan.deleted);
    if (left == found.desk_orders.end() ||
        WriteDeskOrder(left->second) != WriteDeskOrder(known_.desk_orders.at(plan.deleted))) {
      received = Received{200, *plan.whole_body, false};
    }
  }
  if (plan.shop_order) {
    for (const auto& [order_id, order] : found.shop_orders) {
      if (order.user_id != plan.shop_order->user_id || known_.shop_orders.contains(order_id)) {
        continue;
      }
      received = Received{
          200, R"({"order":{"order_id":")" + std::to_string(order_id) + "\"," + plan.says, false};
    }
  }
  if (!plan.created_user.empty() && found.users.contains(plan.created_user)) {
    received = Received{200, *plan.whole_body, false};
  }
  if (const auto kept = found.kept_answers.find(plan.asked.key); kept != found.kept_answers.end()) {
    const int status = std::stoi(kept->second);
    if (status < 300 && !received)
      Wrong(plan, {status, kept->second, false}, "kept without its effect");
    received = Received{status, kept->second.substr(kept->second.find(' ') + 1), false};
  } else if (received && !plan.asked.key.empty()) {
    Wrong(plan, *received, "its effect is there without the answer that was to be kept");
  }
  const bool repeats = !plan.asked.key.empty();
  Plan again = plan;
  if (received) {
    Check(plan, *received);
    Accept(std::move(plan), *received);
    --(received->status < 300 ? acknowledged_ : refused_);  // it was not
    again.replays = again.asked.key;
  }
  if (repeats) again_ = std::move(again);
}

void Client::AddTo(State& expected, std::vector<std::string>& wrong) const {
  const auto add = [&](auto all, const auto& mine) {
    for (const auto& [key, value] : mine) {
      if (!all->emplace(key, value).second) wrong.push_back("given twice: " + ToText(value));
    }
  };
  add(&expected.desk_orders, known_.desk_orders);
  add(&expected.shop_orders, known_.shop_orders);
  add(&expected.users, known_.users);
  add(&expected.kept_answers, known_.kept_answers);
}

}  // namespace kiosk::test
