// What the tests of the database file under a running server share: databases to put in its place,
// and clients that write meanwhile.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/harness.h"
#include "tests/other_program.h"

namespace kiosk::test {

constexpr char kStorageUnavailable[] =
    R"({"error":"storage_unavailable","message":"The database cannot be reached at the moment; nothing was changed."})";
constexpr char kCountWritten[] = "SELECT count(*) FROM desk_orders WHERE product LIKE 'written %'";

// A desk order that can be counted.
inline std::string WrittenOrder(const std::string& name) {
  return R"({"product":"written )" + name + std::string(60, 'x') + R"(","quantity":1})";
}

inline void WriteOrders(int port, int count) {
  Connection connection(port);
  for (int i = 0; i < count; ++i) {
    const auto answer = connection.Ask("POST", "/orders", WrittenOrder(std::to_string(i)));
    REQUIRE(answer);
    REQUIRE(answer->status == 201);
  }
}

// The bytes of a database with so many written orders, stopped and without a WAL.
inline std::string DatabaseWith(int orders) {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  {
    Kiosk kiosk({"--db", path, "--quiet"});
    WriteOrders(kiosk.port(), orders);
    REQUIRE(kiosk.Stop().exit_code == 0);
  }
  return ReadFile(path);
}

// The content of every file in a folder, by its name.
inline std::map<std::string, std::string> Contents(const std::string& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    contents[entry.path().filename().string()] = ReadFile(entry.path().string());
  }
  return contents;
}

// Clients that write without a pause, and what they were answered.
class Writers {
 public:
  Writers(int port, int count) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this, port, i] { Write(port, i); });
    while (count > 0 && created_ < 100) std::this_thread::yield();
  }
  ~Writers() { Stop(); }
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;

  // From here on every request must be refused.
  void ExpectRefusals() { refused_only_ = true; }
  void Stop() {
    if (!threads_.empty() && refused_only_) {
      while (refused_ < 100) std::this_thread::yield();
    }
    stops_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  [[nodiscard]] int created() const { return created_; }
  [[nodiscard]] int created_late() const { return created_late_; }
  [[nodiscard]] int others() const { return others_; }

 private:
  void Write(int port, int number) {
    Connection connection(port);
    for (int i = 0; !stops_; ++i) {
      const bool is_late = refused_only_;
      const auto answer = connection.Ask(
          "POST", "/orders", WrittenOrder(std::to_string(number) + "-" + std::to_string(i)));
      if (answer && answer->status == 201) {
        ++created_;
        if (is_late) ++created_late_;
      } else if (answer && answer->status == 503 && answer->body == kStorageUnavailable) {
        ++refused_;
      } else {
        ++others_;
        if (!answer) return;
      }
    }
  }

  std::atomic<bool> refused_only_ = false;
  std::atomic<bool> stops_ = false;
  std::atomic<int> created_ = 0;
  std::atomic<int> created_late_ = 0;
  std::atomic<int> refused_ = 0;
  std::atomic<int> others_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace kiosk::test
