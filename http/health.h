// `kiosk health`: asks a kiosk, as a client, whether it is healthy.
#pragma once

#include <string>

#include "http/web_origin.h"

namespace kiosk {

// What is wrong with the URL given to `kiosk health`, and what to write instead; empty if nothing
// is. Only localhost and IP addresses, because the static executable resolves no names. Pure.
[[nodiscard]] std::string CheckHealthUrl(const std::string& text);

// Why the kiosk at `origin`, of a URL that passed CheckHealthUrl, is not healthy; empty if its
// /healthz answers 200. A name of localhost is tried on ::1 and on 127.0.0.1, and either is enough.
// Returns within a few seconds, whatever the other end does.
[[nodiscard]] std::string FindUnhealthy(const WebOrigin& origin);

}  // namespace kiosk
