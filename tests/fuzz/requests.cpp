// Whole requests, one after the other, through the server's own table of routes, on a database in
// memory. The input reads like HTTP: requests divided by a line "---", each a first line "POST
// /orders", headers, an empty line and the body. Without a Content-Type a body is JSON. Besides the
// headers that the API knows: "Later: ms" lets time pass, "From: elsewhere" is another machine, and
// "$tag" stands for the last ETag that was answered.
#include <algorithm>
#include <map>
#include <set>

#include "data/embedded.h"
#include "http/routes.h"
#include "http/seed_reader.h"
#include "store/seed.h"
#include "tests/fuzz/fuzz.h"

namespace kiosk::fuzz {
namespace {

constexpr size_t kMostRequests = 12;

constexpr char kTotalChanges[] = "SELECT total_changes()";

// For every user, starting balance = balance + sum of totals, and what was bought is owned once.
constexpr char kWrongBalances[] = R"(
  SELECT user_id FROM users
  WHERE balance < 0 OR starting_balance <> balance +
    (SELECT coalesce(sum(total), 0) FROM benefit_orders WHERE benefit_orders.user_id = users.user_id))";
constexpr char kWrongTotals[] = R"(
  SELECT order_id FROM benefit_orders
  WHERE total IS NOT (SELECT sum(price) FROM owned_products AS items
                      WHERE items.order_id = benefit_orders.order_id))";
constexpr char kWrongOwners[] = R"(
  SELECT order_id FROM owned_products AS items JOIN benefit_orders USING (order_id)
  WHERE items.user_id <> benefit_orders.user_id)";
// The seed's three orders share a moment; nothing else comes nearer than the gap to anything.
constexpr char kConflicts[] = R"(
  SELECT later.id FROM desk_orders AS later JOIN desk_orders AS earlier
    ON earlier.id <> later.id
      AND later.datetime - earlier.datetime BETWEEN 0 AND 3 * 60 * 60 * 1000 - 1
  WHERE NOT (later.id IN ('223', '224', '225') AND earlier.id IN ('223', '224', '225')
             AND later.datetime = 1667301071111 AND earlier.datetime = 1667301071111))";
constexpr char kWrongOrders[] = R"(
  SELECT id FROM desk_orders
  WHERE (product IS NULL) <> (quantity IS NULL)
    OR product IS NULL AND NOT EXISTS (SELECT 1 FROM desk_order_services WHERE order_id = id)
    OR totalfee IS NULL AND EXISTS (SELECT 1 FROM desk_order_services WHERE order_id = id))";

// The server, made once; every input begins with the seed.
struct World {
  Seed seed = std::get<Seed>(ReadSeed(embedded::Seed(), kNow));
  std::unique_ptr<Store> store = Store::InMemory(seed);
  Metrics metrics{RouteLabels()};
  Api api{.store = *store,
          .metrics = metrics,
          .log_fault = [](const std::string&, const std::string& what) {
            Require(false, "no request makes a fault", what);
          }};
  // The statuses that openapi.json tells of, by "METHOD path"; "default" is not one.
  std::map<std::string, std::set<int>> documented;

  World() {
    const auto parsed = ParseJson(embedded::OpenApi());
    const auto& document = std::get<Json>(parsed);
    for (const auto& [path, operations] : *document.Find("paths")->As<Json::Object>()) {
      for (const auto& [name, operation] : *operations.As<Json::Object>()) {
        const Json* responses = operation.Find("responses");
        if (!responses) continue;
        std::string method = name;
        std::ranges::transform(method, method.begin(),
                               [](char c) { return static_cast<char>(c - 'a' + 'A'); });
        for (const auto& [status, response] : *responses->As<Json::Object>()) {
          documented[method + " " + path].insert(std::atoi(status.c_str()));
        }
      }
    }
  }
};

World& TheWorld() {
  static auto* const kWorld = new World;
  return *kWorld;
}

// Takes what stands before `end`, and removes both from `text`.
std::string_view TakeUntil(std::string_view& text, std::string_view end) {
  const size_t at = text.find(end);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + end.size());
  return taken;
}

// What lasts from one request to the next.
struct Session {
  Timestamp now = kNow;
  std::string tag = "\"\"";
  int64_t changes = 0;  // rows, so far
};

