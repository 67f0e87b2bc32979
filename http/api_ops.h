// The endpoints for the person who runs the kiosk. Source: SPEC sections 6 and 7.
#pragma once

#include "http/api.h"

namespace kiosk {

Response GetHealth(Api& api, const Request& request);
Response GetMetrics(Api& api, const Request& request);
// What a page needs to know of the server: public, unlike GetInfo.
Response GetStatus(Api& api, const Request& request);
Response GetInfo(Api& api, const Request& request);
Response Reset(Api& api, const Request& request);
Response DownloadBackup(Api& api, const Request& request);

}  // namespace kiosk
