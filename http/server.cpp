#include "http/server.h"

// A listening socket of ours replaces the library's; these are its limits for a request.
#define CPPHTTPLIB_HEADER_MAX_COUNT 100
#define CPPHTTPLIB_REQUEST_URI_MAX_LENGTH 8192
#include <httplib.h>
#include <unistd.h>

#include "http/acceptor.h"
#include "http/chunked.h"
#include "http/connection.h"
#include "http/output.h"
#include "http/request_policy.h"
#include "http/routes.h"
#include "http/sockets.h"

namespace kiosk {
namespace {

using std::chrono::steady_clock;

constexpr size_t kMaxBody = 1024 * 1024;

// A connection as the library wants to see it, and what its present exchange says about it.
class Exchange final : public httplib::Stream {
 public:
  explicit Exchange(int fd) : connection(fd) {}

  Connection connection;

  // Set while a request is being answered.
  bool close_after_answer = false;  // the client must not send another request here
  bool accepts_ranges = false;      // the answer is a file
  std::optional<Response> refusal;  // of a request whose body is not read
  std::string content_type;
  RequestHead head;
  Verdict verdict;

  void Begin() {
    connection.BeginRequest();
    close_after_answer = false;
    accepts_ranges = false;
    refusal.reset();
    head = {};
    verdict = {};
  }

  ssize_t read(char* data, size_t size) override { return connection.Read(data, size); }
  ssize_t write(const char* data, size_t size) override { return connection.Write(data, size); }

  // The library asks these before it reads a body of unknown size or writes a piece. A request
  // without a length has no body, and a write waits by itself.
  [[nodiscard]] bool is_readable() const override { return false; }
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
};

bool IsDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Where a request's body ends must be beyond doubt: one length, or chunks, and nothing else
// (RFC 9112, section 6.3).
bool HasSoundFraming(const httplib::Request& request) {
  const size_t lengths = request.get_header_value_count("Content-Length");
  const size_t encodings = request.get_header_value_count("Transfer-Encoding");
  if (lengths + encodings > 1) return false;
  if (lengths == 1 && !IsDigits(request.get_header_value("Content-Length"))) return false;
  return encodings == 0 || httplib::detail::is_chunked_transfer_encoding(request.headers);
}

// Of a request whose framing is sound.
bool IsTooLong(const httplib::Request& request) {
  const std::string length = request.get_header_value("Content-Length");
  return length.size() > 18 || (!length.empty() && std::stoull(length) > kMaxBody);
}

// Whether the client wants the connection to end with the answer.
bool AsksToClose(const httplib::Request& request) {
  const auto [begin, end] = request.headers.equal_range("Connection");
  return std::any_of(begin, end, [](const auto& header) {
    std::string options = header.second;
    std::ranges::transform(options, options.begin(), [](unsigned char c) {
      return c == ' ' || c == '\t' ? ',' : static_cast<char>(std::tolower(c));
    });
    return ("," + options + ",").find(",close,") != std::string::npos;
  });
}

// Whether a header's value is `word`, compared without case.
bool IsWord(std::string_view value, std::string_view word) {
  return std::ranges::equal(value, word, {}, [](unsigned char c) { return std::tolower(c); });
}

bool ChangesState(const std::string& method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

// Whether the library passes such a request on after it has read its body.
bool IsRouted(const std::string& method) {
  constexpr std::string_view kRouted[] = {"GET",    "HEAD",    "POST", "PUT",
                                          "DELETE", "OPTIONS", "PATCH"};
  return std::ranges::find(kRouted, method) != std::end(kRouted);
}

std::optional<std::string_view> OptionalHeader(const httplib::Request& request, const char* name) {
  const auto found = request.headers.find(name);
  if (found == request.headers.end()) return std::nullopt;
  return found->second;
}

std::string_view Header(const httplib::Request& request, const char* name) {
  return OptionalHeader(request, name).value_or("");
}

// What the library found wrong before a request was read whole.
Response AnswerUnreadable(int status) {
  switch (status) {
    case 413:
      return Error(413, "payload_too_large", "A body has at most 1 MiB.");
    case 414:
      return Error(414, "uri_too_long", "An address has at most 8192 bytes.");
    case 415:
      return Error(415, "unsupported_media_type", "A body must be sent without an encoding.");
    default:
      return Error(status, "bad_request", "The request is not valid HTTP.");
  }
}

std::string OwnName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

}  // namespace

// The library parses requests and writes answers. Its own routes and its loop over a connection
// are not used: no route is registered, so a request that was read whole arrives at the error
// handler as "not found", and is answered there.
class Server::Implementation : private httplib::Server {
 public:
  Implementation(ServerOptions options, Clocks clocks)
      : options_(std::move(options)),
        clocks_(std::move(clocks)),
        policy_(options_.policy, OwnName()),
        acceptor_(Listen(options_.host, options_.port)) {
    set_payload_max_length(kMaxBody);
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      return CheckBeforeBody(request, response);
    });
    set_error_handler([this](const httplib::Request& request, httplib::Response& response) {
      Answer(request, response);
      return HandlerResponse::Handled;
    });
    set_post_routing_handler([](const httplib::Request& /*request*/, httplib::Response& response) {
      TrimHeaders(response);
    });
  }

