// Seeds with a history: users, purchases, counters, and times relative to the day of seeding.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "http/seed_reader.h"
#include "store/timestamp.h"
#include "tests/scenario.h"

using namespace kiosk;
using namespace kiosk::test;

namespace {

const std::string kProducts =
    R"("products": [{"id": "a", "name": "A", "price": 10}, {"id": "b", "name": "B", "price": 0.5},
                    {"id": "c", "name": "C", "price": 3}])";

std::string With(const std::string& rest) {
  return R"({"starting_balance": 100, )" + kProducts + ", " + rest + "}";
}

}  // namespace

TEST_CASE("a seed has users with what they purchased, at the prices paid") {
  const TestServer server({}, With(R"("users": [
        {"user_id": "ana", "starting_balance": 50, "product_ids": ["c", "a"]},
        {"user_id": "bob", "balance": 7}, {"user_id": "eve"},
        {"user_id": "joe", "balance": 2, "starting_balance": 2.5, "product_ids": null}],
      "purchases": [
        {"order_id": "4", "user_id": "ana", "items": [{"id": "a", "price": 12.34},
                                                      {"id": "b", "price": 0}],
         "created_at": "2022-11-01T11:11:11.111Z"},
        {"order_id": 2, "user_id": "bob", "items": ["a"], "created_at": "2022-11-02T00:00:00Z"},
        {"order_id": "3", "user_id": "new", "items": [{"id": "c", "price": 100}],
         "created_at": "2022-11-03T00:00:00+01:00"},
        {"order_id": "5", "user_id": "joe", "items": ["b"]}])"));
  const auto user = [](const std::string& id, const std::string& data) {
    return R"({"user":{"user_id":")" + id + R"(","data":)" + data + "}}";
  };
  server.CheckAll({
      {"what is owned in the order given, then what was purchased", "GET", "/api/users/ana", "",
       200, user("ana", R"({"balance":37.66,"product_ids":["c","a","b"]})")},
      {"a balance stays as it is given", "GET", "/api/users/bob", "", 200,
       user("bob", R"({"balance":7,"product_ids":["a"]})")},
      {"nothing given", "GET", "/api/users/eve", "", 200,
       user("eve", R"({"balance":100,"product_ids":[]})")},
      {"a user who appears in a purchase only", "GET", "/api/users/new", "", 200,
       user("new", R"({"balance":0,"product_ids":["c"]})")},
      {"both balances", "GET", "/api/users/joe", "", 200,
       user("joe", R"({"balance":2,"product_ids":["b"]})")},
      {"a purchase", "GET", "/api/orders/4", "", 200,
       R"({"order":{"order_id":"4","data":{"items":["a","b"],"total":12.34,"user_id":"ana",)"
       R"("created_at":"*"}}})"},
      {"its user's", "GET", "/api/orders?user_id=new", "", 200,
       R"({"orders":[{"order_id":"3","data":{"items":["c"],"total":100,"user_id":"new",)"
       R"("created_at":"*"}}]})"},
      {"the next one", "POST", "/api/orders", R"({"order": {"items": ["a"], "user_id": "eve"}})",
       200, R"({"order":{"order_id":"6","data":{"items":["a"],"total":10}}})"},
      {"one that is owned", "POST", "/api/orders",
       R"({"order": {"items": ["b"], "user_id": "ana"}})", 400,
       R"({"error":"products_already_purchased"})"},
  });
  CHECK(server.Ask("GET", "/api/orders/3").body.find("2022-11-02T23:00:00.000Z") !=
        std::string::npos);
  CHECK(server.Query(kCountUnbalanced) == "0");
  CHECK(server.Query("SELECT starting_balance FROM users WHERE user_id = 'bob'") == "1700");
}

