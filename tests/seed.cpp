// SPEC section 5: the seed, seeds of one's own, and the way back to them.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "tests/scenario.h"

using namespace kiosk::test;

namespace {

constexpr char kOrders[] =
    "SELECT id, datetime, totalfee, product, quantity, "
    "(SELECT group_concat(service_id) FROM desk_order_services WHERE order_id = id) "
    "FROM desk_orders ORDER BY id_number, id";

// Everything but when it was made.
std::string TimelessContents(const std::string& database) {
  return QueryFile(database,
                   "SELECT * FROM seed; SELECT * FROM products; SELECT * FROM users;"
                   "SELECT * FROM owned_products; SELECT * FROM benefit_orders;"
                   "SELECT * FROM services;"
                   "SELECT count(*) FROM idempotent_answers;") +
         "\n" + QueryFile(database, kOrders);
}

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

// Uses everything that a seed may carry.
constexpr char kOwnSeed[] = R"({
  "starting_balance": 12.5,
  "products": [{"id": "tea", "name": "Tea", "price": 0.01},
               {"id": "Jo\u00e3o's", "name": "\u2615", "price": 12}],
  "services": [{"id": "9", "name": "Wash"}, {"id": 3, "name": "Dry"}],
  "orders": [
    {"id": "b", "product": "Soap", "quantity": 2},
    {"id": "41", "datetime": "2030-01-01T01:00:00+01:00", "totalfee": 0.5, "services": [3, "9"]},
    {"id": "40", "datetime": "2030-01-01T00:00:00.0019Z", "totalfee": 1, "services": [{"id": 3}],
     "product": "Soap", "quantity": 1}],
  "users": [
    {"user_id": "rich", "balance": 1000000},
    {"user_id": "owner", "balance": 3, "product_ids": ["tea"]},
    {"user_id": "plain"}]
})";

}  // namespace

TEST_CASE("a new database holds the seed that the specification names") {
  const TestServer server;
  CHECK(server.Query("SELECT starting_balance FROM seed") == "50000");
  CHECK(server.Query("SELECT product_id, name, price FROM products ORDER BY position") ==
        "netflix|Netflix|7599\n"
        "spotify|Spotify|4000\n"
        "worten|Worten 20% Discount|2000\n"
        "tap|TAP Airlines 12% Discount|6000\n"
        "health-insurance|Health Insurance|25000\n"
        "equipment-insurance|Personal Equipment Insurance|6000");
  CHECK(server.Query("SELECT id, name FROM services ORDER BY position") ==
        "123|Inspection\n789|Testing\n456|Analysis");
  CHECK(server.Query(kOrders) ==
        "223|1667301071111|10000|NULL|NULL|123\n"
        "224|1667301071111|10000|NULL|NULL|789\n"
        "225|1667301071111|10000|NULL|NULL|456");
  CHECK(server.Query("SELECT count(*) FROM users") == "0");
  CHECK(server.Query("SELECT count(*) FROM desk_orders WHERE created_at = updated_at "
                     "AND abs(created_at / 1000 - strftime('%s', 'now')) <= 5") == "3");
}

