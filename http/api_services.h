// The endpoints of the order desk's services. Source: SPEC section 4.
#pragma once

#include "http/api.h"

namespace kiosk {

Response ListServices(Api& api, const Request& request);
Response GetService(Api& api, const Request& request);
Response CreateService(Api& api, const Request& request);
Response RenameService(Api& api, const Request& request);
Response DeleteService(Api& api, const Request& request);

}  // namespace kiosk
