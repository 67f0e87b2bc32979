#include "tests/harness.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <utility>

namespace kiosk::test {
namespace {

using std::chrono::steady_clock;

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Starts the executable under test with its output in files. Returns its process id.
pid_t Start(const std::vector<std::string>& arguments, const ChildOptions& options,
            const std::string& out, const std::string& err) {
  const std::string path = options.executable.empty() ? KioskPath() : options.executable;
  const char* emulator = std::getenv("EMULATOR");
  std::vector<const char*> argv;
  if (emulator) argv.push_back(emulator);
  argv.push_back(path.c_str());
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  // The child: nothing but system calls from here on, apart from its environment.
  const int out_fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  const int err_fd = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  ::dup2(options.in ? *options.in : ::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(options.out.value_or(out_fd), STDOUT_FILENO);
  ::dup2(options.err.value_or(err_fd), STDERR_FILENO);
  if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) ::_exit(127);
  for (const auto& [name, value] : options.environment) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  if (options.before_exec) options.before_exec();
  ::execvp(argv[0], const_cast<char* const*>(argv.data()));
  ::_exit(127);
}

int ExitCode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::optional<int> WaitFor(pid_t pid, std::chrono::milliseconds at_most) {
  const auto begin = steady_clock::now();
  for (;;) {
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) == pid) return ExitCode(status);
    if (steady_clock::now() - begin > at_most) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

long StatusNumber(pid_t pid, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stol(line.substr(name.size() + 1));
  }
  return -1;
}

}  // namespace

TemporaryFolder::TemporaryFolder()
    : path_((std::filesystem::temp_directory_path() / "kiosk-test-XXXXXX").string()) {
  REQUIRE(::mkdtemp(path_.data()) != nullptr);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  REQUIRE(file.good());
}

std::string KioskPath() {
  const char* path = std::getenv("KIOSK");
  REQUIRE_MESSAGE(path != nullptr, "KIOSK must name the executable under test");
  return std::filesystem::absolute(path).string();
}

Finished RunKiosk(const std::vector<std::string>& arguments, const ChildOptions& options) {
  return InterruptKiosk(arguments, options, [] { return false; });
}

Finished InterruptKiosk(const std::vector<std::string>& arguments, const ChildOptions& options,
                        const std::function<bool()>& is_time, int signal) {
  const TemporaryFolder output;
  const std::string out = output.File("out");
  const std::string err = output.File("err");
  const pid_t pid = Start(arguments, options, out, err);
  constexpr auto kPatience = std::chrono::seconds(20);
  const auto begin = steady_clock::now();
  std::optional<int> code;
  bool interrupted = false;
  while (!code && steady_clock::now() - begin < kPatience) {
    code = WaitFor(pid, std::chrono::milliseconds(2));
    if (!code && !interrupted && is_time()) {
      ::kill(pid, signal);
      interrupted = true;
    }
  }
  if (!code) {
    ::kill(pid, SIGKILL);
    code = WaitFor(pid, std::chrono::seconds(5));
  }
  return {code.value_or(-1), ReadFile(out), ReadFile(err)};
}

Kiosk::Kiosk(const std::vector<std::string>& arguments, const ChildOptions& options) {
  std::vector<std::string> all = arguments;
  if (std::ranges::find(all, "--port") == all.end()) {
    all.emplace_back("--port");
    all.emplace_back("0");
  }
  const auto begin = steady_clock::now();
  pid_ = Start(all, options, output_.File("out"), output_.File("err"));
  constexpr auto kPatience = std::chrono::seconds(20);
  if (options.out) {
    port_ = std::stoi(*(std::ranges::find(all, "--port") + 1));
    while (!Connection(port_).connected() && steady_clock::now() - begin < kPatience) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    REQUIRE(Connection(port_).connected());
    return;
  }
  std::string line;
  while (steady_clock::now() - begin < kPatience) {
    line = ReadFile(output_.File("out"));
    if (line.ends_with('\n')) break;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      break;
    }
  }
  startup_ = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin);
  line = line.substr(0, line.find('\n'));  // the second is for other devices
  REQUIRE_MESSAGE(line.starts_with("kiosk listening on http://"), ReadFile(output_.File("err")));
  port_ = std::stoi(line.substr(line.rfind(':') + 1));
}

std::string FreePort() {
  // Below the ports that the system picks, which connections of other tests take meanwhile.
  static int next = 0;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int port = 0;
  do {
    REQUIRE(next < 1000);
    port = 10'000 + (static_cast<int>(::getpid()) * 61 + next++) % 20'000;
    address.sin_port = htons(static_cast<uint16_t>(port));
  } while (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0);
  ::close(fd);
  return std::to_string(port);
}

Kiosk::~Kiosk() { Kill(); }

void Kiosk::Signal(int signal) const { ::kill(pid_, signal); }

std::optional<int> Kiosk::WaitForExit(std::chrono::milliseconds at_most) {
  const auto code = WaitFor(pid_, at_most);
  if (code) pid_ = -1;
  return code;
}

Finished Kiosk::Stop() {
  Signal(SIGTERM);
  const auto code = WaitForExit(std::chrono::seconds(10));
  return {code.value_or(-1), ReadFile(output_.File("out")), ReadFile(output_.File("err"))};
}