Request ReadRequest(std::string_view text, Session& session) {
  Request request;
  std::string_view first = TakeUntil(text, "\n");
  request.method = TakeUntil(first, " ");
  request.path = TakeUntil(first, "?");
  request.query = first;
  std::optional<std::string_view> type;
  while (!text.empty()) {
    std::string_view value = TakeUntil(text, "\n");
    if (value.empty()) break;
    const std::string_view name = TakeUntil(value, ": ");
    if (value == "$tag") value = session.tag;
    if (name == "Content-Type") type = value;
    if (name == "Accept") request.accept = value;
    if (name == "Idempotency-Key") request.idempotency_key = value;
    if (name == "If-Match") request.if_match = value;
    if (name == "If-None-Match") request.if_none_match = value;
    if (name == "Origin") request.cross_site = true;
    if (name == "Later") {
      constexpr int64_t kDay = 24LL * 60 * 60 * 1000;
      session.now.ms += std::clamp<int64_t>(std::atoll(std::string(value).c_str()), 0, 2 * kDay);
    }
  }
  request.body = text;
  request.content_type = type.value_or(text.empty() ? "" : "application/json");
  request.now = session.now;
  request.system_time = request.now;
  return request;
}

void RequireDocumented(const Request& request, const Answered& answered, const std::string& label) {
  const int status = answered.response.status;
  if (status == 415 && !request.body.empty()) return;
  if (answered.route == OtherRoute()) {
    constexpr int kWithoutRoute[] = {200, 204, 304, 404, 405};
    Require(std::ranges::find(kWithoutRoute, status) != std::end(kWithoutRoute),
            "a status of no route is expected", std::to_string(status));
    return;
  }
  Require(status < 500 && TheWorld().documented.at(label).contains(status),
          "every status is in openapi.json", label + " " + std::to_string(status));
}

std::string WholeBody(const Response& response) {
  if (!response.next_piece) return response.body;
  std::string body;
  for (std::string piece = response.next_piece(); !piece.empty(); piece = response.next_piece()) {
    body += piece;
  }
  return body;
}

void RequireSoundAnswer(const Request& request, const Response& response) {
  const std::string body = WholeBody(response);
  for (const auto& [name, value] : response.headers) {
    Require(std::ranges::none_of(
                value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }),
            "no header has a control character", name);
  }
  if (response.status == 204 || response.status == 304) {
    Require(body.empty(), "an answer without a body has none", body);
    return;
  }
  if (response.content_type != "application/json" || body == embedded::OpenApi()) return;
  const auto parsed = ParseJson(body);
  Require(std::holds_alternative<Json>(parsed), "a body of JSON is JSON", body);
  if (response.status < 400) return;
  const auto& json = std::get<Json>(parsed);
  Require(json.Find("error") && json.Find("error")->As<std::string>(), "an error is named", body);
  if (response.status == 405) {
    Require(!request.path.empty(), "only a path has methods");
  }
}

// Checks what is stored, and returns how many rows were ever changed.
int64_t RequireSoundData() {
  return TheWorld().store->Read([](Database& db) {
    for (const char* rows_of_wrong :
         {kWrongBalances, kWrongTotals, kWrongOwners, kConflicts, kWrongOrders}) {
      Query wrong = db.Run(rows_of_wrong);
      Require(!wrong.Step(), rows_of_wrong);
    }
    Query row = db.Run(kTotalChanges);
    row.Step();
    return row.Int(0);
  });
}

void Answer(std::string_view text, Session& session) {
  Request request = ReadRequest(text, session);
  const Answered answered = Dispatch(TheWorld().api, request);
  const Response& response = answered.response;
  static const std::vector<std::string> kLabels = RouteLabels();
  RequireDocumented(request, answered, kLabels[answered.route]);
  RequireSoundAnswer(request, response);
  // A refusal that is kept under a key is the one thing that it may write. A 304 is none: the user
  // that was asked for may be a new one.
  const bool may_write =
      request.method != "HEAD" && (response.status < 400 || request.idempotency_key.has_value());
  const int64_t changes = RequireSoundData();
  Require(may_write || changes == session.changes, "a refused request changes nothing");
  session.changes = changes;
  for (const auto& [name, value] : response.headers) {
    if (name == "ETag") session.tag = value;
  }
}

void Check(std::string_view text) {
  World& world = TheWorld();
  world.store->ResetTo(world.seed);
  Session session;
  session.changes = RequireSoundData();
  for (size_t i = 0; i < kMostRequests && !text.empty(); ++i) {
    Answer(TakeUntil(text, "\n---\n"), session);
  }
}

}  // namespace
}  // namespace kiosk::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kiosk::fuzz::Check(kiosk::fuzz::AsText(data, size));
  return 0;
}
