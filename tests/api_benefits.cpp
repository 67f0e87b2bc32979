// SPEC section 3: the benefits shop.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/scenario.h"

using namespace kiosk::test;

namespace {

// A user as GET /api/users/:user_id writes one; `product_ids` is the array's inside.
std::string UserBody(const std::string& user_id, const std::string& balance,
                     const std::string& product_ids = "") {
  return R"({"user":{"user_id":")" + user_id + R"(","data":{"balance":)" + balance +
         R"(,"product_ids":[)" + product_ids + "]}}}";
}

// The body of POST /api/orders.
std::string Wanted(const std::string& items, const std::string& user_id) {
  return R"({"order": {"items": [)" + items + R"(], "user_id": ")" + user_id + R"("}})";
}

std::string Placed(const std::string& order_id, const std::string& items,
                   const std::string& total) {
  return R"({"order":{"order_id":")" + order_id + R"(","data":{"items":[)" + items +
         R"(],"total":)" + total + "}}}";
}

constexpr char kCatalogue[] =
    R"({"products":[)"
    R"({"id":"netflix","name":"Netflix","price":75.99},)"
    R"({"id":"spotify","name":"Spotify","price":40},)"
    R"({"id":"worten","name":"Worten 20% Discount","price":20},)"
    R"({"id":"tap","name":"TAP Airlines 12% Discount","price":60},)"
    R"({"id":"health-insurance","name":"Health Insurance","price":250},)"
    R"({"id":"equipment-insurance","name":"Personal Equipment Insurance","price":60}]})";

constexpr char kNotFoundRefusal[] = R"({"error":"products_not_found"})";
constexpr char kPurchasedRefusal[] = R"({"error":"products_already_purchased"})";
constexpr char kBalanceRefusal[] = R"({"error":"insufficient_balance"})";

constexpr char kUsers[] = "SELECT user_id, starting_balance, balance FROM users ORDER BY user_id";
constexpr char kOrders[] = "SELECT order_id, user_id, total FROM benefit_orders ORDER BY order_id";
constexpr char kItems[] =
    "SELECT order_id, product_id, price FROM owned_products WHERE order_id IS NOT NULL "
    "ORDER BY order_id, position";
constexpr char kOwned[] =
    "SELECT user_id, product_id FROM owned_products ORDER BY user_id, position";

const std::string kUserIdRule =
    "`user_id` must be 1 to 128 bytes without control characters, other than `.` and `..`.";
const std::string kBodyUserIdRule =
    "`order.user_id` must be 1 to 128 bytes without control characters, other than `.` and `..`.";

// Two products at prices that doubles cannot add up: 74.99 + 18.23 is 93.22.
std::string SeedWithBalance(const std::string& balance) {
  return R"({"starting_balance": )" + balance + R"(, "products": [
    {"id": "a", "name": "A", "price": 74.99}, {"id": "b", "name": "B", "price": 18.23},
    {"id": "free", "name": "Free", "price": 0}]})";
}

}  // namespace

TEST_CASE("a user has exactly these keys, under /api and without it, and is created with 500") {
  const TestServer server;
  server.CheckAll({
      {"as the document has it",
       "GET",
       "/api/users/johndoe",
       "",
       200,
       UserBody("johndoe", "500"),
       {},
       {},
       kUsers,
       "johndoe|50000|50000"},
      {"asked again: the same one",
       "GET",
       "/api/users/johndoe",
       "",
       200,
       UserBody("johndoe", "500"),
       {},
       {},
       kUsers,
       "johndoe|50000|50000"},
      {"the same one without the prefix",
       "GET",
       "/users/johndoe",
       "",
       200,
       UserBody("johndoe", "500"),
       {},
       {},
       kUsers,
       "johndoe|50000|50000"},
      {"another one without the prefix",
       "GET",
       "/users/maria",
       "",
       200,
       UserBody("maria", "500"),
       {},
       {},
       kUsers,
       "johndoe|50000|50000\nmaria|50000|50000"},
  });
}

