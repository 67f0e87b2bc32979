#include "http/api_benefits.h"

#include <charconv>

#include "store/benefits.h"
#include "store/rules.h"

namespace kiosk {
namespace {

// Exactly {"error": code}: the prototype's contract.
Response Refuse(BenefitRefusal refusal) {
  Response response;
  response.status = 400;
  switch (refusal) {
    case BenefitRefusal::kProductsNotFound:
      response.body = R"({"error":"products_not_found"})";
      break;
    case BenefitRefusal::kProductsAlreadyPurchased:
      response.body = R"({"error":"products_already_purchased"})";
      break;
    case BenefitRefusal::kInsufficientBalance:
      response.body = R"({"error":"insufficient_balance"})";
      break;
  }
  return response;
}

std::shared_ptr<const Api::Catalogue> ReadCatalogue(Api& api) {
  const uint64_t version = api.store.catalogue_version();
  auto catalogue = api.catalogue.Get();
  if (!catalogue || catalogue->version != version) {
    catalogue = std::make_shared<const Api::Catalogue>(
        Api::Catalogue{version, WriteProducts(api.store.Read(benefits::ListProducts))});
    api.catalogue.Set(catalogue);
  }
  return catalogue;
}

Response OrderNotFound() { return Error(404, "order_not_found", "No order has this id."); }

}  // namespace

Response GetUser(Api& api, const Request& request) {
  const std::string& user_id = request.parameters[0];
  if (!rules::IsUserId(user_id)) {
    return InvalidRequest({"user_id", std::string("`user_id` ") + rules::kUserIdRule});
  }
  const bool creates = request.method != "HEAD";
  auto user = api.store.Read([&](Database& db) -> std::optional<User> {
    auto known = benefits::FindUser(db, user_id);
    return known || creates ? known : benefits::NewUser(db, user_id);
  });
  if (!user && request.cross_site) {
    return Error(403, "origin_not_allowed", "A page of another origin cannot create a user.");
  }
  if (!user) {
    user = api.store.Write([&](Database& db) { return benefits::GetOrCreateUser(db, user_id); });
  }
  return Ok(WriteUser(*user));
}

Response ListProducts(Api& api, const Request& /*request*/) { return Ok(ReadCatalogue(api)->body); }

Response PlaceOrder(Api& api, const Request& request) {
  const auto body = ReadBody(request);
  if (const auto* error = std::get_if<Response>(&body)) return *error;
  return PlaceOrderFrom(api, request, std::get<Json>(body));
}

Response PlaceOrderFrom(Api& api, const Request& request, const Json& body) {
  const auto parsed = ReadPlaceOrder(body);
  if (const auto* invalid = std::get_if<InvalidField>(&parsed)) return InvalidRequest(*invalid);
  const auto& wanted = std::get<PlaceOrderBody>(parsed);
  return AnswerOnce(api, request, body, [&](Database& db) {
    const auto result = benefits::PlaceOrder(db, wanted.user_id, wanted.items, request.now);
    if (const auto* refusal = std::get_if<BenefitRefusal>(&result)) return Refuse(*refusal);
    return Ok(WritePlacedOrder(std::get<BenefitOrder>(result), api.options.items_form));
  });
}

Response GetBenefitOrder(Api& api, const Request& request) {
  const std::string& text = request.parameters[0];
  int64_t order_id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), order_id);
  if (error != std::errc() || std::to_string(order_id) != text) return OrderNotFound();
  const auto order =
      api.store.Read([&](Database& db) { return benefits::FindOrder(db, order_id); });
  if (!order) return OrderNotFound();
  return Ok(WriteBenefitOrder(*order, api.options.items_form));
}

Response ListBenefitOrders(Api& api, const Request& request) {
  const auto user_id = QueryParameter(request.query, "user_id");
  if (!user_id || !rules::IsUserId(*user_id)) {
    return InvalidRequest({"user_id", std::string("`user_id` ") + rules::kUserIdRule});
  }
  return Ok(WriteBenefitOrders(
      api.store.Read([&](Database& db) { return benefits::ListOrders(db, *user_id); }),
      api.options.items_form));
}

}  // namespace kiosk
