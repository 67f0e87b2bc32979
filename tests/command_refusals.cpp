// What the command line answers where an option would be ignored or a reason was missing.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/harness.h"

namespace kiosk::test {
namespace {

// The names of the options in a help text.
std::vector<std::string> OptionNames(const std::string& help) {
  std::vector<std::string> names;
  for (size_t at = help.find("\n  -"); at != std::string::npos; at = help.find("\n  -", at + 1)) {
    names.push_back(help.substr(at + 3, help.find_first_of(" \n", at + 3) - at - 3));
  }
  return names;
}

void CheckUsageError(const std::vector<std::string>& arguments, const std::string& message) {
  const TemporaryFolder folder;
  const Finished refused = RunKiosk(arguments, {.folder = folder.path()});
  CHECK(refused.exit_code == 2);
  CHECK(refused.out.empty());
  CHECK(refused.err == "kiosk: " + message + "; see kiosk --help\n");
  CHECK(std::filesystem::is_empty(folder.path()));
}

}  // namespace

TEST_CASE("kiosk serve --help lists the options that kiosk --help lists, without the commands") {
  const std::string program = RunKiosk({"--help"}).out;
  const Finished serve = RunKiosk({"serve", "--help"});
  CHECK(serve.exit_code == 0);
  CHECK(serve.err.empty());
  CHECK(serve.out.starts_with(
      "Serve until SIGINT, SIGTERM or SIGHUP (the default)\nUsage: kiosk serve [OPTIONS]\n"));
  CHECK(OptionNames(serve.out) == OptionNames(program));
  CHECK(OptionNames(serve.out).size() > 20);
  CHECK(serve.out.find("Subcommands") == std::string::npos);
}

TEST_CASE("--memory with --db is refused, because one would be ignored") {
  const std::string message =
      "--memory: keeps nothing, so the database x.db would not be used; give --memory or --db, "
      "not both";
  CheckUsageError({"--memory", "--db", "x.db"}, message);
  CheckUsageError({"--db=x.db", "--memory"}, message);
  CheckUsageError({"serve", "--memory", "--db", "x.db"}, message);
  CheckUsageError({"--db", "x.db", "serve", "--memory"}, message);
}

TEST_CASE("an origin with port 0 is refused, because no page is there") {
  const struct {
    std::string option;
    std::string value;
    std::string works;
  } rows[] = {
      {.option = "--cors-origin", .value = "http://x:0", .works = "http://x"},
      {.option = "--cors-origin", .value = "http://x:00", .works = "http://x"},
      {.option = "--cors-origin", .value = "https://x:0", .works = "https://x"},
      {.option = "--cors-origin", .value = "http://[::1]:0", .works = "http://[::1]"},
      {.option = "--cors-origin", .value = "http://x:65536", .works = "http://x"},
      {.option = "--cors-origin", .value = "about:blank", .works = "null"},
      {.option = "--cors-origin", .value = "data:text/html,x", .works = "null"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    const Finished refused = RunKiosk({"--memory", "--port", "0", row.option, row.value});
    CHECK(refused.exit_code == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.starts_with("kiosk: " + row.option + ": " + row.value));
    CHECK(refused.err.ends_with(" " + row.works + "; see kiosk --help\n"));
  }
  CheckUsageError({"--control-origin", "http://x:0"},
                  "--control-origin: http://x:0 never matches; give the http or https origin as "
                  "http://x");
}

TEST_CASE("an export that cannot be written names the reason") {
  const TemporaryFolder folder;
  REQUIRE(RunKiosk({"reset"}, {.folder = folder.path()}).exit_code == 0);
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  const Finished refused = RunKiosk({"export"}, {.folder = folder.path(), .out = full});
  ::close(full);
  CHECK(refused.exit_code == 1);
  CHECK(refused.err ==
        "kiosk: cannot write the export to stdout: No space left on device; give it a FILE, or "
        "correct where stdout goes\n");
}

TEST_CASE("an export whose reader is gone names the reason") {
  const TemporaryFolder folder;
  REQUIRE(RunKiosk({"reset"}, {.folder = folder.path()}).exit_code == 0);
  int pipe[2] = {-1, -1};
  REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
  ::close(pipe[0]);
  const Finished refused = RunKiosk({"export"}, {.folder = folder.path(), .out = pipe[1]});
  ::close(pipe[1]);
  CHECK(refused.exit_code == 1);
  CHECK(refused.err ==
        "kiosk: cannot write the export to stdout: Broken pipe; give it a FILE, or correct where "
        "stdout goes\n");
}

TEST_CASE("a WAL that is removed is named, and a restart keeps what was committed") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const std::string order = R"({"product":"Paper","quantity":5})";
  Kiosk kiosk({"--db", path, "--quiet"});
  REQUIRE(Ask(kiosk.port(), "POST", "/orders", order).status == 201);
  REQUIRE(std::filesystem::remove(path + "-wal"));
  CHECK(Ask(kiosk.port(), "POST", "/orders", order).status == 503);
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 503);
  const Finished stopped = kiosk.Stop();
  CHECK(stopped.exit_code == 0);
  CHECK(stopped.err == "kiosk: the WAL " + path +
                           "-wal was removed, moved or replaced; writes are refused until it is "
                           "back, or until kiosk is stopped and started again\n");
  const Kiosk again({"--db", path, "--quiet"});
  CHECK(Ask(again.port(), "GET", "/orders/226").status == 200);
  CHECK(Ask(again.port(), "GET", "/orders/227").status == 404);
  CHECK(Ask(again.port(), "POST", "/orders", order).status == 201);
}

TEST_CASE("a relative time beyond the calendar is refused with the day of seeding") {
  const struct {
    std::string datetime;
    std::string clock;
    std::string day;  // empty: it is accepted
  } rows[] = {
      {.datetime = "+1d 11:00", .clock = "9999-12-31T09:00:00Z", .day = "9999-12-31"},
      {.datetime = "+1d 11:00", .clock = "9999-12-30T09:00:00Z", .day = ""},
      {.datetime = "-1d 11:00", .clock = "0000-01-01T09:00:00Z", .day = "0000-01-01"},
      {.datetime = "+9999999999d 00:00", .clock = "2022-11-01T09:00:00Z", .day = "2022-11-01"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.datetime);
    const TemporaryFolder folder;
    const std::string order = R"({"id":"1","product":"p","quantity":1,"datetime":")";
    WriteFile(folder.File("seed.json"),
              R"({"starting_balance":1,"orders":[)" + order + row.datetime + "\"}]}");
    const std::vector<std::string> arguments = {"--memory",  "--port",  "0",      "--seed",
                                                "seed.json", "--clock", row.clock};
    if (row.day.empty()) {
      const Kiosk accepted(arguments, {.folder = folder.path()});
      CHECK(Ask(accepted.port(), "GET", "/orders/1").status == 200);
      continue;
    }
    const Finished refused = RunKiosk(arguments, {.folder = folder.path()});
    CHECK(refused.exit_code == 1);
    CHECK(refused.err ==
          "kiosk: bad seed seed.json: `orders[0].datetime` must be in the years 0000 to 9999, and "
          "the day of seeding is " +
              row.day + ".\n");
  }
}

}  // namespace kiosk::test
