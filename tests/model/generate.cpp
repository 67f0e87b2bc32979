#include "tests/model/generate.h"

#include <random>
#include <string_view>

#include "tests/model/model.h"
#include "tests/model/value.h"

namespace kiosk::model {
namespace {

// How many calls there are between two resets: enough for every state, few enough to copy it.
constexpr size_t kBlock = 300;

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::vector<Round> Rounds(size_t calls) {
    std::vector<Round> rounds;
    for (size_t made = 0; made < calls;) {
      if (made / kBlock != block_) {
        block_ = made / kBlock;
        keyed_.clear();
        rounds.push_back({now_, {{.method = kAudit}}});
        rounds.push_back({now_, {{.method = "POST", .path = "/_kiosk/reset"}}});
        ++made;
      }
      // Kept answers are asked for within hours, or a day later.
      now_ += OneIn(150) ? 25 * kHour : Number(10, 60'000);
      Round round{now_, {}};
      const size_t clients = OneIn(2) ? 1 : static_cast<size_t>(Number(2, kClients));
      while (round.calls.size() < clients) {
        // Often the same twice: whoever comes second must see what the first did.
        const bool again = !round.calls.empty() && OneIn(4);
        round.calls.push_back(again ? round.calls.back() : AnyCall());
      }
      made += clients;
      rounds.push_back(std::move(round));
    }
    rounds.push_back({now_, {{.method = kAudit}}});
    return rounds;
  }

 private:
  int64_t Number(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random_);
  }
  bool OneIn(int64_t n) { return Number(1, n) == 1; }
  std::string OneOf(std::initializer_list<const char*> values) {
    return values.begin()[Number(0, static_cast<int64_t>(values.size()) - 1)];
  }

  Call AnyCall() {
    Call call = [this] {
      const int64_t kind = Number(1, 100);
      if (kind <= 30) return ShopCall();
      if (kind <= 90) return DeskCall();
      return ServiceCall();
    }();
    if (call.method == "GET" && !call.path.starts_with("/api/users") &&
        !call.path.starts_with("/users") && OneIn(6)) {
      call.tag = OneIn(4) ? Call::Tag::kOther : Call::Tag::kFresh;
    }
    if (!call.body.empty() && OneIn(60)) {
      call.body = OneOf({"{", "{\"product\": }", "[1", "{\"order\": {}", "nul", "{} {}"});
      call.on_whole = false;
    }
    if (!call.body.empty() && OneIn(80)) call.is_json = false;
    return call.method == "POST" && OneIn(3) ? WithKey(std::move(call)) : call;
  }

  // The same JSON value, with its members in another order and with spaces.
  static Call Respelled(Call call) {
    const auto body = ParseValue(call.body);
    if (!body || body->members.empty()) return call;
    std::string text = "{ ";
    for (auto member = body->members.rbegin(); member != body->members.rend(); ++member) {
      if (text.size() > 2) text += " ,\n";
      text += Quote(member->first) + " : " + Canonical(member->second);
    }
    call.body = text + "}";
    return call;
  }

  // With a new key, or one that was used: mostly with what it was used for.
  Call WithKey(Call call) {
    if (!keyed_.empty() && OneIn(2)) {
      const Call& earlier = keyed_[static_cast<size_t>(Number(0, std::ssize(keyed_) - 1))];
      if (!OneIn(5)) return OneIn(2) ? Respelled(earlier) : earlier;
      call.key = earlier.key;
      return call;
    }
    call.key = "key-" + std::to_string(++keys_);
    if (OneIn(40)) call.key.append(256 - call.key.size(), 'k');
    keyed_.push_back(call);
    return call;
  }

  // --- the benefits shop ---

  std::string UserId() {
    if (OneIn(4)) return "owner";
    // New ones come into being all the time: each is spent after a few orders.
    return "user" + std::to_string(block_ % 7) + "-" + std::to_string(Number(1, 25));
  }