void Kiosk::Kill() {
  if (pid_ <= 0) return;
  Signal(SIGKILL);
  static_cast<void>(WaitForExit(std::chrono::seconds(10)));
}

long Kiosk::ResidentKib() const { return StatusNumber(pid_, "VmRSS"); }

long Kiosk::Threads() const { return StatusNumber(pid_, "Threads"); }

std::string Answer::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

Connection::Connection(int port, const std::string& address, std::chrono::seconds patience) {
  const bool is_v6 = address.find(':') != std::string::npos;
  fd_ = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval timeout{patience.count(), 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(port));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = v4.sin_port;
  ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr);
  ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr);
  const int result = is_v6 ? ::connect(fd_, reinterpret_cast<sockaddr*>(&v6), sizeof v6)
                           : ::connect(fd_, reinterpret_cast<sockaddr*>(&v4), sizeof v4);
  if (result != 0) {
    ::close(fd_);
    fd_ = -1;
  }
}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

Connection::Connection(Connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

bool Connection::SendRaw(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

bool Connection::Fill() {
  char bytes[64 * 1024];
  const ssize_t count = ::recv(fd_, bytes, sizeof bytes, 0);
  if (count <= 0) return false;
  buffer_.append(bytes, static_cast<size_t>(count));
  return true;
}

std::optional<std::string> Connection::ReceiveLine() {
  size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!Fill()) return std::nullopt;
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

std::optional<Answer> Connection::Receive(bool head) {
  const auto take = [this](size_t count, std::string& into) {
    while (buffer_.size() < count) {
      if (!Fill()) return false;
    }
    into.append(buffer_, 0, count);
    buffer_.erase(0, count);
    return true;
  };

  Answer answer;
  const auto first = ReceiveLine();
  if (!first || first->size() < 12) return std::nullopt;
  answer.status = std::stoi(first->substr(9, 3));
  for (;;) {
    const auto line = ReceiveLine();
    if (!line) return std::nullopt;
    if (line->empty()) break;
    const size_t colon = line->find(':');
    answer.headers.emplace(Lower(line->substr(0, colon)), line->substr(colon + 2));
  }
  if (answer.status == 100) return Receive(head);
  if (head || answer.status == 204 || answer.status == 304) return answer;
  if (Lower(answer.Header("transfer-encoding")) == "chunked") {
    for (;;) {
      const auto size_line = ReceiveLine();
      if (!size_line) return std::nullopt;
      const size_t size = std::stoul(*size_line, nullptr, 16);
      std::string end;
      if (!take(size, answer.body) || !take(2, end)) return std::nullopt;
      if (size == 0) return answer;
    }
  }
  if (answer.headers.contains("content-length")) {
    if (!take(std::stoul(answer.Header("content-length")), answer.body)) return std::nullopt;
    return answer;
  }
  while (Fill()) {
  }
  answer.body = std::exchange(buffer_, "");
  return answer;
}

std::optional<Answer> Connection::Ask(const std::string& method, const std::string& target,
                                      const std::string& body, const Headers& headers) {
  if (!SendRaw(RequestText(method, target, body, headers))) return std::nullopt;
  return Receive(method == "HEAD");
}

bool Connection::IsClosedByServer() {
  while (Fill()) {
  }
  char byte = 0;
  return ::recv(fd_, &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

void Connection::FinishSending() const { ::shutdown(fd_, SHUT_WR); }

std::string RequestText(const std::string& method, const std::string& target,
                        const std::string& body, const Headers& headers) {
  const auto has = [&headers](const std::string& name) {
    return std::ranges::any_of(headers,
                               [&](const auto& header) { return Lower(header.first) == name; });
  };
  std::string text = method + " " + target + " HTTP/1.1\r\n";
  if (!has("host")) text += "Host: localhost\r\n";
  if (!body.empty() && !has("content-type")) text += "Content-Type: application/json\r\n";
  if (!body.empty() && !has("content-length") && !has("transfer-encoding")) {
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  return text + "\r\n" + body;
}

Answer Ask(int port, const std::string& method, const std::string& target, const std::string& body,
           const Headers& headers) {
  Connection connection(port);
  REQUIRE(connection.connected());
  auto answer = connection.Ask(method, target, body, headers);
  REQUIRE_MESSAGE(answer.has_value(), method << " " << target << ": no answer");
  return *std::move(answer);
}

std::string QueryFile(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  std::string rows;
  char* error = nullptr;
  sqlite3_exec(
      database, sql.c_str(),
      [](void* text, int columns, char** values, char**) {
        auto& all = *static_cast<std::string*>(text);
        if (!all.empty()) all += '\n';
        for (int i = 0; i < columns; ++i) {
          all.append(i > 0 ? "|" : "").append(values[i] ? values[i] : "NULL");
        }
        return 0;
      },
      &rows, &error);
  const std::string message = error ? error : "";
  sqlite3_free(error);
  sqlite3_close(database);
  REQUIRE_MESSAGE(message.empty(), sql << ": " << message);
  return rows;
}

}  // namespace kiosk::test
