// What the tests of the running program share: a folder that goes away, the executable as a child
// process, and a client that sends exactly the bytes it is told to.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiosk::test {

// A new empty folder, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

[[nodiscard]] std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& text);

// --- processes ---

struct Finished {
  int exit_code = -1;  // 128 + the signal's number if one ended it
  std::string out;
  std::string err;
};

// How a child runs: its folder, and what is done in it just before the program starts.
struct ChildOptions {
  std::string folder = {};
  std::map<std::string, std::string> environment = {};  // added to ours
  void (*before_exec)() = nullptr;
  std::string executable = {};  // empty: the one under test; a path that is good after before_exec
  // Descriptors in place of /dev/null and of the files that Finished comes from.
  std::optional<int> in = {};
  std::optional<int> out = {};
  std::optional<int> err = {};
};

// The path of the executable under test, from the environment variable KIOSK. The program that the
// variable EMULATOR names, if there is one, runs it and whatever it packs.
[[nodiscard]] std::string KioskPath();

// Runs the executable under test to its end; one that does not end within 20 seconds is killed.
[[nodiscard]] Finished RunKiosk(const std::vector<std::string>& arguments,
                                const ChildOptions& options = {});

// Starts the executable under test, sends it a signal as soon as `is_time`, and waits for its end.
[[nodiscard]] Finished InterruptKiosk(const std::vector<std::string>& arguments,
                                      const ChildOptions& options,
                                      const std::function<bool()>& is_time, int signal = SIGINT);

// The executable serving. Always with --port 0 unless the arguments name a port.
class Kiosk {
 public:
  // Starts it and waits for its ready line, or, if `out` is another's, until the port that the
  // arguments name can be connected to. Fails the test when that does not come.
  explicit Kiosk(const std::vector<std::string>& arguments, const ChildOptions& options = {});
  // Kills it if it still runs.
  ~Kiosk();
  Kiosk(const Kiosk&) = delete;
  Kiosk& operator=(const Kiosk&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  // From exec to the ready line.
  [[nodiscard]] std::chrono::microseconds startup() const { return startup_; }

  // What it has written to stdout so far.
  [[nodiscard]] std::string Printed() const { return ReadFile(output_.File("out")); }

  void Signal(int signal) const;
  // Waits for the end; nothing if it does not come in time.
  [[nodiscard]] std::optional<int> WaitForExit(std::chrono::milliseconds at_most);
  // SIGTERM, then its exit code and everything it wrote.
  Finished Stop();
  // SIGKILL, as a crash.
  void Kill();

  // The resident memory in KiB, and the number of threads, as the system counts them.
  [[nodiscard]] long ResidentKib() const;
  [[nodiscard]] long Threads() const;

 private:
  TemporaryFolder output_;
  pid_t pid_ = -1;
  int port_ = 0;
  std::chrono::microseconds startup_{};
};

// By what a sanitizer makes everything slower: bounds on waiting are longer by it, loads smaller.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kSlowdown = 5;
#else
constexpr int kSlowdown = 1;
#endif

// A port that was free a moment ago.
[[nodiscard]] std::string FreePort();

// --- HTTP ---

struct Answer {
  int status = 0;
  std::multimap<std::string, std::string> headers;  // names in lower case
  std::string body;

  // The first header of that name (lower case), empty if there is none.
  [[nodiscard]] std::string Header(const std::string& name) const;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

// A TCP connection to 127.0.0.1 (or ::1) on `port`. Every wait ends after `patience`.
class Connection {
 public:
  explicit Connection(int port, const std::string& address = "127.0.0.1",
                      std::chrono::seconds patience = std::chrono::seconds(10));
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&&) = delete;

  [[nodiscard]] bool connected() const { return fd_ >= 0; }
  // False when the other end is gone.
  bool SendRaw(std::string_view bytes) const;
  // The next answer (chunks joined); nothing when the connection ended or patience did. `head`: no
  // body follows.
  [[nodiscard]] std::optional<Answer> Receive(bool head = false);
  // The next line, without its CR LF.
  [[nodiscard]] std::optional<std::string> ReceiveLine();
  // Sends a request of that form and receives its answer. With a body, Content-Length is added, and
  // Content-Type: application/json unless the headers have one; Host unless they have it.
  [[nodiscard]] std::optional<Answer> Ask(const std::string& method, const std::string& target,
                                          const std::string& body = "",
                                          const Headers& headers = {});
  // Whether the server has closed, after reading whatever still comes.
  [[nodiscard]] bool IsClosedByServer();
  // Ends only the sending direction.
  void FinishSending() const;

 private:
  bool Fill();

  int fd_ = -1;
  std::string buffer_;
};

// The bytes of such a request.
[[nodiscard]] std::string RequestText(const std::string& method, const std::string& target,
                                      const std::string& body = "", const Headers& headers = {});

// One request on a connection of its own. Fails the test when no answer comes.
[[nodiscard]] Answer Ask(int port, const std::string& method, const std::string& target,
                         const std::string& body = "", const Headers& headers = {});

// --- what the database holds ---

// The rows of a query on a database file that may be in use, columns joined with '|', one a line.
[[nodiscard]] std::string QueryFile(const std::string& path, const std::string& sql);

// The users whose starting balance is not their balance and the totals of their orders, counted.
constexpr char kCountUnbalanced[] = R"(
  SELECT count(*) FROM users
    LEFT JOIN (SELECT user_id, sum(total) AS spent FROM benefit_orders GROUP BY user_id)
      USING (user_id)
  WHERE starting_balance <> balance + coalesce(spent, 0))";

}  // namespace kiosk::test
