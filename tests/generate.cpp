#include "store/generate.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <regex>

#include "data/embedded.h"
#include "http/codec.h"
#include "http/seed_reader.h"
#include "tests/harness.h"

using namespace kiosk;
using namespace kiosk::test;

namespace {

constexpr Timestamp kNow{1'700'000'000'000};

Seed BuiltIn() { return std::get<Seed>(ReadSeed(embedded::Seed(), kNow)); }

// Everything that was generated, as text.
std::string Content(const std::string& path) {
  return QueryFile(path, "SELECT * FROM users ORDER BY user_id") + "\n" +
         QueryFile(path, "SELECT * FROM benefit_orders ORDER BY order_id") + "\n" +
         QueryFile(path, "SELECT * FROM owned_products") + "\n" +
         QueryFile(path, "SELECT * FROM desk_orders") + "\n" +
         QueryFile(path, "SELECT * FROM desk_order_services");
}

void GenerateInto(const std::string& path, uint64_t random_seed, Timestamp now = kNow) {
  const auto store = Store::Open(path, BuiltIn());
  const GenerateProgress last =
      Generate(*store, {.users = 700, .orders = 6000, .random_seed = random_seed}, now,
               [](const GenerateProgress&) { return true; });
  CHECK(last.done == 6700);
  CHECK(last.total == 6700);
}

// Neighbours less than three hours apart; the three orders of the seed share one moment.
const char* const kTooClose =
    "SELECT count(*) FROM (SELECT datetime - lag(datetime) OVER (ORDER BY datetime) AS distance "
    "FROM desk_orders WHERE id NOT IN ('223', '224', '225')) WHERE distance < 10800000";

// Makes the terminal of that name the child's stderr.
std::string terminal;

void WriteToTerminal() { ::dup2(::open(terminal.c_str(), O_RDWR | O_NOCTTY), STDERR_FILENO); }

// "  42 %  8400 of 20100  260000 rows/s  3 s left"
const std::string kProgress = R"( *\d+ %  \d+ of 20100  \d+ rows/s  \d+ s left)";

}  // namespace

TEST_CASE("generated data keeps every rule") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  GenerateInto(path, 1);
  CHECK(QueryFile(path, "SELECT count(*) FROM users") == "700");
  CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") == "6003");
  CHECK(QueryFile(path, kCountUnbalanced) == "0");
  CHECK(QueryFile(path, kTooClose) == "0");
  CHECK(QueryFile(path, "SELECT count(*) > 300 FROM benefit_orders") == "1");
  CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
  CHECK(QueryFile(path, "PRAGMA foreign_key_check").empty());
  CHECK(QueryFile(path, "SELECT max(id_number) FROM desk_orders") == "6225");
}

TEST_CASE("the same random seed gives the same data, another one other data") {
  const TemporaryFolder folder;
  GenerateInto(folder.File("a.db"), 7);
  GenerateInto(folder.File("b.db"), 7);
  GenerateInto(folder.File("c.db"), 8);
  CHECK(Content(folder.File("a.db")) == Content(folder.File("b.db")));
  CHECK(Content(folder.File("a.db")) != Content(folder.File("c.db")));
}

TEST_CASE("generating twice adds to what is there") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  GenerateInto(path, 1);
  GenerateInto(path, 1);
  CHECK(QueryFile(path, "SELECT count(*) FROM users") == "1400");
  CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") == "12003");
  CHECK(QueryFile(path, kCountUnbalanced) == "0");
  CHECK(QueryFile(path, kTooClose) == "0");
}