  ~Implementation() override { Stop(); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  [[nodiscard]] std::string url() const { return acceptor_.url(); }
  [[nodiscard]] std::string lan_url() const { return acceptor_.lan_url(); }

  void Start(Api& api) {
    api_ = &api;
    svr_sock_ = 0;  // the library takes this as "running" while it streams an answer
    acceptor_.Start([this](int fd) { Serve(fd); });
  }

  void Stop() {
    const size_t left = acceptor_.Stop([this] { svr_sock_ = INVALID_SOCKET; });
    if (left == 0) return;
    LogLine("kiosk: stopped while " + std::to_string(left) + " requests ran");
    FlushOutput();
    std::_Exit(0);  // their threads cannot be waited for; what was acknowledged is on the disk
  }

 private:
  // --- connections ---

  // The life of a connection, on a thread of its own.
  void Serve(int fd) {
    Exchange exchange(fd);
    current_ = &exchange;
    while (!acceptor_.is_stopping() && ServeRequest(exchange)) {
    }
    current_ = nullptr;
  }

  // Reads and answers one request; false when the connection is at its end.
  bool ServeRequest(Exchange& exchange) {
    exchange.Begin();
    try {
      bool closed = false;
      const bool answered =
          process_request(exchange, exchange.connection.peer().address, 0, "", 0, false, closed,
                          [&](httplib::Request& request) { Prepare(exchange, request); });
      return answered && !closed && !exchange.close_after_answer;
    } catch (const std::exception& fault) {
      // An answer that was being streamed: its client sees that it is cut off.
      LogLine(std::string("kiosk: fault in the middle of an answer: ") + fault.what());
      return false;
    }
  }

  // When the headers were read and the body was not: refuses what need not be read any further,
  // and mends what the library would misread.
  void Prepare(Exchange& exchange, httplib::Request& request) const {
    exchange.connection.EndHeaders();
    exchange.close_after_answer = request.version == "HTTP/1.0" || AsksToClose(request);
    exchange.content_type = request.get_header_value("Content-Type");
    request.headers.erase("Content-Type");  // the library would take a form apart
    if (const auto& method = exchange.connection.unknown_method(); !method.empty()) {
      request.method = method;
    }
    Judge(exchange, request);
    exchange.refusal = FindRefusal(exchange, request);
    if (!exchange.refusal && !IsRouted(request.method)) {
      // The library would answer 400.
      kiosk::Request asked = Describe(request);
      exchange.refusal = Dispatch(*api_, asked).response;
    }
    request.headers.erase("Content-Encoding");  // identity; the library refuses every encoding
    if (IsWord(Header(request, "Expect"), "100-continue")) {
      request.headers.erase("Expect");
      request.set_header("Expect", "100-continue");  // the library compares it with case
    }
    if (!exchange.refusal && request.has_header("Transfer-Encoding")) {
      exchange.refusal = ReadChunks(exchange.connection, request);
    }
    if (exchange.refusal) {
      exchange.close_after_answer = true;
      request.body_consumed_ = true;    // nobody knows where it ends, or wants to read that far
      request.headers.erase("Expect");  // nor asks for it
    } else if (ChangesState(request.method) && !request.has_header("Content-Length")) {
      // Without a length there is no body (RFC 9112, section 6.3); the library would read on.
      request.set_header("Content-Length", "0");
    }
  }

  // Reads a chunked body, and leaves it for the library as one of known length: the library takes
  // sizes such as -2 and 0x10.
  static std::optional<Response> ReadChunks(Connection& connection, httplib::Request& request) {
    if (Header(request, "Expect") == "100-continue") {
      request.headers.erase("Expect");
      constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      connection.Write(kContinue.data(), kContinue.size());
    }
    auto read = ReadChunked(
        [&connection](char* data, size_t size) { return connection.ReadExactly(data, size); },
        kMaxBody);
    if (const auto* error = std::get_if<ChunkedError>(&read)) {
      return AnswerUnreadable(*error == ChunkedError::kTooLarge ? 413 : 400);
    }
    auto& body = std::get<std::string>(read);
    request.headers.erase("Transfer-Encoding");
    request.set_header("Content-Length", std::to_string(body.size()));
    connection.PutBack(std::move(body));
    return std::nullopt;
  }

  // --- requests ---

  HandlerResponse CheckBeforeBody(const httplib::Request& request, httplib::Response& response) {
    if (!current_->refusal) return HandlerResponse::Unhandled;
    Send(request, *std::move(current_->refusal), response);
    return HandlerResponse::Handled;
  }

  // Also of a request that could not be read whole, as far as it was.
  void Judge(Exchange& exchange, const httplib::Request& request) const {
    exchange.head = {};
    exchange.head.method = request.method;
    exchange.head.from_loopback = exchange.connection.peer().is_loopback;
    exchange.head.SetTarget(request.target);
    for (const auto& [name, value] : request.headers) exchange.head.AddHeader(name, value);
    exchange.verdict = policy_.Judge(exchange.head, AreaOf(exchange.head.path));
  }

  static std::optional<Response> FindRefusal(const Exchange& exchange,
                                             const httplib::Request& request) {
    if (!HasSoundFraming(request)) return AnswerUnreadable(400);
    const size_t hosts = request.get_header_value_count("Host");
    if (hosts > 1 || (hosts == 0 && request.version == "HTTP/1.1")) return AnswerUnreadable(400);
    if (const auto& denial = exchange.verdict.denial) {
      return Error(403, denial->code, denial->message);
    }
    if (IsTooLong(request)) return AnswerUnreadable(413);
    if (request.has_header("Content-Encoding") &&
        !IsWord(Header(request, "Content-Encoding"), "identity")) {
      return AnswerUnreadable(415);
    }
    return std::nullopt;
  }

  [[nodiscard]] kiosk::Request Describe(const httplib::Request& request) const {
    kiosk::Request asked;
    asked.method = request.method;
    asked.path = current_->head.path;
    asked.query = current_->head.query;
    asked.body = request.body;
    asked.accept = Header(request, "Accept");
    asked.content_type = current_->content_type;
    asked.idempotency_key = OptionalHeader(request, "Idempotency-Key");
    asked.if_match = OptionalHeader(request, "If-Match");
    asked.if_none_match = OptionalHeader(request, "If-None-Match");
    asked.range = OptionalHeader(request, Connection::kRange);
    asked.if_range = OptionalHeader(request, "If-Range");
    asked.cross_site = current_->verdict.is_cross_site;
    asked.now = clocks_.now();
    asked.system_time = clocks_.system();
    return asked;
  }

  // The error handler: answers a request that was read whole, or says why it could not be read.
  void Answer(const httplib::Request& request, httplib::Response& response) {
    if (response.has_header("Content-Type")) return;  // answered before its body was read
    if (response.status != 404) {
      current_->close_after_answer = true;
      Judge(*current_, request);
      Send(request, AnswerUnreadable(response.status), response);
      return;
    }
    const auto begin = steady_clock::now();
    kiosk::Request asked = Describe(request);
    Answered answered = Dispatch(*api_, asked);
    Send(request, std::move(answered.response), response, answered.route, begin);
  }

  // --- answers ---

  void Send(const httplib::Request& request, Response answer, httplib::Response& response) {
    Send(request, std::move(answer), response, OtherRoute(), steady_clock::now());
  }

  void Send(const httplib::Request& request, Response answer, httplib::Response& response,
            size_t route, steady_clock::time_point begin) {
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin);
    api_->metrics.Count(route, answer.status, took.count());
    LogAccess(request, answer, took.count());
    response.status = answer.status;
    for (auto& [name, value] : answer.headers) response.headers.emplace(name, std::move(value));
    current_->accepts_ranges = answer.accepts_ranges;
    if (answer.accepts_ranges) response.headers.emplace("Accept-Ranges", "bytes");
    for (auto& [name, value] : CorsHeaders(current_->head, current_->verdict.grants_cors)) {
      response.headers.emplace(name, std::move(value));
    }
    response.headers.emplace("X-Content-Type-Options", "nosniff");
    if (answer.status == 204 || answer.status == 304) return;
    if (answer.next_piece) {
      Stream(request, std::move(answer), response);
    } else {
      response.body = std::move(answer.body);
      response.headers.emplace("Content-Type", std::move(answer.content_type));
    }
  }

