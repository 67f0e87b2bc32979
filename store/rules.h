// The decisions, as pure functions over facts: no SQL, no clock. The database's constraints stand
// behind them. Sources: SPEC sections 3 and 4.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/model.h"

namespace kiosk::rules {

// --- the benefits shop ---

// Bounds of a user id, in bytes.
inline constexpr size_t kMaxUserId = 128;

// A user id is 1 to kMaxUserId bytes of UTF-8 without control characters, and not "." or "..",
// which clients remove from a path.
inline constexpr char kUserIdRule[] =
    "must be 1 to 128 bytes without control characters, other than `.` and `..`.";
[[nodiscard]] bool IsUserId(std::string_view text);

// What is known about one distinct product that a user wants.
struct WantedProduct {
  bool exists = false;
  bool owned = false;
  Money price;
};

// The total to charge, or the first refusal in the order of SPEC section 3: unknown (or no)
// products, products owned already, a total above the balance.
[[nodiscard]] std::variant<Money, BenefitRefusal> DecidePurchase(
    Money balance, std::span<const WantedProduct> wanted);

// --- the order desk ---

inline constexpr size_t kMaxOrderId = 64;
inline constexpr size_t kMaxName = 200;                // in characters, for products and services
inline constexpr int64_t kMaxCount = (1LL << 53) - 1;  // exact in a client's doubles

// 1 to kMaxOrderId of A–Z a–z 0–9 . _ -, and not "." or "..".
inline constexpr char kOrderIdRule[] =
    "must be 1 to 64 of A-Z, a-z, 0-9, `.`, `_` and `-`, other than `.` and `..`.";
[[nodiscard]] bool IsOrderId(std::string_view text);

// 1 to kMaxName characters of UTF-8, U+0000 not among them.
[[nodiscard]] bool IsName(std::string_view text);

// Where an id stands among the others: numbers (up to 18 digits) by value, all else after them.
inline constexpr int64_t kNotANumber = INT64_MAX;
[[nodiscard]] int64_t OrderIdNumber(std::string_view id);

// Whether two of them are one service, however its id is written.
[[nodiscard]] bool NamesServiceTwice(std::span<const ServiceReference> services);

// `order` with the changes made; services are replaced by the ids given, names left to the caller.
[[nodiscard]] DeskOrder Apply(DeskOrder order, const DeskOrderChanges& changes);

// The first field that keeps `order` from being a service order, a product order, or both.
[[nodiscard]] std::optional<InvalidField> FindInvalidField(const DeskOrder& order);

// A taken moment and the order that holds it.
struct Booking {
  Timestamp datetime;
  std::string order_id;
};

// The three-hour rule for an order at `wanted`: nothing if it is free. `next_booking` yields the
// other orders' bookings in order of time, beginning with the first one later than wanted - gap,
// and nothing at the end; it is read only as far as it takes to find the next free moment.
[[nodiscard]] std::optional<OrderConflict> FindConflict(
    Timestamp wanted, int64_t gap_ms, const std::function<std::optional<Booking>()>& next_booking);

}  // namespace kiosk::rules
