#include "http/server.h"

#include <httplib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "http/net/listeners.h"
#include "http/net/loop.h"
#include "http/output.h"
#include "http/request_policy.h"
#include "http/routes.h"
#include "store/parking.h"

namespace kiosk {
namespace {

using std::chrono::steady_clock;

constexpr size_t kMaxBody = 1024 * 1024;

// What the library gets of a request: a line. Headers and body were read and checked in http/net,
// and the library's versions differ in how they read them (before 0.44 it decodes percent signs in
// header values; since 0.47 it reads a body only after a route has matched). It decodes a path
// before it looks for a route, and kiosk decodes each segment afterwards: percent signs are
// escaped.
std::string RequestLineFor(const net::Message& message) {
  const net::Head& head = message.head;
  std::string line(head.method.empty() ? "GET" : head.method);
  line += ' ';
  for (const char c : message.error ? std::string_view("/") : head.path) {
    line += c;
    if (c == '%') line += "25";
  }
  return line += " HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
}

// What the policy looks at.
RequestHead PolicyHead(const net::Head& head, const net::Peer& peer) {
  RequestHead policy_head;
  policy_head.method = head.method;
  policy_head.from_loopback = peer.is_loopback;
  policy_head.SetTarget(head.target);
  for (const auto& [name, value] : head.fields) policy_head.AddHeader(name, value);
  return policy_head;
}

// A request that is being answered, in the form of a stream for the library.
class Exchange final : public httplib::Stream {
 public:
  explicit Exchange(net::Connection& to)
      : connection(to),
        message(to.message()),
        head(PolicyHead(message.head, to.peer())),
        input_(RequestLineFor(message)) {
    connection.context = this;
  }

  // The one that this thread answers at the moment.
  static Exchange& Current() { return *static_cast<Exchange*>(net::Connection::Current().context); }

  net::Connection& connection;
  const net::Message& message;
  const RequestHead head;
  Verdict verdict;
  bool has_responded = false;
  bool accepts_ranges = false;                        // the response is a file
  std::function<std::string()> next_piece = nullptr;  // of a body that follows the head

  ssize_t read(char* data, size_t size) override {
    const size_t count = input_.copy(data, size, begin_);
    begin_ += count;
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* data, size_t size) override {
    return connection.Write({data, size}) ? static_cast<ssize_t>(size) : -1;
  }

  [[nodiscard]] bool is_readable() const override { return begin_ < input_.size(); }
  [[nodiscard]] bool wait_readable() const override { return true; }
  [[nodiscard]] bool wait_writable() const override { return true; }
  [[nodiscard]] bool is_peer_alive() const override { return true; }
  [[nodiscard]] socket_t socket() const override { return INVALID_SOCKET; }
  [[nodiscard]] time_t duration() const override { return 0; }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = connection.peer().address;
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }

 private:
  std::string input_;
  size_t begin_ = 0;
};

// Whether any route or preflight has the method. The body of another one is not read.
bool IsStandard(std::string_view method) {
  constexpr std::string_view kStandard[] = {"GET",   "HEAD",   "POST",   "PUT",
                                            "PATCH", "DELETE", "OPTIONS"};
  return std::ranges::find(kStandard, method) != std::end(kStandard);
}

Response Refuse(const net::FramingError& error) {
  return Error(error.status, error.code, error.message);
}

std::string OwnName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

// "/orders/{id}" in the library's spelling.
std::string LibraryPattern(std::string_view path) {
  std::string pattern;
  for (const char c : path) {
    if (c != '}') pattern += c == '{' ? ':' : c;
  }
  return pattern;
}

// One chunk of a chunked body (RFC 9112, section 7.1). An empty one is the last.
std::string Chunk(std::string_view piece) {
  std::array<char, 20> size{};
  char* const end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
  std::string chunk(size.data(), end);
  chunk.append("\r\n").append(piece).append("\r\n");
  return chunk;
}

}  // namespace

