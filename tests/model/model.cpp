#include "tests/model/model.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <tuple>

namespace kiosk::model {

const char kSeed[] = R"({
  "starting_balance": 100,
  "products": [
    {"id": "half", "name": "Half", "price": 50},
    {"id": "third", "name": "Third", "price": 30},
    {"id": "fifth", "name": "Fifth", "price": 20},
    {"id": "gift", "name": "Gift", "price": 0},
    {"id": "all", "name": "All", "price": 100},
    {"id": "cent", "name": "Cent", "price": 0.01},
    {"id": "most", "name": "Most", "price": 99.99}
  ],
  "services": [
    {"id": 123, "name": "Inspection"}, {"id": 789, "name": "Testing"}, {"id": 456, "name": "Analysis"}
  ],
  "orders": [
    {"id": "223", "datetime": "2030-01-01T12:00:00Z", "totalfee": 100, "services": ["123"]},
    {"id": "224", "datetime": "2030-01-01T12:00:00Z", "totalfee": 7.5, "services": ["789", "456"]},
    {"id": "x-1", "product": "Chair", "quantity": 4}
  ],
  "users": [{"user_id": "owner", "balance": 120, "product_ids": ["half", "gift"]}]
})";

namespace {

using Complaint = std::optional<std::string>;

struct Product {
  const char* id;
  const char* name;
  int64_t price;
};
constexpr Product kProducts[] = {
    {"half", "Half", 5000}, {"third", "Third", 3000}, {"fifth", "Fifth", 2000}, {"gift", "Gift", 0},
    {"all", "All", 10000},  {"cent", "Cent", 1},      {"most", "Most", 9999}};
constexpr int64_t kStartingBalance = 10000;
constexpr int64_t kSeededAt = 1'893'499'200'000;  // 2030-01-01T12:00:00Z
constexpr int64_t kKeptFor = 24 * kHour;
constexpr int64_t kFirstMoment = -62'167'219'200'000;  // 0000-01-01
constexpr int64_t kLastMoment = 253'402'300'799'999;   // 9999-12-31

const Product* FindProduct(const std::string& id) {
  const auto* const found =
      std::ranges::find_if(kProducts, [&](const Product& product) { return id == product.id; });
  return found == std::end(kProducts) ? nullptr : found;
}

bool IsDigits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::optional<int64_t> WholeNumber(const std::string& digits) {
  if (!IsDigits(digits) || digits.size() > 15) return std::nullopt;
  return std::atoll(digits.c_str());
}

// The first number from `next` on that is not taken.
template <class IsTaken>
int64_t FirstFree(int64_t next, IsTaken is_taken) {
  while (is_taken(next)) ++next;
  return next;
}

// An id that was assigned, or accepted from a client: a large one of a client does not count.
void Count(const std::string& id, bool is_assigned, int64_t& next) {
  const auto number = WholeNumber(id);
  if (number && (is_assigned || *number < 1'000'000'000'000)) next = std::max(next, *number + 1);
}

// An id in a path: one number has one address.
std::optional<int64_t> NumberInPath(const std::string& text) {
  const auto number = WholeNumber(text);
  return number && std::to_string(*number) == text ? number : std::nullopt;
}

std::string FormatCents(int64_t cents) {
  char text[40];
  std::snprintf(text, sizeof text, "%s%lld.%02lld", cents < 0 ? "-" : "",
                static_cast<long long>(std::llabs(cents) / 100),
                static_cast<long long>(std::llabs(cents) % 100));
  std::string shortest = text;
  while (shortest.back() == '0') shortest.pop_back();
  if (shortest.back() == '.') shortest.pop_back();
  return shortest;
}

// Of a JSON number, as a random sequence writes them: no exponents but "e" and few digits.
std::optional<int64_t> ParseCents(std::string number) {
  const size_t e = number.find_first_of("eE");
  long shift = 2;
  if (e != std::string::npos) {
    shift += std::atol(number.c_str() + e + 1);
    number.erase(e);
  }
  const bool negative = number[0] == '-';
  if (negative) number.erase(0, 1);
  const size_t point = number.find('.');
  if (point != std::string::npos) {
    shift -= static_cast<long>(number.size() - point - 1);
    number.erase(point, 1);
  }
  for (; shift < 0 && number.ends_with('0'); ++shift) number.pop_back();
  if (shift < 0) return std::nullopt;
  number.append(static_cast<size_t>(shift), '0');
  const double about = std::atof(number.c_str());
  if (about > 9.1e15) return std::nullopt;
  const int64_t cents = std::atoll(number.c_str());
  if (cents > 9'000'000'000'000'000) return std::nullopt;
  return negative ? -cents : cents;
}

// A value that denotes an integer: a number in any spelling, or digits as a string.
std::optional<int64_t> IntegerOf(const Value& value) {
  if (value.kind == Value::Kind::kText) return WholeNumber(value.text);
  const auto cents =
      value.kind == Value::Kind::kNumber ? ParseCents(value.text) : std::optional<int64_t>();
  return cents && *cents >= 0 && *cents % 100 == 0 ? std::optional(*cents / 100) : std::nullopt;
}

bool IsNull(const Value* value) { return value && value->kind == Value::Kind::kNull; }

// The number of characters in valid UTF-8; the sequences send no other in a body.
size_t Characters(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string Decode(const std::string& text, bool plus_is_space) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      decoded += static_cast<char>(std::strtol(text.substr(i + 1, 2).c_str(), nullptr, 16));
      i += 2;
    } else {
      decoded += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::map<std::string, std::string> ParseQuery(const std::string& query) {
  std::map<std::string, std::string> parameters;
  for (size_t at = 0; at < query.size();) {
    const size_t end = std::min(query.find('&', at), query.size());
    const std::string parameter = query.substr(at, end - at);
    const size_t equals = parameter.find('=');
    parameters[parameter.substr(0, equals)] = Decode(parameter.substr(equals + 1), true);
    at = end + 1;
  }
  return parameters;
}

// 1–128 bytes of UTF-8, no control characters. Of bytes that are not UTF-8 the sequences send 0xFF.
bool IsUserId(const std::string& text) {
  if (text == "." || text == "..") return false;
  return !text.empty() && text.size() <= 128 && std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F || byte == 0xFF;
  });
}

bool IsOrderId(const std::string& text) {
  constexpr char kAllowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !text.empty() && text.size() <= 64 && text != "." && text != ".." &&
         text.find_first_not_of(kAllowed) == std::string::npos;
}

std::string Header(const Answer& answer, const std::string& name) {
  const auto found = answer.headers.find(name);
  return found == answer.headers.end() ? "" : found->second;
}

std::string Show(const Refusal& refusal) {
  std::string text = std::to_string(refusal.status) + " " + refusal.code;
  for (const std::string& field : refusal.fields) text += " [" + field + "]";
  for (const std::string& id : refusal.conflicts_with) text += " in the way: " + id;
  if (!refusal.conflicts_with.empty()) text += ", next_available " + refusal.next_available;
  return text;
}

bool IsRefusal(const Answer& answer, const Refusal& refusal) {
  if (answer.status != refusal.status) return false;
  if (refusal.is_bare) return Canonical(answer.body) == Object({{"error", Quote(refusal.code)}});
  const auto body = ParseValue(answer.body);
  if (!body) return false;
  std::map<std::string, std::string> members;
  for (const auto& [name, value] : body->members) {
    if (value.kind != Value::Kind::kText || value.text.empty()) return false;
    if (!members.emplace(name, value.text).second) return false;
  }
  const auto take = [&members](const std::string& name) {
    const auto found = members.find(name);
    if (found == members.end()) return std::string();
    std::string value = found->second;
    members.erase(found);
    return value;
  };
  if (take("error") != refusal.code || take("message").empty()) return false;
  const std::string field = take("field");
  // Or a part of the field: "services.id".
  const bool is_field = refusal.fields.empty()
                            ? field.empty()
                            : refusal.fields.contains(field) ||
                                  refusal.fields.contains(field.substr(0, field.find('.')));
  if (!is_field) return false;
  if (!refusal.conflicts_with.empty()) {
    if (!refusal.conflicts_with.contains(take("conflicts_with"))) return false;
    if (take("next_available") != refusal.next_available) return false;
  }
  return members.empty();
}

Complaint IsOneOf(const Answer& answer, const std::vector<Refusal>& refusals) {
  std::string wanted;
  for (const Refusal& refusal : refusals) {
    if (IsRefusal(answer, refusal)) return std::nullopt;
    wanted += (wanted.empty() ? "" : " or ") + Show(refusal);
  }
  return wanted;
}

// `body` in canonical form; the headers as they must be, "" for one that must be absent.
Complaint IsAnswer(const Answer& answer, int status, const std::string& body,
                   const std::map<std::string, std::string>& headers = {}) {
  bool same = answer.status == status && Canonical(answer.body) == body;
  std::string wanted = std::to_string(status) + " " + body;
  for (const auto& [name, value] : headers) {
    same = same && Header(answer, name) == value;
    wanted += " " + name + ": " + value;
  }
  return same ? std::nullopt : Complaint(wanted);
}

// A GET's answer, or 304 to a client that has it.
// `headers`: what else of it the tag is about.
Complaint IsRead(const Sent& sent, const Answer& answer, const std::string& body,
                 const std::string& headers = "") {
  const bool known = sent.call.tag == Call::Tag::kAny ||
                     (sent.call.tag != Call::Tag::kNone && sent.tagged == body + headers);
  if (Header(answer, "ETag").empty()) return body + " with an ETag";
  return known ? IsAnswer(answer, 304, "") : IsAnswer(answer, 200, body);
}

// A response that shows one order or service: with a tag.
Complaint IsOne(const Answer& answer, int status, const std::string& body,
                const std::map<std::string, std::string>& headers = {}) {
  if (Header(answer, "ETag").empty()) return body + " with an ETag";
  return IsAnswer(answer, status, body, headers);
}

// Whether the precondition of a write holds for what is there.
bool MayWrite(const Sent& sent, const std::string& present) {
  return sent.call.tag == Call::Tag::kNone || sent.call.tag == Call::Tag::kAny ||
         sent.tagged == present;
}

Refusal Invalid(std::set<std::string> fields) {
  return {400, "invalid_request", std::move(fields)};
}

const Refusal kOrderNotFound{404, "order_not_found"};
const Refusal kServiceNotFound{404, "service_not_found"};

// The names of a body's members that stand twice or are none of `known`.
std::set<std::string> OddMembers(const Value& body, const std::set<std::string>& known,
                                 const std::string& prefix = "") {
  std::set<std::string> odd;
  std::set<std::string> seen;
  for (const auto& [name, value] : body.members) {
    if (!known.contains(name) || !seen.insert(name).second) odd.insert(prefix + name);
  }
  return odd;
}

// Numbers by their value, all else after them.
std::tuple<bool, int64_t, std::string> RankOf(const std::string& id) {
  const auto number = WholeNumber(id);
  return {!number, number.value_or(0), id};
}

}  // namespace

