// The surroundings of the executable: closed descriptors, the signals that stop it, stdin.
#include "http/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "tests/harness.h"

namespace kiosk::test {
namespace {

constexpr auto kStopTime = std::chrono::seconds(2 * kSlowdown);
constexpr char kOrder[] = R"({"order":{"items":["netflix","spotify"],"user_id":"ann"}})";

int closed_descriptors = 0;  // bit n: descriptor n, for the next child

void CloseDescriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if ((closed_descriptors & (1 << fd)) != 0) ::close(fd);
  }
}

std::string OpenFile(const Kiosk& kiosk, int fd) {
  return std::filesystem::read_symlink("/proc/" + std::to_string(kiosk.pid()) + "/fd/" +
                                       std::to_string(fd))
      .string();
}

// Whether the kiosk has stopped as it should: with 0, its changes in the database, no WAL left.
void CheckStopped(Kiosk& kiosk, const TemporaryFolder& folder) {
  CHECK(kiosk.WaitForExit(kStopTime) == 0);
  CHECK_FALSE(std::filesystem::exists(folder.File("kiosk.db-wal")));
  CHECK(QueryFile(folder.File("kiosk.db"), "SELECT balance FROM users") == "38401");
}

}  // namespace

TEST_CASE("serves with any of the descriptors 0 to 2 closed, and prints into no other file") {
  const int no_reader = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  for (closed_descriptors = 0; closed_descriptors < 8; ++closed_descriptors) {
    CAPTURE(closed_descriptors);
    const TemporaryFolder folder;
    const std::string path = folder.File("kiosk.db");
    Kiosk kiosk({"--db", path, "--port", FreePort()},
                {.before_exec = CloseDescriptors, .out = no_reader});
    for (int fd = 0; fd <= 2; ++fd) {
      if ((closed_descriptors & (1 << fd)) != 0) CHECK(OpenFile(kiosk, fd) == "/dev/null");
    }
    Connection connection(kiosk.port());
    for (int i = 0; i < 20; ++i) {
      const auto answer = connection.Ask("GET", "/api/users/ann");
      REQUIRE(answer.has_value());
      CHECK(answer->body ==
            R"({"user":{"user_id":"ann","data":{"balance":500,"product_ids":[]}}})");
    }
    CHECK(connection.Ask("POST", "/api/orders", kOrder)->status == 200);
    kiosk.Signal(SIGTERM);
    CheckStopped(kiosk, folder);
    CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
    CHECK(ReadFile(path).find("GET /api/users") == std::string::npos);
  }
  ::close(no_reader);
}

TEST_CASE("every command works with any of the descriptors 0 to 2 closed") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  for (closed_descriptors = 0; closed_descriptors < 8; ++closed_descriptors) {
    CAPTURE(closed_descriptors);
    const ChildOptions options{.folder = folder.path(), .before_exec = CloseDescriptors};
    const std::string number = std::to_string(closed_descriptors);
    CHECK(RunKiosk({"--help"}, options).exit_code == 0);
    CHECK(RunKiosk({"--unknown"}, options).exit_code == 2);
    CHECK(RunKiosk({"reset"}, options).exit_code == 0);
    CHECK(RunKiosk({"generate", "--users", "1000"}, options).exit_code == 0);
    CHECK(RunKiosk({"backup", "copy" + number}, options).exit_code == 0);
    CHECK(RunKiosk({"backup", "copy" + number}, options).exit_code == 1);
    CHECK(RunKiosk({"pack", "-o", "demo" + number}, options).exit_code == 0);
    for (const std::string& file : {path, folder.File("copy" + number)}) {
      CHECK(QueryFile(file, "PRAGMA integrity_check") == "ok");
      CHECK(QueryFile(file, "SELECT count(*) FROM users") == "1000");
    }
  }
}

TEST_CASE("SIGHUP stops it like SIGTERM, with 0 and the changes in the database file") {
  const TemporaryFolder folder;
  Kiosk kiosk({"--db", folder.File("kiosk.db")});
  CHECK(Ask(kiosk.port(), "POST", "/api/orders", kOrder).status == 200);
  const Connection idle(kiosk.port());
  kiosk.Signal(SIGHUP);
  CheckStopped(kiosk, folder);
}

