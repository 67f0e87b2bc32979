// `kiosk health`: what it asks, whom, and how it ends.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "http/health.h"
#include "tests/harness.h"

namespace kiosk::test {
namespace {

// A listener on a loopback address that is not kiosk. It answers one request with `response` and
// closes; without a response it never accepts.
class OtherServer {
 public:
  explicit OtherServer(const std::string& response, const std::string& address = "127.0.0.1",
                       int port = 0)
      : response_(response) {
    const bool is_v6 = address.find(':') != std::string::npos;
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<uint16_t>(port));
    ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<uint16_t>(port));
    ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr);
    fd_ = ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto* any = is_v6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
    socklen_t size = is_v6 ? sizeof v6 : sizeof v4;
    const bool listens = fd_ >= 0 && ::bind(fd_, any, size) == 0 && ::listen(fd_, 8) == 0 &&
                         ::getsockname(fd_, any, &size) == 0;
    if (!listens) return;
    port_ = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
    if (response != kSilence) thread_ = std::thread([this] { AnswerOne(); });
  }
  ~OtherServer() {
    ::shutdown(fd_, SHUT_RDWR);  // wakes accept
    if (thread_.joinable()) thread_.join();
    ::close(fd_);
  }
  OtherServer(const OtherServer&) = delete;
  OtherServer& operator=(const OtherServer&) = delete;

  static constexpr char kSilence[] = "(silence)";

  [[nodiscard]] int port() const { return port_; }  // 0: this machine does not have the address
  // What was asked, after its end.
  [[nodiscard]] std::string Request() {
    if (thread_.joinable()) thread_.join();
    return request_;
  }

 private:
  void AnswerOne() {
    const int peer = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) return;
    char byte = 0;
    while (!request_.ends_with("\r\n\r\n") && ::recv(peer, &byte, 1, 0) == 1) request_ += byte;
    ::send(peer, response_.data(), response_.size(), MSG_NOSIGNAL);
    ::close(peer);
  }

  std::string response_;
  std::string request_;
  std::thread thread_;
  int fd_ = -1;
  int port_ = 0;
};

std::string Url(const std::string& host, int port) {
  return "http://" + host + ":" + std::to_string(port);
}

void CheckHealthy(const Finished& run) {
  CHECK(run.exit_code == 0);
  CHECK(run.out.empty());
  CHECK(run.err.empty());
}

void CheckUnhealthy(const Finished& run, const std::string& line) {
  CHECK(run.exit_code == 1);
  CHECK(run.out.empty());
  CHECK(run.err == "kiosk: " + line + "\n");
}

}  // namespace

TEST_CASE("kiosk health exits 0 for a healthy kiosk, however it is named") {
  const TemporaryFolder folder;
  const Kiosk kiosk({"--db", folder.File("kiosk.db"), "--quiet"});
  const int port = kiosk.port();
  std::vector<std::string> urls = {Url("127.0.0.1", port),
                                   Url("localhost", port),
                                   Url("LocalHost.", port),
                                   Url("shop.localhost", port),
                                   Url("127.0.0.1", port) + "/",
                                   "HTTP://localhost:" + std::to_string(port),
                                   Url("localhost", port) + "/healthz"};
  if (Connection(port, "::1").connected()) urls.push_back(Url("[::1]", port));
  for (const std::string& url : urls) {
    CAPTURE(url);
    CheckHealthy(RunKiosk({"health", url}));
  }
  const ChildOptions with_port{.folder = folder.path(),
                               .environment = {{"PORT", std::to_string(port)}}};
  CheckHealthy(RunKiosk({"health"}, with_port));
}

TEST_CASE("kiosk health finds a kiosk that listens on one loopback address only") {
  for (const std::string address : {"127.0.0.1", "::1"}) {
    if (OtherServer(OtherServer::kSilence, address).port() == 0) continue;
    const Kiosk kiosk({"--memory", "--quiet", "--host", address});
    CheckHealthy(RunKiosk({"health", Url("localhost", kiosk.port())}));
  }
}