std::optional<int64_t> ParseTime(const std::string& text) {
  std::tm tm{};
  int length = 0;
  char letter = 0;
  if (text.size() < 20 ||
      std::sscanf(text.c_str(), "%4d-%2d-%2d%c%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                  &letter, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &length) != 7 ||
      length != 19 || (letter != 'T' && letter != 't')) {
    return std::nullopt;
  }
  std::string rest = text.substr(19);
  std::string fraction;
  if (rest[0] == '.') {
    fraction = rest.substr(1, rest.find_first_not_of("0123456789", 1) - 1);
    if (fraction.empty()) return std::nullopt;
    rest.erase(0, fraction.size() + 1);
  }
  fraction.resize(3, '0');
  int64_t minutes = 0;
  if (rest != "Z" && rest != "z") {
    int hours = 0;
    int rest_of_hour = 0;
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') ||
        std::sscanf(rest.c_str() + 1, "%2d:%2d", &hours, &rest_of_hour) != 2 || hours > 23 ||
        rest_of_hour > 59) {
      return std::nullopt;
    }
    minutes = (hours * 60 + rest_of_hour) * (rest[0] == '-' ? -1 : 1);
  }
  tm.tm_year -= 1900;
  tm.tm_mon -= 1;
  std::tm same = tm;
  const std::time_t seconds = ::timegm(&same);  // moves what is not on the calendar
  if (same.tm_mday != tm.tm_mday || same.tm_mon != tm.tm_mon || same.tm_hour != tm.tm_hour ||
      same.tm_min != tm.tm_min || same.tm_sec != tm.tm_sec) {
    return std::nullopt;
  }
  const int64_t ms = int64_t{seconds} * 1000 + std::atoi(fraction.c_str()) - minutes * 60'000;
  return ms < kFirstMoment || ms > kLastMoment ? std::nullopt : std::optional(ms);
}

