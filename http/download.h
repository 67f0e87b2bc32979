// A file that is made for one response and sent piece by piece: a client that reads slowly holds no
// read transaction.
#pragma once

#include <functional>
#include <string>

#include "store/file_descriptor.h"

namespace kiosk {

class DownloadFile {
 public:
  // Calls `fill` with the path of an empty file in the folder for temporary files. The name, which
  // begins with `name`, is gone when this returns. Throws StorageFault.
  DownloadFile(const std::string& name, const std::function<void(const std::string&)>& fill);

  // Empty at the end.
  [[nodiscard]] std::string ReadPiece() const;

 private:
  FileDescriptor fd_;
};

}  // namespace kiosk