// A request arrives complete from http/net. Answer gives it to the library, whose routes call
// Respond, and the library writes the response.
//
// The library's listening, reading and threads are not used, because it has a thread for each
// connection. Hence the one of its functions that is not public: process_request, which takes one
// request from a stream.
class Server::Implementation : private httplib::Server, private net::Service {
 public:
  Implementation(ServerOptions options, Clocks clocks)
      : options_(std::move(options)),
        clocks_(std::move(clocks)),
        policy_(options_.policy, OwnName()),
        loop_(net::Listen(options_.host, options_.port), *this, kMaxBody) {
    RegisterRoutes();
  }

  ~Implementation() override { Stop(); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  [[nodiscard]] std::string url() const { return loop_.url(); }
  [[nodiscard]] std::string lan_url() const { return loop_.lan_url(); }

  void Start(Api& api) {
    api_ = &api;
    loop_.Start();
  }

  void Stop() {
    const size_t left = loop_.Stop();
    if (left == 0) return;
    LogLine("kiosk: stopped while " + std::to_string(left) + " requests ran");
    FlushOutput();
    std::_Exit(0);  // they cannot be waited for; what was acknowledged is on the disk
  }

 private:
  // --- the life of a request ---

  bool WantsBody(const net::Head& head, const net::Peer& peer) override {
    return IsStandard(head.method) && !Judge(PolicyHead(head, peer)).denial;
  }

  bool Answer(net::Connection& connection) override {
    Exchange exchange(connection);
    exchange.verdict = Judge(exchange.head);
    bool closed = false;
    const bool written =
        process_request(exchange, connection.peer().address, 0, "", 0, false, closed, nullptr);
    if (!written || !exchange.has_responded) return false;
    return !exchange.next_piece || SendPieces(exchange);
  }

  // The rows of the table. Those with a parameter come first: the library compares them as text,
  // which costs less than the regular expressions that it makes of the others.
  void RegisterRoutes() {
    const std::vector<std::string> labels = RouteLabels();
    for (const bool with_parameter : {true, false}) {
      for (const std::string& label : labels) {
        const size_t space = label.find(' ');
        if (space == std::string::npos) continue;  // "other"
        if ((label.find('{') != std::string::npos) != with_parameter) continue;
        Register(label.substr(0, space), LibraryPattern(label.substr(space + 1)));
      }
    }
    // What no row takes: files, unknown paths, and methods that the path or the library lacks.
    set_error_handler([this](const httplib::Request& /*request*/, httplib::Response& response) {
      Exchange& exchange = Exchange::Current();
      if (!exchange.has_responded) Respond(exchange, response);
      return HandlerResponse::Handled;
    });
    set_post_routing_handler([](const httplib::Request& /*request*/, httplib::Response& response) {
      TrimHeaders(Exchange::Current(), response);
    });
  }

  void Register(const std::string& method, const std::string& pattern) {
    const auto respond = [this](const httplib::Request& /*request*/, httplib::Response& response) {
      Respond(Exchange::Current(), response);
    };
    if (method == "GET") Get(pattern, respond);
    if (method == "POST") Post(pattern, respond);
    if (method == "PUT") Put(pattern, respond);
    if (method == "PATCH") Patch(pattern, respond);
    if (method == "DELETE") Delete(pattern, respond);
  }

  // Gives the library the head of the response, and its body if the size is known.
  void Respond(Exchange& exchange, httplib::Response& response) {
    exchange.has_responded = true;
    const net::Head& head = exchange.message.head;
    const auto begin = steady_clock::now();
    Answered answered = Decide(exchange);
    Response& answer = answered.response;
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin);
    api_->metrics.Count(answered.route, answer.status, took.count());
    LogAccess(exchange, answer, took.count());
    response.status = answer.status;
    for (auto& [name, value] : answer.headers) response.headers.emplace(name, std::move(value));
    exchange.accepts_ranges = answer.accepts_ranges;
    if (answer.accepts_ranges) response.headers.emplace("Accept-Ranges", "bytes");
    for (auto& [name, value] : CorsHeaders(exchange.head, exchange.verdict.grants_cors)) {
      response.headers.emplace(name, std::move(value));
    }
    response.headers.emplace("X-Content-Type-Options", "nosniff");
    if (answer.status == 204 || answer.status == 304) return;
    response.headers.emplace("Content-Type", std::move(answer.content_type));
    response.body = std::move(answer.body);
    if (!answer.next_piece) return;
    if (!head.is_http10) response.headers.emplace("Transfer-Encoding", "chunked");
    exchange.next_piece = std::move(answer.next_piece);
  }

