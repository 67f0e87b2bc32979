// kiosk export and GET /_kiosk/export: the data as a seed.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "tests/scenario.h"

using namespace kiosk::test;

namespace {

constexpr char kSeed[] = R"({"starting_balance": 100, "name": "Demo", "about": "Line\nbreak",
  "products": [{"id": "a", "name": "A", "price": 10}, {"id": "é \"", "name": "\\", "price": 0.5}],
  "services": [{"id": 9, "name": "S"}, {"id": 2, "name": "T"}],
  "orders": [{"id": "x", "totalfee": 1.5, "services": ["2", "9"], "datetime": "2030-01-01T00:00:00Z"},
             {"id": "3", "product": "P", "quantity": 2}],
  "users": [{"user_id": "João", "product_ids": ["é \""]}]})";

// Purchases, deleted orders and services, ids chosen and assigned.
void MakeHistory(const TestServer& server) {
  const auto ask = [&server](const char* method, const char* target, const char* body) {
    CHECK(server.Ask(method, target, body).status < 300);
  };
  ask("POST", "/api/orders", R"({"order": {"items": ["a"], "user_id": "João"}})");
  ask("POST", "/api/orders", R"({"order": {"items": ["a", "é \""], "user_id": "u/1"}})");
  ask("POST", "/orders", R"({"product": "Q", "quantity": 1, "id": "50"})");
  ask("DELETE", "/orders/50", "");
  ask("POST", "/services", R"({"name": "U", "id": 70})");
  ask("DELETE", "/services/70", "");
  ask("GET", "/api/users/eve", "");
}

const std::string kExported = R"({
  "starting_balance": 100,
  "name": "Demo",
  "about": "Line\nbreak",
  "products": [
    {"id":"a","name":"A","price":10},
    {"id":"é \"","name":"\\","price":0.5}
  ],
  "services": [
    {"id":9,"name":"S"},
    {"id":2,"name":"T"}
  ],
  "orders": [
    {"id":"3","product":"P","quantity":2},
    {"id":"x","datetime":"2030-01-01T00:00:00.000Z","totalfee":1.5,"services":[2,9]}
  ],
  "users": [
    {"user_id":"João","balance":90,"starting_balance":100,"product_ids":["é \"","a"]},
    {"user_id":"eve","balance":100,"starting_balance":100,"product_ids":[]},
    {"user_id":"u/1","balance":89.5,"starting_balance":100,"product_ids":["a","é \""]}
  ],
  "purchases": [
    {"order_id":"1","user_id":"João","items":[{"id":"a","price":10}],"created_at":"*"},
    {"order_id":"2","user_id":"u/1","items":[{"id":"a","price":10},{"id":"é \"","price":0.5}],"created_at":"*"}
  ],
  "next_ids": {"purchase":3,"order":51,"service":71}
}
)";

}  // namespace

TEST_CASE("an export is a seed of the current data, also while a server is using the database") {
  TestServer server({}, kSeed);
  MakeHistory(server);
  const Answer download = server.Ask("GET", "/_kiosk/export");
  CHECK(download.status == 200);
  CHECK(download.Header("content-type") == "application/json");
  CHECK(download.Header("content-disposition") == "attachment; filename=\"kiosk-seed.json\"");
  CHECK(MaskTimes(download.body) == kExported);

  const TemporaryFolder folder;
  const Finished on_stdout = RunKiosk({"export", "--db", server.database()});
  CHECK(on_stdout.exit_code == 0);
  CHECK(on_stdout.err.empty());
  CHECK(on_stdout.out == download.body);
  const std::string file = folder.File("seed.json");
  CHECK(RunKiosk({"export", "--db", server.database(), file}).exit_code == 0);
  CHECK(ReadFile(file) == download.body);

  // Once more, while no program uses it: no file is left next to it.
  CHECK(server.kiosk().Stop().exit_code == 0);
  CHECK(RunKiosk({"export", "--db", server.database()}).out == download.body);
  CHECK(!std::filesystem::exists(server.database() + "-wal"));

  // A database made from it gives the same answers, and the same export.
  Kiosk copy({"--db", folder.File("copy.db"), "--seed", file, "--quiet"});
  CHECK(Ask(copy.port(), "GET", "/_kiosk/export").body == download.body);
  CHECK(Ask(copy.port(), "GET", "/api/users/Jo%C3%A3o").body ==
        R"({"user":{"user_id":"João","data":{"balance":90,"product_ids":["é \"","a"]}}})");
  CHECK(Ask(copy.port(), "POST", "/orders", R"({"product": "P", "quantity": 1})")
            .Header("location") == "/orders/51");
  CHECK(Ask(copy.port(), "POST", "/services", R"({"name": "V"})").Header("location") ==
        "/services/71");
  CHECK(QueryFile(folder.File("copy.db"), kCountUnbalanced) == "0");
}