TEST_CASE("--seed fills a new database, on disk or in memory, with all that a seed may carry") {
  const std::string tea = R"({"id":"tea","name":"Tea","price":0.01})";
  const auto check = [&tea](int port) {
    const auto body = [port](const std::string& target) { return Ask(port, "GET", target).body; };
    CHECK(body("/api/products") == R"({"products":[)" + tea +
                                       ",{\"id\":\"Jo\xC3\xA3o's\",\"name\":\"\xE2\x98\x95\"," +
                                       R"("price":12}]})");
    CHECK(body("/services") == R"([{"id":9,"name":"Wash"},{"id":3,"name":"Dry"}])");
    const std::string times = R"(,"created_at":"*","updated_at":"*"})";
    CHECK(MaskTimes(body("/orders")) ==
          R"([{"id":"41","datetime":"2030-01-01T00:00:00.000Z","totalfee":0.5,)"
          R"("services":[{"id":"3","name":"Dry"},{"id":"9","name":"Wash"}])" +
              times +
              R"(,{"id":"40","datetime":"2030-01-01T00:00:00.001Z","totalfee":1,)"
              R"("services":[{"id":"3","name":"Dry"}],"product":"Soap","quantity":1)" +
              times + R"(,{"id":"b","product":"Soap","quantity":2)" + times + "]");
    CHECK(body("/api/users/rich") ==
          R"({"user":{"user_id":"rich","data":{"balance":1000000,"product_ids":[]}}})");
    CHECK(body("/api/users/owner") ==
          R"({"user":{"user_id":"owner","data":{"balance":3,"product_ids":["tea"]}}})");
    CHECK(body("/api/users/plain") ==
          R"({"user":{"user_id":"plain","data":{"balance":12.5,"product_ids":[]}}})");
    CHECK(body("/api/users/new") ==
          R"({"user":{"user_id":"new","data":{"balance":12.5,"product_ids":[]}}})");
    CHECK(Ask(port, "POST", "/orders", R"({"product": "P", "quantity": 1})").status == 201);
    CHECK(Ask(port, "GET", "/orders/42").status == 200);
  };
  const TestServer server({}, kOwnSeed);
  check(server.port());
  const TemporaryFolder folder;
  WriteFile(folder.File("seed.json"), kOwnSeed);
  const Kiosk in_memory({"--memory", "--quiet", "--seed", "seed.json"}, {folder.path(), {}, {}});
  check(in_memory.port());
  CHECK(FilesIn(folder.path()) == std::vector<std::string>{"seed.json"});
}

TEST_CASE("users of a seed own what it says, and keep the balance equation") {
  const TestServer server({}, kOwnSeed);
  server.CheckAll({
      {"owned by the seed", "POST", "/api/orders",
       R"({"order": {"items": ["tea"], "user_id": "owner"}})", 400,
       R"({"error":"products_already_purchased"})"},
      {"above the seeded balance", "POST", "/api/orders",
       "{\"order\": {\"items\": [\"Jo\xC3\xA3o's\"], \"user_id\": \"owner\"}}", 400,
       R"({"error":"insufficient_balance"})"},
      {"bought",
       "POST",
       "/api/orders",
       R"({"order": {"items": ["tea"], "user_id": "rich"}})",
       200,
       R"({"order":{"order_id":"1","data":{"items":["tea"],"total":0.01}}})",
       {},
       {},
       "SELECT user_id, starting_balance, balance FROM users ORDER BY user_id",
       "owner|300|300\nplain|1250|1250\nrich|100000000|99999999"},
  });
}

TEST_CASE("a seed needs nothing but its starting balance, and all of it may be 0") {
  const TestServer server({}, R"({"starting_balance": 0})");
  server.CheckAll({
      {"products", "GET", "/api/products", "", 200, R"({"products":[]})"},
      {"services", "GET", "/services", "", 200, "[]"},
      {"orders", "GET", "/orders", "", 200, "[]"},
      {"a user", "GET", "/api/users/u", "", 200,
       R"({"user":{"user_id":"u","data":{"balance":0,"product_ids":[]}}})"},
      {"the first order", "POST", "/orders", R"({"product": "P", "quantity": 1})", 201,
       R"({"id":"1","product":"P","quantity":1,"created_at":"*","updated_at":"*"})"},
      {"the first service", "POST", "/services", R"({"name": "S"})", 201, R"({"id":1,"name":"S"})"},
  });
}

// The text with no-break spaces (U+00A0) where it has ~.
std::string NoBreak(const std::string& text) {
  return std::regex_replace(text, std::regex("~"), "\xC2\xA0");
}

// As the order desk's document prints it.
const std::string kSampleServices = R"([
~ {
~ ~ "id": 123,
~ ~ "name": "Inspection"
~ },
~ {
~ ~ "id": 789,
~ ~ "name": "Testing"
~ },
  {
~ ~ "id": 456,
~ ~ "name": "Analysis"
~ }
])";
const std::string kSampleOrders = R"([
  {
    "id": "223",
    "datetime": "2022-11-01T11:11:11.111Z",
    "totalfee": 100,
    "services": [
        {
        "id": "123",
        }
    ]
  },
~ {
    "id": "224",
    "datetime": "2022-11-01T11:11:11.111Z",
    "totalfee": 100,
    "services": [
        {
        "id": "789",
        }
    ]
  },
~ {
    "id": "225",
    "datetime": "2022-11-01T11:11:11.111Z",
    "totalfee": 100,
    "services": [
        {
        "id": "456",
        }
    ]
  }
])";

