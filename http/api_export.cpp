#include "http/api_export.h"

#include <cstdio>
#include <memory>

#include "http/seed_writer.h"

namespace kiosk {
namespace {

// The seed in a file without a name: a client that reads slowly holds no read transaction.
class ExportFile {
 public:
  explicit ExportFile(Store& store) : file_(std::tmpfile()) {
    if (!file_) throw std::runtime_error("no temporary file for an export");
    store.Read([this](Database& db) {
      WriteSeed(db, [this](std::string_view piece) { Append(piece); });
      return true;
    });
    if (std::fflush(file_.get()) != 0) FailAsFull();
    std::rewind(file_.get());
  }

  // Empty at the end.
  std::string ReadPiece() {
    constexpr size_t kPiece = 65'536;
    std::string piece(kPiece, '\0');
    piece.resize(std::fread(piece.data(), 1, piece.size(), file_.get()));
    if (std::ferror(file_.get()) != 0) throw std::runtime_error("the export cannot be read");
    return piece;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void Append(std::string_view piece) {
    if (std::fwrite(piece.data(), 1, piece.size(), file_.get()) != piece.size()) FailAsFull();
  }
  [[noreturn]] static void FailAsFull() {
    throw StorageFault(StorageFault::Kind::kFull, "no room for the temporary file of an export");
  }

  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace

Response DownloadExport(Api& api, const Request& request) {
  Response response;
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"kiosk-seed.json\"");
  if (request.method == "HEAD") {
    response.next_piece = [] { return std::string(); };  // of unknown size, as what GET sends
    return response;
  }
  const auto file = std::make_shared<ExportFile>(api.store);
  response.next_piece = [file] { return file->ReadPiece(); };
  return response;
}

}  // namespace kiosk
