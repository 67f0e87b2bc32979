#include "store/rules.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace kiosk;
using rules::Booking;
using rules::WantedProduct;

namespace {

constexpr int64_t kHour = 3'600'000;
constexpr int64_t kGap = 3 * kHour;

Timestamp At(const char* text) {
  const auto moment = ParseTimestamp(text);
  REQUIRE(moment.has_value());
  return *moment;
}

struct Slot {
  const char* datetime;
  const char* order_id;
};

// FindConflict on a desk that holds these orders, fed as its comment says. `read` counts the
// bookings that were asked for.
std::optional<OrderConflict> Conflict(const char* wanted, int64_t gap_ms,
                                      const std::vector<Slot>& desk, size_t* read = nullptr) {
  const Timestamp at = At(wanted);
  std::vector<Booking> bookings;
  for (const Slot& slot : desk) {
    const Timestamp taken = At(slot.datetime);
    if (taken.ms > at.ms - gap_ms) bookings.push_back({taken, slot.order_id});
  }
  size_t next = 0;
  const auto conflict = rules::FindConflict(at, gap_ms, [&]() -> std::optional<Booking> {
    if (next == bookings.size()) return std::nullopt;
    return bookings[next++];
  });
  if (read) *read = next;
  return conflict;
}

void CheckConflict(const std::optional<OrderConflict>& conflict, const char* with,
                   const char* next_available) {
  REQUIRE(conflict.has_value());
  CHECK(conflict->conflicts_with == with);
  REQUIRE(conflict->next_available.has_value());
  CHECK(FormatTimestamp(*conflict->next_available) == next_available);
}

DeskOrder ServiceOrder() {
  DeskOrder order;
  order.services = {{123, "Inspection"}};
  order.totalfee = Money{10000};
  return order;
}

DeskOrder ProductOrder() {
  DeskOrder order;
  order.product = "Paper";
  order.quantity = 5;
  return order;
}

}  // namespace

TEST_CASE("a user id is 1 to 128 bytes of UTF-8 without control characters") {
  const std::string yes[] = {
      "johndoe",
      "a",
      "a@b.co",
      "with space",
      " ",
      "João",
      "日本",
      "../../etc/passwd",
      "\"'<>&%00",
      std::string(128, 'x'),
      "\xC2\xA0",          // the first character after C1
      "\xDF\xBF",          // the last of two bytes
      "\xE0\xA0\x80",      // the first of three bytes
      "\xED\x9F\xBF",      // the last before the surrogates
      "\xEE\x80\x80",      // the first after the surrogates
      "\xEF\xBF\xBF",      // the last of three bytes
      "\xF0\x90\x80\x80",  // the first of four bytes
      "\xF4\x8F\xBF\xBF",  // U+10FFFF
  };
  for (const std::string& text : yes) {
    CAPTURE(text);
    CHECK(rules::IsUserId(text));
  }
  const std::string no[] = {
      "",
      std::string(129, 'x'),
      "João" + std::string(124, 'x'),  // 128 characters, 129 bytes
      std::string(1, '\0'),
      std::string("a\0b", 3),
      "a\nb",
      "\x1F",
      "\x7F",
      "\xC2\x80",          // C1, the first
      "a\xC2\x85",         // C1: next line
      "\xC2\x9F",          // C1, the last
      "\x80",              // a continuation alone
      "\xBF",              //
      "\xC3",              // cut off after one of two bytes
      "\xC3(",             // not continued
      "\xE2\x82",          // cut off after two of three bytes
      "\xE2(\xA1",         // not continued
      "\xE2\x82(",         //
      "\xF0\x9F\x98",      // cut off after three of four bytes
      "\xF0\x9F\x98(",     // not continued
      "\xC0\x80",          // overlong NUL
      "\xC1\xBF",          // overlong
      "\xE0\x9F\xBF",      // overlong
      "\xF0\x8F\xBF\xBF",  // overlong
      "\xED\xA0\x80",      // U+D800, a surrogate
      "\xED\xBF\xBF",      // U+DFFF, a surrogate
      "\xF4\x90\x80\x80",  // U+10FFFF + 1
      "\xF5\x80\x80\x80",
      "\xFE",
      "\xFF",
  };
  for (const std::string& text : no) {
    CAPTURE(text);
    CHECK(!rules::IsUserId(text));
  }
}

