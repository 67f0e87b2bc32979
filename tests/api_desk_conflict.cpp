// SPEC section 4: the three-hour rule.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/desk.h"

using namespace kiosk::test;

TEST_CASE("an order less than three hours from another one, before or after, is refused") {
  const TestServer server({}, kNoOrders);
  server.CheckAll({
      {"the order in the way", "POST", "/orders", At("2030-06-15T12:00:00Z"), 201,
       Order("1", "2030-06-15T12:00:00.000Z")},
      {"at the same moment", "POST", "/orders", At("2030-06-15T12:00:00Z"), 409,
       Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"a moment after", "POST", "/orders", At("2030-06-15T12:00:00.001Z"), 409,
       Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"2:59:59.999 after", "POST", "/orders", At("2030-06-15T14:59:59.999Z"), 409,
       Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"2:59:59.999 before", "POST", "/orders", At("2030-06-15T09:00:00.001Z"), 409,
       Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"a moment before", "POST", "/orders", At("2030-06-15T11:59:59.999Z"), 409,
       Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"2:59:59.999 after, at another offset", "POST", "/orders",
       At("2030-06-15T16:59:59.999+02:00"), 409, Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"a service order", "POST", "/orders",
       R"({"datetime": "2030-06-15T13:00:00Z", "totalfee": 1, "services": [123]})", 409,
       Conflict("1", "2030-06-15T15:00:00.000Z")},
      {"exactly three hours after", "POST", "/orders", At("2030-06-15T15:00:00.000Z"), 201,
       Order("2", "2030-06-15T15:00:00.000Z")},
      {"exactly three hours before, at another offset", "POST", "/orders",
       At("2030-06-15T11:00:00.000+02:00"), 201, Order("3", "2030-06-15T09:00:00.000Z")},
      {"between two: the nearer one is named, the way out is after both", "POST", "/orders",
       At("2030-06-15T10:00:00Z"), 409, Conflict("3", "2030-06-15T18:00:00.000Z")},
      {"in the middle of two: the earlier one is named", "POST", "/orders",
       At("2030-06-15T10:30:00Z"), 409, Conflict("3", "2030-06-15T18:00:00.000Z")},
      {"nearer to the later one", "POST", "/orders", At("2030-06-15T11:00:00Z"), 409,
       Conflict("1", "2030-06-15T18:00:00.000Z")},
  });
  CHECK(server.Query("SELECT count(*) FROM desk_orders") == "3");
}

TEST_CASE("the three-hour rule crosses midnight, 29 February and the turn of a year") {
  const TestServer server({}, kNoOrders);
  server.CheckAll({
      {"late on 28 February of a leap year", "POST", "/orders", At("2028-02-28T23:00:00Z"), 201,
       Order("1", "2028-02-28T23:00:00.000Z")},
      {"early on 29 February", "POST", "/orders", At("2028-02-29T01:59:59.999Z"), 409,
       Conflict("1", "2028-02-29T02:00:00.000Z")},
      {"three hours later", "POST", "/orders", At("2028-02-29T02:00:00Z"), 201,
       Order("2", "2028-02-29T02:00:00.000Z")},
      {"late on 29 February", "POST", "/orders", At("2028-02-29T23:30:00Z"), 201,
       Order("3", "2028-02-29T23:30:00.000Z")},
      {"early on 1 March", "POST", "/orders", At("2028-03-01T02:00:00Z"), 409,
       Conflict("3", "2028-03-01T02:30:00.000Z")},
      {"no 29 February in another year", "POST", "/orders", At("2030-02-29T12:00:00Z"), 400,
       InvalidRequestBody("datetime", kDatetimeRule)},
      {"new year's eve", "POST", "/orders", At("2029-12-31T23:59:59.999Z"), 201,
       Order("4", "2029-12-31T23:59:59.999Z")},
      {"new year", "POST", "/orders", At("2030-01-01T00:00:00Z"), 409,
       Conflict("4", "2030-01-01T02:59:59.999Z")},
      {"before 1970", "POST", "/orders", At("1969-12-31T23:00:00Z"), 201,
       Order("5", "1969-12-31T23:00:00.000Z")},
      {"and after", "POST", "/orders", At("1970-01-01T00:00:00Z"), 409,
       Conflict("5", "1970-01-01T02:00:00.000Z")},
  });
}