TEST_CASE("HEAD of an unknown user answers as GET would and creates nothing") {
  const TestServer server;
  const std::string length = std::to_string(UserBody("ghost", "500").size());
  server.CheckAll({
      {"with the prefix",
       "HEAD",
       "/api/users/ghost",
       "",
       200,
       "",
       {},
       {{"content-length", length}},
       "SELECT count(*) FROM users",
       "0"},
      {"without it",
       "HEAD",
       "/users/ghost",
       "",
       200,
       "",
       {},
       {{"content-length", length}},
       "SELECT count(*) FROM users",
       "0"},
  });
}

TEST_CASE("a user asked for by 50 clients at once exists once") {
  const TestServer server;
  const std::vector<std::string> requests(50, RequestText("GET", "/api/users/popular"));
  const auto answers = AskAtOnce(server.port(), requests);
  CHECK(CountStatuses(answers) == "50x200");
  for (const Answer& answer : answers) CHECK(answer.body == UserBody("popular", "500"));
  CHECK(server.Query(kUsers) == "popular|50000|50000");
}

TEST_CASE("a user id is 1 to 128 bytes of UTF-8 after percent-decoding") {
  const TestServer server;
  const std::string longest = Repeat("x", 128);
  const std::string longest_utf8 = Repeat("\xC3\xA3", 64);
  struct Accepted {
    const char* name;
    std::string in_path;
    std::string user_id;
  };
  const Accepted accepted[] = {
      {"one byte", "x", "x"},
      {"128 bytes", longest, longest},
      {"128 bytes in 64 characters", longest_utf8, longest_utf8},
      {"128 bytes, each encoded", Repeat("%79", 128), Repeat("y", 128)},
      {"not ASCII, as it is", "Jo\xC3\xA3o", "Jo\xC3\xA3o"},
      {"not ASCII, encoded", "Jo%C3%A3o", "Jo\xC3\xA3o"},
      {"not ASCII, encoded in lower case", "Jo%c3%a3o", "Jo\xC3\xA3o"},
      {"an e-mail address, as it is", "a@b.co", "a@b.co"},
      {"an e-mail address, encoded", "a%40b.co", "a@b.co"},
      {"a space", "john%20doe", "john doe"},
      {"only a space", "%20", " "},
      {"a plus sign is itself in a path", "a+b@c.de", "a+b@c.de"},
      {"an encoded slash", "a%2Fb", "a/b"},
      {"an encoded question mark", "who%3F", "who?"},
      {"a percent sign that encodes nothing", "100%", "100%"},
      {"a percent sign before other characters", "%zz", "%zz"},
      {"an encoded percent sign is decoded once", "%2541", "%41"},
      {"four bytes a character", "%F0%9F%99%8C", "\xF0\x9F\x99\x8C"},
  };
  for (const Accepted& row : accepted) {
    server.Check({row.name,
                  "GET",
                  "/api/users/" + row.in_path,
                  "",
                  200,
                  UserBody(row.user_id, "500"),
                  {},
                  {},
                  "SELECT count(*) FROM users WHERE user_id = '" + row.user_id + "'",
                  "1"});
  }
  const struct {
    const char* name;
    std::string in_path;
  } refused[] = {
      {"129 bytes", Repeat("x", 129)},
      {"129 bytes, one encoded", Repeat("x", 128) + "%78"},
      {"129 bytes in 65 characters", Repeat("\xC3\xA3", 64) + "x"},
      {"NUL", "%00"},
      {"NUL behind a name", "johndoe%00"},
      {"a line feed", "john%0Adoe"},
      {"a tab", "john%09doe"},
      {"delete", "%7F"},
      {"a control character of two bytes", "%C2%85"},
      {"a byte that UTF-8 does not have", "%FF"},
      {"a character cut short", "Jo%C3"},
      {"an overlong form", "%C0%AF"},
      {"a surrogate", "%ED%A0%80"},
      {"beyond the last character", "%F4%90%80%80"},
  };
  for (const auto& row : refused) {
    server.Check({row.name, "GET", "/api/users/" + row.in_path, "", 400,
                  InvalidRequestBody("user_id", kUserIdRule)});
    server.Check({row.name, "HEAD", "/users/" + row.in_path, "", 400, ""});
  }
  const std::string not_found = R"({"error":"not_found","message":"No resource at this path."})";
  server.CheckAll({
      {"an empty one is no address of a user", "GET", "/api/users/", "", 404, not_found},
      {"neither is none", "GET", "/api/users", "", 404, not_found},
  });
}

