#include "http/api_ops.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>

#include "http/seed_reader.h"
#include "store/parking.h"
#include "store/seed.h"
#include "store/temporary_file.h"

namespace kiosk {
namespace {

// What the database goes back to.
Origin OriginOf(Api& api, Timestamp now) {
  if (api.packed) return *api.packed;
  auto seed = ReadSeed(api.store.Read(SeedText), now);
  if (const auto* invalid = std::get_if<InvalidField>(&seed)) {
    throw std::runtime_error("the stored seed is invalid: " + invalid->message);
  }
  return std::get<Seed>(std::move(seed));
}

// What is injected, one sentence each.
std::vector<std::string> Injections(const ApiOptions& options) {
  std::vector<std::string> sentences;
  const auto [least, most] = options.delay_ms;
  if (most > 0) {
    const std::string range = least == most ? "" : std::to_string(least) + " to ";
    sentences.push_back("API responses are delayed by " + range + std::to_string(most) + " ms.");
  }
  if (options.failing_share > 0) {
    std::array<char, 32> percent{};
    const auto written = std::to_chars(percent.data(), percent.data() + percent.size(),
                                       options.failing_share * 100, std::chars_format::general, 6);
    sentences.push_back(std::string(percent.data(), written.ptr) +
                        " % of the API requests fail with 503.");
  }
  return sentences;
}

// A copy of the database, read piece by piece, whose name is gone as soon as it is open.
class BackupFile {
 public:
  explicit BackupFile(Store& store) {
    std::error_code none;  // then where the program was started
    const auto folder = std::filesystem::temp_directory_path(none);
    const TemporaryFile file((folder / "kiosk-backup").string(), "set TMPDIR to another folder");
    store.CopyTo(file.path());
    fd_ = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) throw std::runtime_error("the backup cannot be read");
  }
  ~BackupFile() { ::close(fd_); }
  BackupFile(const BackupFile&) = delete;
  BackupFile& operator=(const BackupFile&) = delete;

  // Empty at the end.
  [[nodiscard]] std::string ReadPiece() const {
    constexpr size_t kPiece = 262'144;
    std::string piece(kPiece, '\0');
    const ssize_t size = ::read(fd_, piece.data(), piece.size());
    if (size < 0) throw std::runtime_error("the backup cannot be read");
    piece.resize(static_cast<size_t>(size));
    return piece;
  }

 private:
  int fd_ = -1;
};

}  // namespace

Response GetHealth(Api& api, const Request& /*request*/) {
  api.store.CheckHealth();
  return Ok(R"({"status":"ok"})");
}

Response GetMetrics(Api& api, const Request& /*request*/) {
  Response response = Ok(api.metrics.Write(api.store.writer_counts(), api.store.SizeInBytes()));
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

Response GetInfo(Api& api, const Request& /*request*/) {
  JsonWriter out;
  out.BeginObject().Key("version").String(api.options.version);
  out.Key("order_gap_ms").Int(api.options.order_gap_ms).EndObject();
  return Ok(out.Take());
}

Response GetStatus(Api& api, const Request& /*request*/) {
  JsonWriter out;
  out.BeginObject().Key("version").String(api.options.version);
  if (!api.options.name.empty()) out.Key("name").String(api.options.name);
  out.Key("order_gap_ms").Int(api.options.order_gap_ms);
  out.Key("order_items").String(api.options.items_form == ItemsForm::kIds ? "ids" : "objects");
  out.Key("injected").BeginArray();
  for (const std::string& sentence : Injections(api.options)) out.String(sentence);
  out.EndArray().EndObject();
  return Ok(out.Take());
}

Response Reset(Api& api, const Request& request) {
  api.store.ResetTo(OriginOf(api, request.now));
  return Ok(R"({"status":"reset"})");
}

Response DownloadBackup(Api& api, const Request& request) {
  Response response;
  response.content_type = "application/vnd.sqlite3";
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"kiosk-backup.db\"");
  if (request.method == "HEAD") {
    response.next_piece = [] { return std::string(); };  // of unknown size, as what GET sends
    return response;
  }
  std::shared_ptr<BackupFile> file;
  RunAside([&] { file = std::make_shared<BackupFile>(api.store); });
  response.next_piece = [file] { return file->ReadPiece(); };
  return response;
}

}  // namespace kiosk