std::string FormatTime(int64_t ms) {
  const int64_t past = ((ms % 1000) + 1000) % 1000;
  const std::time_t seconds = (ms - past) / 1000;
  std::tm tm{};
  ::gmtime_r(&seconds, &tm);
  char text[80];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
                tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                static_cast<int>(past));
  return text;
}

void Model::Reset(int64_t now) {
  *this = Model();
  services_ = {{123, "Inspection"}, {789, "Testing"}, {456, "Analysis"}};
  orders_["223"] = {"223", kSeededAt, 10000, {}, {}, {123}, now, now};
  orders_["224"] = {"224", kSeededAt, 750, {}, {}, {789, 456}, now, now};
  orders_["x-1"] = {"x-1", {}, {}, "Chair", "4", {}, now, now};
  users_["owner"] = {12000, 12000, {"half", "gift"}};
}

Complaint Model::Apply(const Sent& sent, const Answer& answer) {
  const Call& call = sent.call;
  if (call.method == kAudit) return Audit(answer);
  if (!call.body.empty() && !call.is_json) {
    return IsOneOf(answer, {{415, "unsupported_media_type"}});
  }
  std::vector<Refusal> refusals;
  const bool has_key = call.method == "POST" && !call.key.empty();
  if (has_key && call.key.size() > 255) refusals.push_back(Invalid({"Idempotency-Key"}));
  const auto kept = has_key ? kept_.find(call.key) : kept_.end();
  const bool is_kept = kept != kept_.end() && sent.now - kept->second.at < kKeptFor;
  if (is_kept) {
    const Kept& first = kept->second;
    if (first.path == call.path && Canonical(first.body) == Canonical(call.body)) {
      return IsAnswer(
          answer, first.answer.status, Canonical(first.answer.body),
          {{"Idempotency-Replayed", "true"}, {"Location", Header(first.answer, "Location")}});
    }
    refusals.push_back({422, "idempotency_key_reused"});
  }
  if (!Header(answer, "Idempotency-Replayed").empty()) return "an answer of its own";
  Complaint complaint = Route(sent, answer, std::move(refusals));
  if (complaint || !has_key || is_kept) return complaint;
  const auto body = ParseValue(answer.body);
  const Value* error = body ? body->Find("error") : nullptr;
  const std::string code = error ? error->text : "";
  if (code == "invalid_request" || code == "invalid_json") return std::nullopt;
  kept_[call.key] = {call.path, call.body, answer, sent.now};
  return std::nullopt;
}

