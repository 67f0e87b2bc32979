// What the tests of the order desk share: bodies that are sent and expected.
#pragma once

#include <string>

#include "tests/scenario.h"

namespace kiosk::test {

inline constexpr char kTimes[] = R"(,"created_at":"*","updated_at":"*"})";

inline const std::string kSeeded223 =
    std::string(R"({"id":"223","datetime":"2022-11-01T11:11:11.111Z","totalfee":100,)") +
    R"("services":[{"id":"123","name":"Inspection"}])" + kTimes;
inline const std::string kSeeded224 =
    std::string(R"({"id":"224","datetime":"2022-11-01T11:11:11.111Z","totalfee":100,)") +
    R"("services":[{"id":"789","name":"Testing"}])" + kTimes;
inline const std::string kSeeded225 =
    std::string(R"({"id":"225","datetime":"2022-11-01T11:11:11.111Z","totalfee":100,)") +
    R"("services":[{"id":"456","name":"Analysis"}])" + kTimes;

inline constexpr char kOrderNotFound[] =
    R"({"error":"order_not_found","message":"No order has this id."})";
inline constexpr char kOrderExists[] =
    R"({"error":"order_exists","message":"Another order has this id.","field":"id"})";
inline constexpr char kServiceNotFound[] =
    R"({"error":"service_not_found","message":"No service has this id."})";
inline constexpr char kNotFound[] =
    R"({"error":"not_found","message":"No resource at this path."})";

inline const std::string kNeedsEither =
    "An order needs `services` and `totalfee`, or `product` and `quantity`.";
inline const std::string kCountRule = "`quantity` must be an integer of at least 1.";
inline const std::string kMostRule = "`quantity` must be an integer of at most 9007199254740991.";
inline const std::string kMoneyRule =
    " must be a number with at most two decimals, from -90000000000000.00 to 90000000000000.00.";
inline const std::string kDatetimeRule =
    R"(`datetime` must be a date and time with a zone, such as \"2022-11-01T11:11:11.111Z\".)";

// Seeds without and with orders, on their own clocks.
inline constexpr char kNoOrders[] = R"({"starting_balance": 500,
  "services": [{"id": 123, "name": "Inspection"}, {"id": 789, "name": "Testing"},
               {"id": 456, "name": "Analysis"}]})";

// A body for an order at that time, and the order then.
inline std::string At(const std::string& datetime) {
  return R"({"product": "P", "quantity": 1, "datetime": ")" + datetime + R"("})";
}
inline std::string AtWithId(const std::string& datetime, const std::string& id) {
  return R"({"id": ")" + id + R"(", "product": "P", "quantity": 1, "datetime": ")" + datetime +
         R"("})";
}
inline std::string Order(const std::string& id, const std::string& datetime) {
  return R"({"id":")" + id + R"(","datetime":")" + datetime + R"(","product":"P","quantity":1)" +
         kTimes;
}
inline std::string Undated(const std::string& id) {
  return R"({"id":")" + id + R"(","product":"P","quantity":1)" + kTimes;
}

inline std::string Conflict(const std::string& with, const std::string& next,
                            const std::string& gap = "3 hours") {
  return R"({"error":"order_conflict","message":"Order )" + with + " is less than " + gap +
         R"( before or after this time.","field":"datetime","conflicts_with":")" + with +
         R"(","next_available":")" + next + R"("})";
}

// `message` continues "No service" or "No services".
inline std::string ServicesNotFound(const std::string& message) {
  return R"({"error":"services_not_found","message":"No service)" + message +
         R"(","field":"services"})";
}

// The ids in a list of orders, in their order: "223 224".
[[nodiscard]] std::string Ids(const std::string& body);

inline std::string TwoDigits(int number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

inline constexpr char kOrderRows[] =
    "SELECT id, strftime('%Y-%m-%dT%H:%M:%S', datetime / 1000, 'unixepoch'), totalfee, product, "
    "quantity FROM desk_orders ORDER BY id_number, id";

}  // namespace kiosk::test