TEST_CASE("the document's sample data is a seed as it is there, but for its trailing commas") {
  const std::string seed = NoBreak(R"({"starting_balance": 500, "services": )" + kSampleServices +
                                   R"(, "orders": )" + kSampleOrders + "}");
  const TemporaryFolder folder;
  WriteFile(folder.File("pasted.json"), seed);
  const Finished refused =
      RunKiosk({"--port", "0", "--seed", "pasted.json"}, {folder.path(), {}, {}});
  CHECK(refused.exit_code == 1);
  CHECK(refused.err == "kiosk: bad seed pasted.json: not valid JSON at byte " +
                           std::to_string(seed.find('}', seed.find("\"123\","))) +
                           ": A trailing comma is not allowed; remove it.\n");
  CHECK(FilesIn(folder.path()) == std::vector<std::string>{"pasted.json"});

  const TestServer server({}, std::regex_replace(seed, std::regex(R"(,(\s*\}))"), "$1"));
  const TestServer built_in;
  CHECK(server.Query(kOrders) == built_in.Query(kOrders));
  CHECK(server.Ask("GET", "/services").body == built_in.Ask("GET", "/services").body);
  CHECK(MaskTimes(server.Ask("GET", "/orders").body) ==
        MaskTimes(built_in.Ask("GET", "/orders").body));
  CHECK(server.Query("SELECT count(*) FROM desk_orders") == "3");
}

TEST_CASE("a no-break space is a space between a seed's values, and itself within them") {
  const TestServer server({}, NoBreak(R"({~"starting_balance":~0,
    "products": [{"id": "a\\", "name": "~\"~", "price": 1}]})"));
  CHECK(server.Ask("GET", "/api/products").body ==
        NoBreak(R"({"products":[{"id":"a\\","name":"~\"~","price":1}]})"));
  const TemporaryFolder folder;
  WriteFile(folder.File("own.json"), NoBreak("{\"starting_balance\": 0,\n~ x}"));
  const Finished refused = RunKiosk({"reset", "--seed", "own.json"}, {folder.path(), {}, {}});
  CHECK(refused.exit_code == 1);
  CHECK(refused.err ==
        "kiosk: bad seed own.json: not valid JSON at byte 27: Missing a name for object member.\n");
}

TEST_CASE("a seeded order may name its services, by their true names") {
  const TestServer server({}, R"({"starting_balance": 0, "services": [{"id": 1, "name": "Wash"}],
    "orders": [{"id": "1", "totalfee": 1, "services": [{"id": "1", "name": "Wash"}]}]})");
  CHECK(MaskTimes(server.Ask("GET", "/orders/1").body) ==
        R"({"id":"1","totalfee":1,"services":[{"id":"1","name":"Wash"}],)"
        R"("created_at":"*","updated_at":"*"})");
}

