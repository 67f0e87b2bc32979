// The endpoints of the order desk. Source: SPEC section 4.
#pragma once

#include "http/api.h"

namespace kiosk {

// POST /orders: a body with the key "order" belongs to the benefits shop, all else to the desk.
Response CreateOrder(Api& api, const Request& request);
Response ListOrders(Api& api, const Request& request);
Response GetOrder(Api& api, const Request& request);
Response UpdateOrder(Api& api, const Request& request);
Response DeleteOrder(Api& api, const Request& request);

Response ListServices(Api& api, const Request& request);
Response GetService(Api& api, const Request& request);
Response CreateService(Api& api, const Request& request);
Response RenameService(Api& api, const Request& request);
Response DeleteService(Api& api, const Request& request);

}  // namespace kiosk