TEST_CASE("an export of data in memory is the same") {
  const Kiosk kiosk({"--memory", "--quiet"});
  CHECK(Ask(kiosk.port(), "GET", "/api/users/ann").status == 200);
  const Answer download = Ask(kiosk.port(), "GET", "/_kiosk/export");
  CHECK(download.status == 200);
  CHECK(download.body.find(
            R"({"user_id":"ann","balance":500,"starting_balance":500,"product_ids":[]})") !=
        std::string::npos);
}

TEST_CASE("HEAD of an export has no body, and other methods are not allowed") {
  const TestServer server;
  Connection connection(server.port());
  REQUIRE(connection.SendRaw(RequestText("HEAD", "/_kiosk/export")));
  const auto head = connection.Receive(true);
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->body.empty());
  CHECK(server.Ask("POST", "/_kiosk/export").status == 405);
}

TEST_CASE("an export appears whole or not at all, and replaces nothing") {
  const TestServer server;
  const TemporaryFolder folder;
  const ChildOptions in_folder{.folder = folder.path()};
  WriteFile(folder.File("taken"), "");
  const Finished taken = RunKiosk({"export", "--db", server.database(), "taken"}, in_folder);
  CHECK(taken.exit_code == 1);
  CHECK(taken.err == "kiosk: cannot write taken: the file exists already; choose another name\n");
  CHECK(ReadFile(folder.File("taken")).empty());
  const Finished nowhere = RunKiosk({"export", "--db", server.database(), "no/file"}, in_folder);
  CHECK(nowhere.exit_code == 1);
  CHECK(nowhere.err.starts_with("kiosk: cannot write no/file: No such file or directory"));
  const Finished no_database = RunKiosk({"export", "--db", "none.db", "new"}, in_folder);
  CHECK(no_database.exit_code == 1);
  CHECK(no_database.err.find("none.db") != std::string::npos);
  WriteFile(folder.File("text.db"), std::string(4096, 'x'));
  CHECK(RunKiosk({"export", "--db", "text.db", "new"}, in_folder).exit_code == 1);
  size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    CAPTURE(file.path());
    ++files;
  }
  CHECK(files == 2);
}

TEST_CASE("an export of many orders takes no memory for them") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  CHECK(RunKiosk({"generate", "--db", path, "--orders", "40000"}).exit_code == 0);
  const Kiosk kiosk({"--db", path, "--quiet"});
  CHECK(Ask(kiosk.port(), "GET", "/orders?limit=1000").status == 200);
  const long before = kiosk.ResidentKib();
  Connection connection(kiosk.port(), "127.0.0.1", std::chrono::seconds(60));
  const auto download = connection.Ask("GET", "/_kiosk/export");
  REQUIRE(download);
  CHECK(download->body.size() > 3'000'000);
  // Each reader's page cache has 8 MiB, and more under a sanitizer.
  CHECK(kiosk.ResidentKib() - before < 12'000 * kSlowdown);
}
