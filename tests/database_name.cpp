// The values of --db that can never name a file.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/harness.h"

using namespace kiosk::test;

namespace {

// Every command that takes --db, without it.
const std::vector<std::vector<std::string>> kCommands = {
    {"--port", "0"},       {"serve", "--port", "0"},     {"reset"},
    {"backup", "copy.db"}, {"generate", "--users", "1"}, {"pack", "-o", "demo", "--with-data"},
};

std::vector<std::string> WithDatabase(std::vector<std::string> arguments, const std::string& name) {
  arguments.insert(arguments.end(), {"--db", name});
  return arguments;
}

}  // namespace

TEST_CASE("--db names a file; what can never be one exits 2 and names the spelling that works") {
  const TemporaryFolder folder;
  const struct {
    const char* name;
    std::string reason;
  } rows[] = {
      {":memory:",
       ":memory: is not a file; use --memory, or --db ./:memory: for a file of that name"},
      {":MEMORY:",
       ":MEMORY: is not a file; use --memory, or --db ./:MEMORY: for a file of that name"},
      {"file::memory:?cache=shared",
       "file::memory:?cache=shared is not a file; use --memory, or --db "
       "./file::memory:?cache=shared for a file of that name"},
      {"file:x",
       "file:x looks like a URI, and --db takes a path; use --db ./file:x for a file of that "
       "name"},
      {"FILE:x.db",
       "FILE:x.db looks like a URI, and --db takes a path; use --db ./FILE:x.db for a file of "
       "that name"},
      {"file:///tmp/x.db?mode=ro",
       "file:///tmp/x.db?mode=ro looks like a URI, and --db takes a path; use --db "
       "./file:///tmp/x.db?mode=ro for a file of that name"},
      {"", "no file is named; use --db kiosk.db, or --memory for none"},
      {"data/", "data/ is a folder; use --db data/kiosk.db"},
  };
  for (const auto& command : kCommands) {
    for (const auto& row : rows) {
      CAPTURE(command.front());
      CAPTURE(row.name);
      const Finished finished =
          RunKiosk(WithDatabase(command, row.name), {.folder = folder.path()});
      CHECK(finished.exit_code == 2);
      CHECK(finished.out.empty());
      CHECK(finished.err.starts_with("kiosk: --db: " + row.reason + "; see kiosk "));
      CHECK(std::filesystem::is_empty(folder.path()));
    }
  }
}

TEST_CASE("a path that begins with a folder is a plain file, whatever its name looks like") {
  for (const std::string name : {"./file:x", "./:memory:", "./file:x?mode=memory", "./file%3Ax"}) {
    CAPTURE(name);
    const TemporaryFolder folder;
    {
      Kiosk kiosk({"--quiet", "--db", name}, {.folder = folder.path()});
      CHECK(Ask(kiosk.port(), "GET", "/api/users/ann").status == 200);
      CHECK(kiosk.Stop().exit_code == 0);
    }
    const std::string file = folder.File(name.substr(2));
    CHECK(std::filesystem::is_regular_file(file));
    CHECK(QueryFile(folder.path() + "/" + name, "SELECT user_id FROM users") == "ann");
    // A copy under such a name is a file, too.
    CHECK(RunKiosk({"backup", "--db", name, "./file:copy"}, {.folder = folder.path()}).exit_code ==
          0);
    CHECK(std::filesystem::is_regular_file(folder.File("file:copy")));
  }
}
