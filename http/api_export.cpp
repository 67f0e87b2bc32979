#include "http/api_export.h"

#include <cerrno>
#include <fstream>
#include <memory>

#include "http/download.h"
#include "http/seed_writer.h"
#include "store/database_path.h"

namespace kiosk {
namespace {

// Writes the data as a seed into the file at `path`. Throws StorageFault.
void WriteSeedTo(const std::string& path, Store& store) {
  std::ofstream file(path, std::ios::binary);
  const auto require = [&file] {
    if (file) return;
    throw StorageFault(
        errno == ENOSPC ? StorageFault::Kind::kFull : StorageFault::Kind::kUnavailable,
        "the temporary file of an export: " + Reason(errno));
  };
  require();
  store.Read([&](Database& db) {
    WriteSeed(db, [&](std::string_view piece) {
      file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
      require();
    });
    return true;
  });
  file.close();
  require();
}

}  // namespace

Response DownloadExport(Api& api, const Request& request) {
  Response response;
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"kiosk-seed.json\"");
  if (request.method == "HEAD") {
    response.next_piece = [] { return std::string(); };  // of unknown size, as what GET sends
    return response;
  }
  const auto file = std::make_shared<DownloadFile>(
      "kiosk-export", [&api](const std::string& path) { WriteSeedTo(path, api.store); });
  response.next_piece = [file] { return file->ReadPiece(); };
  return response;
}

}  // namespace kiosk