TEST_CASE("next_available is the earliest time from the requested one on, and is accepted") {
  const TestServer server({}, kNoOrders);
  // Taken: 00:00, 03:00, 06:30, 12:29:59.999. Free from 03:00 on: 09:30 (the gap at 06:00 is
  // small).
  for (const char* time : {"2030-01-01T00:00:00Z", "2030-01-01T03:00:00Z", "2030-01-01T06:30:00Z",
                           "2030-01-01T12:29:59.999Z"}) {
    CHECK(server.Ask("POST", "/orders", At(time)).status == 201);
  }
  server.CheckAll({
      {"no gap is wide enough until after the last", "POST", "/orders", At("2030-01-01T00:30:00Z"),
       409, Conflict("1", "2030-01-01T15:29:59.999Z")},
      {"the last is moved away by a moment", "PUT", "/orders/4",
       R"({"datetime": "2030-01-01T12:30:00Z"})", 200, Order("4", "2030-01-01T12:30:00.000Z")},
      {"now the gap of exactly six hours takes it", "POST", "/orders", At("2030-01-01T00:30:00Z"),
       409, Conflict("1", "2030-01-01T09:30:00.000Z")},
      {"just before it", "POST", "/orders", At("2030-01-01T09:29:59.999Z"), 409,
       Conflict("3", "2030-01-01T09:30:00.000Z")},
      {"it is accepted", "POST", "/orders", At("2030-01-01T09:30:00.000Z"), 201,
       Order("5", "2030-01-01T09:30:00.000Z")},
      {"the next one", "POST", "/orders", At("2030-01-01T00:30:00Z"), 409,
       Conflict("1", "2030-01-01T15:30:00.000Z")},
      {"it is accepted too", "POST", "/orders", At("2030-01-01T15:30:00.000Z"), 201,
       Order("6", "2030-01-01T15:30:00.000Z")},
  });
  // However the taken times lie, the time offered is accepted.
  for (int minute = 0; minute < 24 * 60; minute += 47) {
    const std::string wanted =
        "2030-01-02T" + TwoDigits(minute / 60) + ":" + TwoDigits(minute % 60) + ":00Z";
    const Answer refused = server.Ask("POST", "/orders", At(wanted));
    if (refused.status == 201) continue;
    REQUIRE(refused.status == 409);
    const std::string key = R"("next_available":")";
    const std::string offered = refused.body.substr(refused.body.find(key) + key.size(), 24);
    CHECK(server.Ask("POST", "/orders", At(offered)).status == 201);
  }
  CHECK(server.Query("SELECT count(*) FROM desk_orders AS a JOIN desk_orders AS b "
                     "ON a.id < b.id AND abs(a.datetime - b.datetime) < 3 * 3600000") == "0");
}

TEST_CASE("next_available is left out when the calendar ends before it") {
  const TestServer server({}, kNoOrders);
  server.CheckAll({
      {"at its end", "POST", "/orders", At("9999-12-31T23:00:00Z"), 201,
       Order("1", "9999-12-31T23:00:00.000Z")},
      {"nothing is free after it", "POST", "/orders", At("9999-12-31T22:00:00Z"), 409,
       R"({"error":"order_conflict","message":"Order 1 is less than 3 hours before or after this time.",)"
       R"("field":"datetime","conflicts_with":"1"})"},
  });
}