  Call ShopCall() {
    const std::string prefix = OneIn(2) ? "/api" : "";
    const int64_t kind = Number(1, 20);
    if (kind <= 4) {
      std::string id = UserId();
      if (OneIn(10)) id = OneOf({"Jo%C3%A3o", "a%20b", "ana@example.com", "a+b", "%25"});
      if (OneIn(20)) id = OneOf({"a%00b", "%FF", "a%0Ab", "%7F"});
      if (OneIn(40)) id.assign(OneIn(2) ? 128 : 129, 'u');
      return {.method = OneIn(4) ? "HEAD" : "GET", .path = prefix + "/users/" + id};
    }
    if (kind == 5) return {.method = "GET", .path = prefix + "/products"};
    if (kind <= 7) {
      return {.method = "GET", .path = "/api/orders", .query = "user_id=" + UserId()};
    }
    if (kind == 8) {
      const std::string id =
          OneIn(10) ? OneOf({"0", "-1", "01", "x", "1x"}) : std::to_string(Number(1, 40));
      return {.method = "GET", .path = "/api/orders/" + id};
    }
    return {.method = "POST", .path = prefix + "/orders", .body = PurchaseBody(prefix.empty())};
  }

  std::string PurchaseBody(bool is_bare) {
    std::vector<std::string> items;
    for (int64_t i = Number(1, 3); i > 0; --i) {
      items.push_back(Quote(OneOf({"half", "third", "fifth", "gift", "all", "cent", "most"})));
    }
    if (OneIn(15)) items.push_back(items[0]);
    if (OneIn(20)) items.push_back(Quote("nothing"));
    if (OneIn(30)) items.clear();
    std::string list = Array(items);
    std::string user = Quote(OneIn(20) ? "João" : UserId());
    if (OneIn(40)) list = OneOf({"\"half\"", "[1]", "null", "[\"half\", null]", "{}"});
    if (OneIn(40)) user = OneOf({"\"\"", "5", "null", "\"a\\u0000b\""});
    std::string order = Object({{"items", OneIn(60) ? "" : list},
                                {"user_id", OneIn(60) ? "" : user},
                                {"note", OneIn(60) ? "1" : ""}});
    if (OneIn(60)) order = OneOf({"null", "[]", "\"x\""});
    if (!is_bare && OneIn(60)) return OneOf({"[]", "{}", "5"});
    return Object({{"order", order}, {"extra", OneIn(60) ? "true" : ""}});
  }

  // --- the order desk ---

  std::string OrderId() {
    if (OneIn(3))
      return OneOf(
          {"223", "224", "x-1", "a", "Z_9.x", "007", "1000000000000", "999999999999999999"});
    return std::to_string(Number(223, 236));
  }

  // Within a few days from now, often exactly three hours apart, a millisecond more or less.
  std::string Time() {
    if (OneIn(60))
      return Quote(OneOf({"9999-12-31T23:59:59.999Z", "9999-12-31T22:30:00Z",
                          "0000-01-01T00:00:00Z", "0000-01-01T02:30:00Z"}));
    constexpr int64_t kDay = 24 * kHour;
    const int64_t ms =
        now_ / kDay * kDay + Number(-4, 30) * kHour * 3 / 2 + (OneIn(3) ? Number(-1, 1) : 0);
    if (OneIn(4)) {  // the same moment as another zone has it
      std::string local = FormatTime(ms + 2 * kHour);
      local.pop_back();
      return Quote(local + (OneIn(2) ? "999" : "") + "+02:00");
    }
    std::string text = FormatTime(ms);
    if (ms % 1000 == 0 && OneIn(2)) text.replace(19, 4, "");
    return Quote(text);
  }

  std::string ServiceId() {
    return OneOf({"123", "789", "456", "790", "7", "791", "1000000000000"});
  }

  std::string Services() {
    std::vector<std::string> services;
    for (int64_t i = OneIn(3) ? 2 : 1; i > 0; --i) {
      const std::string id = ServiceId();
      const int64_t form = Number(1, 6);
      if (form == 1) services.push_back(Quote(id));
      if (form == 2) services.push_back(id);
      if (form == 3) services.push_back(Object({{"id", id}}));
      if (form == 4) services.push_back(Object({{"id", Quote(id)}}));
      if (form == 6) services.push_back(id + ".0");
      if (form == 5) {
        const char* name = id == "123" ? "Inspection" : id == "789" ? "Testing" : "Analysis";
        services.push_back(Object({{"id", Quote(id)}, {"name", Quote(name)}}));
      }
    }
    return Array(services);
  }

