// Clients that read a long listing slowly, and a database that fails under one.

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <thread>

#include "http/json.h"
#include "tests/crash/in_process.h"
#include "tests/harness.h"

namespace kiosk::test {
namespace {

constexpr int64_t kOrders = 60'000;
constexpr int64_t kHour = 60LL * 60 * 1000;

// A database whose listing is longer than what sockets hold: about 20 MB.
void MakeLongDatabase(const std::string& path) {
  Seed seed = BuiltInSeed();
  for (int64_t i = 0; i < kOrders; ++i) {
    DeskOrder order;
    order.id = std::to_string(1000 + i);
    order.datetime = Timestamp{1600000000000 + 3 * kHour * i};
    order.product = "order " + std::to_string(i) + std::string(180, 'x');
    order.quantity = 1;
    seed.orders.push_back(std::move(order));
  }
  static_cast<void>(Store::Open(path, seed));
}

// A client with a small receive buffer that asks for the listing and reads only when asked to.
class SlowReader {
 public:
  explicit SlowReader(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int small = 4096;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    const std::string request = RequestText("GET", "/orders", "", {{"Connection", "close"}});
    REQUIRE(::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(request.size()));
  }
  ~SlowReader() { ::close(fd_); }
  SlowReader(const SlowReader&) = delete;
  SlowReader& operator=(const SlowReader&) = delete;

  // Reads at least so much, or to the end.
  void Read(size_t bytes) {
    std::string piece(64 * 1024, '\0');
    for (const size_t until = text_.size() + bytes; text_.size() < until;) {
      const ssize_t count = ::recv(fd_, piece.data(), piece.size(), 0);
      if (count <= 0) return;
      text_.append(piece, 0, static_cast<size_t>(count));
    }
  }