TEST_CASE("an order never conflicts with itself, and is checked only when its datetime changes") {
  const TestServer server({}, kNoOrders);
  const std::string body_conflict = Conflict("2", "2030-01-01T09:00:00.000Z");
  server.CheckAll({
      {"one order", "POST", "/orders", At("2030-01-01T00:00:00Z"), 201,
       Order("1", "2030-01-01T00:00:00.000Z")},
      {"another", "POST", "/orders", At("2030-01-01T06:00:00Z"), 201,
       Order("2", "2030-01-01T06:00:00.000Z")},
      {"moved by a minute, near itself", "PUT", "/orders/1",
       R"({"datetime": "2030-01-01T00:01:00Z"})", 200, Order("1", "2030-01-01T00:01:00.000Z")},
      {"moved onto itself", "PUT", "/orders/1", R"({"datetime": "2030-01-01T01:01:00+01:00"})", 200,
       Order("1", "2030-01-01T00:01:00.000Z")},
      {"moved to exactly three hours from its neighbour", "PATCH", "/orders/1",
       R"({"datetime": "2030-01-01T03:00:00Z"})", 200, Order("1", "2030-01-01T03:00:00.000Z")},
      {"moved one moment nearer", "PATCH", "/orders/1",
       R"({"datetime": "2030-01-01T03:00:00.001Z"})", 409, body_conflict},
      {"moved onto its neighbour", "PUT", "/orders/1", R"({"datetime": "2030-01-01T06:00:00Z"})",
       409, body_conflict},
      {"moved across its neighbour", "PUT", "/orders/1", R"({"datetime": "2030-01-01T09:00:00Z"})",
       200, Order("1", "2030-01-01T09:00:00.000Z")},
      {"back: where it was is free, where it is does not count", "PUT", "/orders/1",
       R"({"datetime": "2030-01-01T07:00:00Z"})", 409, body_conflict},
      {"a refused move takes no other field with it", "PUT", "/orders/1",
       R"({"quantity": 9, "datetime": "2030-01-01T06:00:00Z"})", 409, body_conflict},
      {"without a datetime it takes no part", "PUT", "/orders/1", R"({"datetime": null})", 200,
       Undated("1")},
      {"given one again, it is checked", "PUT", "/orders/1",
       R"({"datetime": "2030-01-01T05:00:00Z"})", 409, body_conflict},
      {"and accepted where it is free", "PUT", "/orders/1",
       R"({"datetime": "2030-01-01T09:00:00Z"})", 200, Order("1", "2030-01-01T09:00:00.000Z")},
  });
}

TEST_CASE("seeded orders are taken as they are and stay editable, though they share a datetime") {
  const TestServer server;
  const auto with = [](std::string order, const std::string& from, const std::string& to) {
    return order.replace(order.find(from), from.size(), to);
  };
  server.CheckAll({
      {"another field", "PUT", "/orders/223", R"({"totalfee": 120})", 200,
       with(kSeeded223, ":100", ":120")},
      {"the datetime as it is", "PUT", "/orders/223", R"({"datetime": "2022-11-01T11:11:11.111Z"})",
       200, with(kSeeded223, ":100", ":120")},
      {"the datetime as it is, at another offset", "PUT", "/orders/223",
       R"({"datetime": "2022-11-01T13:11:11.111+02:00", "totalfee": 100})", 200, kSeeded223},
      {"a new one is checked", "PUT", "/orders/223", R"({"datetime": "2022-11-01T11:11:11.112Z"})",
       409, Conflict("224", "2022-11-01T14:11:11.111Z")},
      {"a new order is checked against them", "POST", "/orders", At("2022-11-01T11:00:00Z"), 409,
       Conflict("223", "2022-11-01T14:11:11.111Z")},
      {"away from the others", "PUT", "/orders/223", R"({"datetime": "2022-11-01T14:11:11.111Z"})",
       200, with(kSeeded223, "T11", "T14")},
      {"it cannot come back; where it is, is free for it", "PUT", "/orders/223",
       R"({"datetime": "2022-11-01T11:11:11.111Z"})", 409,
       Conflict("224", "2022-11-01T14:11:11.111Z")},
  });
}

TEST_CASE("the place of a deleted order is free immediately") {
  const TestServer server({}, kNoOrders);
  server.CheckAll({
      {"taken", "POST", "/orders", At("2030-01-01T00:00:00Z"), 201,
       Order("1", "2030-01-01T00:00:00.000Z")},
      {"refused", "POST", "/orders", At("2030-01-01T00:00:00Z"), 409,
       Conflict("1", "2030-01-01T03:00:00.000Z")},
      {"deleted", "DELETE", "/orders/1", "", 200, Order("1", "2030-01-01T00:00:00.000Z")},
      {"accepted", "POST", "/orders", AtWithId("2030-01-01T00:00:00Z", "new"), 201,
       Order("new", "2030-01-01T00:00:00.000Z")},
      {"the deleted one's id too", "POST", "/orders", AtWithId("2030-01-01T03:00:00Z", "1"), 201,
       Order("1", "2030-01-01T03:00:00.000Z")},
  });
}

