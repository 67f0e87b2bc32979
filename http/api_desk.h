// The endpoints of the order desk's orders. Source: SPEC section 4.
#pragma once

#include "http/api.h"

namespace kiosk {

// POST /orders: a body with the key "order" belongs to the benefits shop, all else to the desk.
Response CreateOrder(Api& api, const Request& request);
Response ListOrders(Api& api, const Request& request);  // in api_desk_list.cpp
Response GetOrder(Api& api, const Request& request);
Response UpdateOrder(Api& api, const Request& request);
Response DeleteOrder(Api& api, const Request& request);

}  // namespace kiosk
