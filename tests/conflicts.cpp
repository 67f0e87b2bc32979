// The three-hour rule by the cases of tests/conflicts.json, which the page's slots.js is tested
// with too (tests/web/slots.test.js).
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "http/json.h"
#include "store/rules.h"
#include "tests/harness.h"

using namespace kiosk;
using rules::Booking;

namespace {

const Json& Member(const Json& object, std::string_view name) {
  const Json* member = object.Find(name);
  CAPTURE(name);
  REQUIRE(member != nullptr);
  return *member;
}

std::string Text(const Json& object, std::string_view name) {
  const auto* text = Member(object, name).As<std::string>();
  CAPTURE(name);
  REQUIRE(text != nullptr);
  return *text;
}

Timestamp Time(const std::string& text) {
  const auto time = ParseTimestamp(text);
  CAPTURE(text);
  REQUIRE(time.has_value());
  return *time;
}

// A text, or "nothing" for null.
std::string TextOrNothing(const Json& object, std::string_view name) {
  return Member(object, name).IsNull() ? "nothing" : Text(object, name);
}

// FindConflict, fed with the bookings of a case as its comment says.
std::optional<OrderConflict> Decide(const Json& row) {
  const Timestamp wanted = Time(Text(row, "wanted"));
  const int64_t gap = std::stoll(Member(row, "gap_ms").As<Json::Number>()->digits);
  std::vector<Booking> bookings;
  for (const Json& order : *Member(row, "desk").As<Json::Array>()) {
    const Booking booking{Time(Text(order, "datetime")), Text(order, "id")};
    if (booking.datetime.ms > wanted.ms - gap) bookings.push_back(booking);
  }
  std::ranges::stable_sort(bookings, {}, [](const Booking& b) { return b.datetime.ms; });
  auto next = bookings.begin();
  return rules::FindConflict(wanted, gap, [&]() -> std::optional<Booking> {
    if (next == bookings.end()) return std::nullopt;
    return *next++;
  });
}

}  // namespace

TEST_CASE("the rules decide each conflict case as the page does") {
  const auto parsed = ParseJson(test::ReadFile("tests/conflicts.json"));
  REQUIRE(std::holds_alternative<Json>(parsed));
  const auto* rows = std::get<Json>(parsed).As<Json::Array>();
  REQUIRE(rows != nullptr);
  CHECK(rows->size() >= 26);
  for (const Json& row : *rows) {
    CAPTURE(Text(row, "name"));
    const auto conflict = Decide(row);
    CHECK(TextOrNothing(row, "conflicts_with") ==
          (conflict ? conflict->conflicts_with : "nothing"));
    CHECK(TextOrNothing(row, "next_available") == (conflict && conflict->next_available
                                                       ? FormatTimestamp(*conflict->next_available)
                                                       : "nothing"));
  }
}
