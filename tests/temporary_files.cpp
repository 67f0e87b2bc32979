// A copy of the database that fails leaves no file behind, whatever it lacked.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "tests/harness.h"
#include "tests/small_disk.h"

namespace kiosk::test {
namespace {

namespace fs = std::filesystem;

std::set<std::string> FilesIn(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

template <rlim_t kLimit>
void LimitDescriptors() {
  const rlimit limit{kLimit, kLimit};
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void MakeDatabase(const std::string& path, int orders) {
  REQUIRE(RunKiosk({"generate", "--db", path, "--orders", std::to_string(orders)}).exit_code == 0);
}

}  // namespace

TEST_CASE("commands that run out of descriptors leave no temporary file") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  MakeDatabase(path, 1000);
  REQUIRE(RunKiosk({"backup", "--db", path, folder.File("backup.db")}).exit_code == 0);
  const auto files = FilesIn(folder.path());
  void (*const limits[])() = {LimitDescriptors<3>, LimitDescriptors<4>,  LimitDescriptors<5>,
                              LimitDescriptors<6>, LimitDescriptors<7>,  LimitDescriptors<8>,
                              LimitDescriptors<9>, LimitDescriptors<10>, LimitDescriptors<11>};
  const std::vector<std::vector<std::string>> commands = {
      {"backup", "--db", path, folder.File("new")},
      {"pack", "--with-data", "--db", path, "-o", folder.File("new")},
      {"restore", "--db", folder.File("new"), folder.File("backup.db")},
  };
  for (const auto& command : commands) {
    int failed = 0;
    for (const auto limit : limits) {
      CAPTURE(command.front());
      ChildOptions options;
      options.before_exec = limit;
      const Finished finished = RunKiosk(command, options);
      auto left = FilesIn(folder.path());
      if (finished.exit_code == 0) {
        CHECK(left.erase("new") == 1);
        fs::remove(folder.File("new"));
      } else {
        ++failed;
      }
      for (const char* companion : {"kiosk.db-wal", "kiosk.db-shm"}) left.erase(companion);
      CHECK(left == files);
    }
    CHECK(failed > 0);
  }
}

TEST_CASE("a backup that finds no room answers 507 and leaves no temporary file") {
  const TemporaryFolder folder;
  fs::create_directory(folder.File("small"));
  const std::string path = folder.File("kiosk.db");
  MakeDatabase(path, 50'000);
  ChildOptions options;
  options.folder = folder.path();
  options.environment["TMPDIR"] = folder.File("small");
  options.before_exec = MountSmallDisk<2>;
  const Kiosk kiosk({"--db", path, "--quiet"}, options);
  for (int i = 0; i < 3; ++i) {
    CHECK(Ask(kiosk.port(), "GET", "/_kiosk/backup").status == 507);
    CHECK(FilesIn("/proc/" + std::to_string(kiosk.pid()) + "/root" + folder.File("small")).empty());
  }
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
}

TEST_CASE("commands that find no room leave no temporary file") {
  const TemporaryFolder folder;
  fs::create_directory(folder.File("small"));
  const std::string path = folder.File("kiosk.db");
  MakeDatabase(path, 50'000);
  REQUIRE(RunKiosk({"backup", "--db", path, folder.File("backup.db")}).exit_code == 0);
  const std::vector<std::vector<std::string>> commands = {
      {"backup", "--db", path, "small/new"},
      {"pack", "--with-data", "--db", path, "-o", "small/new"},
      {"restore", "--db", "small/new", folder.File("backup.db")},
  };
  for (const auto& command : commands) {
    CAPTURE(command.front());
    ChildOptions options;
    options.folder = folder.path();
    options.before_exec = MountSmallDisk<2>;
    const Finished finished = RunKiosk(command, options);
    CHECK(finished.exit_code == 1);
    CHECK(finished.err.starts_with("kiosk: "));
    CHECK(std::count(finished.err.begin(), finished.err.end(), '\n') == 1);
  }
}

TEST_CASE("a backup that is interrupted leaves no temporary file") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  MakeDatabase(path, 200'000 / kSlowdown);
  const Finished interrupted = InterruptKiosk({"backup", "--db", path, folder.File("copy")}, {},
                                              [&] { return FilesIn(folder.path()).size() > 1; });
  CAPTURE(interrupted.exit_code);
  auto left = FilesIn(folder.path());
  for (const char* companion : {"kiosk.db-wal", "kiosk.db-shm"}) left.erase(companion);
  left.erase("copy");  // if it was faster than the signal
  CHECK(left == std::set<std::string>{"kiosk.db"});
}

}  // namespace kiosk::test
