// The endpoints of the benefits shop. Source: SPEC section 3.
#pragma once

#include "http/api.h"

namespace kiosk {

Response GetUser(Api& api, const Request& request);
Response ListProducts(Api& api, const Request& request);
Response PlaceOrder(Api& api, const Request& request);
Response GetBenefitOrder(Api& api, const Request& request);
Response ListBenefitOrders(Api& api, const Request& request);

// PlaceOrder for a body that was read already.
Response PlaceOrderFrom(Api& api, const Request& request, const Json& body);

}  // namespace kiosk
