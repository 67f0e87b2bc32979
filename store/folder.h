// What belongs to a folder that is served or packed.
#pragma once

#include <algorithm>
#include <filesystem>

namespace kiosk {

// Whether `file` lies below `folder`. Both are canonical: every link was followed.
[[nodiscard]] inline bool LiesIn(const std::filesystem::path& folder,
                                 const std::filesystem::path& file) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first ==
         folder.end();
}

}  // namespace kiosk