TEST_CASE("user ids are compared byte for byte") {
  const TestServer server;
  for (const char* user_id : {"joao", "Joao", "Jo%C3%A3o", "Joa%CC%83o", "joao%20", "%20joao"}) {
    CHECK(server.Ask("GET", std::string("/api/users/") + user_id).status == 200);
  }
  CHECK(server.Query("SELECT hex(user_id) FROM users ORDER BY user_id") ==
        "206A6F616F\n4A6F616F\n4A6F61CC836F\n4A6FC3A36F\n6A6F616F\n6A6F616F20");
}

TEST_CASE("the products come in the seed's order, under /api and without it") {
  const TestServer server;
  server.CheckAll({
      {"with the prefix", "GET", "/api/products", "", 200, kCatalogue},
      {"without it", "GET", "/products", "", 200, kCatalogue},
  });
}

TEST_CASE("an order is placed under /api and without it, and is debited, kept and owned") {
  const TestServer server;
  server.CheckAll({
      {"as the specification has it",
       "POST",
       "/api/orders",
       Wanted(R"("netflix", "spotify")", "johndoe"),
       200,
       Placed("1", R"("netflix","spotify")", "115.99"),
       {},
       {},
       kOrders,
       "1|johndoe|11599"},
      {"the user then",
       "GET",
       "/api/users/johndoe",
       "",
       200,
       UserBody("johndoe", "384.01", R"("netflix","spotify")"),
       {},
       {},
       kUsers,
       "johndoe|50000|38401"},
      {"a body with the key order at /orders is the shop's",
       "POST",
       "/orders",
       Wanted(R"("worten")", "johndoe"),
       200,
       Placed("2", R"("worten")", "20"),
       {},
       {},
       kOrders,
       "1|johndoe|11599\n2|johndoe|2000"},
      {"the user then, without the prefix",
       "GET",
       "/users/johndoe",
       "",
       200,
       UserBody("johndoe", "364.01", R"("netflix","spotify","worten")"),
       {},
       {},
       kOwned,
       "johndoe|netflix\njohndoe|spotify\njohndoe|worten"},
      {"the refusals are the same at /orders", "POST", "/orders", Wanted(R"("worten")", "johndoe"),
       400, kPurchasedRefusal},
      {"what is not valid too", "POST", "/orders", R"({"order": 1})", 400,
       InvalidRequestBody("order", "`order` must be an object.")},
  });
  CHECK(server.Query(kItems) == "1|netflix|7599\n1|spotify|4000\n2|worten|2000");
  CHECK(server.Query("SELECT count(*) FROM desk_orders") == "3");
  CHECK(server.Query(kCountUnbalanced) == "0");
}

TEST_CASE("products are owned in the order in which they were bought") {
  const TestServer server;
  server.CheckAll({
      {"two", "POST", "/api/orders", Wanted(R"("tap", "netflix")", "u"), 200,
       Placed("1", R"("tap","netflix")", "135.99")},
      {"one more", "POST", "/api/orders", Wanted(R"("spotify")", "u"), 200,
       Placed("2", R"("spotify")", "40")},
      {"all of them", "GET", "/api/users/u", "", 200,
       UserBody("u", "324.01", R"("tap","netflix","spotify")")},
  });
}

