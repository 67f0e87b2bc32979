#include "http/api_desk.h"

#include <algorithm>
#include <charconv>

#include "http/api_benefits.h"
#include "store/desk.h"
#include "store/rules.h"

namespace kiosk {
namespace {

Response Refuse(DeskRefusal refusal) {
  switch (refusal) {
    case DeskRefusal::kOrderNotFound:
      return Error(404, "order_not_found", "No order has this id.");
    case DeskRefusal::kOrderExists:
      return Error(409, "order_exists", "Another order has this id.", "id");
    case DeskRefusal::kOrderChanged:
      return Error(412, "precondition_failed",
                   "The order was changed since it was read; read it again.");
    case DeskRefusal::kServiceNotFound:
      return NotFound();
    case DeskRefusal::kServicesNotFound:
      return Error(400, "services_not_found", "The order names a service that does not exist.",
                   "services");
    case DeskRefusal::kServiceExists:
      return Error(409, "service_exists", "Another service has this id.", "id");
    case DeskRefusal::kServiceInUse:
      return Error(409, "service_in_use", "Some order uses this service.");
  }
  return Error(500, "internal_error", "An unknown refusal.");
}

Response Refuse(const OrderConflict& conflict, int64_t gap_ms) {
  JsonWriter out;
  out.BeginObject().Key("error").String("order_conflict");
  out.Key("message").String("Order " + conflict.conflicts_with + " is less than " +
                            FormatDuration(gap_ms) + " away.");
  out.Key("field").String("datetime");
  out.Key("conflicts_with").String(conflict.conflicts_with);
  if (conflict.next_available) {
    out.Key("next_available").String(FormatTimestamp(*conflict.next_available));
  }
  out.EndObject();
  Response response;
  response.status = 409;
  response.body = out.Take();
  return response;
}

// The answer to a refusal of any kind; `accept` makes the one to a success.
template <class T, class Accept>
Response Answer(const Api& api, const DeskResult<T>& result, Accept accept) {
  if (const auto* refusal = std::get_if<DeskRefusal>(&result)) return Refuse(*refusal);
  if (const auto* invalid = std::get_if<InvalidField>(&result)) return InvalidRequest(*invalid);
  if (const auto* conflict = std::get_if<OrderConflict>(&result)) {
    return Refuse(*conflict, api.options.order_gap_ms);
  }
  return accept(std::get<T>(result));
}

Response NoContent() {
  Response response;
  response.status = 204;
  return response;
}

Response Created(std::string location, std::string body) {
  Response response = Ok(std::move(body));
  response.status = 201;
  response.headers.emplace_back("Location", std::move(location));
  return response;
}

Response OkOrder(const DeskOrder& order) {
  Response response = Ok(WriteDeskOrder(order));
  response.headers.emplace_back("ETag", EntityTag(response.body));
  return response;
}

// Whether the request's If-Match, if it has one, names the order as it is.
desk::OrderCondition ConditionOf(const Request& request) {
  return [&request](const DeskOrder& order) {
    return !request.if_match ||
           NamesTag(*request.if_match, EntityTag(WriteDeskOrder(order)), TagComparison::kStrong);
  };
}

// --- listing ---

constexpr int64_t kMaxLimit = 1000;  // the largest page that can be asked for
constexpr int64_t kPiece = 500;      // orders read and sent at a time

struct Listing {
  DeskFilter filter;
  std::optional<int64_t> limit;
  std::optional<std::string> after;
};

std::optional<int64_t> ParseInt(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A datetime in a query; an offset's plus sign that was not encoded arrived as a space.
std::optional<Timestamp> ParseQueryTimestamp(std::string text) {
  for (char& c : text) c = c == ' ' ? '+' : c;
  return ParseTimestamp(text);
}

Parsed<Listing> ReadListing(const Request& request) {
  Listing listing;
  for (const char* name : {"from", "to"}) {
    const auto text = QueryParameter(request.query, name);
    if (!text) continue;
    const auto moment = ParseQueryTimestamp(*text);
    if (!moment) {
      return InvalidField{name, std::string(name) +
                                    " must be a date and time with a zone, such as "
                                    "2022-11-01T11:11:11.111Z."};
    }
    (name == std::string_view("from") ? listing.filter.from : listing.filter.to) = moment;
  }
  if (const auto text = QueryParameter(request.query, "service_id")) {
    listing.filter.service_id = ParseInt(*text);
    if (!listing.filter.service_id) {
      return InvalidField{"service_id", "service_id must be a whole number."};
    }
  }
  if (const auto text = QueryParameter(request.query, "limit")) {
    listing.limit = ParseInt(*text);
    if (!listing.limit || *listing.limit < 1 || *listing.limit > kMaxLimit) {
      return InvalidField{"limit", "limit must be a whole number from 1 to 1000."};
    }
  }
  listing.after = QueryParameter(request.query, "after");
  return listing;
}

void AppendOrders(std::string& text, const std::vector<DeskOrder>& orders) {
  JsonWriter out;
  for (const DeskOrder& order : orders) {
    if (text.size() > 1) text += ',';
    out.Clear();
    WriteDeskOrder(out, order);
    text += out.view();
  }
}

std::string WriteOrders(const std::vector<DeskOrder>& orders) {
  std::string text = "[";
  AppendOrders(text, orders);
  return text += ']';
}

// What may not stand between the brackets of a Link: controls, for a header ends there, and marks
// of its own.
bool MayStandInLink(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != 0x7F && c != '<' && c != '>' && c != '"';
}

// The same query with another `after`, which then begins the next page.
std::string NextPage(const Request& request, const std::string& after) {
  std::string link = "</orders?";
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), parameter.size() + 1));
    const std::string_view name = parameter.substr(0, parameter.find('='));
    if (PercentDecode(name, PlusSign::kSpace) == "after") continue;
    if (!std::ranges::all_of(parameter, MayStandInLink)) continue;
    link += std::string(parameter) + "&";
  }
  return link + "after=" + after + ">; rel=\"next\"";
}