TEST_CASE("orders without a datetime take no part in the three-hour rule") {
  const TestServer server({}, kNoOrders);
  server.CheckAll({
      {"one", "POST", "/orders", R"({"product": "P", "quantity": 1})", 201, Undated("1")},
      {"another", "POST", "/orders", R"({"product": "P", "quantity": 1})", 201, Undated("2")},
      {"one with a datetime", "POST", "/orders", At("2030-01-01T00:00:00Z"), 201,
       Order("3", "2030-01-01T00:00:00.000Z")},
      {"one without beside it", "POST", "/orders", R"({"product": "P", "quantity": 1})", 201,
       Undated("4")},
  });
}

TEST_CASE("a service order at no given time is refused when now is taken") {
  const TestServer server({}, kNoOrders);
  const char* body = R"({"totalfee": 1, "services": [123]})";
  CHECK(server.Ask("POST", "/orders", body).status == 201);
  const Answer second = server.Ask("POST", "/orders", body);
  CHECK(second.status == 409);
  CHECK(second.body.starts_with(
      R"({"error":"order_conflict","message":"Order 1 is less than 3 hours before or after this time.",)"
      R"("field":"datetime","conflicts_with":"1","next_available":")"));
  CHECK(server.Query("SELECT count(*) FROM desk_orders") == "1");
}

TEST_CASE("32 simultaneous posts for one slot: exactly one wins") {
  const TestServer server({}, kNoOrders);
  const std::vector<std::string> requests(
      32, RequestText("POST", "/orders", At("2030-01-01T00:00:00Z")));
  const auto answers = AskAtOnce(server.port(), requests);
  CHECK(CountStatuses(answers) == "1x201 31x409");
  for (const Answer& answer : answers) {
    CHECK(MaskTimes(answer.body) == (answer.status == 201
                                         ? Order("1", "2030-01-01T00:00:00.000Z")
                                         : Conflict("1", "2030-01-01T03:00:00.000Z")));
  }
  CHECK(server.Query("SELECT id, datetime FROM desk_orders") == "1|1893456000000");
}

TEST_CASE("simultaneous moves onto one slot: exactly one wins") {
  const TestServer server({}, kNoOrders);
  std::vector<std::string> requests;
  for (int i = 1; i <= 16; ++i) {
    CHECK(server.Ask("POST", "/orders", R"({"product": "P", "quantity": 1})").status == 201);
    requests.push_back(RequestText("PUT", "/orders/" + std::to_string(i),
                                   R"({"datetime": "2030-01-01T00:00:00Z"})"));
  }
  CHECK(CountStatuses(AskAtOnce(server.port(), requests)) == "1x200 15x409");
  CHECK(server.Query("SELECT count(*) FROM desk_orders WHERE datetime = 1893456000000") == "1");
}

TEST_CASE("--order-gap 90m is another least distance, and 0 turns the rule off") {
  {
    const TestServer server({"--order-gap", "90m"}, kNoOrders);
    server.CheckAll({
        {"one order", "POST", "/orders", At("2030-01-01T12:00:00Z"), 201,
         Order("1", "2030-01-01T12:00:00.000Z")},
        {"1:29:59.999 after", "POST", "/orders", At("2030-01-01T13:29:59.999Z"), 409,
         Conflict("1", "2030-01-01T13:30:00.000Z", "90 minutes")},
        {"1:29:59.999 before", "POST", "/orders", At("2030-01-01T10:30:00.001Z"), 409,
         Conflict("1", "2030-01-01T13:30:00.000Z", "90 minutes")},
        {"90 minutes after", "POST", "/orders", At("2030-01-01T13:30:00Z"), 201,
         Order("2", "2030-01-01T13:30:00.000Z")},
        {"90 minutes before", "POST", "/orders", At("2030-01-01T10:30:00Z"), 201,
         Order("3", "2030-01-01T10:30:00.000Z")},
    });
  }
  {
    const TestServer server({"--order-gap", "0"}, kNoOrders);
    server.CheckAll({
        {"one order", "POST", "/orders", At("2030-01-01T12:00:00Z"), 201,
         Order("1", "2030-01-01T12:00:00.000Z")},
        {"another at the same moment", "POST", "/orders", At("2030-01-01T12:00:00Z"), 201,
         Order("2", "2030-01-01T12:00:00.000Z")},
    });
  }
  for (const std::string duration : {"", "3", "-3h", "3 h", "h", "3x", "9999999h"}) {
    CAPTURE(duration);
    const Finished finished = RunKiosk({"--memory", "--port", "0", "--order-gap", duration});
    CHECK(finished.exit_code == 2);
    CHECK(finished.out.empty());
  }
}