TEST_CASE("an order whose items or user_id are not what they should be is an invalid request") {
  const TestServer server;
  const std::string user = R"(, "user_id": "u")";
  const std::string strings_only = "`order.items` must contain only strings.";
  const std::string user_id_string = "`order.user_id` must be a string.";
  struct Row {
    const char* name;
    std::string order;
    std::string field;
    std::string message;
  };
  const Row rows[] = {
      {"items missing", R"({"user_id": "u"})", "order.items", "`order.items` is missing."},
      {"items null", R"({"items": null)" + user + "}", "order.items", "`order.items` is missing."},
      {"items a string", R"({"items": "netflix")" + user + "}", "order.items",
       "`order.items` must be an array."},
      {"items a number", R"({"items": 1)" + user + "}", "order.items",
       "`order.items` must be an array."},
      {"items an object", R"({"items": {"id": "netflix"})" + user + "}", "order.items",
       "`order.items` must be an array."},
      {"items true", R"({"items": true)" + user + "}", "order.items",
       "`order.items` must be an array."},
      {"items holding numbers", R"({"items": [1, 2])" + user + "}", "order.items", strings_only},
      {"items holding null", R"({"items": [null])" + user + "}", "order.items", strings_only},
      {"items holding objects", R"({"items": [{"id": "netflix"}])" + user + "}", "order.items",
       strings_only},
      {"items holding lists", R"({"items": [["netflix"]])" + user + "}", "order.items",
       strings_only},
      {"a number behind a good item", R"({"items": ["netflix", 1])" + user + "}", "order.items",
       strings_only},
      {"user_id missing", R"({"items": ["netflix"]})", "order.user_id",
       "`order.user_id` is missing."},
      {"user_id null", R"({"items": ["netflix"], "user_id": null})", "order.user_id",
       "`order.user_id` is missing."},
      {"user_id a number", R"({"items": ["netflix"], "user_id": 7})", "order.user_id",
       user_id_string},
      {"user_id empty", R"({"items": ["netflix"], "user_id": ""})", "order.user_id",
       kBodyUserIdRule},
      {"user_id of 129 bytes",
       R"({"items": ["netflix"], "user_id": ")" + Repeat("x", 129) + R"("})", "order.user_id",
       kBodyUserIdRule},
      {"user_id .", R"({"items": ["netflix"], "user_id": "."})", "order.user_id", kBodyUserIdRule},
      {"user_id ..", R"({"items": ["netflix"], "user_id": ".."})", "order.user_id",
       kBodyUserIdRule},
      {"user_id with NUL", R"({"items": ["netflix"], "user_id": "a\u0000b"})", "order.user_id",
       kBodyUserIdRule},
      {"user_id with a line feed", R"({"items": ["netflix"], "user_id": "a\nb"})", "order.user_id",
       kBodyUserIdRule},
      {"an unknown field", R"({"items": ["netflix"], "user_id": "u", "coupon": 1})", "order.coupon",
       "Unknown field: `order.coupon`."},
      {"a field that stands twice", R"({"items": [], "items": ["netflix"], "user_id": "u"})",
       "order.items", "`order.items` is given twice."},
      {"order null", "null", "order", "`order` is missing."},
      {"order a list", "[]", "order", "`order` must be an object."},
      {"order a string", R"("netflix")", "order", "`order` must be an object."},
  };
  for (const Row& row : rows) {
    server.Check({row.name, "POST", "/api/orders", R"({"order": )" + row.order + "}", 400,
                  InvalidRequestBody(row.field, row.message)});
  }
  server.CheckAll({
      {"order missing", "POST", "/api/orders", "{}", 400,
       InvalidRequestBody("order", "`order` is missing.")},
      {"not an object", "POST", "/api/orders", "[]", 400,
       InvalidRequestBody("", "The body must be an object.")},
      {"an unknown field beside order", "POST", "/api/orders",
       R"({"order": {"items": ["netflix"], "user_id": "u"}, "coupon": 1})", 400,
       InvalidRequestBody("coupon", "Unknown field: `coupon`.")},
  });
  CHECK(server.Query("SELECT count(*) FROM users") == "0");
}

