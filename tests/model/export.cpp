// Any history, exported and read as a seed, gives the same answers again.
#include <doctest/doctest.h>

#include <random>
#include <set>

#include "http/routes.h"
#include "http/seed_reader.h"
#include "http/seed_writer.h"
#include "store/store.h"
#include "tests/harness.h"
#include "tests/model/generate.h"
#include "tests/model/model.h"
#include "tests/scenario.h"

namespace kiosk::model {
namespace {

// kiosk without its sockets.
class Kiosk {
 public:
  explicit Kiosk(const std::string& seed)
      : store_(Store::Open(folder_.File("kiosk.db"),
                           std::get<Seed>(ReadSeed(seed, Timestamp{kNow})))) {}

  Response Ask(const std::string& method, const std::string& path, const std::string& query = "",
               const std::string& body = "") {
    Request request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.body = body;
    if (!body.empty()) request.content_type = "application/json";
    request.now = Timestamp{kNow};
    return Dispatch(api_, request).response;
  }

  std::string Export() {
    return store_->Read([](Database& db) {
      std::string text;
      WriteSeed(db, [&text](std::string_view piece) { text += piece; });
      return text;
    });
  }

 private:
  static constexpr int64_t kNow = 1'893'499'200'000;

  test::TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
  Metrics metrics_{RouteLabels()};
  Api api_{.store = *store_, .metrics = metrics_, .log_fault = [](const auto&, const auto&) {}};
};

std::string WithoutTimes(const std::string& body) { return test::MaskTimes(body); }

// All that a client can read of what was written.
struct Names {
  std::set<std::string> users = {"owner"};
  std::set<std::string> orders;
};

Names PlayOn(Kiosk& kiosk, const std::vector<Round>& rounds) {
  Names names;
  for (const Round& round : rounds) {
    for (const Call& call : round.calls) {
      if (call.method == kAudit || call.path.starts_with("/_kiosk/") || call.on_whole) continue;
      kiosk.Ask(call.method, call.path, call.query, call.is_json ? call.body : "");
      if (call.path.starts_with("/orders/")) names.orders.insert(call.path);
      if (call.query.starts_with("user_id=")) names.users.insert(call.query.substr(8));
    }
  }
  return names;
}

void CheckSame(Kiosk& one, Kiosk& other, const Names& names) {
  const auto same = [&](const std::string& path, const std::string& query = "") {
    CAPTURE(path);
    CAPTURE(query);
    const Response first = one.Ask("GET", path, query);
    const Response second = other.Ask("GET", path, query);
    CHECK(first.status == second.status);
    CHECK(WithoutTimes(first.body) == WithoutTimes(second.body));
  };
  same("/api/products");
  same("/services");
  same("/orders");
  for (const std::string& path : names.orders) same(path);
  for (const std::string& user : names.users) {
    same("/api/orders", "user_id=" + user);
    same("/api/users/" + user);
  }
  for (int id = 1; id <= 60; ++id) same("/api/orders/" + std::to_string(id));
  for (const char* service : {"123", "789", "456", "790", "7", "791"}) {
    same(std::string("/services/") + service);
  }
}

}  // namespace

TEST_CASE("a database made from an export gives the same answers") {
  const uint64_t first_seed = std::random_device{}();
  for (uint64_t seed = first_seed; seed < first_seed + 4; ++seed) {
    CAPTURE(seed);
    Kiosk kiosk(kSeed);
    const Names names = PlayOn(kiosk, Generate(seed, 250));
    const std::string exported = kiosk.Export();
    const auto read = ReadSeed(exported, Timestamp{0});
    if (const auto* invalid = std::get_if<InvalidField>(&read)) FAIL(SeedErrorText(*invalid));
    Kiosk copy(exported);
    CHECK(copy.Export() == exported);
    CheckSame(kiosk, copy, names);
    // The next ids are the same, too.
    const std::string order = R"({"product": "P", "quantity": 1})";
    CHECK(WithoutTimes(kiosk.Ask("POST", "/orders", "", order).body) ==
          WithoutTimes(copy.Ask("POST", "/orders", "", order).body));
    const std::string service = R"({"name": "New"})";
    CHECK(kiosk.Ask("POST", "/services", "", service).body ==
          copy.Ask("POST", "/services", "", service).body);
    const std::string purchase = R"({"order": {"items": ["cent"], "user_id": "never seen"}})";
    CHECK(kiosk.Ask("POST", "/api/orders", "", purchase).body ==
          copy.Ask("POST", "/api/orders", "", purchase).body);
  }
}

}  // namespace kiosk::model