  // What came, chunks joined; nothing if it does not end as an answer must.
  [[nodiscard]] std::optional<std::string> Body() const {
    size_t at = text_.find("\r\n\r\n");
    if (at == std::string::npos) return std::nullopt;
    at += 4;
    std::string body;
    for (;;) {
      const size_t end = text_.find("\r\n", at);
      if (end == std::string::npos) return std::nullopt;
      const size_t size = std::stoul(text_.substr(at, end - at), nullptr, 16);
      at = end + 2;
      if (text_.size() < at + size + 2) return std::nullopt;
      if (size == 0) return body;
      body.append(text_, at, size);
      at += size + 2;
    }
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  int fd_;
  std::string text_;
};

// The ids of the orders in a listing, in its order. Splits at the braces: ours are flat objects,
// but for the services of the seed's.
std::vector<std::string> Ids(const std::string& listing) {
  std::vector<std::string> ids;
  const std::string before = "{\"id\":\"";
  for (size_t at = listing.find(before); at != std::string::npos; at = listing.find(before, at)) {
    at += before.size();
    ids.push_back(listing.substr(at, listing.find('"', at) - at));
  }
  return ids;
}

// How often the log was begun anew: a number in its header (SQLite file format, section 4.1).
uint32_t TimesMoved(const std::string& log) {
  const std::string bytes = ReadFile(log);
  REQUIRE(bytes.size() > 32);
  uint32_t number = 0;
  for (size_t i = 12; i < 16; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

TEST_CASE("A stalled reader of GET /orders neither stops writes nor lets the log grow") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  MakeLongDatabase(path);
  Kiosk kiosk({"--db", path, "--quiet"});
  std::vector<std::unique_ptr<SlowReader>> readers;
  for (int i = 0; i < 3; ++i) readers.push_back(std::make_unique<SlowReader>(kiosk.port()));
  for (const auto& reader : readers) reader->Read(4 * 1024);

  // Each request writes a user, an order, two items and two ownerships.
  constexpr int kWriters = 16;
  constexpr int kRequests = 400;
  constexpr int kRowsOfRequest = 6;
  constexpr int kSeconds = 40;  // at most
  constexpr size_t kBurst = 2 * 1024 * 1024;
  std::atomic<bool> stopping = false;
  std::atomic<int> written = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      Connection connection(kiosk.port());
      for (int i = 0; i < kRequests && !stopping; ++i) {
        const std::string user = std::to_string(writer) + "-" + std::to_string(i);
        const auto answer =
            connection.Ask("POST", "/api/orders",
                           R"({"order":{"items":["netflix","spotify"],"user_id":")" + user + "\"}}",
                           {{"Idempotency-Key", user}});
        ++(answer && answer->status == 200 ? written : refused);
        if (!answer) return;
      }
    });
  }
  std::atomic<bool> done = false;
  uintmax_t longest_log = 0;
  std::thread watcher([&] {
    while (!done) {
      std::error_code missing;
      const auto size = std::filesystem::file_size(path + "-wal", missing);
      if (!missing) longest_log = std::max(longest_log, size);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  // The server gives up on who reads nothing for 20 seconds: on a busy machine they stall anew.
  constexpr int kWants = kWriters * kRequests;
  for (int seconds = 1; seconds <= kSeconds && written + refused < kWants; ++seconds) {
    for (int i = 0; i < 100 && written + refused < kWants; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    if (seconds % 8 != 0) continue;
    for (const auto& reader : readers) reader->Read(kBurst);
  }
  stopping = true;
  for (std::thread& writer : writers) writer.join();
  done = true;
  watcher.join();
  // Comes after all others, so that a reader that has stalled is still to see it.
  REQUIRE(Ask(kiosk.port(), "POST", "/orders",
              R"({"id":"last","datetime":"2100-01-01T00:00:00Z","product":"late","quantity":1})")
              .status == 201);

  CHECK(refused == 0);
  CHECK(written * kRowsOfRequest > 5000);
  CHECK(QueryFile(path, "SELECT count(*) FROM owned_products") == std::to_string(2 * written));
  std::cout << "stalled readers: " << written * kRowsOfRequest
            << " rows written, the log begun anew " << TimesMoved(path + "-wal")
            << " times and never longer than " << longest_log / 1024 << " KiB" << std::endl;
  // As long as the writer lets it grow (store/checkpoints.h), with one commit on top.
  constexpr uintmax_t kLongest = (16'000 + 400) * (4096 + 24);
  CHECK(longest_log > 0);
  CHECK(longest_log < kLongest);
  CHECK(TimesMoved(path + "-wal") >= 1);

  for (const auto& reader : readers) {
    CHECK(reader->text().size() < kSeconds / 8 * kBurst + 1024 * 1024);  // it had stalled
  }
  {
    // Together: while one is read and judged, the server would give up on the next.
    std::vector<std::jthread> reading;
    for (const auto& reader : readers) {
      reading.emplace_back([&reader = *reader] { reader.Read(SIZE_MAX / 2); });
    }
  }
  for (const auto& reader : readers) {
    const auto body = reader->Body();
    REQUIRE(body.has_value());
    CHECK(std::holds_alternative<Json>(ParseJson(*body)));
    const auto ids = Ids(*body);
    REQUIRE(ids.size() >= static_cast<size_t>(kOrders) + 1);
    CHECK(ids.back() == "last");
  }
}

TEST_CASE("A database that fails in the middle of a listing ends that answer, not the server") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  MakeLongDatabase(path);
  Kiosk kiosk({"--db", path, "--quiet"});
  SlowReader reader(kiosk.port());
  reader.Read(4 * 1024);
  const std::string sound = ReadFile(path);
  std::filesystem::resize_file(path, 64 * 1024);  // as if the disk had lost the rest
  reader.Read(SIZE_MAX / 2);
  CHECK_FALSE(reader.Body().has_value());  // cut off, and seen to be
  CHECK(Ask(kiosk.port(), "GET", "/orders/1000").status == 503);
  CHECK(kiosk.Stop().exit_code == 0);
  WriteFile(path, sound);
  Kiosk restarted({"--db", path, "--quiet"});
  CHECK(Ask(restarted.port(), "GET", "/api/products").status == 200);
  CHECK(Ask(restarted.port(), "GET", "/orders/1000").status == 200);
}

}  // namespace
}  // namespace kiosk::test