TEST_CASE("a user id in a body is taken as one in a path is") {
  const TestServer server;
  int64_t order_id = 0;
  for (const std::string user_id : {"Jo\xC3\xA3o", "a@b.co", "john doe", "%20"}) {
    server.Check({user_id, "POST", "/api/orders", Wanted(R"("worten")", user_id), 200,
                  Placed(std::to_string(++order_id), R"("worten")", "20")});
  }
  server.CheckAll({
      {"escaped in JSON it is the same", "POST", "/api/orders",
       Wanted(R"("worten")", R"(Jo\u00e3o)"), 400, kPurchasedRefusal},
      {"the same in a path", "GET", "/api/users/Jo%C3%A3o", "", 200,
       UserBody("Jo\xC3\xA3o", "480", R"("worten")")},
      {"it is not percent-decoded", "GET", "/api/users/%2520", "", 200,
       UserBody("%20", "480", R"("worten")")},
  });
}

TEST_CASE("an order with no product or an unknown one is refused whole") {
  const TestServer server;
  server.CheckAll({
      {"an empty list", "POST", "/api/orders", Wanted("", "u"), 400, kNotFoundRefusal},
      {"an unknown id", "POST", "/api/orders", Wanted(R"("hbo")", "u"), 400, kNotFoundRefusal},
      {"a known and an unknown id", "POST", "/api/orders", Wanted(R"("netflix", "hbo")", "u"), 400,
       kNotFoundRefusal},
      {"an unknown and a known id", "POST", "/api/orders", Wanted(R"("hbo", "netflix")", "u"), 400,
       kNotFoundRefusal},
      {"an empty id", "POST", "/api/orders", Wanted(R"("")", "u"), 400, kNotFoundRefusal},
      {"ids are compared byte for byte", "POST", "/api/orders", Wanted(R"("Netflix")", "u"), 400,
       kNotFoundRefusal},
      {"a product's name is not its id", "POST", "/api/orders", Wanted(R"("netflix ")", "u"), 400,
       kNotFoundRefusal},
  });
  CHECK(server.Query("SELECT count(*) FROM users") == "0");
}

TEST_CASE("an order with a product that the user owns is refused whole") {
  const TestServer server;
  const std::string first = Wanted(R"("netflix", "spotify")", "u");
  server.CheckAll({
      {"the first", "POST", "/api/orders", first, 200,
       Placed("1", R"("netflix","spotify")", "115.99")},
      {"the same posted twice", "POST", "/api/orders", first, 400, kPurchasedRefusal},
      {"one of them", "POST", "/api/orders", Wanted(R"("spotify")", "u"), 400, kPurchasedRefusal},
      {"a new product and an owned one", "POST", "/api/orders",
       Wanted(R"("worten", "netflix")", "u"), 400, kPurchasedRefusal},
      {"another user may buy it",
       "POST",
       "/api/orders",
       first.substr(0, first.size() - 4) + "v\"}}",
       200,
       Placed("2", R"("netflix","spotify")", "115.99"),
       {},
       {},
       kUsers,
       "u|50000|38401\nv|50000|38401"},
  });
}

TEST_CASE("a repeated id is one item and is charged once") {
  const TestServer server;
  server.Check({"three times among others",
                "POST",
                "/api/orders",
                Wanted(R"("worten", "netflix", "worten", "worten")", "u"),
                200,
                Placed("1", R"("worten","netflix")", "95.99"),
                {},
                {},
                kItems,
                "1|worten|2000\n1|netflix|7599"});
  CHECK(server.Query(kUsers) == "u|50000|40401");
  CHECK(server.Query(kOwned) == "u|worten\nu|netflix");
}

