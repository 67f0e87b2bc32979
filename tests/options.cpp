// Options of the command line: named choices, numbers, the clock.
#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <regex>

#include "store/timestamp.h"
#include "tests/harness.h"

namespace kiosk::test {
namespace {

// The moment in the member `name` of a JSON text.
Timestamp TimeIn(const std::string& json, const std::string& name) {
  std::smatch found;
  REQUIRE_MESSAGE(std::regex_search(json, found, std::regex("\"" + name + "\":\"([^\"]+)\"")),
                  json);
  const auto time = ParseTimestamp(found[1].str());
  REQUIRE(time.has_value());
  return *time;
}

int64_t SecondsBetween(Timestamp begin, Timestamp end) { return (end.ms - begin.ms) / 1000; }

constexpr char kPurchase[] = R"({"order":{"items":["netflix"],"user_id":"ann"}})";
constexpr char kServiceOrder[] = R"({"services":["123"],"totalfee":1})";

}  // namespace

TEST_CASE("a named choice takes its words and nothing else") {
  struct Row {
    std::string option;
    std::string value;
    std::string words;
  };
  for (const Row& row : {Row{"--log-format", "2", "text|json"},
                         {"--log-format", "1", "text|json"},
                         {"--log-format", "0", "text|json"},
                         {"--log-format", "TEXT", "text|json"},
                         {"--log-format", "text|json", "text|json"},
                         {"--log-format", "", "text|json"},
                         {"--order-items", "0", "ids|objects"},
                         {"--order-items", "1", "ids|objects"},
                         {"--order-items", "id", "ids|objects"}}) {
    const Finished run = RunKiosk({"--memory", row.option + "=" + row.value});
    CHECK(run.exit_code == 2);
    CHECK(run.out.empty());
    if (row.value.empty()) continue;  // the parser misses a value
    CHECK(run.err == "kiosk: " + row.option + ": " + row.value + " is not one of " + row.words +
                         "; see kiosk --help\n");
  }
}

TEST_CASE("an empty name of a file or folder is refused") {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--memory", "--seed", ""},
        {"--memory", "--frontend", ""},
        {"reset", "--seed", ""},
        {"pack", "-o", "demo", "--frontend", ""},
        {"pack", "-o", ""}}) {
    const TemporaryFolder folder;
    const Finished run = RunKiosk(arguments, {.folder = folder.path()});
    CHECK(run.exit_code == 2);
    CHECK(run.err.find("is empty") != std::string::npos);
    CHECK(std::filesystem::is_empty(folder.path()));
  }
}

TEST_CASE("pack refuses the name of a demo file, because it writes an executable") {
  const TemporaryFolder folder;
  const Finished run = RunKiosk({"pack", "-o", "demo.kiosk"}, {.folder = folder.path()});
  CHECK(run.exit_code == 2);
  CHECK(run.err ==
        "kiosk: --output: demo.kiosk would be a demo file, which this kiosk cannot write; choose a "
        "name without .kiosk for an executable; see kiosk pack --help\n");
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a number out of its range is refused with the range") {
  struct Row {
    std::vector<std::string> arguments;
    std::string message;
  };
  for (const Row& row : {
           Row{{"--port", "65536"}, "--port: 65536 is not a number from 0 to 65535; see kiosk"},
           {{"--port=-1"}, "--port: -1 is not a number from 0 to 65535; see kiosk"},
           {{"--port", "x"}, "--port: x is not a number from 0 to 65535; see kiosk"},
           {{"--fail", "100.5"}, "--fail: 100.5 is not a number from 0 to 100; see kiosk"},
           {{"--fail", "nan"}, "--fail: nan is not a number from 0 to 100; see kiosk"},
           {{"generate", "--users", "10000001"},
            "--users: 10000001 is not a number from 0 to 10000000; see kiosk generate"},
       }) {
    const Finished run = RunKiosk(row.arguments);
    CHECK(run.exit_code == 2);
    CHECK(run.err == "kiosk: " + row.message + " --help\n");
  }
}

TEST_CASE("--help shows values as a reader writes them") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--help"},
                                                    {"reset", "--help"},
                                                    {"backup", "--help"},
                                                    {"generate", "--help"},
                                                    {"pack", "--help"}}) {
    const Finished run = RunKiosk(arguments);
    CHECK(run.exit_code == 0);
    for (const std::string term :
         {"ENUM", " TEXT", " INT", " UINT", " FLOAT", ":INT", " in [", " in {", "->"}) {
      CHECK_MESSAGE(run.out.find(term) == std::string::npos, run.out);
    }
  }
  const std::string help = RunKiosk({"--help"}).out;
  for (const std::string form :
       {"--log-format text|json", "--order-items ids|objects", "--clock TIME", "--port N",
        "--until-stdin-ends", "--order-gap DURATION", "--delay A[-B]", "--fail PERCENT"}) {
    CHECK_MESSAGE(help.find("  " + form) != std::string::npos, form);
  }
}

