#include "http/desk_responses.h"

#include <algorithm>

namespace kiosk {
namespace {

constexpr size_t kMaxShown = 20;    // ids in a message
constexpr size_t kMaxShownId = 64;  // bytes of one; no id of an order or a service is longer

// An id as a client sent it, cut to what a message has room for, between characters.
std::string Shown(const std::string& id) {
  size_t size = std::min(id.size(), kMaxShownId);
  while (size < id.size() && size > 0 && (static_cast<unsigned char>(id[size]) & 0xC0) == 0x80) {
    --size;
  }
  return "`" + id.substr(0, size) + (size < id.size() ? "…`" : "`");
}

}  // namespace

Response Refuse(const Api& /*api*/, DeskRefusal refusal) {
  switch (refusal) {
    case DeskRefusal::kOrderNotFound:
      return Error(404, "order_not_found", "No order has this id.");
    case DeskRefusal::kOrderExists:
      return Error(409, "order_exists", "Another order has this id.", "id");
    case DeskRefusal::kPreconditionFailed:
      return Error(412, "precondition_failed",
                   "The ETag in If-Match is not the current one; read the resource again.");
    case DeskRefusal::kServiceNotFound:
      return Error(404, "service_not_found", "No service has this id.");
    case DeskRefusal::kServiceExists:
      return Error(409, "service_exists", "Another service has this id.", "id");
    case DeskRefusal::kServiceInUse:
      return Error(409, "service_in_use", "An order uses this service.");
  }
  return Error(500, "internal_error", "An unknown refusal.");
}

Response Refuse(const Api& api, const OrderConflict& conflict) {
  JsonWriter out;
  out.BeginObject().Key("error").String("order_conflict");
  out.Key("message").String("Order " + conflict.conflicts_with + " is less than " +
                            FormatDuration(api.options.order_gap_ms) +
                            " before or after this time.");
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

Response Refuse(const Api& /*api*/, const ServicesNotFound& missing) {
  const bool is_one = missing.ids.size() == 1;
  std::string message = is_one ? "No service has the id " : "No services have the ids ";
  const size_t shown = std::min(missing.ids.size(), kMaxShown);
  for (size_t i = 0; i < shown; ++i) message += (i > 0 ? ", " : "") + Shown(missing.ids[i]);
  if (shown < missing.ids.size()) message += " and others";
  return Error(400, "services_not_found", message + ".", "services");
}

Response Refuse(const Api& /*api*/, const InvalidField& invalid) { return InvalidRequest(invalid); }

std::string WriteBody(const DeskOrder& order) { return WriteDeskOrder(order); }
std::string WriteBody(const Service& service) { return WriteService(service); }

Response Created(std::string location, std::string body) {
  Response response = Ok(std::move(body));
  response.status = 201;
  response.headers.emplace_back("Location", std::move(location));
  return response;
}

}  // namespace kiosk
