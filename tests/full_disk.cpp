// What a server answers that finds no room or no descriptors, and what it leaves behind.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <filesystem>

#include "tests/database_file.h"
#include "tests/harness.h"
#include "tests/small_disk.h"

namespace kiosk::test {
namespace {

constexpr char kReset[] = R"({"status":"reset"})";

// From here on a running process opens no descriptor of that number or a higher one.
void LimitDescriptors(pid_t pid, rlim_t first_refused) {
  rlimit limit{};
  REQUIRE(::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) == 0);
  limit.rlim_cur = first_refused;
  REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr) == 0);
}

// The number of orders that were written before the first that found no room.
int WriteUntilFull(int port) {
  Connection connection(port);
  for (int i = 0;; ++i) {
    const auto answer = connection.Ask("POST", "/orders", WrittenOrder(std::to_string(i)));
    REQUIRE(answer);
    if (answer->status == 507) return i;
    REQUIRE(answer->status == 201);
  }
}

}  // namespace

TEST_CASE("a reset that finds no room answers 507 and changes nothing") {
  OnSmallDisk disk;
  disk.Fill();
  const int written = WriteUntilFull(disk.port());
  disk.Fill();
  REQUIRE(std::filesystem::file_size(disk.File("kiosk.db-wal")) == 0);
  const Answer before = Ask(disk.port(), "GET", "/orders");
  for (int i = 0; i < 3; ++i) {
    const Answer reset = Ask(disk.port(), "POST", "/_kiosk/reset");
    CHECK(reset.status == 507);
    CHECK(reset.body == kDiskFull);
    const Answer after = Ask(disk.port(), "GET", "/orders");
    const bool is_same = after.body == before.body;
    CHECK(is_same);
    CHECK(after.Header("etag") == before.Header("etag"));
    CHECK(Ask(disk.port(), "GET", "/healthz").status == 200);
    CHECK(Ask(disk.port(), "GET", "/api/products").status == 200);
  }
  CHECK(QueryBackup(disk.port(), kCountWritten) == std::to_string(written));
  disk.RemoveFiller();
  WriteOrders(disk.port(), 1);
  CHECK(QueryBackup(disk.port(), kCountWritten) == std::to_string(written + 1));
  CHECK(Ask(disk.port(), "POST", "/_kiosk/reset").body == kReset);
  CHECK(QueryBackup(disk.port(), "SELECT count(*) FROM desk_orders") == "3");
  CHECK(disk.kiosk().Stop().exit_code == 0);
}

TEST_CASE("a reset on a full disk takes the room of the WAL") {
  const OnSmallDisk disk;
  WriteOrders(disk.port(), 200);
  REQUIRE(std::filesystem::file_size(disk.File("kiosk.db-wal")) > 400'000);
  disk.Fill();
  CHECK(Ask(disk.port(), "POST", "/_kiosk/reset").body == kReset);
  CHECK(QueryBackup(disk.port(), "SELECT count(*) FROM desk_orders") == "3");
}

TEST_CASE("downloads that run out of descriptors answer 503 and leave no temporary file") {
  for (const char* target : {"/_kiosk/backup", "/_kiosk/export"}) {
    CAPTURE(target);
    const TemporaryFolder folder;
    const std::string temporary = folder.File("tmp");
    std::filesystem::create_directory(temporary);
    ChildOptions options;
    options.environment["TMPDIR"] = temporary;
    Kiosk kiosk({"--db", folder.File("kiosk.db"), "--quiet"}, options);
    WriteOrders(kiosk.port(), 10);
    Connection connection(kiosk.port());
    REQUIRE(connection.Ask("GET", "/healthz")->status == 200);
    int refused = 0;
    for (rlim_t limit = 0;; ++limit) {
      CAPTURE(limit);
      LimitDescriptors(kiosk.pid(), limit);
      const auto answer = connection.Ask("GET", target);
      REQUIRE(answer);
      CHECK(std::filesystem::is_empty(temporary));
      if (answer->status == 200) break;
      ++refused;
      CHECK(answer->status == 503);
      CHECK(answer->body == kStorageUnavailable);
    }
    CHECK(refused > 5);
    LimitDescriptors(kiosk.pid(), 1000);
    CHECK(connection.Ask("GET", target)->status == 200);
    WriteOrders(kiosk.port(), 1);
    const Finished finished = kiosk.Stop();
    CHECK(finished.exit_code == 0);
    CHECK(finished.err.find("Too many open files") != std::string::npos);
    CHECK(std::filesystem::is_empty(temporary));
  }
}

}  // namespace kiosk::test