TEST_CASE("--quiet holds whatever the format of the log") {
  for (const bool quiet_first : {true, false}) {
    std::vector<std::string> arguments = {"--memory", "--log-format", "json"};
    arguments.insert(quiet_first ? arguments.begin() : arguments.end(), "--quiet");
    Kiosk kiosk(arguments);
    CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
    CHECK(kiosk.Stop().err.empty());
  }
}

TEST_CASE("--clock is the now of everything that is created, and runs from there") {
  const Timestamp start = *ParseTimestamp("2022-11-01T09:00:00Z");
  for (const std::string text :
       {"2022-11-01T09:00:00Z", "2022-11-01T11:00:00+02:00", "2022-11-01T09:00:00.000999Z"}) {
    CAPTURE(text);
    Kiosk kiosk({"--memory", "--clock", text, "--order-gap", "0"});
    const auto is_near = [start](Timestamp time) {
      const int64_t seconds = SecondsBetween(start, time);
      return time >= start && seconds < 60;
    };
    const std::string created = Ask(kiosk.port(), "POST", "/orders", kServiceOrder).body;
    for (const std::string name : {"datetime", "created_at", "updated_at"}) {
      CHECK(is_near(TimeIn(created, name)));
    }
    CHECK(is_near(TimeIn(Ask(kiosk.port(), "GET", "/orders/223").body, "created_at")));
    REQUIRE(Ask(kiosk.port(), "POST", "/api/orders", kPurchase).status == 200);
    CHECK(is_near(TimeIn(Ask(kiosk.port(), "GET", "/api/orders/1").body, "created_at")));
    // It runs: a later change has a later time.
    Timestamp changed = TimeIn(created, "created_at");
    const Timestamp before = changed;
    for (int i = 1; i < 10'000 && changed == before; ++i) {
      changed = TimeIn(
          Ask(kiosk.port(), "PUT", "/orders/226", R"({"totalfee":)" + std::to_string(i) + "}").body,
          "updated_at");
    }
    CHECK(changed > before);
    CHECK(is_near(changed));
    REQUIRE(Ask(kiosk.port(), "POST", "/_kiosk/reset").status == 200);
    CHECK(is_near(TimeIn(Ask(kiosk.port(), "GET", "/orders/223").body, "created_at")));
    // The log has the system's time.
    const std::string log = kiosk.Stop().err;
    CHECK(log.find("\n2022-") == std::string::npos);
    CHECK(log.starts_with("20"));
  }
}

TEST_CASE("--clock does not run beyond the last moment of the calendar") {
  Kiosk kiosk({"--memory", "--clock", "9999-12-31T23:59:59.999Z"});
  const std::string order = Ask(kiosk.port(), "POST", "/orders", kServiceOrder).body;
  CHECK(order.find(R"("created_at":"9999-12-31T23:59:59.999Z")") != std::string::npos);
}

TEST_CASE("an Idempotency-Key is kept by the system's clock, not by --clock") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Headers key = {{"Idempotency-Key", "once"}};
  for (const std::string text :
       {"2022-11-01T09:00:00Z", "2050-01-01T00:00:00Z", "1980-01-01T00:00:00Z"}) {
    CAPTURE(text);
    Kiosk kiosk({"--db", path, "--clock", text});
    const Answer answer = Ask(kiosk.port(), "POST", "/api/orders", kPurchase, key);
    CHECK(answer.status == 200);
    CHECK(answer.Header("idempotency-replayed") == (text.starts_with("2022") ? "" : "true"));
    CHECK(kiosk.Stop().exit_code == 0);
  }
  CHECK(QueryFile(path, "SELECT count(*) FROM benefit_orders") == "1");
}

TEST_CASE("a --clock that is no time is refused") {
  for (const std::string text : {"now", "2022-11-01", "2022-11-01T09:00:00", "2022-02-30T09:00:00Z",
                                 "2022-11-01 09:00", "10000-01-01T00:00:00Z", "1667301071"}) {
    const Finished run = RunKiosk({"--memory", "--clock", text});
    CHECK(run.exit_code == 2);
    CHECK(run.err == "kiosk: --clock: " + text +
                         " is not a time such as 2022-11-01T09:00:00Z; see kiosk --help\n");
  }
}

}  // namespace kiosk::test