TEST_CASE("the same random seed gives the same data all day") {
  const TemporaryFolder folder;
  const int64_t midnight = 19'675LL * 24 * 60 * 60 * 1000;
  const Seed seed = BuiltIn();  // made once: when its orders were made is not generated
  std::string contents[3];
  const int64_t moments[] = {midnight, midnight + 86'399'999, midnight + 86'400'000};
  for (size_t i = 0; i < 3; ++i) {
    const std::string path = folder.File(std::to_string(i));
    static_cast<void>(Generate(*Store::Open(path, seed), {.users = 50, .orders = 50},
                               Timestamp{moments[i]},
                               [](const GenerateProgress&) { return true; }));
    contents[i] = Content(path);
  }
  CHECK(contents[0] == contents[1]);
  CHECK(contents[1] != contents[2]);
}

TEST_CASE("generated orders end with the calendar, and a part of them is not written") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  Seed seed = BuiltIn();
  seed.orders[0].datetime = Timestamp{kMaxTimestamp.ms - 10LL * 24 * 60 * 60 * 1000};
  const auto generate = [&](int64_t orders) {
    static_cast<void>(Generate(*Store::Open(path, seed), {.orders = orders}, kNow,
                               [](const GenerateProgress&) { return true; }));
  };
  CHECK_THROWS_WITH_AS(generate(100),
                       "no time three hours from every other order is left before the year 10000; "
                       "delete the last orders, or generate into another file with --db",
                       StoreError);
  CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") == "3");
  generate(10);
  CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") == "13");
  CHECK(QueryFile(path, "SELECT max(datetime) <= 253402300799999 FROM desk_orders") == "1");
}

TEST_CASE("generated data is served as any other") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  GenerateInto(path, 1);
  const Kiosk kiosk({"--quiet", "--db", path});
  // Somebody who has bought something, and has a name that needs no escaping.
  const std::string user = QueryFile(path,
                                     "SELECT user_id FROM benefit_orders WHERE total > 0 "
                                     "AND user_id NOT GLOB '*[^a-z0-9.]*' ORDER BY order_id");
  const std::string id = user.substr(0, user.find('\n'));
  CHECK(Ask(kiosk.port(), "GET", "/api/users/" + id)
            .body.starts_with(R"({"user":{"user_id":")" + id + R"(","data":{"balance":)"));
  const Answer bought = Ask(kiosk.port(), "GET", "/api/orders?user_id=" + id);
  CHECK(bought.status == 200);
  CHECK(bought.body.starts_with(R"({"orders":[{"order_id":)"));
  const Answer page = Ask(kiosk.port(), "GET", "/orders?from=2023-11-14T00:00:00Z&limit=2");
  CHECK(page.status == 200);
  CHECK(page.body.starts_with(R"([{"id":")"));
  const Answer next = Ask(kiosk.port(), "POST", "/orders", R"({"product":"P","quantity":1})");
  CHECK(next.status == 201);
  CHECK(next.Header("location") == "/orders/6226");
}

TEST_CASE("kiosk generate is silent when it is not on a terminal") {
  const TemporaryFolder folder;
  const Finished finished =
      RunKiosk({"generate", "--users", "100", "--orders", "20000"}, {.folder = folder.path()});
  CHECK(finished.exit_code == 0);
  CHECK(finished.out.empty());
  CHECK(finished.err.empty());
  CHECK(QueryFile(folder.File("kiosk.db"), "SELECT count(*) FROM desk_orders") == "20003");
}

TEST_CASE("kiosk generate draws a bar on a terminal") {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(master >= 0);
  REQUIRE(::grantpt(master) == 0);
  REQUIRE(::unlockpt(master) == 0);
  terminal = ::ptsname(master);
  const TemporaryFolder folder;
  const Finished finished = RunKiosk({"generate", "--users", "100", "--orders", "20000"},
                                     {.folder = folder.path(), .before_exec = WriteToTerminal});
  CHECK(finished.exit_code == 0);
  CHECK(finished.err.empty());
  std::string shown(8192, '\0');  // a few updates of one line
  const ssize_t size = ::read(master, shown.data(), shown.size());
  ::close(master);
  REQUIRE(size > 0);
  shown.resize(static_cast<size_t>(size));
  CHECK_MESSAGE(std::regex_match(shown, std::regex("(\r\\[=* *\\]" + kProgress + " *)+\r\n")),
                shown);
  CHECK(shown.find("\r[" + std::string(30, '=') + "]100 %  20100 of 20100  ") != std::string::npos);
}