TEST_CASE("a seed says which ids come next") {
  const TestServer server({}, With(R"("services": [{"id": 5, "name": "S"}],
      "orders": [{"id": "7", "product": "P", "quantity": 1}],
      "next_ids": {"purchase": 6, "order": 231, "service": 790})"));
  CHECK(server.Ask("POST", "/orders", R"({"product": "P", "quantity": 1})").Header("location") ==
        "/orders/231");
  CHECK(server.Ask("POST", "/services", R"({"name": "T"})").Header("location") == "/services/790");
  server.Check({"a purchase", "POST", "/api/orders",
                R"({"order": {"items": ["a"], "user_id": "u"}})", 200,
                R"({"order":{"order_id":"6","data":{"items":["a"],"total":10}}})"});
  // A number that is not more than the largest id changes nothing.
  const TestServer low({}, With(R"("orders": [{"id": "7", "product": "P", "quantity": 1}],
      "next_ids": {"order": 3})"));
  CHECK(low.Ask("POST", "/orders", R"({"product": "P", "quantity": 1})").Header("location") ==
        "/orders/8");
}

TEST_CASE("a time in a seed may be relative to the day of seeding, again at every reset") {
  constexpr Timestamp kNow{1'667'301'071'111};  // 2022-11-01T11:11:11.111Z
  const struct {
    const char* text;
    const char* moment;
  } rows[] = {
      {"+1d 11:00", "2022-11-02T11:00:00.000Z"},    {"-2d 09:30", "2022-10-30T09:30:00.000Z"},
      {"+0d 14:00", "2022-11-01T14:00:00.000Z"},    {"-0d 00:00", "2022-11-01T00:00:00.000Z"},
      {"+30d 23:59", "2022-12-01T23:59:00.000Z"},   {"+365d 11:00", "2023-11-01T11:00:00.000Z"},
      {"-20000d 00:00", "1968-01-29T00:00:00.000Z"}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto moment = ParseRelativeTimestamp(row.text, kNow);
    REQUIRE(moment);
    CHECK(FormatTimestamp(*moment) == row.moment);
  }
  CHECK(FormatTimestamp(*ParseRelativeTimestamp("+0d 01:00", Timestamp{-1})) ==
        "1969-12-31T01:00:00.000Z");
  for (const char* text :
       {"", "1d 11:00", "+d 11:00", "+1d", "+1d ", "+1d 11", "+1d 11:0", "+1d 11:000", "+1d 24:00",
        "+1d 11:60", "+1d  11:00", "+1 d 11:00", "+1d 11:00Z", "+99999999d 00:00",
        "+9999999d 00:00", "-9999999d 00:00", "+-1d 11:00", "+1d 1a:00", "+1D 11:00"}) {
    CAPTURE(text);
    CHECK(!ParseRelativeTimestamp(text, kNow));
  }
  const std::string seed = R"({"starting_balance": 1, "orders": [
      {"id": "1", "product": "P", "quantity": 1, "datetime": "+1d 11:00"}]})";
  const auto read_at = [&seed](Timestamp now) {
    return std::get<Seed>(ReadSeed(seed, now)).orders.at(0).datetime.value();
  };
  CHECK(FormatTimestamp(read_at(kNow)) == "2022-11-02T11:00:00.000Z");
  CHECK(FormatTimestamp(read_at(Timestamp{0})) == "1970-01-02T11:00:00.000Z");

  // The server keeps the text, and reads it again at a reset.
  TestServer server({}, seed);
  CHECK(server.Query("SELECT text FROM seed").find("+1d 11:00") != std::string::npos);
  const std::string tomorrow =
      server.Query("SELECT (unixepoch('now', 'start of day', '+1 day', '+11 hours')) * 1000");
  CHECK(server.Query("SELECT datetime FROM desk_orders") == tomorrow);
  server.Restart("UPDATE desk_orders SET datetime = 0");
  CHECK(server.Ask("POST", "/_kiosk/reset").status == 200);
  CHECK(server.Query("SELECT datetime FROM desk_orders") ==
        server.Query("SELECT (unixepoch('now', 'start of day', '+1 day', '+11 hours')) * 1000"));
}