  std::string Fee() {
    return OneOf({"0", "100", "75.99", "0.5", "7.50", "1e2", "0.01", "90000000000000.00", "100.500",
                  "12345e-2", "0e999999"});
  }

  // One field as it should not be, now and then.
  void Spoil(std::vector<std::pair<std::string, std::string>>& fields) {
    if (!OneIn(12)) return;
    struct Wrong {
      const char* field;
      std::string value;
    };
    const Wrong wrongs[] = {
        {"datetime", "\"2030-01-01T00:00:00\""},
        {"datetime", "\"2030-02-29T00:00:00Z\""},
        {"datetime", "\"2030-01-01\""},
        {"datetime", "5"},
        {"datetime", "\"9999-12-31T23:59:59-00:01\""},
        {"totalfee", "-1"},
        {"totalfee", "-0.01"},
        {"totalfee", "1.005"},
        {"totalfee", "\"5\""},
        {"totalfee", "90000000000000.01"},
        {"totalfee", "1e15"},
        {"totalfee", "null"},
        {"quantity", "null"},
        {"datetime", "null"},
        {"services", "null"},
        {"product", "null"},
        {"id", "null"},
        {"quantity", "-0"},
        {"quantity", "1e-1"},
        {"quantity", "0"},
        {"quantity", "-1"},
        {"quantity", "1.5"},
        {"quantity", "\"5\""},
        {"product", "\"\""},
        {"product", "5"},
        {"product", Quote(std::string(201, 'p'))},
        {"services", "[]"},
        {"services", "\"123\""},
        {"services", "[null]"},
        {"services", "[\"123\", 123]"},
        {"services", "[{\"name\": \"Inspection\"}]"},
        {"services", "[\"no\"]"},
        {"services", "[\"no\", \"none\"]"},
        {"services", "[\"no\", 123, \"no\"]"},
        {"services", "[1.5, -1, 0]"},
        {"services", "[{\"id\": 123, \"name\": \"Another\"}]"},
        {"id", "\"a b\""},
        {"id", "5"},
        {"id", "\"\""},
        {"id", Quote(std::string(65, '1'))},
        {"price", "5"},
    };
    const Wrong& wrong = wrongs[Number(0, std::ssize(wrongs) - 1)];
    std::erase_if(fields, [&](const auto& field) { return field.first == wrong.field; });
    fields.emplace_back(wrong.field, wrong.value);
    if (OneIn(10)) fields.push_back(fields.back());  // twice
  }

  std::string OrderBody() {
    std::vector<std::pair<std::string, std::string>> fields;
    const bool has_services = OneIn(2);
    if (has_services || OneIn(4)) fields.emplace_back("totalfee", Fee());
    if (has_services) fields.emplace_back("services", Services());
    if (!has_services || OneIn(2)) {
      fields.emplace_back("product", Quote(OneOf({"Chair", "Mesa de café", "x"})));
      fields.emplace_back("quantity", OneOf({"1", "5", "999999", "2.0", "1e2", "30e-1"}));
    }
    if (OneIn(30)) fields.erase(fields.begin());
    if (!OneIn(4)) fields.emplace_back("datetime", Time());
    if (OneIn(4)) fields.emplace_back("id", Quote(OrderId()));
    Spoil(fields);
    return Object(fields);
  }

  std::string ChangeBody() {
    std::vector<std::pair<std::string, std::string>> fields;
    if (OneIn(2)) fields.emplace_back("datetime", OneIn(8) ? "null" : Time());
    if (OneIn(3)) fields.emplace_back("quantity", OneIn(6) ? "null" : OneOf({"1", "10", "11"}));
    if (OneIn(5)) fields.emplace_back("totalfee", OneIn(4) ? "null" : Fee());
    if (OneIn(4)) fields.emplace_back("services", OneIn(2) ? "null" : Services());
    if (OneIn(6)) fields.emplace_back("product", OneIn(3) ? "null" : Quote("Table"));
    if (OneIn(30)) fields.emplace_back("id", Quote(OrderId()));
    if (OneIn(40)) fields.emplace_back("created_at", Quote("2030-01-01T00:00:00Z"));
    Spoil(fields);
    return Object(fields);
  }