TEST_CASE("under nohup SIGHUP stays ignored, and SIGTERM stops it") {
  const TemporaryFolder folder;
  Kiosk kiosk({"--db", folder.File("kiosk.db")},
              {.before_exec = [] { std::signal(SIGHUP, SIG_IGN); }});
  CHECK(Ask(kiosk.port(), "POST", "/api/orders", kOrder).status == 200);
  kiosk.Signal(SIGHUP);
  CHECK_FALSE(kiosk.WaitForExit(std::chrono::milliseconds(200)).has_value());
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
  kiosk.Signal(SIGTERM);
  CheckStopped(kiosk, folder);
}

TEST_CASE("SIGHUP stops generate between two commits, except under nohup") {
  for (const bool ignored : {false, true}) {
    CAPTURE(ignored);
    const TemporaryFolder folder;
    const std::string path = folder.File("kiosk.db");
    const ChildOptions options{
        .folder = folder.path(),
        .before_exec = ignored ? [] { std::signal(SIGHUP, SIG_IGN); } : []() {}};
    const Finished run = InterruptKiosk(
        {"generate", "--users", ignored ? "20000" : "2000000"}, options,
        [&] { return std::filesystem::exists(path + "-wal"); }, SIGHUP);
    CHECK(run.exit_code == (ignored ? 0 : 1));
    CHECK((run.err.find("what was written so far is kept") != std::string::npos) == !ignored);
    CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
    if (ignored) CHECK(QueryFile(path, "SELECT count(*) FROM users") == "20000");
  }
}

TEST_CASE("--until-stdin-ends stops it, as SIGTERM does, when the other end of stdin is closed") {
  const TemporaryFolder folder;
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  Kiosk kiosk({"--db", folder.File("kiosk.db"), "--until-stdin-ends"}, {.in = ends[0]});
  ::close(ends[0]);
  CHECK(Ask(kiosk.port(), "POST", "/api/orders", kOrder).status == 200);
  REQUIRE(::write(ends[1], "what is written does not matter\n", 32) == 32);
  CHECK_FALSE(kiosk.WaitForExit(std::chrono::milliseconds(200)).has_value());
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
  ::close(ends[1]);
  CheckStopped(kiosk, folder);
}

TEST_CASE("--until-stdin-ends takes a stdin without a writer as ended") {
  for (const bool closed : {false, true}) {
    CAPTURE(closed);
    closed_descriptors = closed ? 1 : 0;
    const Finished run = RunKiosk({"--memory", "--port", "0", "--until-stdin-ends"},
                                  {.before_exec = CloseDescriptors});
    CHECK(run.exit_code == 0);
    CHECK(run.out.starts_with("kiosk listening on "));
    CHECK(run.err == "kiosk: stops because stdin has ended\n");
  }
}

TEST_CASE("--until-stdin-ends stops it when its terminal ends or goes away") {
  for (const bool hangs_up : {false, true}) {
    CAPTURE(hangs_up);
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(::grantpt(master) == 0);
    REQUIRE(::unlockpt(master) == 0);
    const int slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    Kiosk kiosk({"--memory", "--until-stdin-ends"}, {.in = slave});
    ::close(slave);
    REQUIRE(::write(master, "typed\n", 6) == 6);
    CHECK_FALSE(kiosk.WaitForExit(std::chrono::milliseconds(100)).has_value());
    if (!hangs_up) REQUIRE(::write(master, "\x04", 1) == 1);
    if (hangs_up) ::close(master);
    CHECK(kiosk.WaitForExit(kStopTime) == 0);
    if (!hangs_up) ::close(master);
  }
}

TEST_CASE("without --until-stdin-ends a closed stdin does not matter") {
  closed_descriptors = 1;
  Kiosk kiosk({"--memory"}, {.before_exec = CloseDescriptors});
  CHECK_FALSE(kiosk.WaitForExit(std::chrono::milliseconds(100)).has_value());
  CHECK(kiosk.Stop().exit_code == 0);
}

}  // namespace kiosk::test