Complaint Model::Route(const Sent& sent, const Answer& answer, std::vector<Refusal> refusals) {
  const Call& call = sent.call;
  const std::string& method = call.method;
  const bool has_prefix = call.path.starts_with("/api/");
  const std::string path = has_prefix ? call.path.substr(4) : call.path;
  const size_t slash = path.find('/', 1);
  const std::string room = path.substr(0, slash);
  const std::string id = slash == std::string::npos ? "" : Decode(path.substr(slash + 1), false);
  const bool is_list = slash == std::string::npos;

  if (path == "/_kiosk/reset" && method == "POST") {
    if (auto wrong = IsAnswer(answer, 200, Object({{"status", Quote("reset")}}))) return wrong;
    Reset(sent.now);
    return std::nullopt;
  }
  if (room == "/users" && method != "DELETE") return GetUser(id, sent, answer);
  if (path == "/products" && method == "GET") {
    std::vector<std::string> products;
    for (const Product& product : kProducts) {
      products.push_back(Object({{"id", Quote(product.id)},
                                 {"name", Quote(product.name)},
                                 {"price", FormatCents(product.price)}}));
    }
    return IsRead(sent, answer, Object({{"products", Array(products)}}));
  }
  if (has_prefix && room == "/orders" && method == "GET") {
    if (is_list) return GetPurchases(sent, answer);
    const auto number = NumberInPath(id);
    if (!number || *number < 1 || *number > static_cast<int64_t>(purchases_.size())) {
      return IsOneOf(answer, {kOrderNotFound});
    }
    return IsRead(sent, answer, Object({{"order", Write(*number, true)}}));
  }
  const bool wants_body = method == "POST" || method == "PUT" || method == "PATCH";
  const auto body = ParseValue(call.body);
  const bool names_one = !is_list && (room == "/orders" || room == "/services");
  if (wants_body && names_one) {
    if (room == "/orders" && !orders_.contains(id)) return IsOneOf(answer, {kOrderNotFound});
    if (room == "/services" && !NameOf(NumberInPath(id).value_or(0))) {
      return IsOneOf(answer, {kServiceNotFound});
    }
  }
  if (wants_body && !body) {
    refusals.push_back({400, "invalid_json"});
    return IsOneOf(answer, refusals);
  }
  if (room == "/orders" && is_list && method == "POST") {
    return has_prefix || body->Find("order") ? PlacePurchase(*body, sent, answer, refusals)
                                             : CreateOrder(*body, sent, answer, refusals);
  }
  if (room == "/orders" && is_list && method == "GET") return ListOrders(sent, answer);
  if (room == "/orders" && method == "GET") {
    const auto order = orders_.find(id);
    if (order == orders_.end()) return IsOneOf(answer, {kOrderNotFound});
    return IsRead(sent, answer, Write(order->second));
  }
  if (room == "/orders" && method == "DELETE") return DeleteOrder(id, sent, answer);
  if (room == "/orders") return UpdateOrder(id, *body, sent, answer);
  if (room == "/services" && is_list && method == "POST") {
    return CreateService(*body, sent, answer, refusals);
  }
  if (room == "/services" && is_list && method == "GET") {
    std::vector<std::string> services;
    for (const auto& [number, name] : services_) {
      services.push_back(Object({{"id", std::to_string(number)}, {"name", Quote(name)}}));
    }
    return IsRead(sent, answer, Array(services));
  }
  if (room == "/services" && method == "GET") {
    const std::string* name = NameOf(NumberInPath(id).value_or(0));
    if (!name) return IsOneOf(answer, {kServiceNotFound});
    return IsRead(sent, answer, Object({{"id", id}, {"name", Quote(*name)}}));
  }
  if (room == "/services" && method == "DELETE") return DeleteService(id, sent, answer);
  if (room == "/services") return RenameService(id, *body, sent, answer);
  return "a call that the model knows";
}

// --- the benefits shop ---

Complaint Model::GetUser(const std::string& user_id, const Sent& sent, const Answer& answer) {
  if (!IsUserId(user_id)) return IsOneOf(answer, {Invalid({"user_id"})});
  const auto known = users_.find(user_id);
  const User user =
      known == users_.end() ? User{kStartingBalance, kStartingBalance, {}} : known->second;
  std::vector<std::string> owned;
  for (const std::string& id : user.owned) owned.push_back(Quote(id));
  const std::string data =
      Object({{"balance", FormatCents(user.balance)}, {"product_ids", Array(owned)}});
  const std::string body =
      Object({{"user", Object({{"data", data}, {"user_id", Quote(user_id)}})}});
  if (auto wrong = IsAnswer(answer, 200, body)) return wrong;
  if (sent.call.method != "HEAD") users_[user_id] = user;
  return std::nullopt;
}

std::string Model::Write(int64_t purchase, bool is_stored) const {
  const Purchase& order = purchases_[static_cast<size_t>(purchase - 1)];
  std::vector<std::string> items;
  for (const std::string& item : order.items) items.push_back(Quote(item));
  const std::string data =
      Object({{"items", Array(items)},
              {"total", FormatCents(order.total)},
              {"user_id", is_stored ? Quote(order.user_id) : ""},
              {"created_at", is_stored ? Quote(FormatTime(order.created_at)) : ""}});
  return Object({{"order_id", Quote(std::to_string(purchase))}, {"data", data}});
}

Complaint Model::GetPurchases(const Sent& sent, const Answer& answer) {
  const std::string user_id = ParseQuery(sent.call.query)["user_id"];
  if (!IsUserId(user_id)) return IsOneOf(answer, {Invalid({"user_id"})});
  std::vector<std::string> orders;
  for (size_t i = 0; i < purchases_.size(); ++i) {
    if (purchases_[i].user_id == user_id) {
      orders.push_back(Write(static_cast<int64_t>(i + 1), true));
    }
  }
  return IsRead(sent, answer, Object({{"orders", Array(orders)}}));
}