Response AnswerPage(const Request& request, const Listing& listing, std::vector<DeskOrder> orders) {
  const auto limit = static_cast<size_t>(*listing.limit);
  const bool more = orders.size() > limit;
  if (more) orders.resize(limit);
  Response response = Ok(WriteOrders(orders));
  if (more) response.headers.emplace_back("Link", NextPage(request, orders.back().id));
  return response;
}

// Goes on piece by piece, each read in a transaction of its own: however slowly the client reads,
// no transaction stays open for it, and memory holds one piece.
Response StreamFrom(Store& store, const DeskFilter& filter, const std::vector<DeskOrder>& first) {
  struct State {
    std::string piece;  // made ahead: the first one
    DeskOrder last;
    bool done = false;
  };
  const auto state = std::make_shared<State>(State{"[", first.back()});
  AppendOrders(state->piece, first);
  Response response;
  response.next_piece = [&store, filter, state]() -> std::string {
    if (!state->piece.empty()) return std::exchange(state->piece, "");
    if (state->done) return "";
    const auto orders = store.Read(
        [&](Database& db) { return desk::ListOrders(db, filter, &state->last, kPiece); });
    state->done = orders.empty();
    if (state->done) return "]";
    state->last = orders.back();
    std::string piece = ",";
    AppendOrders(piece, orders);
    return piece;
  };
  return response;
}

std::optional<int64_t> ServiceIdOf(const Request& request) {
  const auto id = ParseInt(request.parameters[0]);
  if (!id || std::to_string(*id) != request.parameters[0]) return std::nullopt;
  return id;
}

}  // namespace

Response CreateOrder(Api& api, const Request& request) {
  const auto body = ReadBody(request);
  if (const auto* error = std::get_if<Response>(&body)) return *error;
  const auto& json = std::get<Json>(body);
  if (json.Find("order")) return PlaceOrderFrom(api, request, json);

  const auto parsed = ReadDeskOrder(json, BodyUse::kCreate);
  if (const auto* invalid = std::get_if<InvalidField>(&parsed)) return InvalidRequest(*invalid);
  const auto& wanted = std::get<DeskOrderChanges>(parsed);
  if (const auto invalid = rules::FindInvalidField(rules::Apply({}, wanted))) {
    return InvalidRequest(*invalid);
  }
  return AnswerOnce(api, request, json, [&](Database& db) {
    return Answer(api, desk::CreateOrder(db, wanted, api.options.order_gap_ms, request.now),
                  [](const DeskOrder& order) {
                    return Created("/orders/" + order.id, WriteDeskOrder(order));
                  });
  });
}