  void Stream(const httplib::Request& request, Response answer, httplib::Response& response) {
    const auto provide = [this, next_piece = std::move(answer.next_piece)](
                             size_t /*offset*/, httplib::DataSink& sink) {
      std::string piece;
      try {
        piece = next_piece();
      } catch (const std::exception& fault) {
        // The status is sent; an answer without its end is all that can still tell.
        api_->log_fault("in the middle of an answer", fault.what());
        return false;
      }
      if (piece.empty()) {
        sink.done();
        return true;
      }
      return sink.write(piece.data(), piece.size());
    };
    if (request.version == "HTTP/1.0") {
      current_->close_after_answer = true;  // its end is the connection's
      response.set_content_provider(answer.content_type, provide);
    } else {
      response.set_chunked_content_provider(answer.content_type, provide);
    }
  }

  // Takes back what the library adds and is not so: an error of the domain does not close the
  // connection, ranges are served of files alone, and an answer without a body has no length.
  static void TrimHeaders(httplib::Response& response) {
    response.headers.erase("Keep-Alive");
    if (!current_->accepts_ranges) response.headers.erase("Accept-Ranges");
    if (response.status == 204 || response.status == 304) response.headers.erase("Content-Length");
    response.headers.erase("Connection");
    if (current_->close_after_answer) response.headers.emplace("Connection", "close");
  }

  void LogAccess(const httplib::Request& request, const Response& answer,
                 int64_t microseconds) const {
    if (options_.log_format == LogFormat::kNone) return;
    const std::string& method = current_->connection.unknown_method();
    LogLine(FormatAccess(options_.log_format, {.time = clocks_.system(),
                                               .remote = current_->connection.peer().address,
                                               .method = method.empty() ? request.method : method,
                                               .target = request.target,
                                               .status = answer.status,
                                               .bytes = answer.body.size(),
                                               .microseconds = microseconds}));
  }

  // The connection that this thread serves.
  static thread_local Exchange* current_;

  ServerOptions options_;
  Clocks clocks_;
  RequestPolicy policy_;
  Api* api_ = nullptr;
  Acceptor acceptor_;  // last: its threads use everything above
};

thread_local Exchange* Server::Implementation::current_ = nullptr;

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