TEST_CASE("totals are exact, a total equal to the balance leaves 0, one cent more is refused") {
  {
    const TestServer server({}, SeedWithBalance("500"));
    server.Check({"74.99 and 18.23",
                  "POST",
                  "/api/orders",
                  Wanted(R"("a", "b")", "u"),
                  200,
                  Placed("1", R"("a","b")", "93.22"),
                  {},
                  {},
                  kOrders,
                  "1|u|9322"});
    CHECK(server.Ask("GET", "/api/users/u").body == UserBody("u", "406.78", R"("a","b")"));
  }
  {
    const TestServer server({}, SeedWithBalance("93.22"));
    server.Check({"the whole balance",
                  "POST",
                  "/api/orders",
                  Wanted(R"("a", "b")", "u"),
                  200,
                  Placed("1", R"("a","b")", "93.22"),
                  {},
                  {},
                  kUsers,
                  "u|9322|0"});
    server.CheckAll({
        {"the user then", "GET", "/api/users/u", "", 200, UserBody("u", "0", R"("a","b")")},
        {"what is free can still be had",
         "POST",
         "/api/orders",
         Wanted(R"("free")", "u"),
         200,
         Placed("2", R"("free")", "0"),
         {},
         {},
         kUsers,
         "u|9322|0"},
    });
    CHECK(server.Query(kCountUnbalanced) == "0");
  }
  {
    const TestServer server({}, SeedWithBalance("93.21"));
    server.CheckAll({
        {"one cent more than the balance", "POST", "/api/orders", Wanted(R"("a", "b")", "u"), 400,
         kBalanceRefusal},
        {"a part of it is no part of it", "GET", "/api/users/u", "", 200, UserBody("u", "93.21")},
        {"one that fits",
         "POST",
         "/api/orders",
         Wanted(R"("a")", "u"),
         200,
         Placed("1", R"("a")", "74.99"),
         {},
         {},
         kUsers,
         "u|9321|1822"},
        {"then one cent too many", "POST", "/api/orders", Wanted(R"("b")", "u"), 400,
         kBalanceRefusal},
    });
  }
}

TEST_CASE("of two reasons to refuse an order the first in the contract's order is given") {
  const TestServer server;
  // u owns health-insurance and has 250; all of the others together cost 255.99.
  server.Check({"the purchase before", "POST", "/api/orders", Wanted(R"("health-insurance")", "u"),
                200, Placed("1", R"("health-insurance")", "250")});
  const std::string all = R"("netflix", "spotify", "worten", "tap", "equipment-insurance")";
  const std::string not_valid =
      InvalidRequestBody("order.items", "`order.items` must contain only strings.");
  server.CheckAll({
      {"each alone: balance", "POST", "/api/orders", Wanted(all, "u"), 400, kBalanceRefusal},
      {"invalid before not found", "POST", "/api/orders", Wanted(R"("hbo", 1)", "u"), 400,
       not_valid},
      {"invalid before already purchased", "POST", "/api/orders",
       Wanted(R"("health-insurance", 1)", "u"), 400, not_valid},
      {"invalid before balance", "POST", "/api/orders", Wanted(all + ", 1", "u"), 400, not_valid},
      {"not found before already purchased", "POST", "/api/orders",
       Wanted(R"("health-insurance", "hbo")", "u"), 400, kNotFoundRefusal},
      {"not found before balance", "POST", "/api/orders", Wanted(all + R"(, "hbo")", "u"), 400,
       kNotFoundRefusal},
      {"already purchased before balance", "POST", "/api/orders",
       Wanted(all + R"(, "health-insurance")", "u"), 400, kPurchasedRefusal},
  });
}

TEST_CASE("an unknown user is created by an order, but only if it is placed") {
  const TestServer server;
  server.CheckAll({
      {"not found", "POST", "/api/orders", Wanted(R"("hbo")", "new"), 400, kNotFoundRefusal},
      {"more than there is",
       "POST",
       "/api/orders",
       Wanted(R"("health-insurance", "netflix", "spotify", "worten", "tap", "equipment-insurance")",
              "new"),
       400,
       kBalanceRefusal,
       {},
       {},
       "SELECT count(*) FROM users",
       "0"},
      {"placed",
       "POST",
       "/api/orders",
       Wanted(R"("tap")", "new"),
       200,
       Placed("1", R"("tap")", "60"),
       {},
       {},
       kUsers,
       "new|50000|44000"},
  });
}

