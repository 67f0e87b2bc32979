// What kiosk prints, with readers that stall, leave or were never there, over the executable.
#include "http/output.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <csignal>
#include <regex>
#include <thread>

#include "http/access_log.h"
#include "http/json.h"
#include "tests/harness.h"

namespace kiosk::test {
namespace {

constexpr int kRequests = 20'000 / kSlowdown;
constexpr auto kStopTime = std::chrono::seconds(2 * kSlowdown);

// Both ends are closed on exec; the child's copy is the one that dup2 makes.
struct Pipe {
  Pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void CloseRead() { Close(ends[0]); }
  void CloseWrite() { Close(ends[1]); }
  // Everything until the last writer is gone.
  [[nodiscard]] std::string ReadAll() const {
    std::string all;
    std::array<char, 65536> bytes{};
    for (ssize_t count = 0; (count = ::read(ends[0], bytes.data(), bytes.size())) > 0;) {
      all.append(bytes.data(), static_cast<size_t>(count));
    }
    return all;
  }
  std::array<int, 2> ends{-1, -1};

 private:
  static void Close(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

// A terminal on which nothing is ever read, as after Ctrl-S.
struct StoppedTerminal {
  StoppedTerminal() : master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE(::grantpt(master) == 0);
    REQUIRE(::unlockpt(master) == 0);
    slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(slave >= 0);
  }
  ~StoppedTerminal() {
    ::close(slave);
    ::close(master);
  }
  StoppedTerminal(const StoppedTerminal&) = delete;
  StoppedTerminal& operator=(const StoppedTerminal&) = delete;
  int master;
  int slave;
};

// The number of requests, out of `count` on a few connections, that were answered as they should.
int AskMany(int port, int count) {
  constexpr int kConnections = 4;
  std::array<int, kConnections> answered{};
  std::vector<std::thread> threads;
  for (int& number : answered) {
    threads.emplace_back([port, count, &number] {
      Connection connection(port);
      for (int i = 0; i < count / kConnections; ++i) {
        const auto answer = connection.Ask("GET", "/api/products");
        if (!answer || answer->status != 200) return;
        ++number;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return answered[0] + answered[1] + answered[2] + answered[3];
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

bool IsAccessLine(const std::string& line, const std::string& format) {
  static const std::regex kText(R"(20\d\d-[^ ]+Z [^ ]+ [^ ]+ [^ ]+ \d{3} \d+ B \d+\.\d ms)");
  if (format == "text") return std::regex_match(line, kText);
  const auto parsed = ParseJson(line);
  return std::holds_alternative<Json>(parsed) && std::get<Json>(parsed).Find("target") != nullptr;
}

const std::regex kDropped(R"(kiosk: (\d+) lines were dropped here because nothing read them)");

// Requests in the lines of a log: those that have one, and those that were dropped.
int CountRequests(const std::vector<std::string>& lines, const std::string& format) {
  int count = 0;
  for (const std::string& line : lines) {
    std::smatch dropped;
    if (std::regex_match(line, dropped, kDropped)) {
      count += std::stoi(dropped[1]);
    } else {
      CHECK_MESSAGE(IsAccessLine(line, format), line);
      ++count;
    }
  }
  return count;
}

// Serves many requests while the output goes to those descriptors, and stops on SIGTERM.
void CheckServesUnread(const std::string& format, ChildOptions options) {
  const std::string port = FreePort();
  Kiosk kiosk({"--memory", "--log-format", format, "--port", port}, options);
  CHECK(AskMany(kiosk.port(), kRequests) == kRequests);
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
  kiosk.Signal(SIGTERM);
  CHECK(kiosk.WaitForExit(kStopTime) == 0);
}

}  // namespace

TEST_CASE("answers every request and stops on SIGTERM when nothing reads its output") {
  for (const std::string format : {"text", "json"}) {
    CAPTURE(format);
    {
      INFO("a pipe each");
      const Pipe out;
      const Pipe err;
      CheckServesUnread(format, {.out = out.ends[1], .err = err.ends[1]});
    }
    {
      INFO("one pipe for both, full from the start");
      const Pipe both;
      ::fcntl(both.ends[1], F_SETPIPE_SZ, 4096);
      REQUIRE(::write(both.ends[1], std::string(4096, '.').data(), 4096) == 4096);
      CheckServesUnread(format, {.out = both.ends[1], .err = both.ends[1]});
    }
    {
      INFO("a stopped terminal");
      const StoppedTerminal terminal;
      CheckServesUnread(format, {.out = terminal.slave, .err = terminal.slave});
    }
    {
      INFO("pipes whose readers are gone");
      Pipe out;
      Pipe err;
      out.CloseRead();
      err.CloseRead();
      CheckServesUnread(format, {.out = out.ends[1], .err = err.ends[1]});
    }
    {
      INFO("stdout in a pipe, stderr closed");
      const Pipe out;
      CheckServesUnread(format, {.before_exec = [] { ::close(2); }, .out = out.ends[1]});
    }
  }
}

TEST_CASE("a reader that resumes gets whole lines and the number of those that were dropped") {
  for (const std::string format : {"text", "json"}) {
    CAPTURE(format);
    Pipe err;
    Kiosk kiosk({"--memory", "--log-format", format}, {.err = err.ends[1]});
    err.CloseWrite();
    CHECK(AskMany(kiosk.port(), kRequests) == kRequests);
    std::string log;
    std::thread reader([&] { log = err.ReadAll(); });
    // More lines follow the notice when there is room again.
    int more = 0;
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(100)) {
      CHECK(Ask(kiosk.port(), "GET", "/later").status == 404);
      ++more;
    }
    kiosk.Signal(SIGTERM);
    CHECK(kiosk.WaitForExit(kStopTime) == 0);
    reader.join();
    CHECK(log.ends_with('\n'));
    const auto lines = Lines(log);
    CHECK(CountRequests(lines, format) == kRequests + more);
    CHECK(lines.back().find("/later") != std::string::npos);
    const auto is_notice = [](const std::string& line) { return std::regex_match(line, kDropped); };
    CHECK(std::ranges::count_if(lines, is_notice) == (kSlowdown == 1 ? 1 : 0));
    if (kSlowdown == 1) {
      const auto notice = std::ranges::find_if(lines, is_notice);
      size_t kept = 0;
      for (auto line = lines.begin(); line != notice; ++line) kept += line->size() + 1;
      CHECK(kept > LineWriter::kCapacity - PIPE_BUF);
      CHECK(kept < LineWriter::kCapacity + 128 * 1024);  // and what the pipe holds
    }
  }
}

TEST_CASE("a reader that resumes after the end gets whole lines") {
  for (const std::string format : {"text", "json"}) {
    CAPTURE(format);
    Pipe err;
    Kiosk kiosk({"--memory", "--log-format", format}, {.err = err.ends[1]});
    err.CloseWrite();
    Connection connection(kiosk.port());
    for (int i = 0; i < 200; ++i) {  // long lines and short ones, more than the pipe holds
      const std::string target = "/" + std::string(static_cast<size_t>(i * 37), i % 2 ? '"' : 'x');
      REQUIRE(connection.Ask("GET", target).has_value());
    }
    kiosk.Signal(SIGTERM);
    CHECK(kiosk.WaitForExit(kStopTime) == 0);
    const std::string log = err.ReadAll();
    CHECK(log.size() > 32 * 1024);
    CHECK(log.ends_with('\n'));
    for (const std::string& line : Lines(log)) CHECK_MESSAGE(IsAccessLine(line, format), line);
  }
}

TEST_CASE("leaves the flags of its inherited descriptors alone") {
  const Pipe out;
  const Pipe err;
  const std::string port = FreePort();
  Kiosk kiosk({"--memory", "--port", port}, {.out = out.ends[1], .err = err.ends[1]});
  CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
  for (const Pipe* pipe : {&out, &err}) CHECK((::fcntl(pipe->ends[1], F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("keeps all lines for a slow reader of a non-blocking pipe") {
  Pipe err;
  ::fcntl(err.ends[1], F_SETFL, O_WRONLY | O_NONBLOCK);
  ::fcntl(err.ends[1], F_SETPIPE_SZ, 4096);
  Kiosk kiosk({"--memory"}, {.err = err.ends[1]});
  err.CloseWrite();
  CHECK(AskMany(kiosk.port(), 400) == 400);
  std::string log;
  std::thread reader([&] { log = err.ReadAll(); });
  kiosk.Signal(SIGTERM);
  CHECK(kiosk.WaitForExit(kStopTime) == 0);
  reader.join();
  CHECK(CountRequests(Lines(log), "text") == 400);
}

TEST_CASE("a message of a command that nothing reads does not keep it from ending") {
  const Pipe err;
  ::fcntl(err.ends[1], F_SETPIPE_SZ, 4096);
  REQUIRE(::write(err.ends[1], std::string(4096, '.').data(), 4096) == 4096);
  const TemporaryFolder folder;
  const ChildOptions options{.folder = folder.path(), .err = err.ends[1]};
  CHECK(RunKiosk({"backup", "/nowhere/copy.db"}, options).exit_code == 1);
  CHECK(RunKiosk({"--unknown"}, options).exit_code == 2);
  CHECK(RunKiosk({"generate", "--users", "1000", "--orders", "1000"}, options).exit_code == 0);
}

TEST_CASE("a client cannot forge a line of the log or colour a terminal") {
  const std::string long_text(3000, 'm');
  const std::string requests[] = {
      "GE\nT",  // each is a method, a target, and the values of headers
      "\x1b[31mGET",
      "G\rT",
      "G\x7fT",
      "G\xc2\x9b"
      "31mT",
      "G\x9b"
      "31mT",
      "G\xe2\x80\xa8T",
      "G\xe2\x80\xaeT",
      "G\x08\x08T",
      "\"},{\"time\":\"x\"",
      "\\",
      long_text,
      "",
  };
  for (const std::string format : {"text", "json"}) {
    CAPTURE(format);
    Kiosk kiosk({"--memory", "--log-format", format});
    int sent = 0;
    for (const std::string& text : requests) {
      for (const std::string& request :
           {text + " /orders HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /" + text + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /orders/1 HTTP/1.1\r\nHost: " + text + "\r\n\r\n",
            "POST /orders HTTP/1.1\r\nHost: localhost\r\nOrigin: http://" + text + "\r\n\r\n",
            "GET /orders HTTP/" + text + "\r\nHost: localhost\r\n\r\n"}) {
        Connection connection(kiosk.port());
        REQUIRE(connection.SendRaw(request));
        const auto answer = connection.Receive();
        CHECK_MESSAGE(answer.has_value(), request);
        sent += answer ? 1 : 0;
      }
    }
    const std::string log = kiosk.Stop().err;
    const auto lines = Lines(log);
    CHECK(lines.size() == static_cast<size_t>(sent));
    for (const std::string& line : lines) {
      CHECK(line.size() < PIPE_BUF);
      CHECK_MESSAGE(IsAccessLine(line, format), line);
      CHECK(Printable(line) == line);
    }
  }
}

TEST_CASE("printable text keeps letters of every language and loses what moves a cursor") {
  struct Row {
    std::string text;
    std::string printable;
  };
  const Row rows[] = {
      {"", ""},
      {"plain ~ text", "plain ~ text"},
      {"Kiösk – 店 😀.db", "Kiösk – 店 😀.db"},
      {"a\nb\rc\td", "a?b?c?d"},
      {std::string("a\0b", 3), "a?b"},
      {"\x1b[31m\x7f", "?[31m?"},
      {"\xc2\x85\xc2\x9b\xc2\xa0", "??\xc2\xa0"},
      {"\x85\x9b", "??"},
      {"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae\xe2\x81\xa6", "????"},
      {"\xc0\x8a", "??"},            // an overlong line break
      {"\xe0\x80\x8a", "???"},       // and a longer one
      {"\xed\xa0\x80", "???"},       // half of a surrogate pair
      {"\xf4\x90\x80\x80", "????"},  // beyond the last character
      {"cut \xe5\xba", "cut ??"},
      {"\xe5(", "?("},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(Printable(row.text) == row.printable);
  }
}

TEST_CASE("an access line has its parts in their places, in text and in JSON") {
  const AccessEntry entry{.time = {1'667'301'071'111},
                          .remote = "::1",
                          .method = "GET",
                          .target = "/a?b=\"c\"",
                          .status = 200,
                          .bytes = 12,
                          .microseconds = 1234};
  CHECK(FormatAccess(LogFormat::kText, entry) ==
        "2022-11-01T11:11:11.111Z ::1 GET /a?b=\"c\" 200 12 B 1.2 ms");
  CHECK(FormatAccess(LogFormat::kJson, entry) ==
        R"({"time":"2022-11-01T11:11:11.111Z","remote":"::1","method":"GET","target":"/a?b=\"c\"",)"
        R"("status":200,"bytes":12,"ms":1.2})");
  AccessEntry unreadable = entry;
  unreadable.method = "";
  unreadable.target = "";
  CHECK(FormatAccess(LogFormat::kText, unreadable) ==
        "2022-11-01T11:11:11.111Z ::1 - - 200 12 B 1.2 ms");
  const std::string quotes(100'000, '"');
  AccessEntry longest = entry;
  longest.method = quotes;
  longest.target = quotes;
  CHECK(FormatAccess(LogFormat::kText, longest).size() < PIPE_BUF);
  CHECK(FormatAccess(LogFormat::kJson, longest).size() < PIPE_BUF);
}

}  // namespace kiosk::test
