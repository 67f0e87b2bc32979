// What arguments mean, and what is said about those that mean nothing.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "http/option_values.h"
#include "tests/harness.h"

namespace kiosk::test {
namespace {

struct Row {
  std::vector<std::string> arguments;
  std::string error;  // without "kiosk: " and the end of its line
};

std::string Joined(const std::vector<std::string>& arguments) {
  std::string text;
  for (const std::string& argument : arguments) text += "'" + argument + "' ";
  return text;
}

// Each is refused with that one line, and leaves the folder as it was.
void CheckRefusals(int exit_code, const std::vector<Row>& rows, const ChildOptions& options) {
  std::vector<std::string> before;
  for (const auto& entry : std::filesystem::directory_iterator(options.folder)) {
    before.push_back(entry.path().filename().string());
  }
  std::ranges::sort(before);
  for (const Row& row : rows) {
    CAPTURE(Joined(row.arguments));
    const Finished run = RunKiosk(row.arguments, options);
    CHECK(run.exit_code == exit_code);
    CHECK(run.out.empty());
    CHECK(run.err == "kiosk: " + row.error + "\n");
    std::vector<std::string> after;
    for (const auto& entry : std::filesystem::directory_iterator(options.folder)) {
      after.push_back(entry.path().filename().string());
    }
    std::ranges::sort(after);
    CHECK(after == before);
  }
}

}  // namespace

TEST_CASE("a number is its decimal digits") {
  CHECK(ParseNumber<int>("0") == 0);
  CHECK(ParseNumber<int>("010") == 10);
  CHECK(ParseNumber<int>("65535") == 65535);
  CHECK(ParseNumber<uint64_t>("18446744073709551615") == 18446744073709551615U);
  for (const std::string text : {"", " ", " 80", "80 ", "+80", "-1", "-0", "0x10", "0b1", "1e2",
                                 "1.0", "8'0", "80a", "2147483648"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseNumber<int>(text).has_value());
  }
  CHECK_FALSE(ParseNumber<uint64_t>("18446744073709551616").has_value());
  CHECK(ParseNumber<double>("0.5") == 0.5);
  CHECK(ParseNumber<double>(".5") == 0.5);
  CHECK(ParseNumber<double>("5.") == 5);
  CHECK(ParseNumber<double>("010") == 10);
  for (const std::string text : {"", ".", "1.2.3", "0x10", "1e1", "-1", "+1", " 1", "nan", "inf"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseNumber<double>(text).has_value());
  }
}

TEST_CASE("an option's number is decimal, also with zeros in front") {
  const TemporaryFolder folder;
  const Finished made =
      RunKiosk({"generate", "--users", "010", "--orders", "08", "--random-seed", "010"},
               {.folder = folder.path()});
  CHECK(made.exit_code == 0);
  CHECK(QueryFile(folder.File("kiosk.db"), "SELECT count(*) FROM users") == "10");
  CHECK(QueryFile(folder.File("kiosk.db"), "SELECT count(*) - 3 FROM desk_orders") == "8");
  const std::string ids = "SELECT user_id FROM users ORDER BY user_id";
  const TemporaryFolder ten;
  CHECK(RunKiosk({"generate", "--users", "10", "--random-seed", "10"}, {.folder = ten.path()})
            .exit_code == 0);
  CHECK(QueryFile(folder.File("kiosk.db"), ids) == QueryFile(ten.File("kiosk.db"), ids));

  const std::string port = FreePort();
  Kiosk kiosk({"--memory", "--quiet", "--port", "0" + port});
  CHECK(kiosk.Printed() == "kiosk listening on http://localhost:" + port + "\n");
  CHECK(kiosk.Stop().exit_code == 0);
  const std::string other = FreePort();
  const Finished taken = RunKiosk({"health"}, {.environment = {{"PORT", "0" + other}}});
  CHECK(taken.err.starts_with("kiosk: cannot connect to http://localhost:" + other + ": "));
}

TEST_CASE("what is no decimal number is refused") {
  const TemporaryFolder folder;
  const std::string see = "; see kiosk --help";
  const std::string see_generate = "; see kiosk generate --help";
  CheckRefusals(
      2,
      {{{"--port", "0x10"}, "--port: 0x10 is not a number from 0 to 65535" + see},
       {{"--port", " 80"}, "--port:  80 is not a number from 0 to 65535" + see},
       {{"--port", "+80"}, "--port: +80 is not a number from 0 to 65535" + see},
       {{"--port", "0b11"}, "--port: 0b11 is not a number from 0 to 65535" + see},
       {{"--port", "80.0"}, "--port: 80.0 is not a number from 0 to 65535" + see},
       {{"--fail", "0x10"}, "--fail: 0x10 is not a number from 0 to 100" + see},
       {{"--fail", "1e1"}, "--fail: 1e1 is not a number from 0 to 100" + see},
       {{"--fail", " 5"}, "--fail:  5 is not a number from 0 to 100" + see},
       {{"--delay", "0x10"},
        "--delay: 0x10 is not a time in milliseconds such as 200 or 200-800, at most 60000 and the "
        "shorter one first" +
            see},
       {{"--delay", "60001"},
        "--delay: 60001 is not a time in milliseconds such as 200 or 200-800, at most 60000 and "
        "the shorter one first" +
            see},
       {{"--delay", "100-50"},
        "--delay: 100-50 is not a time in milliseconds such as 200 or 200-800, at most 60000 and "
        "the shorter one first" +
            see},
       {{"generate", "--users", "0x10"},
        "--users: 0x10 is not a number from 0 to 10000000" + see_generate},
       {{"generate", "--orders", "0o10"},
        "--orders: 0o10 is not a number from 0 to 5000000" + see_generate},
       {{"generate", "--users", "1", "--random-seed", "x"},
        "--random-seed: x is not a number from 0 to 18446744073709551615" + see_generate},
       {{"generate", "--users", "1", "--random-seed", "18446744073709551616"},
        "--random-seed: 18446744073709551616 is not a number from 0 to 18446744073709551615" +
            see_generate},
       {{"pack", "-o", "demo", "--port", "0x10"},
        "--port: 0x10 is not a number from 0 to 65535; see kiosk pack --help"},
       {{"pack", "-o", "demo", "--fail", "0x10"},
        "--fail: 0x10 is not a number from 0 to 100; see kiosk pack --help"}},
      {.folder = folder.path()});
}

TEST_CASE("a PORT that is no port is refused, with what the command takes instead") {
  const TemporaryFolder folder;
  for (const std::string port : {"abc", "0x10", " 80", "80 ", "-1", "65536", "1e3"}) {
    const std::string wrong =
        "PORT: " + port +
        " is not a port from 0 to 65535; correct the environment's PORT, or give ";
    CheckRefusals(2,
                  {{{}, wrong + "--port; see kiosk --help"},
                   {{"serve"}, wrong + "--port; see kiosk --help"},
                   {{"health"}, wrong + "the URL of the kiosk; see kiosk health --help"}},
                  {.folder = folder.path(), .environment = {{"PORT", port}}});
  }
}

TEST_CASE("a file's name that other programs take for something else is refused") {
  const TemporaryFolder folder;
  { const Kiosk kiosk({"--quiet"}, {.folder = folder.path()}); }  // a database to copy
  const std::string copy = " for a file of that name; see kiosk ";
  CheckRefusals(
      2,
      {{{"backup", ":memory:"},
        "FILE: :memory: is not a file; use ./:memory:" + copy + "backup --help"},
       {{"backup", "-"}, "FILE: - is not a file; use ./-" + copy + "backup --help"},
       {{"backup", "file:q"},
        "FILE: file:q looks like a URI, and FILE takes a path; use ./file:q" + copy +
            "backup --help"},
       {{"backup", "FILE::memory:?x"},
        "FILE: FILE::memory:?x is not a file; use ./FILE::memory:?x" + copy + "backup --help"},
       {{"backup", "copies/"},
        "FILE: copies/ is a folder; use copies/kiosk.db; see kiosk backup --help"},
       {{"backup", ""},
        "FILE: the name is empty; give the name of a file; see kiosk backup --help"},
       {{"export", ":memory:"},
        "FILE: :memory: is not a file; use ./:memory:" + copy + "export --help"},
       {{"export", "-"},
        "FILE: - is not a file; use no FILE for stdout, or ./-" + copy + "export --help"},
       {{"export", "file:q"},
        "FILE: file:q looks like a URI, and FILE takes a path; use ./file:q" + copy +
            "export --help"},
       {{"export", ""},
        "FILE: the name is empty; leave FILE out for stdout, or give a name; see kiosk export "
        "--help"},
       {{"restore", "-"}, "FILE: - is not a file; use ./-" + copy + "restore --help"},
       {{"restore", ""},
        "FILE: the name is empty; give the name of a file; see kiosk restore --help"},
       {{"pack", "-o", ":memory:"},
        "--output: :memory: is not a file; use -o ./:memory:" + copy + "pack --help"},
       {{"pack", "-o", "-"}, "--output: - is not a file; use -o ./-" + copy + "pack --help"},
       {{"--db", "-"},
        "--db: - is not a file; use --memory, or --db ./- for a file of that name; "
        "see kiosk --help"},
       {{"--host", ""},
        "--host: the address is empty; leave the option out for the loopback; see kiosk --help"}},
      {.folder = folder.path()});

  for (const std::string name : {"./:memory:", "./file:q", "./-"}) {
    CAPTURE(name);
    CHECK(RunKiosk({"backup", name}, {.folder = folder.path()}).exit_code == 0);
    CHECK(QueryFile(folder.path() + "/" + name, "SELECT count(*) FROM products") == "6");
    CHECK(RunKiosk({"restore", name}, {.folder = folder.path()}).exit_code == 0);
    CHECK(RunKiosk({"export", name + ".json"}, {.folder = folder.path()}).exit_code == 0);
    CHECK(ReadFile(folder.path() + "/" + name + ".json").starts_with("{"));
  }
}

TEST_CASE("what is said about a file that is not there ends with what to do") {
  const TemporaryFolder folder;
  const std::string none =
      "cannot use the database none.db: No such file or directory; choose another file with --db";
  const std::string give = "; give a file that kiosk backup wrote";
  CheckRefusals(
      1,
      {{{"backup", "--db", "none.db", "copy.db"}, none},
       {{"export", "--db", "none.db"}, none},
       {{"export", "--db", "none.db", "data.json"}, none},
       {{"pack", "-o", "demo", "--with-data", "--db", "none.db"}, none},
       {{"restore", "nope"}, "cannot restore nope: No such file or directory" + give},
       {{"restore", "kiosk.db"}, "cannot restore kiosk.db: No such file or directory" + give},
       {{"restore", "."}, "cannot restore .: it is not a plain file" + give}},
      {.folder = folder.path()});
}

TEST_CASE("an origin that lacks a colon is refused with the origin that was meant") {
  const TemporaryFolder folder;
  for (const auto& [origin, meant] :
       std::map<std::string, std::string>{{"http//x.com", "http://x.com"},
                                          {"https//x.com", "https://x.com"},
                                          {"http//x.com:3000/app", "http://x.com:3000"},
                                          {"HTTP//x.com", "http://x.com"},
                                          {"http:x.com", "http://x.com"},
                                          {"ws//x.com", "http://x.com"}}) {
    CheckRefusals(
        2,
        {{{"--cors-origin", origin},
          "--cors-origin: " + origin + " never matches; give the origin as " + meant +
              "; see kiosk --help"},
         {{"--control-origin", origin},
          "--control-origin: " + origin + " never matches; give the http or https origin as " +
              meant + "; see kiosk --help"},
         {{"--allow-host", origin},
          "--allow-host: " + origin +
              " never matches; give the host name as x.com; see "
              "kiosk --help"}},
        {.folder = folder.path()});
  }
}

}  // namespace kiosk::test
