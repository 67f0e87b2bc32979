// The data as a seed, to download. Source: SPEC section 7.
#pragma once

#include "http/api.h"

namespace kiosk {

Response DownloadExport(Api& api, const Request& request);

}  // namespace kiosk