Complaint Model::PlacePurchase(const Value& body, const Sent& sent, const Answer& answer,
                               std::vector<Refusal> refusals) {
  std::set<std::string> faults = OddMembers(body, {"order"});
  if (body.kind != Value::Kind::kObject) faults.insert("");
  std::vector<std::string> items;  // each once
  std::string user_id;
  const Value* const order = body.Find("order");
  if (!order || order->kind != Value::Kind::kObject) {
    faults.insert("order");
  } else {
    faults.merge(OddMembers(*order, {"items", "user_id"}, "order."));
    const Value* const list = order->Find("items");
    if (!list || list->kind != Value::Kind::kArray ||
        std::ranges::any_of(list->items,
                            [](const Value& item) { return item.kind != Value::Kind::kText; })) {
      faults.insert("order.items");
    } else {
      for (const Value& item : list->items) {
        if (std::ranges::find(items, item.text) == items.end()) items.push_back(item.text);
      }
    }
    const Value* const user = order->Find("user_id");
    if (!user || user->kind != Value::Kind::kText || !IsUserId(user->text)) {
      faults.insert("order.user_id");
    } else {
      user_id = user->text;
    }
  }
  if (!faults.empty()) refusals.push_back(Invalid(std::move(faults)));
  if (!refusals.empty()) return IsOneOf(answer, refusals);

  const auto known = users_.find(user_id);
  User user = known == users_.end() ? User{kStartingBalance, kStartingBalance, {}} : known->second;
  const auto refuse = [&answer](const char* code) {
    return IsOneOf(answer, {{400, code, {}, true}});
  };
  if (items.empty() || !std::ranges::all_of(items, FindProduct)) {
    return refuse("products_not_found");
  }
  if (std::ranges::any_of(items, [&user](const std::string& item) {
        return std::ranges::find(user.owned, item) != user.owned.end();
      })) {
    return refuse("products_already_purchased");
  }
  int64_t total = 0;
  for (const std::string& item : items) total += FindProduct(item)->price;
  if (total > user.balance) return refuse("insufficient_balance");

  purchases_.push_back({user_id, items, total, sent.now});
  const auto number = static_cast<int64_t>(purchases_.size());
  if (auto wrong = IsAnswer(answer, 200, Object({{"order", Write(number, false)}}))) {
    purchases_.pop_back();
    return wrong;
  }
  user.balance -= total;
  user.owned.insert(user.owned.end(), items.begin(), items.end());
  users_[user_id] = user;
  return std::nullopt;
}

Complaint Model::Audit(const Answer& answer) const {
  std::string users;
  for (const auto& [user_id, user] : users_) {
    users += user_id + " " + std::to_string(user.start) + " " + std::to_string(user.balance) + "\n";
  }
  if (answer.body == users) return std::nullopt;
  return "the users\n" + users;
}

// --- the order desk ---

void Model::ReadServices(const Value& json, Wish& wish) const {
  wish.order.services.clear();
  if (json.kind != Value::Kind::kArray || json.items.empty()) wish.faults.insert("services");
  std::set<std::string> seen;
  for (const Value& item : json.items) {
    const Value* id = &item;
    if (item.kind == Value::Kind::kObject) {
      id = item.Find("id");
      const Value* name = item.Find("name");
      if (IsNull(name)) name = nullptr;
      if (!OddMembers(item, {"id", "name"}).empty() || !id ||
          (name && name->kind != Value::Kind::kText)) {
        wish.faults.insert("services");
        continue;
      }
      if (name) {
        const auto number = IntegerOf(*id);
        const std::string* const known = number ? NameOf(*number) : nullptr;
        if (known && *known != name->text) wish.misnames_service = true;
      }
    }
    if (id->kind != Value::Kind::kNumber && id->kind != Value::Kind::kText) {
      wish.faults.insert("services");
      continue;
    }
    const auto number = IntegerOf(*id);
    if (!seen.insert(number ? std::to_string(*number) : id->text).second) {
      wish.faults.insert("services");
    }
    if (number && NameOf(*number)) {
      wish.order.services.push_back(*number);
    } else {
      wish.names_unknown_service = true;
    }
  }
}