TEST_CASE("kiosk health finds a kiosk on 127.0.0.1 behind another server on ::1") {
  const Kiosk kiosk({"--memory", "--quiet", "--host", "127.0.0.1"});
  for (const std::string response : {"HTTP/1.1 404 Not Found\r\n\r\n", OtherServer::kSilence}) {
    const OtherServer other(response, "::1", kiosk.port());
    CheckHealthy(RunKiosk({"health", Url("localhost", kiosk.port())}));
  }
}

TEST_CASE("kiosk health exits 1 where nothing listens") {
  const std::string port = FreePort();
  const std::string reason =
      ": Connection refused; start kiosk there, or give the URL where it listens";
  CheckUnhealthy(RunKiosk({"health", "http://127.0.0.1:" + port}),
                 "cannot connect to http://127.0.0.1:" + port + reason);
  CheckUnhealthy(RunKiosk({"health"}, {.environment = {{"PORT", port}}}),
                 "cannot connect to http://localhost:" + port + reason);
}

TEST_CASE("kiosk health exits 1 for every response but 200") {
  for (const std::string status : {"503 Service Unavailable", "404 Not Found", "204 No Content",
                                   "301 Moved Permanently", "500", "403 Forbidden"}) {
    OtherServer other("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n");
    const std::string url = Url("127.0.0.1", other.port());
    CheckUnhealthy(RunKiosk({"health", url}),
                   url + "/healthz answers " + status.substr(0, 3) +
                       " where a healthy kiosk answers 200; the log of that kiosk says more");
  }
}

