// The endpoints for whoever runs the kiosk. Source: SPEC section 6.
#pragma once

#include "http/api.h"

namespace kiosk {

Response GetHealth(Api& api, const Request& request);
Response GetMetrics(Api& api, const Request& request);
Response GetInfo(Api& api, const Request& request);
Response Reset(Api& api, const Request& request);
Response DownloadBackup(Api& api, const Request& request);

}  // namespace kiosk
