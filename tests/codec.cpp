#include "http/codec.h"

#include <doctest/doctest.h>

#include "data/embedded.h"
#include "http/seed_reader.h"

using namespace kiosk;

namespace {

constexpr Timestamp kNow{1'667'301'071'111};  // 2022-11-01T11:11:11.111Z

Json Body(const std::string& text) {
  auto parsed = ParseJson(text);
  CAPTURE(text);
  REQUIRE(std::holds_alternative<Json>(parsed));
  return std::get<Json>(std::move(parsed));
}

// The field at fault; "ok" if there is none.
template <class T>
std::string FieldOf(const Parsed<T>& parsed) {
  const auto* invalid = std::get_if<InvalidField>(&parsed);
  if (!invalid) return "ok";
  CHECK(!invalid->message.empty());
  return invalid->field;
}

struct Row {
  std::string body;
  std::string field;
};

}  // namespace

TEST_CASE("an order of the shop is a user and products") {
  const auto parsed =
      ReadPlaceOrder(Body(R"({"order":{"user_id":"Jo\u00e3o","items":["tap","netflix","tap"]}})"));
  REQUIRE(FieldOf(parsed) == "ok");
  CHECK(std::get<PlaceOrderBody>(parsed).user_id == "João");
  CHECK(std::get<PlaceOrderBody>(parsed).items ==
        std::vector<std::string>{"tap", "netflix", "tap"});
  // An empty list is no products, which is for the shop to say.
  CHECK(FieldOf(ReadPlaceOrder(Body(R"({"order":{"items":[],"user_id":"a"}})"))) == "ok");
}

