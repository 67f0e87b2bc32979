#include "http/download.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "store/database_path.h"
#include "store/temporary_file.h"

namespace kiosk {
namespace {

FileDescriptor Fill(const std::string& name, const std::function<void(const std::string&)>& fill) {
  std::error_code none;  // then where the program was started
  const auto folder = std::filesystem::temp_directory_path(none);
  try {
    const TemporaryFile file((folder / name).string(), "set TMPDIR to another folder");
    fill(file.path());
    const int fd = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) Refuse(file.path(), Reason(errno));
    return FileDescriptor(fd);
  } catch (const StoreError& error) {
    throw StorageFault(StorageFault::Kind::kUnavailable, error.what());
  }
}

}  // namespace

DownloadFile::DownloadFile(const std::string& name,
                           const std::function<void(const std::string&)>& fill)
    : fd_(Fill(name, fill)) {}

std::string DownloadFile::ReadPiece() const {
  constexpr size_t kPiece = 262'144;
  std::string piece(kPiece, '\0');
  const ssize_t size = ::read(fd_.get(), piece.data(), piece.size());
  if (size < 0) throw StorageFault(StorageFault::Kind::kUnavailable, Reason(errno));
  piece.resize(static_cast<size_t>(size));
  return piece;
}

}  // namespace kiosk