  [[nodiscard]] Answered Decide(const Exchange& exchange) const {
    const net::Message& message = exchange.message;
    const net::Head& head = message.head;
    if (message.error) return {Refuse(*message.error), OtherRoute()};
    if (const auto& denial = exchange.verdict.denial) {
      return {Error(403, denial->code, denial->message), OtherRoute()};
    }
    if (message.body_error) return {Refuse(*message.body_error), OtherRoute()};
    kiosk::Request asked;
    asked.method = head.method;
    asked.path = exchange.head.path;
    asked.query = exchange.head.query;
    asked.body = message.body;
    asked.accept = head.Find("Accept").value_or("");
    asked.content_type = head.Find("Content-Type").value_or("");
    asked.idempotency_key = head.Find("Idempotency-Key");
    asked.if_match = head.Find("If-Match");
    asked.if_none_match = head.Find("If-None-Match");
    asked.range = head.Find("Range");
    asked.if_range = head.Find("If-Range");
    asked.cross_site = exchange.verdict.is_cross_site;
    asked.now = clocks_.now();
    asked.system_time = clocks_.system();
    return Dispatch(*api_, asked);
  }

  // Takes back what the library adds and is not so: an error does not close the connection, ranges
  // are served of files alone, and a response without a body, or one in pieces, has no length.
  static void TrimHeaders(const Exchange& exchange, httplib::Response& response) {
    response.headers.erase("Keep-Alive");
    response.headers.erase("Connection");
    if (exchange.message.ends_connection) response.headers.emplace("Connection", "close");
    if (!exchange.accepts_ranges) response.headers.erase("Accept-Ranges");
    const bool has_no_length =
        response.status == 204 || response.status == 304 || exchange.next_piece;
    if (has_no_length) response.headers.erase("Content-Length");
  }

  // A body in pieces, each made when the client has taken the one before. False: it was cut off,
  // which is all that can still tell the client.
  bool SendPieces(const Exchange& exchange) const {
    const net::Head& head = exchange.message.head;
    if (head.method == "HEAD") return true;
    try {
      for (;;) {
        std::string piece;
        RunAside([&] { piece = exchange.next_piece(); });  // which may wait for others that read
        const std::string bytes = head.is_http10 ? piece : Chunk(piece);
        if (!exchange.connection.Write(bytes)) return false;
        if (piece.empty()) return true;
      }
    } catch (const std::exception& fault) {
      api_->log_fault("in the middle of an answer", fault.what());
      return false;
    }
  }

  [[nodiscard]] Verdict Judge(const RequestHead& head) const {
    return policy_.Judge(head, AreaOf(head.path));
  }

  void LogAccess(const Exchange& exchange, const Response& answer, int64_t microseconds) const {
    if (options_.log_format == LogFormat::kNone) return;
    LogLine(FormatAccess(options_.log_format, {.time = clocks_.system(),
                                               .remote = exchange.connection.peer().address,
                                               .method = exchange.message.head.method,
                                               .target = exchange.message.head.target,
                                               .status = answer.status,
                                               .bytes = answer.body.size(),
                                               .microseconds = microseconds}));
  }

  ServerOptions options_;
  Clocks clocks_;
  RequestPolicy policy_;
  Api* api_ = nullptr;
  net::Loop loop_;  // last: its thread uses everything above
};

Server::Server(ServerOptions options, Clocks clocks) {
  try {
    implementation_ = std::make_unique<Implementation>(std::move(options), std::move(clocks));
  } catch (const std::runtime_error& error) {
    throw ServerError(error.what());
  }
}

Server::~Server() = default;

std::string Server::url() const { return implementation_->url(); }

std::string Server::lan_url() const { return implementation_->lan_url(); }

void Server::Start(Api& api) { implementation_->Start(api); }

void Server::Stop() { implementation_->Stop(); }

const char* HttplibVersion() { return CPPHTTPLIB_VERSION; }

}  // namespace kiosk