  Call::Tag WriteTag() {
    if (!OneIn(3)) return Call::Tag::kNone;
    constexpr Call::Tag kTags[] = {Call::Tag::kFresh, Call::Tag::kFresh, Call::Tag::kFirst,
                                   Call::Tag::kAny, Call::Tag::kOther};
    return kTags[Number(0, std::ssize(kTags) - 1)];
  }

  Call DeskCall() {
    const int64_t kind = Number(1, 20);
    if (kind <= 6) return {.method = "POST", .path = "/orders", .body = OrderBody()};
    if (kind <= 12) {
      return {.method = OneIn(2) ? "PUT" : "PATCH",
              .path = "/orders/" + OrderId(),
              .body = ChangeBody(),
              .tag = WriteTag(),
              .on_whole = OneIn(3)};
    }
    if (kind <= 15) {
      return {.method = "DELETE", .path = "/orders/" + OrderId(), .tag = WriteTag()};
    }
    if (kind <= 17) return {.method = "GET", .path = "/orders/" + OrderId()};
    return {.method = "GET", .path = "/orders", .query = ListQuery()};
  }

  // A moment in a position; nothing for an order without one.
  std::string PositionTime() {
    if (OneIn(3)) return "";
    constexpr int64_t kDay = 24 * kHour;
    return std::to_string(now_ / kDay * kDay + Number(-4, 30) * kHour * 3 / 2);
  }

  std::string ListQuery() {
    std::string query;
    const auto add = [&query](const std::string& name, std::string value) {
      if (value.front() == '"') value = value.substr(1, value.size() - 2);
      for (size_t at = 0; (at = value.find('+', at)) != std::string::npos;) {
        value.replace(at, 1, "%2B");
      }
      query += (query.empty() ? "" : "&") + name + "=" + value;
    };
    if (OneIn(4)) add("from", OneIn(20) ? "tomorrow" : Time());
    if (OneIn(4)) add("to", OneIn(20) ? "2030-01-01T00:00:00" : Time());
    if (OneIn(4)) add("service_id", OneIn(20) ? "x" : ServiceId());
    if (OneIn(2))
      add("limit", OneIn(20) ? OneOf({"0", "-1", "1001", "x"}) : OneOf({"1", "2", "5", "1000"}));
    if (OneIn(4)) add("after", OneIn(2) ? OrderId() : "~" + PositionTime() + "~" + OrderId());
    if (OneIn(3)) add("order", OneIn(15) ? "up" : OneOf({"asc", "desc", "desc"}));
    if (OneIn(5)) add("page", OneIn(15) ? OneOf({"0", "x"}) : OneOf({"1", "2", "3", "100"}));
    if (OneIn(5)) add("offset", OneIn(15) ? OneOf({"-1", "x"}) : OneOf({"0", "1", "4", "100"}));
    return query;
  }

  Call ServiceCall() {
    const std::string path = "/services/" + (OneIn(15) ? OneOf({"0", "x", "0123"}) : ServiceId());
    const std::string name = OneIn(12) ? OneOf({"\"\"", "5", "null", ""})
                                       : Quote(OneOf({"Inspection", "Testing", "Repair"}));
    const int64_t kind = Number(1, 10);
    if (kind <= 2) {
      const std::string id = OneIn(2)   ? ""
                             : OneIn(6) ? OneOf({"0", "-1", "\"x\"", "1.5", "null", "79e1"})
                                        : ServiceId();
      return {.method = "POST",
              .path = "/services",
              .body = Object({{"name", name}, {"id", id}, {"price", OneIn(30) ? "1" : ""}})};
    }
    if (kind <= 4) {
      return {.method = OneIn(2) ? "PUT" : "PATCH",
              .path = path,
              .body = Object({{"name", name}, {"id", OneIn(8) ? ServiceId() : ""}}),
              .tag = WriteTag()};
    }
    if (kind <= 7) return {.method = "DELETE", .path = path, .tag = WriteTag()};
    return {.method = "GET", .path = OneIn(2) ? "/services" : path};
  }

  std::mt19937_64 random_;
  int64_t now_ = kBegin;
  size_t block_ = 0;
  std::vector<Call> keyed_;  // in this block
  size_t keys_ = 0;
};

}  // namespace

std::vector<Round> Generate(uint64_t seed, size_t calls) { return Generator(seed).Rounds(calls); }

}  // namespace kiosk::model
