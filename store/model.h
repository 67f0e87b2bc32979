// What the shop and the order desk are made of. Plain values: no SQL, no JSON, no HTTP.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "store/money.h"
#include "store/timestamp.h"

namespace kiosk {

// --- the benefits shop ---

struct Product {
  std::string product_id;
  std::string name;
  Money price;
};

struct User {
  std::string user_id;
  Money balance;
  std::vector<std::string> product_ids;  // owned, in the order in which they were bought
};

struct BenefitOrder {
  int64_t order_id = 0;
  std::string user_id;
  std::vector<Product> items;  // with the price paid, which may differ from today's
  Money total;
  Timestamp created_at;
};

enum class BenefitRefusal { kProductsNotFound, kProductsAlreadyPurchased, kInsufficientBalance };

// --- the order desk ---

struct Service {
  int64_t id = 0;
  std::string name;
};

struct DeskOrder {
  std::string id;
  std::optional<Timestamp> datetime;
  std::optional<Money> totalfee;
  std::optional<std::string> product;
  std::optional<int64_t> quantity;
  std::vector<Service> services;  // empty: not a service order
  Timestamp created_at;
  Timestamp updated_at;
};

// A field as a request may give it: not at all, as null (to remove it), or as a value.
template <class T>
using Change = std::optional<std::optional<T>>;

// A service as a request names it. A `name` that is sent along must be the service's.
struct ServiceReference {
  int64_t id = 0;    // 0: no service can have the id that was sent
  std::string text;  // the id; as it was sent if it is not a service's
  std::optional<std::string> name;
};

// What a request asks of a desk order. The last three are read-only: they may be sent back as they
// are (`id` may also be chosen when an order is created).
struct DeskOrderChanges {
  Change<Timestamp> datetime;
  Change<Money> totalfee;
  Change<std::string> product;
  Change<int64_t> quantity;
  Change<std::vector<ServiceReference>> services;
  std::optional<std::string> id;
  std::optional<Timestamp> created_at;
  std::optional<Timestamp> updated_at;
};

// A value that a rule forbids: the field at fault, and one sentence about it.
struct InvalidField {
  std::string field;
  std::string message;
};

struct OrderConflict {
  std::string conflicts_with;               // the nearest order in the way
  std::optional<Timestamp> next_available;  // none before the end of the calendar
};

enum class DeskRefusal {
  kOrderNotFound,
  kOrderExists,
  kPreconditionFailed,  // the caller's If-Match is stale
  kServiceNotFound,
  kServiceExists,
  kServiceInUse,
};

// An order names services that do not exist.
struct ServicesNotFound {
  std::vector<std::string> ids;  // as they were sent; of many only the first
};

template <class T>
using DeskResult = std::variant<T, DeskRefusal, OrderConflict, ServicesNotFound, InvalidField>;

// Which desk orders to list. Orders come by datetime, those without one last, then by id.
struct DeskFilter {
  std::optional<Timestamp> from;      // inclusive
  std::optional<Timestamp> to;        // exclusive
  std::optional<int64_t> service_id;  // orders with this service
};

// --- what a new database starts with ---

struct SeedUser {
  std::string user_id;
  Money balance;
  Money starting_balance;                // the balance and what the user's purchases cost
  std::vector<std::string> product_ids;  // all that the user owns, purchased or not
};

// The numbers to assign next, if they are more than those after the largest ones.
struct SeedNextIds {
  std::optional<int64_t> purchase;
  std::optional<int64_t> order;
  std::optional<int64_t> service;
};

struct Seed {
  Money starting_balance;
  std::vector<Product> products;
  std::vector<Service> services;
  std::vector<DeskOrder> orders;
  std::vector<SeedUser> users;
  std::vector<BenefitOrder> purchases;  // of these users, with ids and prices of their items
  SeedNextIds next_ids;
  std::string text;  // as it was read, kept in the database for a later reset
};

}  // namespace kiosk