void Model::ReadWish(const Value& body, bool is_update, Wish& wish) const {
  std::set<std::string> known = {"id", "datetime", "totalfee", "product", "quantity", "services"};
  if (is_update) known.merge(std::set<std::string>{"created_at", "updated_at"});
  wish.faults = OddMembers(body, known);
  if (body.kind != Value::Kind::kObject) wish.faults.insert("");
  const auto is_removed = [is_update](const Value& value) {
    return is_update && value.kind == Value::Kind::kNull;
  };
  const auto time_of = [](const Value& value) {
    return value.kind == Value::Kind::kText ? ParseTime(value.text) : std::nullopt;
  };
  // On a POST, null says that a field is absent.
  const auto find = [&body, is_update](const char* name) {
    const Value* const value = body.Find(name);
    return !is_update && IsNull(value) ? nullptr : value;
  };
  if (const Value* const id = find("id")) {
    if (id->kind != Value::Kind::kText || !IsOrderId(id->text)) wish.faults.insert("id");
    wish.id = id->text;
  }
  if (const Value* const datetime = find("datetime")) {
    wish.order.datetime = time_of(*datetime);
    if (!wish.order.datetime && !is_removed(*datetime)) wish.faults.insert("datetime");
  }
  if (const Value* const fee = find("totalfee")) {
    wish.order.totalfee = fee->kind == Value::Kind::kNumber ? ParseCents(fee->text) : std::nullopt;
    if (!wish.order.totalfee && !is_removed(*fee)) wish.faults.insert("totalfee");
  }
  if (const Value* const product = find("product")) {
    wish.order.product = std::nullopt;
    if (product->kind == Value::Kind::kText && !product->text.empty() &&
        Characters(product->text) <= 200) {
      wish.order.product = product->text;
    } else if (!is_removed(*product)) {
      wish.faults.insert("product");
    }
  }
  if (const Value* const quantity = find("quantity")) {
    wish.order.quantity = std::nullopt;
    const auto number =
        quantity->kind == Value::Kind::kNumber ? IntegerOf(*quantity) : std::nullopt;
    if (number.value_or(0) >= 1) {
      wish.order.quantity = std::to_string(*number);
    } else if (!is_removed(*quantity)) {
      wish.faults.insert("quantity");
    }
  }
  if (const Value* const services = find("services")) {
    if (is_removed(*services)) {
      wish.order.services.clear();
    } else {
      ReadServices(*services, wish);
    }
  }
  for (const auto& [name, moment] :
       {std::pair{"created_at", &Wish::created_at}, std::pair{"updated_at", &Wish::updated_at}}) {
    const Value* const value = body.Find(name);
    if (!value || !is_update) continue;
    wish.*moment = time_of(*value);
    if (!(wish.*moment)) wish.faults.insert(name);
  }

  // A field that is there, but not as it should be, still asks for those that belong to it.
  const Order& order = wish.order;
  const bool has_services =
      !order.services.empty() || wish.names_unknown_service || wish.faults.contains("services");
  const bool has_fee = order.totalfee || wish.faults.contains("totalfee");
  const bool has_product = order.product || wish.faults.contains("product");
  const bool has_quantity = order.quantity || wish.faults.contains("quantity");
  if (!has_services && !has_product && !has_quantity) {
    wish.faults.merge(std::set<std::string>{"services", "totalfee", "product", "quantity"});
  }
  if (has_services && !has_fee) wish.faults.insert("totalfee");
  if (order.totalfee && *order.totalfee < 0) wish.faults.insert("totalfee");
  if (has_product && !has_quantity) wish.faults.insert("quantity");
  if (has_quantity && !has_product) wish.faults.insert("product");
}

std::vector<Refusal> Model::RefusalsOf(const Wish& wish) const {
  std::vector<Refusal> refusals;
  if (!wish.faults.empty()) refusals.push_back(Invalid(wish.faults));
  if (wish.names_unknown_service) refusals.push_back({400, "services_not_found", {"services"}});
  if (wish.misnames_service) refusals.push_back(Invalid({"services"}));
  return refusals;
}

// With an order at `wish.order.datetime` against all others.
std::optional<Refusal> Model::ConflictOf(const Order& order) const {
  if (!order.datetime) return std::nullopt;
  std::vector<int64_t> taken;
  Refusal refusal{409, "order_conflict", {"datetime"}};
  for (const auto& [id, other] : orders_) {
    if (id == order.id || !other.datetime) continue;
    taken.push_back(*other.datetime);
    if (std::llabs(*other.datetime - *order.datetime) < kGap) refusal.conflicts_with.insert(id);
  }
  if (refusal.conflicts_with.empty()) return std::nullopt;
  // The earliest free moment is where the gap after some order ends.
  int64_t earliest = std::numeric_limits<int64_t>::max();
  for (const int64_t begin : taken) {
    const int64_t end = begin + kGap;
    const bool is_free = std::ranges::all_of(
        taken, [end](int64_t other) { return std::llabs(other - end) >= kGap; });
    if (is_free && end >= *order.datetime) earliest = std::min(earliest, end);
  }
  if (earliest <= kLastMoment) refusal.next_available = FormatTime(earliest);
  return refusal;
}

const std::string* Model::NameOf(int64_t service) const {
  const auto found = std::ranges::find(services_, service, &std::pair<int64_t, std::string>::first);
  return found == services_.end() ? nullptr : &found->second;
}

std::string Model::Write(const Order& order) const {
  std::vector<std::string> services;
  for (const int64_t id : order.services) {
    services.push_back(Object({{"id", Quote(std::to_string(id))}, {"name", Quote(*NameOf(id))}}));
  }
  return Object({{"id", Quote(order.id)},
                 {"datetime", order.datetime ? Quote(FormatTime(*order.datetime)) : ""},
                 {"totalfee", order.totalfee ? FormatCents(*order.totalfee) : ""},
                 {"services", services.empty() ? "" : Array(services)},
                 {"product", order.product ? Quote(*order.product) : ""},
                 {"quantity", order.quantity.value_or("")},
                 {"created_at", Quote(FormatTime(order.created_at))},
                 {"updated_at", Quote(FormatTime(order.updated_at))}});
}

Complaint Model::CreateOrder(const Value& body, const Sent& sent, const Answer& answer,
                             std::vector<Refusal> refusals) {
  Wish wish;
  ReadWish(body, false, wish);
  Order& order = wish.order;
  order.created_at = order.updated_at = sent.now;
  if (!order.services.empty() && !order.datetime) order.datetime = sent.now;
  if (!wish.faults.empty()) refusals.push_back(Invalid(wish.faults));
  if (!refusals.empty()) return IsOneOf(answer, refusals);

  if (wish.id && orders_.contains(*wish.id)) refusals.push_back({409, "order_exists", {"id"}});
  if (wish.id) {
    order.id = *wish.id;
  } else {
    order.id = std::to_string(FirstFree(
        next_order_, [this](int64_t id) { return orders_.contains(std::to_string(id)); }));
  }
  for (Refusal& refusal : RefusalsOf(wish)) refusals.push_back(std::move(refusal));
  if (auto conflict = ConflictOf(order)) refusals.push_back(*std::move(conflict));
  if (!refusals.empty()) return IsOneOf(answer, refusals);
  if (auto wrong = IsOne(answer, 201, Write(order), {{"Location", "/orders/" + order.id}})) {
    return wrong;
  }
  orders_[order.id] = order;
  Count(order.id, !wish.id, next_order_);
  return std::nullopt;
}