TEST_CASE("a bad seed is one line with file, path and reason, exit 1, and no database") {
  const std::string money =
      " must be a number with at most two decimals, from -90000000000000.00 to 90000000000000.00.";
  const std::string name = " must have 1 to 200 characters.";
  const std::string user =
      " must be 1 to 128 bytes without control characters, other than `.` and `..`.";
  const std::string id = " must be an integer of at least 1.";
  const std::string unknown = "Unknown field: ";
  const auto with = [](const std::string& rest) {
    return R"({"starting_balance": 500, )" + rest + "}";
  };
  const auto product = [&with](const std::string& fields) {
    return with(R"("products": [{"id": "a", "name": "A", "price": 1}, )" + fields + "]");
  };
  const auto service = [&with](const std::string& fields) {
    return with(R"("services": [{"id": 1, "name": "S"}, )" + fields + "]");
  };
  const auto order = [&with](const std::string& fields) {
    return with(R"("services": [{"id": 1, "name": "S"}], "orders": [)"
                R"({"id": "1", "product": "P", "quantity": 1}, )" +
                fields + "]");
  };
  const auto seeded_user = [&with](const std::string& fields) {
    return with(R"("products": [{"id": "a", "name": "A", "price": 1}], )"
                R"("users": [{"user_id": "u"}, )" +
                fields + "]");
  };
  const struct {
    std::string name;
    std::string text;
    std::string line;  // behind the file's name
  } rows[] = {
      {"empty", "", "not valid JSON at byte 0: The document is empty."},
      {"no JSON", "starting_balance: 500", "not valid JSON at byte 0: Invalid value."},
      {"cut off", R"({"starting_balance": 500)",
       "not valid JSON at byte 24: Missing a comma or '}' after an object member."},
      {"not UTF-8", "{\"starting_balance\": 500, \"\xFF\": 1}",
       "not valid JSON at byte 27: Invalid encoding in string."},
      {"nested too deep", Repeat("[", 33) + Repeat("]", 33),
       "not valid JSON at byte 32: More than 32 levels are nested."},
      {"a list", "[]", "The body must be an object."},

      {"no starting balance", "{}", "`starting_balance` is missing."},
      {"a starting balance as a string", R"({"starting_balance": "500"})",
       "`starting_balance`" + money},
      {"a starting balance with three decimals", R"({"starting_balance": 0.001})",
       "`starting_balance`" + money},
      {"a starting balance below 0", R"({"starting_balance": -1})",
       "`starting_balance` must not be negative."},
      {"a starting balance twice", R"({"starting_balance": 1, "starting_balance": 2})",
       "`starting_balance` is given twice."},
      {"an unknown field", with(R"("currency": "EUR")"), unknown + "`currency`."},

      {"products an object", with(R"("products": {})"), "`products` must be an array."},
      {"a product a string", product(R"("netflix")"), "`products[1]` must be an object."},
      {"a product without an id", product(R"({"name": "B", "price": 1})"),
       "`products[1].id` is missing."},
      {"a product's id a number", product(R"({"id": 1, "name": "B", "price": 1})"),
       "`products[1].id` must be a string."},
      {"a product's id empty", product(R"({"id": "", "name": "B", "price": 1})"),
       "`products[1].id`" + user},
      {"a product's id twice", product(R"({"id": "a", "name": "B", "price": 1})"),
       "`products[1].id` is given twice."},
      {"a product without a name", product(R"({"id": "b", "price": 1})"),
       "`products[1].name` is missing."},
      {"a product with an empty name", product(R"({"id": "b", "name": "", "price": 1})"),
       "`products[1].name`" + name},
      {"a product without a price", product(R"({"id": "b", "name": "B"})"),
       "`products[1].price` is missing."},
      {"a price as a string", product(R"({"id": "b", "name": "B", "price": "1"})"),
       "`products[1].price`" + money},
      {"a price with three decimals", product(R"({"id": "b", "name": "B", "price": 1.999})"),
       "`products[1].price`" + money},
      {"a price below 0", product(R"({"id": "b", "name": "B", "price": -0.01})"),
       "`products[1].price` must not be negative."},
      {"an unknown field of a product",
       product(R"({"id": "b", "name": "B", "price": 1, "icon": "b"})"),
       unknown + "`products[1].icon`."},

      {"services a string", with(R"("services": "x")"), "`services` must be an array."},
      {"a service without an id", service(R"({"name": "T"})"), "`services[1].id` is missing."},
      {"a service's id 0", service(R"({"id": 0, "name": "T"})"), "`services[1].id`" + id},
      {"a service's id a word", service(R"({"id": "one", "name": "T"})"), "`services[1].id`" + id},
      {"a service's id an object", service(R"({"id": {"id": 2}, "name": "T"})"),
       "`services[1].id`" + id},
      {"a service's id twice, in another form", service(R"({"id": "1", "name": "T"})"),
       "`services[1].id` is given twice."},
      {"a service without a name", service(R"({"id": 2})"), "`services[1].name` is missing."},
      {"an unknown field of a service", service(R"({"id": 2, "name": "T", "fee": 1})"),
       unknown + "`services[1].fee`."},

      {"an order without an id", order(R"({"product": "P", "quantity": 1})"),
       "`orders[1].id` is missing."},
      {"an order's id a number", order(R"({"id": 2, "product": "P", "quantity": 1})"),
       "`orders[1].id` must be a string."},
      {"an order's id with a space", order(R"({"id": "a b", "product": "P", "quantity": 1})"),
       "`orders[1].id` must be 1 to 64 of A-Z, a-z, 0-9, `.`, `_` and `-`, other than `.` and "
       "`..`."},
      {"an order's id twice", order(R"({"id": "1", "product": "P", "quantity": 1})"),
       "`orders[1].id` is given twice."},
      {"an order of neither kind", order(R"({"id": "2"})"),
       "at orders[1].services: An order needs `services` and `totalfee`, or `product` and "
       "`quantity`."},
      {"an order without a totalfee", order(R"({"id": "2", "services": [1]})"),
       "at orders[1].totalfee: An order with `services` needs `totalfee`."},
      {"an order without a quantity", order(R"({"id": "2", "product": "P"})"),
       "at orders[1].quantity: An order with `product` needs `quantity`."},
      {"a day that is not on the calendar",
       order(R"({"id": "2", "product": "P", "quantity": 1, "datetime": "2022-02-29T00:00:00Z"})"),
       "`orders[1].datetime` must be a date and time with a zone, such as "
       "\"2022-11-01T11:11:11.111Z\", or relative to the day of seeding, such as \"+1d 11:00\"."},
      {"an unknown service", order(R"({"id": "2", "totalfee": 1, "services": [1, 2]})"),
       "`orders[1].services` names a service that is not in the seed."},
      {"a repeated service", order(R"({"id": "2", "totalfee": 1, "services": [1, "1"]})"),
       "`orders[1].services` must not name a service twice."},
      {"a service under another's name",
       order(R"({"id": "2", "totalfee": 1, "services": [{"id": 1, "name": "Other"}]})"),
       "`orders[1].services[0].name` is not that service's name; "
       "correct it or leave it out."},
      {"a service without its id",
       order(R"({"id": "2", "totalfee": 1, "services": [{"name": "S"}]})"),
       "`orders[1].services.id` is missing."},
      {"an unknown field of an order's service",
       order(R"({"id": "2", "totalfee": 1, "services": [{"id": 1, "fee": 1}]})"),
       unknown + "`orders[1].services.fee`."},
      {"an order without any service", order(R"({"id": "2", "totalfee": 1, "services": []})"),
       "`orders[1].services` must not be empty."},
      {"services of an order an object", order(R"({"id": "2", "totalfee": 1, "services": {}})"),
       "`orders[1].services` must be an array."},
      {"a totalfee below 0", order(R"({"id": "2", "totalfee": -1, "services": [1]})"),
       "at orders[1].totalfee: `totalfee` must not be negative."},
      {"a totalfee with three decimals",
       order(R"({"id": "2", "totalfee": 0.005, "services": [1]})"), "`orders[1].totalfee`" + money},
      {"a quantity of 0", order(R"({"id": "2", "product": "P", "quantity": 0})"),
       "`orders[1].quantity` must be an integer of at least 1."},
      {"a product of 201 characters",
       order(R"({"id": "2", "product": ")" + Repeat("p", 201) + R"(", "quantity": 1})"),
       "`orders[1].product`" + name},
      {"a datetime without a zone",
       order(R"({"id": "2", "product": "P", "quantity": 1, "datetime": "2022-11-01T11:11:11"})"),
       "`orders[1].datetime` must be a date and time with a zone, such as "
       "\"2022-11-01T11:11:11.111Z\", or relative to the day of seeding, such as \"+1d 11:00\"."},
      {"when an order was made",
       order(R"({"id": "2", "product": "P", "quantity": 1, "created_at": "2022-11-01T11:11:11Z"})"),
       unknown + "`orders[1].created_at`."},
      {"an order a number", order("2"), "`orders[1]` must be an object."},
      {"a field of an order twice",
       order(R"({"id": "2", "product": "P", "product": "Q", "quantity": 1})"),
       "`orders[1].product` is given twice."},
      {"an unknown field of an order",
       order(R"({"id": "2", "product": "P", "quantity": 1, "note": ""})"),
       unknown + "`orders[1].note`."},

      {"users an object", with(R"("users": {})"), "`users` must be an array."},
      {"a user without an id", seeded_user(R"({"balance": 1})"), "`users[1].user_id` is missing."},
      {"a user's id of 129 bytes", seeded_user(R"({"user_id": ")" + Repeat("x", 129) + R"("})"),
       "`users[1].user_id`" + user},
      {"a user's id twice", seeded_user(R"({"user_id": "u"})"),
       "`users[1].user_id` is given twice."},
      {"a balance below 0", seeded_user(R"({"user_id": "v", "balance": -1})"),
       "`users[1].balance` must not be negative."},
      {"product_ids a string", seeded_user(R"({"user_id": "v", "product_ids": "a"})"),
       "`users[1].product_ids` must be an array."},
      {"product_ids holding numbers", seeded_user(R"({"user_id": "v", "product_ids": [1]})"),
       "`users[1].product_ids` must contain only strings."},
      {"an unknown product", seeded_user(R"({"user_id": "v", "product_ids": ["a", "b"]})"),
       "`users[1].product_ids` names a product that is not in the seed: `b`."},
      {"a repeated product", seeded_user(R"({"user_id": "v", "product_ids": ["a", "a"]})"),
       "`users[1].product_ids[1]` is given twice."},
      {"an unknown field of a user", seeded_user(R"({"user_id": "v", "email": "v@w.x"})"),
       unknown + "`users[1].email`."},
  };
  // Every command that takes a seed, in turn.
  const std::vector<std::string> commands[] = {{"--port", "0"},
                                               {"--port", "0", "--memory"},
                                               {"reset"},
                                               {"generate", "--users", "1"},
                                               {"pack", "-o", "demo"}};
  size_t next_command = 0;
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const TemporaryFolder folder;
    WriteFile(folder.File("own.json"), row.text);
    std::vector<std::string> arguments = commands[next_command++ % std::size(commands)];
    arguments.insert(arguments.end(), {"--seed", "own.json"});
    const Finished finished = RunKiosk(arguments, {folder.path(), {}, {}});
    CHECK(finished.exit_code == 1);
    CHECK(finished.out.empty());
    CHECK(finished.err == "kiosk: bad seed own.json: " + row.line + "\n");
    CHECK(FilesIn(folder.path()) == std::vector<std::string>{"own.json"});
  }
}

