// Bodies: any bytes are parsed or refused with a place in them, and what was read is written so
// that it reads the same.
#include "http/json.h"

#include "http/codec.h"
#include "store/rules.h"
#include "tests/fuzz/fuzz.h"
#include "tests/write_json.h"

namespace kiosk::fuzz {
namespace {

using test::WriteJson;

Json ParseOwn(const std::string& text) {
  auto parsed = ParseJson(text);
  Require(std::holds_alternative<Json>(parsed), "what is written is JSON", text);
  return std::get<Json>(std::move(parsed));
}

// An order that a body makes is written so that the whole can be sent back unchanged.
void CheckOrder(const DeskOrderChanges& changes) {
  DeskOrder order = rules::Apply({}, changes);
  if (rules::FindInvalidField(order)) return;
  order.id = changes.id.value_or("1");
  for (Service& service : order.services) {
    // Of a service that is unknown, or of a name that is not checked yet, there is no such order.
    if (service.id == 0 || !rules::IsName(service.name)) return;
  }
  const std::string written = WriteDeskOrder(order);
  const auto again = ReadDeskOrder(ParseOwn(written), BodyUse::kUpdate);
  Require(std::holds_alternative<DeskOrderChanges>(again), "an order can be sent back", written);
  DeskOrder returned = rules::Apply(order, std::get<DeskOrderChanges>(again));
  Require(WriteDeskOrder(returned) == written, "an order sent back is the same", written);
}

void Check(std::string_view text) {
  const auto parsed = ParseJson(text);
  if (const auto* error = std::get_if<JsonError>(&parsed)) {
    Require(error->offset <= text.size(), "an error lies in the text");
    Require(!error->reason.empty(), "an error has a reason");
    return;
  }
  const auto& json = std::get<Json>(parsed);
  const std::string written = WriteJson(json);
  Require(WriteJson(ParseOwn(written)) == written, "what is written is read back", written);

  const auto purchase = ReadPlaceOrder(json);
  if (const auto* body = std::get_if<PlaceOrderBody>(&purchase)) {
    Require(rules::IsUserId(body->user_id), "a user_id that was read is one");
    ParseOwn(WriteUser({body->user_id, {}, body->items}));
  }
  const auto service = ReadService(json);
  if (const auto* body = std::get_if<ServiceBody>(&service)) {
    const Service made{body->id.value_or(1), body->name};
    const auto again = ReadService(ParseOwn(WriteService(made)));
    Require(std::holds_alternative<ServiceBody>(again) &&
                std::get<ServiceBody>(again).id == made.id &&
                std::get<ServiceBody>(again).name == made.name,
            "a service is read back", body->name);
  }
  static_cast<void>(ReadDeskOrder(json, BodyUse::kUpdate));
  const auto order = ReadDeskOrder(json, BodyUse::kCreate);
  if (const auto* changes = std::get_if<DeskOrderChanges>(&order)) CheckOrder(*changes);
}

}  // namespace
}  // namespace kiosk::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kiosk::fuzz::Check(kiosk::fuzz::AsText(data, size));
  return 0;
}