TEST_CASE("32 simultaneous purchases of one product by one user: exactly one is made") {
  const TestServer server;
  const std::vector<std::string> requests(
      32, RequestText("POST", "/api/orders", Wanted(R"("netflix")", "u")));
  const auto answers = AskAtOnce(server.port(), requests);
  CHECK(CountStatuses(answers) == "1x200 31x400");
  for (const Answer& answer : answers) {
    CHECK(answer.body == (answer.status == 200 ? Placed("1", R"("netflix")", "75.99")
                                               : std::string(kPurchasedRefusal)));
  }
  CHECK(server.Query(kUsers) == "u|50000|42401");
  CHECK(server.Query(kOrders) == "1|u|7599");
  CHECK(server.Query(kOwned) == "u|netflix");
}

TEST_CASE("simultaneous purchases never spend more than the balance") {
  const TestServer server;
  std::vector<std::string> requests;
  for (int i = 0; i < 3; ++i) {
    for (const char* id :
         {"netflix", "spotify", "worten", "tap", "health-insurance", "equipment-insurance"}) {
      requests.push_back(
          RequestText("POST", "/api/orders", Wanted('"' + std::string(id) + '"', "u")));
    }
  }
  const auto answers = AskAtOnce(server.port(), requests);
  size_t placed = 0;
  for (const Answer& answer : answers) {
    placed += answer.status == 200;
    if (answer.status == 200) continue;
    CHECK(answer.status == 400);
    CHECK((answer.body == kPurchasedRefusal || answer.body == kBalanceRefusal));
  }
  // The six together cost 505.99: whichever came last was refused, and only that one.
  CHECK(placed == 5);
  CHECK(server.Query("SELECT count(*) FROM benefit_orders") == "5");
  CHECK(server.Query("SELECT balance >= 0 FROM users") == "1");
  CHECK(server.Query(kCountUnbalanced) == "0");
}

TEST_CASE("orders are read one by one or all of a user, with user_id and created_at") {
  const TestServer server;
  const std::string first =
      R"({"order_id":"1","data":{"items":["netflix"],"total":75.99,"user_id":"u","created_at":"*"}})";
  const std::string second =
      R"({"order_id":"3","data":{"items":["worten","tap"],"total":80,"user_id":"u","created_at":"*"}})";
  const std::string no_user = InvalidRequestBody(
      "user_id",
      "`user_id` must be 1 to 128 bytes without control characters, other than `.` and `..`.");
  const std::string not_found = R"({"error":"order_not_found","message":"No order has this id."})";
  server.CheckAll({
      {"none yet",
       "GET",
       "/api/orders?user_id=u",
       "",
       200,
       R"({"orders":[]})",
       {},
       {},
       "SELECT count(*) FROM users",
       "0"},
      {"a first order", "POST", "/api/orders", Wanted(R"("netflix")", "u"), 200,
       Placed("1", R"("netflix")", "75.99")},
      {"someone else's", "POST", "/api/orders", Wanted(R"("netflix")", "Jo\xC3\xA3o"), 200,
       Placed("2", R"("netflix")", "75.99")},
      {"a second order", "POST", "/api/orders", Wanted(R"("worten", "tap")", "u"), 200,
       Placed("3", R"("worten","tap")", "80")},
      {"one", "GET", "/api/orders/1", "", 200, R"({"order":)" + first + "}"},
      {"another", "GET", "/api/orders/3", "", 200, R"({"order":)" + second + "}"},
      {"all of a user", "GET", "/api/orders?user_id=u", "", 200,
       R"({"orders":[)" + first + "," + second + "]}"},
      {"all of one whose name is encoded", "GET", "/api/orders?user_id=Jo%C3%A3o", "", 200,
       R"({"orders":[{"order_id":"2","data":{"items":["netflix"],"total":75.99,"user_id":"Jo)"
       "\xC3\xA3"
       R"(o","created_at":"*"}}]})"},
      {"an id that is not there", "GET", "/api/orders/4", "", 404, not_found},
      {"an id that is not a number", "GET", "/api/orders/one", "", 404, not_found},
      {"a number written otherwise", "GET", "/api/orders/01", "", 404, not_found},
      {"a number beyond all", "GET", "/api/orders/99999999999999999999", "", 404, not_found},
      {"no user_id", "GET", "/api/orders", "", 400, no_user},
      {"an empty user_id", "GET", "/api/orders?user_id=", "", 400, no_user},
      {"user_id .", "GET", "/api/orders?user_id=.", "", 400, no_user},
      {"user_id ..", "GET", "/api/orders?user_id=%2E.", "", 400, no_user},
      {"user_id with NUL", "GET", "/api/orders?user_id=%00", "", 400, no_user},
      {"user_id of 129 bytes", "GET", "/api/orders?user_id=" + Repeat("x", 129), "", 400, no_user},
  });
}