TEST_CASE("a bad seed leaves an existing database as it was") {
  TestServer server;
  CHECK(server.Ask("GET", "/api/users/u").status == 200);
  CHECK(server.kiosk().Stop().exit_code == 0);
  const std::string before = ReadFile(server.database());
  const TemporaryFolder folder;
  WriteFile(folder.File("own.json"), R"({"starting_balance": -1})");
  for (const std::string command : {"serve", "reset"}) {
    CAPTURE(command);
    const Finished finished =
        RunKiosk({command, "--db", server.database(), "--seed", folder.File("own.json")});
    CHECK(finished.exit_code == 1);
    CHECK(finished.err == "kiosk: bad seed " + folder.File("own.json") +
                              ": `starting_balance` must not be negative.\n");
    CHECK(ReadFile(server.database()) == before);
  }
}

TEST_CASE("a seed that cannot be read is one line with its name, and exit 1") {
  const TemporaryFolder folder;
  const std::string hint = "; check the path given to --seed\n";
  const Finished missing =
      RunKiosk({"--port", "0", "--seed", "none.json"}, {folder.path(), {}, {}});
  CHECK(missing.exit_code == 1);
  CHECK(missing.err == "kiosk: cannot read the seed none.json" + hint);
  std::filesystem::create_directory(folder.File("folder.json"));
  const Finished is_folder =
      RunKiosk({"--port", "0", "--seed", "folder.json"}, {folder.path(), {}, {}});
  CHECK(is_folder.exit_code == 1);
  CHECK(is_folder.err == "kiosk: cannot read the seed folder.json" + hint);
  CHECK(FilesIn(folder.path()) == std::vector<std::string>{"folder.json"});
}

