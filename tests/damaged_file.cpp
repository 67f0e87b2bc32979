// Pages of the database that hold something else than SQLite wrote.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/database_file.h"
#include "tests/harness.h"

namespace kiosk::test {
namespace {

constexpr size_t kPage = 4096;

void DamagePage(const std::string& path, size_t number) {
  std::minstd_rand random(static_cast<unsigned>(number));
  std::string bytes(kPage, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  const auto time = std::filesystem::last_write_time(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>((number - 1) * kPage));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  std::filesystem::last_write_time(path, time);  // a disk that forgets does not change it
}

}  // namespace

TEST_CASE("a start notices any damaged page of a database, and leaves the file as it is") {
  const std::string bytes = DatabaseWith(200);
  const size_t pages = bytes.size() / kPage;
  REQUIRE(pages > 20);
  for (size_t number = 1; number <= pages; ++number) {
    CAPTURE(number);
    const TemporaryFolder folder;
    const std::string path = folder.File("kiosk.db");
    WriteFile(path, bytes);
    DamagePage(path, number);
    const auto before = Contents(folder.path());
    const Finished finished = RunKiosk({"--db", path, "--port", "0"});
    CHECK(finished.exit_code == 1);
    CHECK(finished.out.empty());
    CHECK(finished.err.starts_with("kiosk: cannot use the database " + path + ": it is "));
    CHECK(std::ranges::count(finished.err, '\n') == 1);
    const bool is_same = Contents(folder.path()) == before;
    CHECK(is_same);
  }
}

TEST_CASE("a read that finds a damaged page is refused, and /healthz answers 503 from then on") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  WriteFile(path, DatabaseWith(2000));
  Kiosk kiosk({"--db", path, "--quiet"});
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
  DamagePage(path, std::filesystem::file_size(path) / kPage / 2);
  Connection connection(kiosk.port());
  const auto list = connection.Ask("GET", "/orders");
  const bool is_whole = list && list->status == 200;
  CHECK_FALSE(is_whole);
  for (int i = 0; i < 2; ++i) {
    const Answer health = Ask(kiosk.port(), "GET", "/healthz");
    CHECK(health.status == 503);
    CHECK(health.body == kStorageUnavailable);
  }
  // What is not damaged is still read, and a reset replaces all of it.
  CHECK(Ask(kiosk.port(), "GET", "/api/products").status == 200);
  CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset").status == 200);
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
  CHECK(Ask(kiosk.port(), "GET", "/orders").status == 200);
  const Finished finished = kiosk.Stop();
  CHECK(finished.exit_code == 0);
  CHECK(finished.err.find("malformed") != std::string::npos);
  CHECK(finished.err.find("the database is damaged; bring back a backup with kiosk restore") !=
        std::string::npos);
  CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
}

}  // namespace kiosk::test