Model::Place Model::PlaceOf(const Order& order) {
  return {order.datetime.value_or(std::numeric_limits<int64_t>::max()), RankOf(order.id)};
}

// A position as a Link has it, of an order wherever it is now.
std::optional<Model::Place> Model::PlaceAfter(const std::string& after) const {
  if (after.starts_with("~")) {
    const size_t mark = after.find('~', 1);
    const std::string at = after.substr(1, mark - 1);
    return Place{at.empty() ? std::numeric_limits<int64_t>::max() : std::atoll(at.c_str()),
                 RankOf(after.substr(mark + 1))};
  }
  const auto order = orders_.find(after);
  if (order != orders_.end()) return PlaceOf(order->second);
  const auto deleted = deleted_.find(after);
  return deleted == deleted_.end() ? std::nullopt : std::optional(deleted->second);
}

Complaint Model::ListOrders(const Sent& sent, const Answer& answer) const {
  auto query = ParseQuery(sent.call.query);
  std::set<std::string> faults;
  const auto time_of = [&](const char* name) -> std::optional<int64_t> {
    const auto text = query.find(name);
    if (text == query.end()) return std::nullopt;
    const auto moment = ParseTime(text->second);
    if (!moment) faults.insert(name);
    return moment;
  };
  const auto number_of = [&](const char* name, int64_t least,
                             int64_t most) -> std::optional<int64_t> {
    const auto text = query.find(name);
    if (text == query.end()) return std::nullopt;
    const auto number = WholeNumber(text->second);
    if (!number || *number < least || *number > most) faults.insert(name);
    return number;
  };
  constexpr int64_t kMost = 1LL << 53;
  const auto from = time_of("from");
  const auto to = time_of("to");
  const auto service = number_of("service_id", 1, kMost);
  const auto limit = number_of("limit", 1, 1000);
  const auto page = number_of("page", 1, kMost);
  const auto offset = number_of("offset", 0, kMost);
  const bool has_order = query.contains("order");
  const bool is_reversed = has_order && query["order"] == "desc";
  if (has_order && !is_reversed && query["order"] != "asc") faults.insert("order");
  const auto after = query.contains("after") ? PlaceAfter(query["after"]) : std::nullopt;
  if (query.contains("after") && !after) faults.insert("after");
  if (page && (!limit || query.contains("after"))) faults.insert("page");
  if (offset && (!limit || page || query.contains("after"))) faults.insert("offset");
  if (!faults.empty()) return IsOneOf(answer, {Invalid(std::move(faults))});

  std::vector<const Order*> listed;
  for (const auto& [id, order] : orders_) {
    if (from && (!order.datetime || *order.datetime < *from)) continue;
    if (to && (!order.datetime || *order.datetime >= *to)) continue;
    if (service && std::ranges::find(order.services, *service) == order.services.end()) continue;
    listed.push_back(&order);
  }
  const std::string total = limit ? std::to_string(listed.size()) : "";
  std::ranges::sort(listed, {}, [&](const Order* order) { return PlaceOf(*order); });
  if (is_reversed) std::ranges::reverse(listed);
  if (after) {
    std::erase_if(listed, [&](const Order* order) {
      return is_reversed ? PlaceOf(*order) >= *after : PlaceOf(*order) <= *after;
    });
  }
  const int64_t skipped = page ? (*page - 1) * *limit : offset.value_or(0);
  listed.erase(listed.begin(), listed.begin() + std::min(skipped, std::ssize(listed)));
  std::string link;
  const bool has_more = limit && std::ssize(listed) > *limit;
  if (has_more) listed.resize(static_cast<size_t>(*limit));
  if (has_more && page) link = "page=" + std::to_string(*page + 1) + ">; rel=\"next\"";
  if (has_more && offset) link = "offset=" + std::to_string(*offset + *limit) + ">; rel=\"next\"";
  if (has_more && !page && !offset) {
    const Order& last = *listed.back();
    link = "after=~" + (last.datetime ? std::to_string(*last.datetime) : "") + "~" + last.id +
           ">; rel=\"next\"";
  }
  std::vector<std::string> orders;
  for (const Order* order : listed) orders.push_back(Write(*order));
  const std::string given = Header(answer, "Link");
  const bool is_linked = link.empty() ? given.find("next") == std::string::npos
                                      : given.find(link) != std::string::npos;
  if (!is_linked) return Array(orders) + " with a Link to " + link;
  if (Header(answer, "X-Total-Count") != total) return Array(orders) + ", of " + total;
  return IsRead(sent, answer, Array(orders), link + total);
}