Response ListOrders(Api& api, const Request& request) {
  const auto parsed = ReadListing(request);
  if (const auto* invalid = std::get_if<InvalidField>(&parsed)) return InvalidRequest(*invalid);
  const auto& listing = std::get<Listing>(parsed);
  // One more than the page tells whether there is another.
  const int64_t count = listing.limit ? *listing.limit + 1 : kPiece;
  const auto orders = api.store.Read([&](Database& db) -> std::optional<std::vector<DeskOrder>> {
    if (!listing.after) return desk::ListOrders(db, listing.filter, nullptr, count);
    const auto after = desk::FindOrder(db, *listing.after);
    if (!after) return std::nullopt;
    return desk::ListOrders(db, listing.filter, &*after, count);
  });
  if (!orders) return InvalidRequest({"after", "No order has the id that after names."});
  if (listing.limit) return AnswerPage(request, listing, *orders);
  if (orders->size() < static_cast<size_t>(kPiece)) return Ok(WriteOrders(*orders));
  return StreamFrom(api.store, listing.filter, *orders);
}

Response GetOrder(Api& api, const Request& request) {
  const auto order =
      api.store.Read([&](Database& db) { return desk::FindOrder(db, request.parameters[0]); });
  if (!order) return Refuse(DeskRefusal::kOrderNotFound);
  return Ok(WriteDeskOrder(*order));
}

Response UpdateOrder(Api& api, const Request& request) {
  const auto body = ReadBody(request);
  if (const auto* error = std::get_if<Response>(&body)) return *error;
  const auto parsed = ReadDeskOrder(std::get<Json>(body), BodyUse::kUpdate);
  if (const auto* invalid = std::get_if<InvalidField>(&parsed)) return InvalidRequest(*invalid);
  const auto result = api.store.Write([&](Database& db) {
    return desk::UpdateOrder(db, request.parameters[0], std::get<DeskOrderChanges>(parsed),
                             ConditionOf(request), api.options.order_gap_ms, request.now);
  });
  return Answer(api, result, OkOrder);
}

Response DeleteOrder(Api& api, const Request& request) {
  const auto result = api.store.Write([&](Database& db) {
    return desk::DeleteOrder(db, request.parameters[0], ConditionOf(request));
  });
  return Answer(api, result, [](const DeskOrder&) { return NoContent(); });
}

Response ListServices(Api& api, const Request& /*request*/) {
  return Ok(WriteServices(api.store.Read(desk::ListServices)));
}

Response GetService(Api& api, const Request& request) {
  const auto id = ServiceIdOf(request);
  if (!id) return NotFound();
  const auto service = api.store.Read([&](Database& db) { return desk::FindService(db, *id); });
  return service ? Ok(WriteService(*service)) : NotFound();
}

Response CreateService(Api& api, const Request& request) {
  const auto body = ReadBody(request);
  if (const auto* error = std::get_if<Response>(&body)) return *error;
  const auto parsed = ReadService(std::get<Json>(body));
  if (const auto* invalid = std::get_if<InvalidField>(&parsed)) return InvalidRequest(*invalid);
  const auto& wanted = std::get<ServiceBody>(parsed);
  return AnswerOnce(api, request, std::get<Json>(body), [&](Database& db) {
    return Answer(api, desk::CreateService(db, wanted.id, wanted.name), [](const Service& service) {
      return Created("/services/" + std::to_string(service.id), WriteService(service));
    });
  });
}

Response RenameService(Api& api, const Request& request) {
  const auto body = ReadBody(request);
  if (const auto* error = std::get_if<Response>(&body)) return *error;
  const auto parsed = ReadService(std::get<Json>(body));
  if (const auto* invalid = std::get_if<InvalidField>(&parsed)) return InvalidRequest(*invalid);
  const auto& wanted = std::get<ServiceBody>(parsed);
  const auto id = ServiceIdOf(request);
  if (!id) return NotFound();
  if (wanted.id && wanted.id != id) {
    return InvalidRequest({"id", "The id of a service cannot be changed."});
  }
  const auto result =
      api.store.Write([&](Database& db) { return desk::RenameService(db, *id, wanted.name); });
  return Answer(api, result, [](const Service& service) { return Ok(WriteService(service)); });
}

Response DeleteService(Api& api, const Request& request) {
  const auto id = ServiceIdOf(request);
  if (!id) return NotFound();
  const auto result = api.store.Write([&](Database& db) { return desk::DeleteService(db, *id); });
  return Answer(api, result, [](const Service&) { return NoContent(); });
}

}  // namespace kiosk