TEST_CASE("an invalid history in a seed exits 1 and names its place once") {
  const std::string twice = R"({"order_id": 1, "user_id": "u", "items": ["a"]})";
  const struct {
    std::string seed;
    std::string line;
  } rows[] = {
      {With(R"("users": [{"user_id": "u", "balance": 5, "starting_balance": 6}])"),
       "`users[0].balance` must be `starting_balance` less what the user's purchases cost: 6."},
      {With(R"("users": [{"user_id": "u", "starting_balance": 9}], "purchases": [)" + twice + "]"),
       "at users[0]: The purchases of `u` cost more than the starting balance."},
      {With(R"("purchases": [{"order_id": 1, "user_id": "u",
            "items": [{"id": "a", "price": 100.01}]}])"),
       "at purchases[0]: The purchases of `u` cost more than the starting balance."},
      {With(R"("purchases": [)" + twice + "," + twice + "]"),
       "`purchases[1].order_id` is given twice."},
      {With(R"("purchases": [)" + twice +
            R"(, {"order_id": 2, "user_id": "u", "items": ["b", "a"]}])"),
       "`purchases[1].items[1]` is owned by that user already."},
      {With(R"("purchases": [{"order_id": 1, "user_id": "u", "items": ["x"]}])"),
       "`purchases[0].items[0]` names a product that is not in the seed: `x`."},
      {With(
           R"("purchases": [{"order_id": 1, "user_id": "u", "items": [{"id": "x", "price": 1}]}])"),
       "`purchases[0].items[0].id` names a product that is not in the seed: `x`."},
      {With(R"("purchases": [{"order_id": 1, "user_id": "u", "items": [{"id": "a"}]}])"),
       "`purchases[0].items[0].price` is missing."},
      {With(R"("purchases": [{"order_id": 1, "user_id": "u", "items": [
            {"id": "a", "price": -1}]}])"),
       "`purchases[0].items[0].price` must not be negative."},
      {With(R"("purchases": [{"order_id": 1, "user_id": "u", "items": []}])"),
       "`purchases[0].items` must not be empty."},
      {With(R"("purchases": [{"order_id": 0, "user_id": "u", "items": ["a"]}])"),
       "`purchases[0].order_id` must be an integer of at least 1."},
      {With(R"("purchases": [{"order_id": 1, "user_id": "..", "items": ["a"]}])"),
       "`purchases[0].user_id` must be 1 to 128 bytes without control characters, other than `.` "
       "and `..`."},
      {With(R"("purchases": [{"order_id": 1, "user_id": "u", "items": ["a"], "total": 10}])"),
       "Unknown field: `purchases[0].total`."},
      {With(R"("purchases": [{"order_id": 1, "user_id": "u", "items": ["a"],
            "created_at": "yesterday"}])"),
       "`purchases[0].created_at` must be a date and time with a zone, such as "
       "\"2022-11-01T11:11:11.111Z\", or relative to the day of seeding, such as \"+1d 11:00\"."},
      {With(R"("next_ids": {"purchase": 0})"),
       "`next_ids.purchase` must be an integer of at least 1."},
      {With(R"("next_ids": {"user": 1})"), "Unknown field: `next_ids.user`."},
      {With(R"("next_ids": [1])"), "`next_ids` must be an object."},
      {With(R"("name": "")"), "`name` must have 1 to 200 characters."},
      {With(R"("about": 5)"), "`about` must be a string."},
  };
  for (const auto& row : rows) {
    CAPTURE(row.seed);
    const TemporaryFolder folder;
    WriteFile(folder.File("own.json"), row.seed);
    const Finished finished =
        RunKiosk({"--port", "0", "--seed", "own.json"}, {.folder = folder.path()});
    CHECK(finished.exit_code == 1);
    CHECK(finished.err == "kiosk: bad seed own.json: " + row.line + "\n");
    CHECK(!std::filesystem::exists(folder.File("kiosk.db")));
  }
}

TEST_CASE("a seed may have a name and a text about it") {
  const auto texts = ReadSeedTexts(R"({"name": "Shop", "about": "# Try\n1. Buy"})");
  CHECK(texts.name == "Shop");
  CHECK(texts.about == "# Try\n1. Buy");
  CHECK(!ReadSeedTexts(R"({"name": 1})").name);
  CHECK(!ReadSeedTexts("{").about);
  const TestServer server({}, With(R"("name": "Shop", "about": "# Try\n1. Buy")"));
  CHECK(server.Ask("GET", "/api/products").status == 200);
}
