// Which file names carry a hash of the file's content, so that a cache may keep the file for good.
// Pure. Source: SPEC section 6.
#pragma once

#include <string_view>

namespace kiosk {

// Whether a build tool put a hash of the content into the name at the end of `path`:
// "index-DiwrgTda.js" (Vite), "main.6078460a.chunk.js" (webpack, Create React App), and whatever
// suffixes follow. Also of any file in a folder whose paths a build tool never uses twice, such as
// "_next/static/". A name that only might be hashed is none: it is then asked for again, that is
// all.
[[nodiscard]] bool HasContentHash(std::string_view path);

}  // namespace kiosk