TEST_CASE("kiosk generate takes --random-seed, and numbers it can do something with") {
  const auto user_ids = [](const std::string& random_seed) {
    const TemporaryFolder folder;
    CHECK(RunKiosk({"generate", "--users", "50", "--random-seed", random_seed},
                   {.folder = folder.path()})
              .exit_code == 0);
    return QueryFile(folder.File("kiosk.db"), "SELECT user_id FROM users ORDER BY user_id");
  };
  CHECK(user_ids("7") == user_ids("7"));
  CHECK(user_ids("7") != user_ids("8"));
  const TemporaryFolder folder;
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--users", "-1"},
                                                {"--users", "x"},
                                                {"--users", "0"},
                                                {"--orders", "1e6"},
                                                {"--orders", "5000001"},
                                                {"--random-seed", "x"}}) {
    CAPTURE(wrong[1]);
    std::vector<std::string> arguments{"generate"};
    arguments.insert(arguments.end(), wrong.begin(), wrong.end());
    const Finished finished = RunKiosk(arguments, {.folder = folder.path()});
    CHECK(finished.exit_code == 2);
    CHECK(finished.err.starts_with("kiosk: "));
    CHECK(finished.err.find(wrong[0]) != std::string::npos);
    CHECK(finished.err.ends_with("; see kiosk generate --help\n"));
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("kiosk generate wants to be told how much, and makes no database before") {
  const TemporaryFolder folder;
  const Finished finished = RunKiosk({"generate"}, {.folder = folder.path()});
  CHECK(finished.exit_code == 2);
  CHECK(finished.err == "kiosk: --users or --orders is required; see kiosk generate --help\n");
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("kiosk generate is refused while a kiosk serves the database") {
  const TemporaryFolder folder;
  Kiosk kiosk({"--quiet"}, {.folder = folder.path()});
  const Finished refused = RunKiosk({"generate", "--users", "5"}, {.folder = folder.path()});
  CHECK(refused.exit_code == 1);
  CHECK(refused.err ==
        "kiosk: cannot use the database kiosk.db: another kiosk is using it; stop that one, or "
        "choose another file with --db\n");
  CHECK(QueryFile(folder.File("kiosk.db"), "SELECT count(*) FROM users") == "0");
}

TEST_CASE("an interrupted kiosk generate leaves a valid database") {
  for (const std::string what : {"--users", "--orders"}) {
    CAPTURE(what);
    const TemporaryFolder folder;
    const std::string log = folder.File("kiosk.db-wal");
    const Finished finished =
        InterruptKiosk({"generate", what, "5000000"}, {.folder = folder.path()},
                       [&log] { return ReadFile(log).size() > 1'000'000; });
    CHECK(finished.exit_code == 1);
    CHECK(finished.err == "kiosk: stopped; what was written so far is kept\n");
    const std::string path = folder.File("kiosk.db");
    CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
    CHECK(QueryFile(path, "PRAGMA foreign_key_check").empty());
    CHECK(QueryFile(path, kCountUnbalanced) == "0");
    CHECK(QueryFile(path, kTooClose) == "0");
    // Whole batches, and at least one.
    CHECK(QueryFile(path,
                    "SELECT users % 5000, orders % 5000, users + orders > 0 FROM "
                    "(SELECT (SELECT count(*) FROM users) AS users, "
                    "(SELECT count(*) - 3 FROM desk_orders) AS orders)") == "0|0|1");
    Kiosk kiosk({"--quiet"}, {.folder = folder.path()});
    CHECK(Ask(kiosk.port(), "POST", "/orders", R"({"product":"P","quantity":1})").status == 201);
    CHECK(kiosk.Stop().exit_code == 0);
  }
}
