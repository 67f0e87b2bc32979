#include "http/api_ops.h"

#include <array>
#include <charconv>

#include "http/download.h"
#include "http/seed_reader.h"
#include "store/seed.h"

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
  const auto file = std::make_shared<DownloadFile>(
      "kiosk-backup", [&api](const std::string& path) { api.store.CopyTo(path); });
  response.next_piece = [file] { return file->ReadPiece(); };
  return response;
}

}  // namespace kiosk