Complaint Model::UpdateOrder(const std::string& id, const Value& body, const Sent& sent,
                             const Answer& answer) {
  Wish wish;
  const auto present = orders_.find(id);
  wish.order = present->second;
  ReadWish(body, true, wish);
  const Order& before = present->second;
  if (wish.id && *wish.id != id) wish.faults.insert("id");
  if (wish.created_at.value_or(before.created_at) != before.created_at) {
    wish.faults.insert("created_at");
  }
  if (wish.updated_at.value_or(before.updated_at) != before.updated_at) {
    wish.faults.insert("updated_at");
  }
  std::vector<Refusal> refusals = RefusalsOf(wish);
  if (!MayWrite(sent, Write(before))) refusals.push_back({412, "precondition_failed"});
  if (wish.order.datetime != before.datetime) {
    if (auto conflict = ConflictOf(wish.order)) refusals.push_back(*std::move(conflict));
  }
  if (!refusals.empty()) return IsOneOf(answer, refusals);
  wish.order.updated_at = sent.now;
  if (auto wrong = IsOne(answer, 200, Write(wish.order))) return wrong;
  present->second = wish.order;
  return std::nullopt;
}

Complaint Model::DeleteOrder(const std::string& id, const Sent& sent, const Answer& answer) {
  const auto present = orders_.find(id);
  if (present == orders_.end()) return IsOneOf(answer, {kOrderNotFound});
  if (!MayWrite(sent, Write(present->second))) {
    return IsOneOf(answer, {{412, "precondition_failed"}});
  }
  if (auto wrong = IsOne(answer, 200, Write(present->second))) return wrong;
  deleted_[id] = PlaceOf(present->second);
  orders_.erase(present);
  return std::nullopt;
}

// --- services ---

namespace {

struct ServiceWish {
  std::string name;
  std::optional<int64_t> id;
  std::set<std::string> faults;
};

ServiceWish ReadServiceWish(const Value& body, const std::string& present_name = "") {
  ServiceWish wish;
  wish.faults = OddMembers(body, {"id", "name"});
  if (body.kind != Value::Kind::kObject) wish.faults.insert("");
  const Value* const name = body.Find("name");
  if (!name && !present_name.empty()) {
    wish.name = present_name;
  } else if (!name || name->kind != Value::Kind::kText || name->text.empty() ||
             Characters(name->text) > 200) {
    wish.faults.insert("name");
  } else {
    wish.name = name->text;
  }
  if (const Value* const id = body.Find("id"); id && !IsNull(id)) {
    wish.id = IntegerOf(*id);
    if (wish.id.value_or(0) < 1) wish.faults.insert("id");
  }
  return wish;
}

}  // namespace

Complaint Model::CreateService(const Value& body, const Sent& /*sent*/, const Answer& answer,
                               std::vector<Refusal> refusals) {
  const ServiceWish wish = ReadServiceWish(body);
  if (!wish.faults.empty()) refusals.push_back(Invalid(wish.faults));
  if (!refusals.empty()) return IsOneOf(answer, refusals);
  if (wish.id && NameOf(*wish.id)) return IsOneOf(answer, {{409, "service_exists", {"id"}}});
  const int64_t id = wish.id.value_or(
      FirstFree(next_service_, [this](int64_t taken) { return NameOf(taken) != nullptr; }));
  const std::string number = std::to_string(id);
  if (auto wrong = IsOne(answer, 201, Object({{"id", number}, {"name", Quote(wish.name)}}),
                         {{"Location", "/services/" + number}})) {
    return wrong;
  }
  services_.emplace_back(id, wish.name);
  Count(number, !wish.id, next_service_);
  return std::nullopt;
}

Complaint Model::RenameService(const std::string& id, const Value& body, const Sent& sent,
                               const Answer& answer) {
  const int64_t number = *NumberInPath(id);
  const ServiceWish wish = ReadServiceWish(body, *NameOf(number));
  std::set<std::string> faults = wish.faults;
  if (wish.id && std::to_string(*wish.id) != id) faults.insert("id");
  std::vector<Refusal> refusals;
  if (!faults.empty()) refusals.push_back(Invalid(std::move(faults)));
  if (!MayWrite(sent, WriteService(number))) refusals.push_back({412, "precondition_failed"});
  if (!refusals.empty()) return IsOneOf(answer, refusals);
  const std::string renamed = Object({{"id", id}, {"name", Quote(wish.name)}});
  if (auto wrong = IsOne(answer, 200, renamed)) return wrong;
  std::ranges::find(services_, number, &std::pair<int64_t, std::string>::first)->second = wish.name;
  return std::nullopt;
}

Complaint Model::DeleteService(const std::string& id, const Sent& sent, const Answer& answer) {
  const auto number = NumberInPath(id);
  if (!number || !NameOf(*number)) return IsOneOf(answer, {kServiceNotFound});
  std::vector<Refusal> refusals;
  if (!MayWrite(sent, WriteService(*number))) refusals.push_back({412, "precondition_failed"});
  for (const auto& [order_id, order] : orders_) {
    if (std::ranges::find(order.services, *number) != order.services.end()) {
      refusals.push_back({409, "service_in_use"});
    }
  }
  if (!refusals.empty()) return IsOneOf(answer, refusals);
  if (auto wrong = IsOne(answer, 200, WriteService(*number))) return wrong;
  std::erase_if(services_, [&](const auto& service) { return service.first == *number; });
  return std::nullopt;
}

std::string Model::WriteService(int64_t id) const {
  return Object({{"id", std::to_string(id)}, {"name", Quote(*NameOf(id))}});
}

}  // namespace kiosk::model
