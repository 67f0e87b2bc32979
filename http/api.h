// What an endpoint is given and what it gives back. Plain values: no HTTP library, no sockets.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "http/codec.h"
#include "http/etag.h"
#include "http/json.h"
#include "http/metrics.h"
#include "store/generation.h"
#include "store/model.h"
#include "store/store.h"
#include "store/thread_annotations.h"

namespace kiosk {

// Views into the message, good as long as the request is being answered.
struct Request {
  std::string_view method;
  std::string_view path;   // as sent, still percent-encoded, without the query
  std::string_view query;  // without the question mark
  std::string_view body;
  std::string_view accept;
  std::string_view content_type;
  std::optional<std::string_view> idempotency_key;
  std::optional<std::string_view> if_match;
  std::optional<std::string_view> if_none_match;
  std::optional<std::string_view> range;
  std::optional<std::string_view> if_range;
  bool cross_site = false;  // sent by a page of an origin that is not allowed
  Timestamp now;            // of kiosk's clock: what is created now, seeds
  Timestamp system_time;    // of the system's clock: idempotency keys, fault ids

  // The path's parameters, decoded, in the order of the route's pattern; set by the routes.
  std::vector<std::string> parameters;
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  bool accepts_ranges = false;  // a part of the body may be asked for
  bool is_kept = true;          // under the request's Idempotency-Key, if it has one

  // Instead of a body of known size: called for one piece after the other until one is empty.
  std::function<std::string()> next_piece;
};

struct ApiOptions {
  int64_t order_gap_ms = 3LL * 60 * 60 * 1000;
  ItemsForm items_form = ItemsForm::kIds;
  // To demo loading and error states: every answer of the API waits this long, and that share of
  // its requests (0 to 1) is refused.
  std::pair<int64_t, int64_t> delay_ms{0, 0};
  double failing_share = 0;
  std::string version;
  std::string name;  // of a demo
};

// The content of a file by its path, which has no slash in front; nothing if there is none.
using FileReader = std::function<std::optional<std::string>(const std::string& path)>;

// What every endpoint works with. Any thread.
struct Api {
  Store& store;
  Metrics& metrics;
  ApiOptions options = {};
  std::function<double()> random = nullptr;  // from 0 to below 1
  std::optional<Image> packed =
      std::nullopt;               // what a reset goes back to; nothing: the database's seed
  FileReader frontend = nullptr;  // in place of the built-in page; empty: none
  // Reports a fault that the client is told nothing of but `id`.
  std::function<void(const std::string& id, const std::string& what)> log_fault = nullptr;
  // The catalogue as it was last written, and what it was made from.
  struct Catalogue {
    uint64_t version = 0;
    std::string body;
  };
  // A mutex, because g++ 12 releases std::atomic<std::shared_ptr> without synchronization after a
  // load. Any thread.
  class CurrentCatalogue {
   public:
    [[nodiscard]] std::shared_ptr<const Catalogue> Get() const {
      const MutexLock lock(mutex_);
      return catalogue_;
    }
    void Set(std::shared_ptr<const Catalogue> catalogue) {
      const MutexLock lock(mutex_);
      catalogue_.swap(catalogue);
    }

   private:
    mutable Mutex mutex_;
    std::shared_ptr<const Catalogue> catalogue_ GUARDED_BY(mutex_);
  };
  CurrentCatalogue catalogue = {};
  std::atomic<uint64_t> faults = 0;
};

// --- answers ---

// {"error": code, "message": message, "field": field}; an empty field is left out.
[[nodiscard]] Response Error(int status, std::string_view code, std::string_view message,
                             std::string_view field = "");
[[nodiscard]] Response InvalidRequest(const InvalidField& invalid);
[[nodiscard]] Response NotFound();
[[nodiscard]] Response NotJson();  // a body of another type
[[nodiscard]] Response Ok(std::string body);

// The tag of a response: of its body and of what else it says about a page of a listing.
// `generation` is the database's; see MakeEtag.
[[nodiscard]] std::string EtagOf(int64_t generation, const Response& response);

// --- requests ---

// The value of a query parameter, decoded.
[[nodiscard]] std::optional<std::string> QueryParameter(std::string_view query,
                                                        std::string_view name);

// An integer in a path or query: digits, after a minus if it is negative, and nothing else.
[[nodiscard]] std::optional<int64_t> ParseInteger(std::string_view text);

// Percent-decoding; what is not a whole escape stays as it is, as browsers have it. In a query a
// plus sign is a space.
enum class PlusSign { kItself, kSpace };
[[nodiscard]] std::string PercentDecode(std::string_view text, PlusSign plus);

// The body as JSON, or the answer that says why it is not.
[[nodiscard]] std::variant<Json, Response> ReadBody(const Request& request);

// Runs `use_case` as one write transaction. With an Idempotency-Key the answer is stored in it, and
// a repeated request gets the stored answer instead; bodies are compared as JSON values. `use_case`
// may be run twice.
[[nodiscard]] Response AnswerOnce(Api& api, const Request& request, const Json& body,
                                  const std::function<Response(Database&)>& use_case);

}  // namespace kiosk