TEST_CASE("what a bad seed holds cannot break the line that names it") {
  const TemporaryFolder folder;
  WriteFile(folder.File("own.json"), R"({"starting_balance": 500, "a\nb\u001b[31m": 1})");
  const Finished finished =
      RunKiosk({"--port", "0", "--seed", "own.json"}, {folder.path(), {}, {}});
  CHECK(finished.exit_code == 1);
  CHECK(finished.err == "kiosk: bad seed own.json: Unknown field: `a?b?[31m`.\n");
}

TEST_CASE("--seed is for a new database: one that exists keeps what it holds") {
  TestServer server({}, R"({"starting_balance": 1})");
  CHECK(server.Ask("GET", "/api/users/u").status == 200);
  CHECK(server.kiosk().Stop().exit_code == 0);
  const TemporaryFolder folder;
  WriteFile(folder.File("own.json"), kOwnSeed);
  Kiosk again({"--quiet", "--db", server.database(), "--seed", folder.File("own.json")});
  CHECK(Ask(again.port(), "GET", "/api/products").body == R"({"products":[]})");
  CHECK(Ask(again.port(), "GET", "/api/users/v").body ==
        R"({"user":{"user_id":"v","data":{"balance":1,"product_ids":[]}}})");
  CHECK(again.Stop().err == "kiosk: " + server.database() +
                                " keeps the data that it has; kiosk reset --seed " +
                                folder.File("own.json") + " puts the seed in its place\n");
}

TEST_CASE("kiosk reset puts the database back to its seed, its own one as well") {
  for (const std::string seed : {"", kOwnSeed}) {
    CAPTURE(seed);
    TestServer server({}, seed);
    const std::string fresh = TimelessContents(server.database());
    const Headers key = {{"Idempotency-Key", "k"}};
    CHECK(server.Ask("GET", "/api/users/someone").status == 200);
    CHECK(server
              .Ask("POST", "/api/orders",
                   seed.empty() ? R"({"order": {"items": ["tap"], "user_id": "u"}})"
                                : R"({"order": {"items": ["tea"], "user_id": "rich"}})",
                   key)
              .status == 200);
    CHECK(server.Ask("POST", "/orders", R"({"product": "P", "quantity": 1})").status == 201);
    CHECK(server.Ask("DELETE", seed.empty() ? "/orders/223" : "/orders/b").status == 200);
    CHECK(server.Ask("POST", "/services", R"({"name": "S"})").status == 201);
    CHECK(server.kiosk().Stop().exit_code == 0);
    CHECK(TimelessContents(server.database()) != fresh);

    const Finished reset = RunKiosk({"reset", "--db", server.database()});
    CHECK(reset.exit_code == 0);
    CHECK(reset.err.empty());
    CHECK(TimelessContents(server.database()) == fresh);
  }
}

TEST_CASE("an order's and a service's numbers begin anew after kiosk reset") {
  TestServer server;
  const std::string wanted = R"({"order": {"items": ["tap"], "user_id": "u"}})";
  for (int round = 0; round < 2; ++round) {
    const Headers key = {{"Idempotency-Key", "k"}};
    server.CheckAll({
        {"the shop's",
         "POST",
         "/api/orders",
         wanted,
         200,
         R"({"order":{"order_id":"1","data":{"items":["tap"],"total":60}}})",
         key,
         {{"idempotency-replayed", kAbsent}}},
        {"the desk's", "POST", "/orders", R"({"product": "P", "quantity": 1})", 201,
         R"({"id":"226","product":"P","quantity":1,"created_at":"*","updated_at":"*"})"},
    });
    CHECK(server.kiosk().Stop().exit_code == 0);
    CHECK(RunKiosk({"reset", "--db", server.database()}).exit_code == 0);
    server.CrashAndRestart();
  }
}

TEST_CASE("kiosk reset --seed puts another seed in the place of the first") {
  TestServer server;
  CHECK(server.kiosk().Stop().exit_code == 0);
  const TemporaryFolder folder;
  WriteFile(folder.File("own.json"), kOwnSeed);
  const TestServer wanted({}, kOwnSeed);
  CHECK(
      RunKiosk({"reset", "--db", server.database(), "--seed", folder.File("own.json")}).exit_code ==
      0);
  CHECK(TimelessContents(server.database()) == TimelessContents(wanted.database()));
  // From now on it is the one that it goes back to.
  REQUIRE(ChangeFile(server.database(), "DELETE FROM desk_orders WHERE id = 'b'").empty());
  CHECK(RunKiosk({"reset", "--db", server.database()}).exit_code == 0);
  CHECK(TimelessContents(server.database()) == TimelessContents(wanted.database()));
}

TEST_CASE("kiosk reset is refused while a server has the database, which stays as it is") {
  const TestServer server;
  CHECK(server.Ask("GET", "/api/users/u").status == 200);
  const std::string before = server.Contents();
  const Finished reset = RunKiosk({"reset", "--db", server.database()});
  CHECK(reset.exit_code == 1);
  CHECK(reset.err == "kiosk: cannot use the database " + server.database() +
                         ": another kiosk is using it; stop that one, or choose another file with "
                         "--db\n");
  CHECK(server.Contents() == before);
  CHECK(server.Ask("GET", "/api/users/u").status == 200);
}
