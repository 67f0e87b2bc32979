#include "http/api.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "store/hash.h"
#include "store/idempotency.h"

namespace kiosk {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Takes what stands before `separator`, and removes both from `text`.
std::string_view TakeUntil(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return taken;
}

// Distinguishes requests under one key, the same in every build because it is stored.
int64_t Fingerprint(const Request& request, const Json& body) {
  std::string text(request.method);
  text.append("\n").append(request.path).append("\n").append(request.query).append("\n");
  text += CanonicalText(body);
  return static_cast<int64_t>(Hash(text));
}

Response Replay(const idempotency::Answer& answer) {
  Response response;
  response.status = answer.status;
  response.body = answer.body;
  if (!answer.location.empty()) response.headers.emplace_back("Location", answer.location);
  response.headers.emplace_back("Idempotency-Replayed", "true");
  return response;
}

std::string HeaderOf(const Response& response, std::string_view wanted) {
  for (const auto& [name, value] : response.headers) {
    if (name == wanted) return value;
  }
  return "";
}

}  // namespace

Response Error(int status, std::string_view code, std::string_view message,
               std::string_view field) {
  JsonWriter out;
  out.BeginObject().Key("error").String(code);
  out.Key("message").String(message);
  if (!field.empty()) out.Key("field").String(field);
  out.EndObject();
  Response response;
  response.status = status;
  response.body = out.Take();
  return response;
}

Response InvalidRequest(const InvalidField& invalid) {
  Response response = Error(400, "invalid_request", invalid.message, invalid.field);
  response.is_kept = false;  // the client may mend the request and send it under the same key
  return response;
}

Response NotFound() { return Error(404, "not_found", "No resource at this path."); }

Response NotJson() {
  return Error(415, "unsupported_media_type",
               "A body must be sent with Content-Type: application/json.");
}

Response Ok(std::string body) {
  Response response;
  response.body = std::move(body);
  return response;
}

std::string EtagOf(int64_t generation, const Response& response) {
  return MakeEtag(generation,
                  {response.body, HeaderOf(response, "Link"), HeaderOf(response, "X-Total-Count")});
}

std::optional<std::string> QueryParameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    std::string_view value = TakeUntil(query, '&');
    const std::string_view key = TakeUntil(value, '=');
    if (PercentDecode(key, PlusSign::kSpace) == name) {
      return PercentDecode(value, PlusSign::kSpace);
    }
  }
  return std::nullopt;
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string PercentDecode(std::string_view text, PlusSign plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
        HexDigit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i] == '+' && plus == PlusSign::kSpace ? ' ' : text[i];
    }
  }
  return decoded;
}

std::variant<Json, Response> ReadBody(const Request& request) {
  auto parsed = ParseJson(request.body);
  if (const auto* error = std::get_if<JsonError>(&parsed)) {
    return Error(400, "invalid_json",
                 "The body is not valid JSON at byte " + std::to_string(error->offset) + ": " +
                     error->reason);
  }
  return std::get<Json>(std::move(parsed));
}

Response AnswerOnce(Api& api, const Request& request, const Json& body,
                    const std::function<Response(Database&)>& use_case) {
  // What was created is shown with its tag, also when the response is repeated.
  const auto tagged = [](Database& db, Response response) {
    if (response.status == 201) {
      response.headers.emplace_back("ETag", EtagOf(Generation(db), response));
    }
    return response;
  };
  if (!request.idempotency_key) {
    return api.store.Write([&](Database& db) { return tagged(db, use_case(db)); });
  }
  const std::string_view key = *request.idempotency_key;
  if (key.empty() || key.size() > idempotency::kMaxKey) {
    return InvalidRequest({"Idempotency-Key", "`Idempotency-Key` must have 1 to 255 bytes."});
  }
  const int64_t fingerprint = Fingerprint(request, body);
  return api.store.Write([&](Database& db) {
    if (const auto kept = idempotency::Find(db, key, request.system_time)) {
      const bool is_same =
          kept->fingerprint == fingerprint || kept->fingerprint == idempotency::kUnknownFingerprint;
      if (is_same) return tagged(db, Replay(*kept));
      return Error(422, "idempotency_key_reused",
                   "This Idempotency-Key was used with another method, path or body.");
    }
    Response response = use_case(db);
    if (!response.is_kept) return response;
    const idempotency::Answer answer{fingerprint, response.status, HeaderOf(response, "Location"),
                                     response.body};
    idempotency::Keep(db, key, answer, request.system_time);
    return tagged(db, std::move(response));
  });
}

}  // namespace kiosk
