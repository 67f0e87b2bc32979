// What the endpoints of orders and services have in common: the responses to a result of the desk,
// and the condition in If-Match.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "http/api.h"

namespace kiosk {

[[nodiscard]] Response Refuse(const Api& api, DeskRefusal refusal);
[[nodiscard]] Response Refuse(const Api& api, const OrderConflict& conflict);
[[nodiscard]] Response Refuse(const Api& api, const ServicesNotFound& missing);
[[nodiscard]] Response Refuse(const Api& api, const InvalidField& invalid);

[[nodiscard]] std::string WriteBody(const DeskOrder& order);
[[nodiscard]] std::string WriteBody(const Service& service);

// The response to a success, `accept(T)`, or to a refusal of any kind.
template <class T, class Accept>
Response Respond(const Api& api, const DeskResult<T>& result, Accept accept) {
  return std::visit(
      [&](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, T>) {
          return accept(value);
        } else {
          return Refuse(api, value);
        }
      },
      result);
}

// 200 with an order or a service as it is, or as it was before its deletion; and its tag. `db` has
// the state that is shown.
template <class T>
Response ShowOne(Database& db, const T& value) {
  Response response = Ok(WriteBody(value));
  response.headers.emplace_back("ETag", EtagOf(Generation(db), response));
  return response;
}

// 201. Its tag comes from RespondOnce, which also repeats it.
[[nodiscard]] Response Created(std::string location, std::string body);

// Whether the request's If-Match, if it has one, names what is stored. Evaluated in the transaction
// that then changes it.
inline auto ConditionOf(const Request& request, Database& db) {
  return [&request, &db](const auto& stored) {
    return !request.if_match ||
           MatchesEtag(*request.if_match, EtagOf(Generation(db), Ok(WriteBody(stored))),
                       TagComparison::kStrong);
  };
}

}  // namespace kiosk