TEST_CASE("a purchase is charged its total or refused for the first reason") {
  using Refusal = BenefitRefusal;
  constexpr WantedProduct kUnknown{false, false, {}};
  const auto product = [](int64_t cents) { return WantedProduct{true, false, Money{cents}}; };
  const auto owned = [](int64_t cents) { return WantedProduct{true, true, Money{cents}}; };
  struct Row {
    std::string name;
    int64_t balance;
    std::vector<WantedProduct> wanted;
    std::variant<Money, BenefitRefusal> decision;
  };
  const Row rows[] = {
      {"nothing wanted", 50000, {}, Refusal::kProductsNotFound},
      {"nothing wanted and nothing to pay with", 0, {}, Refusal::kProductsNotFound},
      {"one", 50000, {product(7599)}, Money{7599}},
      {"two", 50000, {product(7499), product(1823)}, Money{9322}},
      {"a free one with an empty balance", 0, {product(0)}, Money{0}},
      {"exactly the balance", 9322, {product(7499), product(1823)}, Money{9322}},
      {"a cent more than the balance",
       9321,
       {product(7499), product(1823)},
       Refusal::kInsufficientBalance},
      {"unknown", 50000, {kUnknown}, Refusal::kProductsNotFound},
      {"known, then unknown", 50000, {product(1), kUnknown}, Refusal::kProductsNotFound},
      {"unknown, then known", 50000, {kUnknown, product(1)}, Refusal::kProductsNotFound},
      {"owned", 50000, {owned(1)}, Refusal::kProductsAlreadyPurchased},
      {"new, then owned", 50000, {product(1), owned(1)}, Refusal::kProductsAlreadyPurchased},
      {"owned, then unknown", 50000, {owned(1), kUnknown}, Refusal::kProductsNotFound},
      {"owned and too dear", 0, {owned(1)}, Refusal::kProductsAlreadyPurchased},
      {"too dear, then owned", 0, {product(1), owned(1)}, Refusal::kProductsAlreadyPurchased},
      {"too dear, then unknown", 0, {product(1), kUnknown}, Refusal::kProductsNotFound},
      {"a sum that would not fit", kMaxMoney.cents,
       std::vector<WantedProduct>(2000, product(kMaxMoney.cents)), Refusal::kInsufficientBalance},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK((rules::DecidePurchase(Money{row.balance}, row.wanted) == row.decision));
  }
}

TEST_CASE("an order id is 1 to 64 of A-Z a-z 0-9 . _ -") {
  for (const std::string id : {"223", "a", "Z", "0", "_", "-", "...", ".a", "A-b_c.9"}) {
    CAPTURE(id);
    CHECK(rules::IsOrderId(id));
  }
  CHECK(rules::IsOrderId(std::string(64, 'x')));
  CHECK(!rules::IsOrderId(std::string(65, 'x')));
  CHECK(!rules::IsOrderId(std::string_view("a\0", 2)));
  for (const std::string id :
       {"", ".", "..", " ", "a b", "a/b", "a%", "é", "@", "[", "`", "{", "/", ":", "+"}) {
    CAPTURE(id);
    CHECK(!rules::IsOrderId(id));
  }
}

