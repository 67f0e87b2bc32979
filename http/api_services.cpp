#include "http/api_services.h"

#include "http/desk_responses.h"
#include "store/desk.h"

namespace kiosk {
namespace {

// Nothing for what no service can have; one number has one path.
std::optional<int64_t> ServiceIdOf(const Request& request) {
  const auto id = ParseInteger(request.parameters[0]);
  if (!id || std::to_string(*id) != request.parameters[0]) return std::nullopt;
  return id;
}

std::optional<Service> FindServiceOf(Api& api, const Request& request) {
  const auto id = ServiceIdOf(request);
  if (!id) return std::nullopt;
  return api.store.Read([&](Database& db) { return desk::FindService(db, *id); });
}

std::variant<ServiceChanges, Response> ReadChanges(const Request& request) {
  auto body = ReadBody(request);
  if (auto* error = std::get_if<Response>(&body)) return std::move(*error);
  auto parsed = ReadServiceChanges(std::get<Json>(body));
  if (const auto* invalid = std::get_if<InvalidField>(&parsed)) return InvalidRequest(*invalid);
  return std::get<ServiceChanges>(std::move(parsed));
}

}  // namespace

Response ListServices(Api& api, const Request& /*request*/) {
  return Ok(WriteServices(api.store.Read(desk::ListServices)));
}

Response GetService(Api& api, const Request& request) {
  const auto service = FindServiceOf(api, request);
  return service ? Ok(WriteService(*service)) : Refuse(api, DeskRefusal::kServiceNotFound);
}

Response CreateService(Api& api, const Request& request) {
  const auto body = ReadBody(request);
  if (const auto* error = std::get_if<Response>(&body)) return *error;
  const auto& json = std::get<Json>(body);
  const auto parsed = ReadService(json);
  if (const auto* invalid = std::get_if<InvalidField>(&parsed)) return InvalidRequest(*invalid);
  const auto& wanted = std::get<ServiceBody>(parsed);
  return AnswerOnce(api, request, json, [&](Database& db) {
    return Respond(
        api, desk::CreateService(db, wanted.id, wanted.name), [](const Service& service) {
          return Created("/services/" + std::to_string(service.id), WriteService(service));
        });
  });
}

Response RenameService(Api& api, const Request& request) {
  const auto body = ReadChanges(request);
  if (const auto* error = std::get_if<Response>(&body)) {
    return FindServiceOf(api, request) ? *error : Refuse(api, DeskRefusal::kServiceNotFound);
  }
  const auto id = ServiceIdOf(request);
  if (!id) return Refuse(api, DeskRefusal::kServiceNotFound);
  return api.store.Write([&](Database& db) {
    const auto& changes = std::get<ServiceChanges>(body);
    const auto result =
        desk::RenameService(db, *id, changes.id, changes.name, ConditionOf(request, db));
    return Respond(api, result, [&](const Service& service) { return ShowOne(db, service); });
  });
}

Response DeleteService(Api& api, const Request& request) {
  const auto id = ServiceIdOf(request);
  if (!id) return Refuse(api, DeskRefusal::kServiceNotFound);
  return api.store.Write([&](Database& db) {
    return Respond(api, desk::DeleteService(db, *id, ConditionOf(request, db)),
                   [&](const Service& service) { return ShowOne(db, service); });
  });
}

}  // namespace kiosk