TEST_CASE("what keeps an order of the shop from being read is named") {
  const std::string long_id(129, 'x');
  const Row rows[] = {
      {"[]", ""},
      {"null", ""},
      {"\"order\"", ""},
      {"{}", "order"},
      {R"({"order":null})", "order"},
      {R"({"order":[]})", "order"},
      {R"({"order":{}})", "order.items"},
      {R"({"order":{"user_id":"a"}})", "order.items"},
      {R"({"order":{"items":null,"user_id":"a"}})", "order.items"},
      {R"({"order":{"items":"netflix","user_id":"a"}})", "order.items"},
      {R"({"order":{"items":1,"user_id":"a"}})", "order.items"},
      {R"({"order":{"items":{},"user_id":"a"}})", "order.items"},
      {R"({"order":{"items":[1],"user_id":"a"}})", "order.items"},
      {R"({"order":{"items":["netflix",null],"user_id":"a"}})", "order.items"},
      {R"({"order":{"items":[["netflix"]],"user_id":"a"}})", "order.items"},
      {R"({"order":{"items":["netflix"]}})", "order.user_id"},
      {R"({"order":{"items":["netflix"],"user_id":null}})", "order.user_id"},
      {R"({"order":{"items":["netflix"],"user_id":7}})", "order.user_id"},
      {R"({"order":{"items":["netflix"],"user_id":""}})", "order.user_id"},
      {R"({"order":{"items":["netflix"],"user_id":"a\u0000b"}})", "order.user_id"},
      {R"({"order":{"items":["netflix"],"user_id":")" + long_id + R"("}})", "order.user_id"},
      {R"({"order":{"items":["netflix"],"user_id":"a","total":1}})", "order.total"},
      {R"({"order":{"items":["netflix"],"user_id":"a","items":[]}})", "order.items"},
      {R"({"order":{"items":["netflix"],"user_id":"a"},"note":""})", "note"},
      {R"({"order":{"items":["netflix"],"user_id":"a"},"order":{}})", "order"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    CHECK(FieldOf(ReadPlaceOrder(Body(row.body))) == row.field);
  }
}

TEST_CASE("every way to name services is read") {
  for (const std::string services : {R"([{"id":"123"},{"id":"789"}])", R"([{"id":123},{"id":789}])",
                                     R"(["123","789"])", "[123,789]", R"([{"id":"123"},789])"}) {
    CAPTURE(services);
    const auto parsed =
        ReadDeskOrder(Body(R"({"totalfee":1,"services":)" + services + "}"), BodyUse::kCreate);
    REQUIRE(FieldOf(parsed) == "ok");
    const auto& read = std::get<DeskOrderChanges>(parsed).services;
    REQUIRE((read && *read));
    REQUIRE((*read)->size() == 2);
    CHECK((**read)[0].id == 123);
    CHECK((**read)[1].id == 789);
    CHECK(!(**read)[0].name);
  }
  const auto named =
      ReadDeskOrder(Body(R"({"services":[{"name":"Inspection","id":"123"}]})"), BodyUse::kUpdate);
  REQUIRE(FieldOf(named) == "ok");
  CHECK((**std::get<DeskOrderChanges>(named).services)[0].name == "Inspection");
  // What looks like no id names a service that does not exist, which is for the desk to say.
  for (const std::string id :
       {"\"abc\"", "\"\"", "\"-1\"", "\"1.5\"", "\"99999999999999999999\"", "0", "-1", "1.5"}) {
    CAPTURE(id);
    const auto unknown = ReadDeskOrder(Body(R"({"services":[)" + id + "]}"), BodyUse::kUpdate);
    REQUIRE(FieldOf(unknown) == "ok");
    CHECK((**std::get<DeskOrderChanges>(unknown).services)[0].id == 0);
  }
}

TEST_CASE("every field of an order of the desk is read") {
  const auto parsed = ReadDeskOrder(
      Body(R"({"id":"A-1","datetime":"2022-11-01T13:11:11.111+02:00","totalfee":75.99,)"
           R"("product":"Paper","quantity":5})"),
      BodyUse::kCreate);
  REQUIRE(FieldOf(parsed) == "ok");
  const auto& order = std::get<DeskOrderChanges>(parsed);
  CHECK(order.id == "A-1");
  REQUIRE(order.datetime.has_value());
  CHECK(*order.datetime == kNow);
  REQUIRE(order.totalfee.has_value());
  CHECK(*order.totalfee == Money{7599});
  REQUIRE(order.product.has_value());
  CHECK(*order.product == "Paper");
  REQUIRE(order.quantity.has_value());
  CHECK(*order.quantity == 5);
  CHECK(!order.services);
  CHECK(!order.created_at);

  const auto nothing = ReadDeskOrder(Body("{}"), BodyUse::kUpdate);
  REQUIRE(FieldOf(nothing) == "ok");
  CHECK(!std::get<DeskOrderChanges>(nothing).datetime);
  CHECK(!std::get<DeskOrderChanges>(nothing).quantity);
}

TEST_CASE("an update may remove a field with null and send read-only fields back") {
  const auto parsed = ReadDeskOrder(
      Body(R"({"id":"223","datetime":null,"totalfee":null,"product":null,"quantity":null,)"
           R"("services":null,"created_at":"2022-11-01T11:11:11.111Z",)"
           R"("updated_at":"2022-11-01T11:11:11.111Z"})"),
      BodyUse::kUpdate);
  REQUIRE(FieldOf(parsed) == "ok");
  const auto& order = std::get<DeskOrderChanges>(parsed);
  CHECK((order.datetime && !*order.datetime));
  CHECK((order.totalfee && !*order.totalfee));
  CHECK((order.product && !*order.product));
  CHECK((order.quantity && !*order.quantity));
  CHECK((order.services && !*order.services));
  CHECK(order.id == "223");
  CHECK(order.created_at == kNow);
  CHECK(order.updated_at == kNow);
}

TEST_CASE("what keeps an order of the desk from being read is named") {
  const Row both[] = {
      {"[]", ""},
      {"1", ""},
      {R"({"note":""})", "note"},
      {R"({"quantity":1,"quantity":2})", "quantity"},
      {R"({"id":7})", "id"},
      {R"({"id":""})", "id"},
      {R"({"id":"a b"})", "id"},
      {R"({"id":"a/b"})", "id"},
      {R"({"datetime":1})", "datetime"},
      {R"({"datetime":""})", "datetime"},
      {R"({"datetime":"2022-02-30T00:00:00Z"})", "datetime"},
      {R"({"datetime":"2022-11-01T11:11:11"})", "datetime"},
      {R"({"totalfee":"100"})", "totalfee"},
      {R"({"totalfee":1.005})", "totalfee"},
      {R"({"totalfee":90000000000000.01})", "totalfee"},
      {R"({"totalfee":true})", "totalfee"},
      {R"({"product":1})", "product"},
      {R"({"product":""})", "product"},
      {R"({"product":")" + std::string(201, 'x') + R"("})", "product"},
      {R"({"product":"a\u0000"})", "product"},
      {R"({"quantity":"5"})", "quantity"},
      {R"({"quantity":-1})", "quantity"},
      {R"({"quantity":1.5})", "quantity"},
      {R"({"quantity":1e-2})", "quantity"},
      {R"({"quantity":0})", "quantity"},
      {R"({"quantity":-0.0})", "quantity"},
      {R"({"quantity":9007199254740992})", "quantity"},
      {R"({"quantity":[]})", "quantity"},
      {R"({"services":[]})", "services"},
      {R"({"services":"123"})", "services"},
      {R"({"services":{"id":123}})", "services"},
      {R"({"services":[null]})", "services"},
      {R"({"services":[true]})", "services"},
      {R"({"services":[[123]]})", "services"},
      {R"({"services":[{"id":null}]})", "services.id"},
      {R"({"services":[{"id":{"id":123}}]})", "services"},
      {R"({"services":[{"id":123,"name":1}]})", "services.name"},
      {R"({"services":[{"id":123,"id":123}]})", "services.id"},
      {R"({"services":[{"name":"Inspection"}]})", "services.id"},
      {R"({"services":[{"id":123,"price":1}]})", "services.price"},
  };
  for (const BodyUse use : {BodyUse::kCreate, BodyUse::kUpdate}) {
    for (const Row& row : both) {
      CAPTURE(row.body);
      CHECK(FieldOf(ReadDeskOrder(Body(row.body), use)) == row.field);
    }
  }
  const Row create[] = {
      {R"({"id":null,"datetime":null,"totalfee":null,"product":null,"quantity":null,)"
       R"("services":null})",
       "ok"},
      {R"({"created_at":"2022-11-01T11:11:11.111Z"})", "created_at"},
      {R"({"updated_at":"2022-11-01T11:11:11.111Z"})", "updated_at"},
  };
  for (const Row& row : create) {
    CAPTURE(row.body);
    CHECK(FieldOf(ReadDeskOrder(Body(row.body), BodyUse::kCreate)) == row.field);
  }
  const Row update[] = {
      {R"({"id":null})", "id"},
      {R"({"created_at":null})", "created_at"},
      {R"({"updated_at":"yesterday"})", "updated_at"},
  };
  for (const Row& row : update) {
    CAPTURE(row.body);
    CHECK(FieldOf(ReadDeskOrder(Body(row.body), BodyUse::kUpdate)) == row.field);
  }
}

TEST_CASE("a service is a name, and an id if one was chosen") {
  const auto named = ReadService(Body(R"({"name":"Repair"})"));
  REQUIRE(FieldOf(named) == "ok");
  CHECK(std::get<ServiceBody>(named).name == "Repair");
  CHECK(!std::get<ServiceBody>(named).id);
  for (const std::string id : {"7", "\"7\"", "7.0", "70e-1"}) {
    const auto chosen = ReadService(Body(R"({"name":"Repair","id":)" + id + "}"));
    REQUIRE(FieldOf(chosen) == "ok");
    CHECK(std::get<ServiceBody>(chosen).id == 7);
  }
  const Row rows[] = {
      {"[]", ""},
      {"{}", "name"},
      {R"({"name":null})", "name"},
      {R"({"name":""})", "name"},
      {R"({"name":")" + std::string(201, 'x') + R"("})", "name"},
      {R"({"name":"a","id":0})", "id"},
      {R"({"name":"a","id":-1})", "id"},
      {R"({"name":"a","id":1.5})", "id"},
      {R"({"name":"a","id":"seven"})", "id"},
      {R"({"name":"a","id":[7]})", "id"},
      {R"({"name":"a","id":{"id":7}})", "id"},
      {R"({"name":"a","id":9007199254740992})", "id"},
      {R"({"name":"a","price":1})", "price"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    CHECK(FieldOf(ReadService(Body(row.body))) == row.field);
  }
}

TEST_CASE("a service's changes may be none, and keep what a service needs") {
  const auto none = ReadServiceChanges(Body("{}"));
  REQUIRE(FieldOf(none) == "ok");
  CHECK(!std::get<ServiceChanges>(none).name);
  CHECK(!std::get<ServiceChanges>(none).id);
  CHECK(FieldOf(ReadServiceChanges(Body(R"({"name":null})"))) == "name");
  CHECK(FieldOf(ReadServiceChanges(Body(R"({"id":null})"))) == "id");
}

TEST_CASE("the seed that is built in is the one of the documents") {
  const auto parsed = ReadSeed(embedded::Seed(), kNow);
  REQUIRE(FieldOf(parsed) == "ok");
  const Seed& seed = std::get<Seed>(parsed);
  CHECK(seed.starting_balance == Money{50000});
  CHECK(seed.text == embedded::Seed());
  CHECK(seed.users.empty());
  CHECK(WriteProducts(seed.products) ==
        R"({"products":[{"id":"netflix","name":"Netflix","price":75.99},)"
        R"({"id":"spotify","name":"Spotify","price":40},)"
        R"({"id":"worten","name":"Worten 20% Discount","price":20},)"
        R"({"id":"tap","name":"TAP Airlines 12% Discount","price":60},)"
        R"({"id":"health-insurance","name":"Health Insurance","price":250},)"
        R"({"id":"equipment-insurance","name":"Personal Equipment Insurance","price":60}]})");
  CHECK(WriteServices(seed.services) ==
        R"([{"id":123,"name":"Inspection"},{"id":789,"name":"Testing"},)"
        R"({"id":456,"name":"Analysis"}])");
  REQUIRE(seed.orders.size() == 3);
  const int64_t services[] = {123, 789, 456};
  for (size_t i = 0; i < 3; ++i) {
    CHECK(seed.orders[i].id == std::to_string(223 + i));
    CHECK(seed.orders[i].datetime == kNow);
    CHECK(seed.orders[i].totalfee == Money{10000});
    REQUIRE(seed.orders[i].services.size() == 1);
    CHECK(seed.orders[i].services[0].id == services[i]);
    CHECK(seed.orders[i].created_at == kNow);
  }
}

TEST_CASE("a seed may also carry users, and orders of products") {
  const auto parsed = ReadSeed(
      R"({"starting_balance":10,"products":[{"id":"a","name":"A","price":0.5}],)"
      R"("orders":[{"id":"x","product":"Paper","quantity":2}],)"
      R"("users":[{"user_id":"ann","balance":3.25,"product_ids":["a"]},{"user_id":"bob"}]})",
      kNow);
  REQUIRE(FieldOf(parsed) == "ok");
  const Seed& seed = std::get<Seed>(parsed);
  REQUIRE(seed.users.size() == 2);
  CHECK(seed.users[0].user_id == "ann");
  CHECK(seed.users[0].balance == Money{325});
  CHECK(seed.users[0].product_ids == std::vector<std::string>{"a"});
  CHECK(seed.users[1].balance == Money{1000});
  CHECK(seed.users[1].product_ids.empty());
  REQUIRE(seed.orders.size() == 1);
  CHECK(seed.orders[0].quantity == 2);
  CHECK(!seed.orders[0].datetime);
}

TEST_CASE("what is wrong in a seed is named by its path") {
  const std::string product = R"({"id":"a","name":"A","price":1})";
  const std::string order = R"({"id":"1","product":"P","quantity":1})";
  const auto seed = [](const std::string& rest) {
    return R"({"starting_balance":1,)" + rest + "}";
  };
  const Row rows[] = {
      {"[]", ""},
      {"{}", "starting_balance"},
      {R"({"starting_balance":-1})", "starting_balance"},
      {R"({"starting_balance":"500"})", "starting_balance"},
      {R"({"starting_balance":1.005})", "starting_balance"},
      {seed(R"("extra":1)"), "extra"},
      {seed(R"("products":{})"), "products"},
      {seed(R"("products":[1])"), "products[0]"},
      {seed(R"("products":[{"name":"A","price":1}])"), "products[0].id"},
      {seed(R"("products":[{"id":"a","price":1}])"), "products[0].name"},
      {seed(R"("products":[{"id":"a","name":"A"}])"), "products[0].price"},
      {seed(R"("products":[)" + product + R"(,{"id":"b","name":"B","price":-1}])"),
       "products[1].price"},
      {seed(R"("products":[{"id":"a","name":"A","price":1,"icon":""}])"), "products[0].icon"},
      {seed(R"("products":[)" + product + "," + product + "]"), "products[1].id"},
      {seed(R"("services":[{"id":0,"name":"A"}])"), "services[0].id"},
      {seed(R"("services":[{"id":"x","name":"A"}])"), "services[0].id"},
      {seed(R"("services":[{"id":1}])"), "services[0].name"},
      {seed(R"("services":[{"id":1,"name":"A"},{"id":2,"name":"B"},{"id":1,"name":"C"}])"),
       "services[2].id"},
      {seed(R"("orders":[{"product":"P","quantity":1}])"), "orders[0].id"},
      {seed(R"("orders":[{"id":"1"}])"), "orders[0].services"},
      {seed(R"("orders":[{"id":"1","product":"P"}])"), "orders[0].quantity"},
      {seed(R"("orders":[{"id":"1","product":"P","quantity":0}])"), "orders[0].quantity"},
      {seed(R"("orders":[{"id":"1","totalfee":1,"services":[9]}])"), "orders[0].services"},
      {seed(R"("orders":[{"id":"1","datetime":"x","product":"P","quantity":1}])"),
       "orders[0].datetime"},
      {seed(R"("orders":[)" + order + "," + order + "]"), "orders[1].id"},
      {seed(R"("users":[{}])"), "users[0].user_id"},
      {seed(R"("users":[{"user_id":""}])"), "users[0].user_id"},
      {seed(R"("users":[{"user_id":"a","balance":-1}])"), "users[0].balance"},
      {seed(R"("users":[{"user_id":"a","product_ids":["x"]}])"), "users[0].product_ids"},
      {seed(R"("products":[)" + product + R"(],"users":[{"user_id":"a","product_ids":["a","a"]}])"),
       "users[0].product_ids[1]"},
      {seed(R"("users":[{"user_id":"a"},{"user_id":"a"}])"), "users[1].user_id"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    CHECK(FieldOf(ReadSeed(row.body, kNow)) == row.field);
  }
  const auto broken = ReadSeed(R"({"starting_balance":1,})", kNow);
  REQUIRE(std::holds_alternative<InvalidField>(broken));
  CHECK(std::get<InvalidField>(broken).field.empty());
  CHECK(std::get<InvalidField>(broken).message ==
        "not valid JSON at byte 22: A trailing comma is not allowed; remove it.");
}

TEST_CASE("what the shop answers is written to the letter") {
  const User user{"Jo\"ão", Money{42401}, {"netflix", "a\"b"}};
  CHECK(
      WriteUser(user) ==
      R"({"user":{"user_id":"Jo\"ão","data":{"balance":424.01,"product_ids":["netflix","a\"b"]}}})");
  CHECK(WriteUser({"a", Money{0}, {}}) ==
        R"({"user":{"user_id":"a","data":{"balance":0,"product_ids":[]}}})");
  CHECK(WriteProducts({}) == R"({"products":[]})");

  BenefitOrder order;
  order.order_id = 9'007'199'254'740'993;
  order.user_id = "johndoe";
  order.items = {{"netflix", "Netflix", Money{7599}}, {"spotify", "Spotify", Money{4000}}};
  order.total = Money{11599};
  order.created_at = kNow;
  const std::string objects = R"([{"id":"netflix","name":"Netflix","price":75.99},)"
                              R"({"id":"spotify","name":"Spotify","price":40}])";
  const std::string ids = R"(["netflix","spotify"])";
  const std::string begin = R"({"order_id":"9007199254740993","data":{"items":)";
  const std::string more = R"(,"user_id":"johndoe","created_at":"2022-11-01T11:11:11.111Z")";
  for (const auto& [form, items] :
       {std::pair(ItemsForm::kIds, ids), {ItemsForm::kObjects, objects}}) {
    CHECK(WritePlacedOrder(order, form) ==
          R"({"order":)" + begin + items + R"(,"total":115.99}}})");
    CHECK(WriteBenefitOrder(order, form) ==
          R"({"order":)" + begin + items + R"(,"total":115.99)" + more + "}}}");
    CHECK(WriteBenefitOrders({order}, form) ==
          R"({"orders":[)" + begin + items + R"(,"total":115.99)" + more + "}}]}");
    CHECK(WriteBenefitOrders({}, form) == R"({"orders":[]})");
  }
}

TEST_CASE("what the desk answers is written to the letter, without the fields it does not have") {
  DeskOrder order;
  order.id = "223";
  order.datetime = kNow;
  order.totalfee = Money{10000};
  order.services = {{123, "Inspection"}, {456, "Ana\"lysis"}};
  order.created_at = Timestamp{0};
  order.updated_at = Timestamp{1};
  CHECK(WriteDeskOrder(order) ==
        R"({"id":"223","datetime":"2022-11-01T11:11:11.111Z","totalfee":100,)"
        R"("services":[{"id":"123","name":"Inspection"},{"id":"456","name":"Ana\"lysis"}],)"
        R"("created_at":"1970-01-01T00:00:00.000Z","updated_at":"1970-01-01T00:00:00.001Z"})");
  order = {};
  order.id = "226";
  order.product = "Product Name";
  order.quantity = 5;
  CHECK(WriteDeskOrder(order) ==
        R"({"id":"226","product":"Product Name","quantity":5,)"
        R"("created_at":"1970-01-01T00:00:00.000Z","updated_at":"1970-01-01T00:00:00.000Z"})");
  CHECK(WriteService({123, "Inspection"}) == R"({"id":123,"name":"Inspection"})");
  CHECK(WriteServices({}) == "[]");
}

TEST_CASE("an order that was written can be sent back as it is") {
  DeskOrder order;
  order.id = "223";
  order.datetime = kNow;
  order.totalfee = Money{7599};
  order.product = "Paper";
  order.quantity = 5;
  order.services = {{123, "Inspection"}};
  order.created_at = Timestamp{0};
  order.updated_at = Timestamp{1};
  const auto parsed = ReadDeskOrder(Body(WriteDeskOrder(order)), BodyUse::kUpdate);
  REQUIRE(FieldOf(parsed) == "ok");
  const auto& changes = std::get<DeskOrderChanges>(parsed);
  CHECK(changes.id == "223");
  CHECK(*changes.datetime == kNow);
  CHECK(*changes.totalfee == Money{7599});
  CHECK(*changes.product == "Paper");
  CHECK(*changes.quantity == 5);
  CHECK((**changes.services)[0].id == 123);
  CHECK((**changes.services)[0].name == "Inspection");
  CHECK(changes.created_at == Timestamp{0});
  CHECK(changes.updated_at == Timestamp{1});
}