TEST_CASE("a name is 1 to 200 characters, however many bytes they take") {
  const auto repeat = [](const char* text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  CHECK(rules::IsName("a"));
  CHECK(rules::IsName(" "));
  CHECK(rules::IsName("two\nlines"));
  CHECK(rules::IsName(std::string(200, 'x')));
  CHECK(rules::IsName(repeat("é", 200)));
  CHECK(rules::IsName(repeat("😀", 200)));
  CHECK(!rules::IsName(""));
  CHECK(!rules::IsName(std::string(201, 'x')));
  CHECK(!rules::IsName(repeat("é", 201)));
  CHECK(!rules::IsName(repeat("😀", 201)));
  CHECK(!rules::IsName(std::string_view("a\0b", 3)));
  CHECK(!rules::IsName("\xED\xA0\x80"));
  CHECK(!rules::IsName("a\xFF"));
}

TEST_CASE("ids that are numbers stand by value, all others after them") {
  struct Row {
    std::string id;
    int64_t number;
  };
  const Row rows[] = {
      {"0", 0},
      {"9", 9},
      {"10", 10},
      {"007", 7},
      {"223", 223},
      {std::string(18, '9'), 999'999'999'999'999'999},
      {std::string(19, '9'), rules::kNotANumber},
      {"0000000000000000001", rules::kNotANumber},  // 19 digits
      {"9223372036854775807", rules::kNotANumber},
      {"", rules::kNotANumber},
      {"-1", rules::kNotANumber},
      {"1.0", rules::kNotANumber},
      {"1a", rules::kNotANumber},
      {"a1", rules::kNotANumber},
      {" 1", rules::kNotANumber},
  };
  for (const Row& row : rows) {
    CAPTURE(row.id);
    CHECK(rules::OrderIdNumber(row.id) == row.number);
  }
}

TEST_CASE("changes are merged: what is not given stays, null removes, a value replaces") {
  DeskOrder order = ServiceOrder();
  order.id = "223";
  order.datetime = Timestamp{1};
  order.product = "Paper";
  order.quantity = 5;
  order.created_at = Timestamp{2};
  order.updated_at = Timestamp{3};

  SUBCASE("nothing given") {
    const DeskOrder same = rules::Apply(order, {});
    CHECK(same.datetime == Timestamp{1});
    CHECK(same.totalfee == Money{10000});
    CHECK(same.product == "Paper");
    CHECK(same.quantity == 5);
    REQUIRE(same.services.size() == 1);
    CHECK(same.services[0].name == "Inspection");
  }
  SUBCASE("null for each") {
    DeskOrderChanges changes;
    changes.datetime = changes.datetime.emplace(std::nullopt);
    changes.totalfee = changes.totalfee.emplace(std::nullopt);
    changes.product = changes.product.emplace(std::nullopt);
    changes.quantity = changes.quantity.emplace(std::nullopt);
    changes.services = changes.services.emplace(std::nullopt);
    const DeskOrder bare = rules::Apply(order, changes);
    CHECK(!bare.datetime);
    CHECK(!bare.totalfee);
    CHECK(!bare.product);
    CHECK(!bare.quantity);
    CHECK(bare.services.empty());
  }
  SUBCASE("a value for each") {
    DeskOrderChanges changes;
    changes.datetime = Timestamp{9};
    changes.totalfee = Money{0};
    changes.product = "Ink";
    changes.quantity = 7;
    changes.services =
        std::vector<ServiceReference>{{789, "789", std::nullopt}, {456, "456", "Analysis"}};
    const DeskOrder other = rules::Apply(order, changes);
    CHECK(other.datetime == Timestamp{9});
    CHECK(other.totalfee == Money{0});
    CHECK(other.product == "Ink");
    CHECK(other.quantity == 7);
    REQUIRE(other.services.size() == 2);
    CHECK(other.services[0].id == 789);
    CHECK(other.services[0].name.empty());
    CHECK(other.services[1].id == 456);
    CHECK(other.services[1].name == "Analysis");
  }
  SUBCASE("read-only fields are never merged") {
    DeskOrderChanges changes;
    changes.id = "999";
    changes.created_at = Timestamp{99};
    changes.updated_at = Timestamp{99};
    const DeskOrder same = rules::Apply(order, changes);
    CHECK(same.id == "223");
    CHECK(same.created_at == Timestamp{2});
    CHECK(same.updated_at == Timestamp{3});
  }
}

TEST_CASE("an order is a service order, a product order, or both") {
  DeskOrder both = ServiceOrder();
  both.product = "Paper";
  both.quantity = 1;
  DeskOrder free = ServiceOrder();
  free.totalfee = Money{0};
  DeskOrder dated = ProductOrder();
  dated.datetime = Timestamp{0};
  dated.totalfee = Money{1};
  DeskOrder many = ServiceOrder();
  many.services = {{789, ""}, {123, ""}, {456, ""}};
  DeskOrder most = ProductOrder();
  most.quantity = rules::kMaxCount;
  for (const DeskOrder& order : {ServiceOrder(), ProductOrder(), both, free, dated, many, most}) {
    CHECK(!rules::FindInvalidField(order));
  }
}

TEST_CASE("the first field that keeps an order from being one is named") {
  struct Row {
    std::string name;
    std::string field;
    void (*spoil)(DeskOrder&);
  };
  const auto check = [](const DeskOrder& good, const Row& row) {
    CAPTURE(row.name);
    DeskOrder order = good;
    row.spoil(order);
    const auto invalid = rules::FindInvalidField(order);
    REQUIRE(invalid.has_value());
    CHECK(invalid->field == row.field);
    CHECK(invalid->message.ends_with("."));
  };
  const Row service_rows[] = {
      {"nothing at all", "services", [](DeskOrder& order) { order = {}; }},
      {"only a datetime", "services",
       [](DeskOrder& order) {
         order = {};
         order.datetime = Timestamp{0};
       }},
      {"no services", "services", [](DeskOrder& order) { order.services.clear(); }},
      {"no totalfee", "totalfee", [](DeskOrder& order) { order.totalfee.reset(); }},
      {"a negative totalfee", "totalfee", [](DeskOrder& order) { order.totalfee = Money{-1}; }},
      {"a quantity alone", "product", [](DeskOrder& order) { order.quantity = 1; }},
      {"a product alone", "quantity", [](DeskOrder& order) { order.product = "Paper"; }},
  };
  for (const Row& row : service_rows) check(ServiceOrder(), row);
  const Row product_rows[] = {
      {"no product", "product", [](DeskOrder& order) { order.product.reset(); }},
      {"an empty product", "product", [](DeskOrder& order) { order.product = ""; }},
      {"a long product", "product",
       [](DeskOrder& order) { order.product = std::string(201, 'x'); }},
      {"no quantity", "quantity", [](DeskOrder& order) { order.quantity.reset(); }},
      {"a quantity of 0", "quantity", [](DeskOrder& order) { order.quantity = 0; }},
      {"a negative quantity", "quantity", [](DeskOrder& order) { order.quantity = -1; }},
      {"a quantity that doubles cannot tell apart", "quantity",
       [](DeskOrder& order) { order.quantity = rules::kMaxCount + 1; }},
      {"a negative totalfee", "totalfee", [](DeskOrder& order) { order.totalfee = Money{-1}; }},
  };
  for (const Row& row : product_rows) check(ProductOrder(), row);
}

TEST_CASE("orders are read only as far as the next free moment") {
  std::vector<Slot> desk = {{"2022-11-01T12:00:00Z", "1"}};
  for (int i = 0; i < 1000; ++i) desk.push_back({"2022-11-01T18:00:00Z", "2"});
  size_t read = 0;
  CheckConflict(Conflict("2022-11-01T12:00:00Z", kGap, desk, &read), "1",
                "2022-11-01T15:00:00.000Z");
  CHECK(read == 2);
  CHECK(!Conflict("2022-11-01T15:00:00Z", kGap, desk, &read));
  CHECK(read == 1);
}
