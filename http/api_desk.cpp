#include "http/api_desk.h"

#include "http/api_benefits.h"
#include "http/desk_responses.h"
#include "store/desk.h"
#include "store/rules.h"

namespace kiosk {
namespace {

std::optional<DeskOrder> FindOrderOf(Api& api, const Request& request) {
  return api.store.Read([&](Database& db) { return desk::FindOrder(db, request.parameters[0]); });
}

std::variant<DeskOrderChanges, Response> ReadChanges(const Request& request) {
  auto body = ReadBody(request);
  if (auto* error = std::get_if<Response>(&body)) return std::move(*error);
  auto parsed = ReadDeskOrder(std::get<Json>(body), BodyUse::kUpdate);
  if (const auto* invalid = std::get_if<InvalidField>(&parsed)) return InvalidRequest(*invalid);
  return std::get<DeskOrderChanges>(std::move(parsed));
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
    return Respond(api, desk::CreateOrder(db, wanted, api.options.order_gap_ms, request.now),
                   [](const DeskOrder& order) {
                     return Created("/orders/" + order.id, WriteDeskOrder(order));
                   });
  });
}

Response GetOrder(Api& api, const Request& request) {
  const auto order = FindOrderOf(api, request);
  return order ? Ok(WriteDeskOrder(*order)) : Refuse(api, DeskRefusal::kOrderNotFound);
}

Response UpdateOrder(Api& api, const Request& request) {
  const auto changes = ReadChanges(request);
  if (const auto* error = std::get_if<Response>(&changes)) {
    return FindOrderOf(api, request) ? *error : Refuse(api, DeskRefusal::kOrderNotFound);
  }
  return api.store.Write([&](Database& db) {
    const auto result =
        desk::UpdateOrder(db, request.parameters[0], std::get<DeskOrderChanges>(changes),
                          ConditionOf(request, db), api.options.order_gap_ms, request.now);
    return Respond(api, result, [&](const DeskOrder& order) { return ShowOne(db, order); });
  });
}

Response DeleteOrder(Api& api, const Request& request) {
  return api.store.Write([&](Database& db) {
    return Respond(api, desk::DeleteOrder(db, request.parameters[0], ConditionOf(request, db)),
                   [&](const DeskOrder& order) { return ShowOne(db, order); });
  });
}

}  // namespace kiosk