TEST_CASE("with --order-items objects an order's items have id, name and price") {
  const TestServer server({"--order-items", "objects"});
  const std::string items =
      R"({"id":"netflix","name":"Netflix","price":75.99},{"id":"spotify","name":"Spotify","price":40})";
  const std::string stored = R"({"order_id":"1","data":{"items":[)" + items +
                             R"(],"total":115.99,"user_id":"u","created_at":"*"}})";
  server.CheckAll({
      {"placed", "POST", "/api/orders", Wanted(R"("netflix", "spotify")", "u"), 200,
       Placed("1", items, "115.99")},
      {"placed without the prefix", "POST", "/orders", Wanted(R"("worten")", "v"), 200,
       Placed("2", R"({"id":"worten","name":"Worten 20% Discount","price":20})", "20")},
      {"one", "GET", "/api/orders/1", "", 200, R"({"order":)" + stored + "}"},
      {"all of a user", "GET", "/api/orders?user_id=u", "", 200, R"({"orders":[)" + stored + "]}"},
      {"a user's products stay ids", "GET", "/api/users/u", "", 200,
       UserBody("u", "384.01", R"("netflix","spotify")")},
  });
}

TEST_CASE("with --order-items ids an order's items are ids, and nothing else is a form of them") {
  const TestServer server({"--order-items", "ids"});
  server.Check({"placed", "POST", "/api/orders", Wanted(R"("netflix")", "u"), 200,
                Placed("1", R"("netflix")", "75.99")});
  CHECK(RunKiosk({"--order-items", "names", "--memory", "--port", "0"}).exit_code == 2);
}

TEST_CASE("an order keeps the price that was paid when the product's price changes") {
  TestServer server({"--order-items", "objects"});
  CHECK(server.Ask("POST", "/api/orders", Wanted(R"("spotify")", "u")).status == 200);
  server.Restart("UPDATE products SET price = 9900 WHERE product_id = 'spotify'");
  server.CheckAll({
      {"the order", "GET", "/api/orders/1", "", 200,
       R"({"order":{"order_id":"1","data":{"items":[{"id":"spotify","name":"Spotify","price":40}],)"
       R"("total":40,"user_id":"u","created_at":"*"}}})"},
      {"the user", "GET", "/api/users/u", "", 200, UserBody("u", "460", R"("spotify")")},
      {"a new order",
       "POST",
       "/api/orders",
       Wanted(R"("spotify")", "v"),
       200,
       Placed("2", R"({"id":"spotify","name":"Spotify","price":99})", "99"),
       {},
       {},
       kItems,
       "1|spotify|4000\n2|spotify|9900"},
  });
}

TEST_CASE("the database itself forbids a negative balance and owning a product twice") {
  TestServer server;
  CHECK(server.Ask("POST", "/api/orders", Wanted(R"("netflix")", "u")).status == 200);
  CHECK(server.kiosk().Stop().exit_code == 0);
  const std::string before = server.Contents();
  CHECK(ChangeFile(server.database(), "UPDATE users SET balance = -1") ==
        "CHECK constraint failed: balance BETWEEN 0 AND starting_balance");
  CHECK(ChangeFile(server.database(),
                   "INSERT INTO owned_products (user_id, product_id, position) "
                   "VALUES ('u', 'netflix', 1)") ==
        "UNIQUE constraint failed: owned_products.user_id, owned_products.product_id");
  CHECK(server.Contents() == before);
}
