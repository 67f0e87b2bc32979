// The program is killed at random moments while clients write, and started again on the same file.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <thread>

#include "tests/crash/in_process.h"
#include "tests/harness.h"

namespace kiosk::test {
namespace {

constexpr size_t kClients = 8;

std::chrono::microseconds UpTo(std::chrono::microseconds most, std::mt19937_64& random) {
  return std::chrono::microseconds(std::uniform_int_distribution<int64_t>(0, most.count())(random));
}

// Starts the program and kills it, most likely before it is ready.
void StartAndKill(const std::string& database, std::chrono::microseconds after) {
  const std::string path = KioskPath();
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    const int nowhere = ::open("/dev/null", O_RDWR);
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
    ::execl(path.c_str(), path.c_str(), "--db", database.c_str(), "--port", "0", nullptr);
    ::_exit(127);
  }
  std::this_thread::sleep_for(after);
  ::kill(pid, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFSIGNALED(status));
}

void WriteUntilItDies(Client& client, int port, std::atomic<uint64_t>& answers,
                      std::vector<std::string>& wrong) {
  Connection connection(port);
  const Client::Ask ask = [&connection, &answers](const Asked& asked) -> std::optional<Received> {
    Headers headers;
    if (!asked.key.empty()) headers.emplace_back("Idempotency-Key", asked.key);
    const auto answer = connection.Ask(asked.method, asked.target, asked.body, headers);
    if (!answer) return std::nullopt;
    ++answers;
    return Received{answer->status, answer->body, answer->Header("idempotency-replayed") == "true"};
  };
  Client::Result result = Client::Result::kAnswered;
  while (result == Client::Result::kAnswered) result = client.Step(ask);
  if (result == Client::Result::kUnavailable) wrong.emplace_back("503 or 507 from a sound disk");
}

TEST_CASE("After kill -9 everything acknowledged is there and nothing is half done") {
  using std::chrono::milliseconds;
  const uint64_t seed = CrashSeed();
  const uint64_t rounds = CrashRounds();
  std::mt19937_64 random(seed);
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  std::atomic<int64_t> slots = 0;
  std::vector<Client> clients;
  for (size_t i = 0; i < kClients; ++i) {
    clients.emplace_back(std::string(1, static_cast<char>('a' + i)), random(), slots);
  }
  std::optional<State> seeded;
  size_t checked = 0;
  for (uint64_t number = 0; number <= rounds; ++number) {
    if (random() % 4 == 0) StartAndKill(path, UpTo(milliseconds(12), random));
    Kiosk kiosk({"--db", path, "--quiet"});

    std::vector<std::string> wrong;
    {
      Database database(path, Database::Mode::kReadOnly);
      const State found = State::Read(database, wrong);
      if (!seeded) seeded = found;
      State expected = *seeded;
      for (Client& client : clients) {
        client.Settle(found);
        client.AddTo(expected, wrong);
        wrong.insert(wrong.end(), client.wrong().begin(), client.wrong().end());
      }
      expected.Compare(found, wrong);
      checked = found.desk_orders.size() + found.shop_orders.size() + found.users.size() +
                found.kept_answers.size();
    }
    REQUIRE_MESSAGE(wrong.empty(),
                    "round " << number << " of KIOSK_CRASH_SEED=" << seed << Summary(wrong));
    if (number == rounds) break;  // the last one only looks

    std::vector<std::vector<std::string>> complaints(kClients);
    std::atomic<uint64_t> answers = 0;
    std::vector<std::thread> threads;
    for (size_t i = 0; i < kClients; ++i) {
      threads.emplace_back(
          [&, i] { WriteUntilItDies(clients[i], kiosk.port(), answers, complaints[i]); });
    }
    // At a random answer, and at a random moment from there on to the next.
    const uint64_t enough = random() % 300;
    const auto begin = std::chrono::steady_clock::now();
    while (answers < enough && std::chrono::steady_clock::now() - begin < std::chrono::seconds(5)) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    std::this_thread::sleep_for(UpTo(milliseconds(4), random));
    kiosk.Kill();
    for (std::thread& thread : threads) thread.join();
    for (const auto& complaint : complaints) REQUIRE_MESSAGE(complaint.empty(), Summary(complaint));
  }
  uint64_t acknowledged = 0;
  uint64_t refused = 0;
  for (const Client& client : clients) {
    acknowledged += client.acknowledged();
    refused += client.refused();
  }
  std::cout << "kill -9: " << rounds << " rounds, " << acknowledged << " writes acknowledged, "
            << refused << " refused; the last database holds " << checked << " records"
            << std::endl;
  CHECK(acknowledged > rounds);
  CHECK(refused > 0);
}

TEST_CASE("A new database killed while it is made is made by the next start") {
  std::mt19937_64 random(CrashSeed());
  std::vector<std::string> wrong;
  std::optional<State> seeded;
  for (uint64_t number = 0; number < CrashRounds(); ++number) {
    const TemporaryFolder folder;
    const std::string path = folder.File("kiosk.db");
    StartAndKill(path, UpTo(std::chrono::milliseconds(12), random));
    const bool made = std::filesystem::exists(path);
    Kiosk kiosk({"--db", path, "--quiet"});
    CHECK(kiosk.Stop().exit_code == 0);
    Database database(path, Database::Mode::kReadOnly);
    const State found = State::Read(database, wrong);
    CHECK(found.desk_orders.size() == 3);
    CHECK(found.users.empty());
    REQUIRE_MESSAGE(wrong.empty(), "made: " << made << Summary(wrong));
  }
}

TEST_CASE("The WAL of a database that was killed and deleted is not taken for the new one's") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  {
    Kiosk kiosk({"--db", path, "--quiet"});
    REQUIRE(Ask(kiosk.port(), "GET", "/api/users/old").status == 200);
    kiosk.Kill();
  }
  REQUIRE(std::filesystem::file_size(path + "-wal") > 0);
  std::filesystem::remove(path);
  CHECK(RunKiosk({"--db", path, "--quiet"}).exit_code == 1);
  std::filesystem::rename(path + "-wal", path + "-old");
  Kiosk kiosk({"--db", path, "--quiet"});
  CHECK(QueryFile(path, "SELECT count(*) FROM users") == "0");
  CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("A header torn while the log was moved is taken from the log") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  constexpr int kOrders = 100;  // enough for the file to grow, so that its header is in the log
  {
    Kiosk kiosk({"--db", path, "--quiet"});
    for (int i = 0; i < kOrders; ++i) {
      REQUIRE(Ask(kiosk.port(), "POST", "/orders",
                  R"({"product":")" + std::string(200, 'p') + R"(","quantity":1})")
                  .status == 201);
    }
    kiosk.Kill();
  }
  for (const std::string& torn : {std::string(512, 'x'), std::string(512, '\0')}) {
    const std::string bytes = ReadFile(path);
    const std::string log = ReadFile(path + "-wal");
    WriteFile(path, torn + bytes.substr(torn.size()));
    {
      Kiosk kiosk({"--db", path, "--quiet"});
      CHECK(QueryFile(path, "SELECT count(*) FROM desk_orders") == std::to_string(3 + kOrders));
      CHECK(QueryFile(path, "PRAGMA integrity_check") == "ok");
      kiosk.Kill();
    }
    // Without its log the same file is refused, and left as it was.
    const std::string alone = folder.File("alone.db");
    WriteFile(alone, torn + bytes.substr(torn.size()));
    const Finished refused = RunKiosk({"--db", alone, "--port", "0"});
    CHECK(refused.exit_code == 1);
    CHECK(refused.err == "kiosk: cannot use the database " + alone +
                             ": it is not an SQLite database; choose another file with --db\n");
    CHECK(ReadFile(alone) == torn + bytes.substr(torn.size()));
    WriteFile(path, bytes);
    WriteFile(path + "-wal", log);
  }
}

}  // namespace
}  // namespace kiosk::test