TEST_CASE("kiosk health exits 1 for a peer that does not speak HTTP") {
  for (const std::string response :
       {"", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 -20 OK\r\n\r\n", "HTTP/1.1200 OK\r\n\r\n",
        "HTTP/2 200\r\n\r\n", "200 OK\r\n\r\n", "\r\n", "\n"}) {
    CAPTURE(response);
    OtherServer other(response);
    const std::string url = Url("127.0.0.1", other.port());
    CheckUnhealthy(RunKiosk({"health", url}),
                   url +
                       " gives no HTTP response in time; restart it if it is a kiosk, or give "
                       "the URL where kiosk listens");
  }
  OtherServer endless(std::string(100'000, 'x'));
  CHECK(RunKiosk({"health", Url("127.0.0.1", endless.port())}).exit_code == 1);
}

TEST_CASE("kiosk health gives up on a peer that never answers") {
  const OtherServer silent(OtherServer::kSilence);
  CHECK(RunKiosk({"health", Url("127.0.0.1", silent.port())}).exit_code == 1);
}

TEST_CASE("kiosk health sends one request with the host of the URL") {
  OtherServer other("HTTP/1.0 200 OK\r\n\r\n");
  CheckHealthy(RunKiosk({"health", Url("Shop.localhost", other.port())}));
  CHECK(other.Request() ==
        "GET /healthz HTTP/1.1\r\nHost: shop.localhost:" + std::to_string(other.port()) +
            "\r\nUser-Agent: kiosk\r\nConnection: close\r\n\r\n");
}

TEST_CASE("kiosk health exits 1 for a kiosk whose database was removed") {
  const TemporaryFolder folder;
  const Kiosk kiosk({"--db", folder.File("kiosk.db"), "--quiet"});
  const std::string url = Url("localhost", kiosk.port());
  CheckHealthy(RunKiosk({"health", url}));
  std::filesystem::rename(folder.File("kiosk.db"), folder.File("moved.db"));
  CheckUnhealthy(RunKiosk({"health", url}),
                 url +
                     "/healthz answers 503 where a healthy kiosk answers 200; the log of that "
                     "kiosk says more");
  std::filesystem::rename(folder.File("moved.db"), folder.File("kiosk.db"));
  CheckHealthy(RunKiosk({"health", url}));
}

TEST_CASE("kiosk health takes the port that a demo carries, unless PORT is set") {
  const TemporaryFolder folder;
  const Kiosk kiosk({"--memory", "--quiet"});
  const std::string port = std::to_string(kiosk.port());
  REQUIRE(RunKiosk({"pack", "-o", "demo", "--port", port}, {.folder = folder.path()}).exit_code ==
          0);
  const std::string demo = folder.File("demo");
  CheckHealthy(RunKiosk({"health"}, {.folder = folder.path(), .executable = demo}));
  const ChildOptions elsewhere{
      .folder = folder.path(), .environment = {{"PORT", FreePort()}}, .executable = demo};
  CHECK(RunKiosk({"health"}, elsewhere).exit_code == 1);
}

TEST_CASE("kiosk health leaves no files") {
  const TemporaryFolder folder;
  CHECK(
      RunKiosk({"health", "http://localhost:" + FreePort()}, {.folder = folder.path()}).exit_code ==
      1);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("kiosk health refuses a URL that cannot work, with one that does") {
  const std::pair<std::string, std::string> rows[] = {
      {"localhost:4100", "give it as http://localhost:4100"},
      {"localhost", "give it as http://localhost:4000"},
      {"[::1]:4100", "give it as http://[::1]:4100"},
      {"4100", "give it as http://localhost:4000"},
      {"https://localhost:4100", "give it as http://localhost:4100"},
      {"ftp://127.0.0.1:4100/", "give it as http://127.0.0.1:4100"},
      {"ws://localhost:4100", "give it as http://localhost:4100"},
      {"null", "give it as http://localhost:4000"},
      {"file:///tmp", "give it as http://localhost:4000"},
      {"http://", "give it as http://localhost:4000"},
      {"http://shop.test:4100", "give it as http://localhost:4100"},
      {"http://notlocalhost:4100", "give it as http://localhost:4100"},
      {"http://ana@localhost:4100", "give it as http://localhost:4000"},
      {"http://localhost:0", "give it as http://localhost:4000"},
      {"http://localhost:65536", "give it as http://localhost:4000"},
      {"http://127.1:4100", "give it as http://localhost:4000"},
      {"http://[::1:4100", "give it as http://localhost:4000"},
      {"http://localhost:4100/shop", "give it as http://localhost:4100"},
      {"http://localhost:4100/healthz?a", "give it as http://localhost:4100"},
      {"", "give it as http://localhost:4000"}};
  for (const auto& [url, what_works] : rows) {
    CAPTURE(url);
    CHECK(CheckHealthUrl(url).ends_with("; " + what_works));
    const Finished run = RunKiosk({"health", url});
    CHECK(run.exit_code == 2);
    CHECK(run.out.empty());
    CHECK_MESSAGE(run.err.starts_with("kiosk: "), run.err);
    CHECK_MESSAGE(run.err.ends_with(what_works + "; see kiosk health --help\n"), run.err);
    CHECK(run.err.find('\n') == run.err.size() - 1);
  }
  for (const std::string url : {"http://localhost", "http://127.0.0.1:1", "http://10.0.0.7:4000/",
                                "http://[2001:db8::1]:4000", "http://a.b.localhost:65535"}) {
    CHECK(CheckHealthUrl(url).empty());
  }
}

TEST_CASE("kiosk health refuses a PORT that is none, and options of serve") {
  for (const std::string wrong : {"http", "65536", "-1", "4000 ", "0x50"}) {
    const Finished run = RunKiosk({"health"}, {.environment = {{"PORT", wrong}}});
    CHECK(run.exit_code == 2);
    CHECK(run.err == "kiosk: PORT: " + wrong +
                         " is not a port from 0 to 65535; correct the environment's PORT, or give "
                         "the URL of the kiosk; see kiosk health --help\n");
  }
  const Finished any = RunKiosk({"health"}, {.environment = {{"PORT", "0"}}});
  CHECK(any.exit_code == 2);
  CHECK(any.err ==
        "kiosk: URL: port 0 is a free one that only the serving kiosk knows; give the URL that it "
        "printed, such as http://localhost:4000; see kiosk health --help\n");
  CHECK(RunKiosk({"health", "--port", "4100"}).exit_code == 2);
  CHECK(RunKiosk({"health", "http://localhost:1", "http://localhost:2"}).exit_code == 2);
}

TEST_CASE("kiosk health with a URL does not look at PORT") {
  const Kiosk kiosk({"--memory", "--quiet"});
  CheckHealthy(
      RunKiosk({"health", Url("localhost", kiosk.port())}, {.environment = {{"PORT", "x"}}}));
}

}  // namespace kiosk::test
