#include "store/writer.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <latch>
#include <set>

#include "tests/harness.h"

using namespace kiosk;

namespace {

constexpr char kInsert[] = "INSERT INTO numbers VALUES (?)";

using Job = std::function<void(Database&)>;

// A writer on a file, whose only table holds numbers.
struct Desk {
  test::TemporaryFolder folder;
  std::string path = folder.File("a.db");
  std::unique_ptr<Writer> writer;

  Desk() {
    auto db = std::make_unique<Database>(path, Database::Mode::kCreate);
    db->Execute("PRAGMA journal_mode = WAL");
    db->Execute("CREATE TABLE numbers (number INTEGER CHECK (number < 1000)) STRICT");
    writer = std::make_unique<Writer>(std::move(db));
  }
  [[nodiscard]] std::string Numbers() const {
    return test::QueryFile(path,
                           "SELECT group_concat(number) FROM (SELECT number FROM numbers "
                           "ORDER BY number)");
  }
};

// Whether a thread of this process waits for something.
bool IsAsleep(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string stat;
  std::getline(file, stat);
  const size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && stat.size() > name_end + 2 && stat[name_end + 2] == 'S';
}

// Runs all jobs in one batch: the writer is held up until all of them wait for it. Returns what
// each of them threw.
std::vector<std::exception_ptr> RunTogether(Writer& writer, const std::vector<Job>& jobs) {
  std::latch release(1);
  std::atomic<bool> held = false;
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    writer.Run([&](Database&) {
      held = true;
      release.wait();
    });
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto wait_until = [&](const auto& condition) {
    while (!condition() && std::chrono::steady_clock::now() - begin < std::chrono::seconds(10)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  };
  wait_until([&] { return held.load(); });
  std::vector<std::exception_ptr> errors(jobs.size());
  std::vector<std::atomic<pid_t>> ids(jobs.size());
  for (size_t i = 0; i < jobs.size(); ++i) {
    threads.emplace_back([&, i] {
      ids[i] = ::gettid();
      try {
        writer.Run(jobs[i]);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    });
  }
  wait_until([&] {
    return std::ranges::all_of(ids, [](const auto& id) { return id != 0 && IsAsleep(id); });
  });
  release.count_down();
  for (std::thread& thread : threads) thread.join();
  return errors;
}

std::string What(const std::exception_ptr& error) {
  if (!error) return "";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "something else";
  }
}

Job Insert(int64_t number) {
  return [number](Database& db) { db.Execute(kInsert, number); };
}

}  // namespace

TEST_CASE("jobs that wait together are committed together") {
  Desk desk;
  std::vector<Job> jobs;
  for (int64_t i = 0; i < 8; ++i) jobs.push_back(Insert(i));
  for (const auto& error : RunTogether(*desk.writer, jobs)) CHECK(What(error).empty());
  CHECK(desk.Numbers() == "0,1,2,3,4,5,6,7");
  CHECK(desk.writer->counts().jobs == 9);
  CHECK(desk.writer->counts().commits == 2);  // the one that held the writer up, and all others
}

TEST_CASE("what a job wrote is there for everyone when its call returns") {
  Desk desk;
  for (int64_t i = 0; i < 20; ++i) {
    desk.writer->Run(Insert(i));
    CHECK(test::QueryFile(desk.path, "SELECT count(*) FROM numbers") == std::to_string(i + 1));
  }
  CHECK(desk.writer->counts().jobs == 20);
  CHECK(desk.writer->counts().commits == 20);
}

TEST_CASE("a job that comes alone is run by its caller, one that finds company by the writer") {
  Desk desk;
  const auto me = std::this_thread::get_id();
  std::thread::id ran_by;
  desk.writer->Run([&](Database&) { ran_by = std::this_thread::get_id(); });
  CHECK(ran_by == me);
  std::vector<std::thread::id> ran_together(4);
  std::vector<Job> jobs;
  for (auto& id : ran_together) {
    jobs.push_back([&id](Database&) { id = std::this_thread::get_id(); });
  }
  RunTogether(*desk.writer, jobs);
  CHECK(std::set<std::thread::id>(ran_together.begin(), ran_together.end()).size() == 1);
}

TEST_CASE("a job that throws fails alone and leaves nothing, its neighbours' work stays") {
  Desk desk;
  std::vector<Job> jobs;
  for (int64_t i = 0; i < 8; ++i) {
    jobs.push_back([i](Database& db) {
      db.Execute(kInsert, i);
      if (i % 3 == 1) throw std::domain_error("job " + std::to_string(i));
    });
  }
  const auto errors = RunTogether(*desk.writer, jobs);
  for (size_t i = 0; i < 8; ++i) {
    CAPTURE(i);
    CHECK(What(errors[i]) == (i % 3 == 1 ? "job " + std::to_string(i) : ""));
  }
  CHECK(desk.Numbers() == "0,2,3,5,6");
  CHECK(desk.writer->counts().commits == 2);
  desk.writer->Run(Insert(100));
  CHECK(desk.Numbers() == "0,2,3,5,6,100");
}

TEST_CASE("what a job throws arrives as it is") {
  struct Own {
    int number;
  };
  Desk desk;
  CHECK_THROWS_AS(desk.writer->Run([](Database&) { throw std::out_of_range("x"); }),
                  std::out_of_range);
  CHECK_THROWS_AS(desk.writer->Run([](Database&) { throw 7; }), int);
  try {
    desk.writer->Run([](Database&) { throw Own{7}; });
    FAIL("nothing was thrown");
  } catch (const Own& own) {
    CHECK(own.number == 7);
  }
  try {
    desk.writer->Run(Insert(1000));  // which the table's constraint refuses
    FAIL("nothing was thrown");
  } catch (const StorageFault& fault) {
    CHECK(fault.kind() == StorageFault::Kind::kBug);
  }
  CHECK(desk.Numbers() == "NULL");
  desk.writer->Run(Insert(1));
  CHECK(desk.Numbers() == "1");
}

TEST_CASE("when a job loses the whole transaction, the others are run again, each alone") {
  for (const bool throws : {false, true}) {
    CAPTURE(throws);
    Desk desk;
    std::vector<std::atomic<int>> runs(8);
    std::vector<Job> jobs;
    for (int64_t i = 0; i < 8; ++i) {
      jobs.push_back([&runs, i, throws](Database& db) {
        ++runs[static_cast<size_t>(i)];
        db.Execute(kInsert, i);
        if (i != 3) return;
        db.Execute("ROLLBACK");
        if (throws) throw std::domain_error("lost");
      });
    }
    const auto errors = RunTogether(*desk.writer, jobs);
    for (size_t i = 0; i < 8; ++i) {
      CAPTURE(i);
      CHECK((errors[i] == nullptr) == (i != 3));
      CHECK(runs[i] >= 1);
      CHECK(runs[i] <= 3);
    }
    CHECK(runs[3] == 3);  // in company, in a savepoint, alone
    if (throws) CHECK(What(errors[3]) == "lost");
    CHECK(desk.Numbers() == "0,1,2,4,5,6,7");
    desk.writer->Run(Insert(100));
    CHECK(desk.Numbers() == "0,1,2,4,5,6,7,100");
  }
}

TEST_CASE("a job that finds no room fails alone, and others go on when there is room again") {
  Desk desk;
  constexpr char kFill[] =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
      "INSERT INTO numbers SELECT 500 FROM n";
  desk.writer->Run([](Database& db) { db.Execute("PRAGMA max_page_count = 20"); });
  const auto errors = RunTogether(
      *desk.writer, {Insert(1), Insert(2), [&](Database& db) { db.Execute(kFill); }, Insert(3)});
  CHECK(errors[0] == nullptr);
  CHECK(errors[1] == nullptr);
  CHECK(errors[3] == nullptr);
  REQUIRE(errors[2] != nullptr);
  try {
    std::rethrow_exception(errors[2]);
  } catch (const StorageFault& fault) {
    CHECK(fault.kind() == StorageFault::Kind::kFull);
  }
  CHECK(desk.Numbers() == "1,2,3");
  desk.writer->Run([](Database& db) { db.Execute("PRAGMA max_page_count = 100000"); });
  desk.writer->Run([&](Database& db) { CHECK(db.Execute(kFill) == 100000); });
  CHECK(test::QueryFile(desk.path, "SELECT count(*) FROM numbers") == "100003");
}

TEST_CASE("many threads write at once and nothing is lost or done twice") {
  Desk desk;
  std::vector<std::thread> threads;
  for (int64_t thread = 0; thread < 16; ++thread) {
    threads.emplace_back([&desk, thread] {
      for (int64_t i = 0; i < 25; ++i) desk.writer->Run(Insert(thread * 25 + i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(test::QueryFile(desk.path,
                        "SELECT count(*), count(DISTINCT number), max(number) "
                        "FROM numbers") == "400|400|399");
  CHECK(desk.writer->counts().jobs == 400);
  CHECK(desk.writer->counts().commits <= 400);
}

TEST_CASE("the write-ahead log stays short however much is written, and is gone at the end") {
  Desk desk;
  constexpr char kRewrite[] =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
      "INSERT INTO numbers SELECT i % 1000 FROM n";
  uintmax_t longest = 0;
  for (int i = 0; i < 60; ++i) {  // about 1 MiB each
    desk.writer->Run([&](Database& db) {
      db.Execute("DELETE FROM numbers");
      db.Execute(kRewrite);
    });
    longest = std::max(longest, std::filesystem::file_size(desk.path + "-wal"));
  }
  CHECK(longest > 4'000'000);
  CHECK(longest < 24'000'000);
  desk.writer.reset();
  CHECK(!std::filesystem::exists(desk.path + "-wal"));
  CHECK(test::QueryFile(desk.path, "SELECT count(*) FROM numbers") == "100000");
  CHECK(test::QueryFile(desk.path, "PRAGMA integrity_check") == "ok");
}
