// What the running program refuses: hosts and origins that are not its own, and bytes that no
// honest client sends.
#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <set>

#include "http/routes.h"
#include "tests/harness.h"

using namespace std::string_literals;

namespace kiosk::test {
namespace {

constexpr char kHealthy[] = R"({"status":"ok"})";
constexpr char kHostNotAllowed[] =
    R"({"error":"host_not_allowed","message":"The host evil.example is not allowed; start kiosk with --allow-host evil.example to accept it."})";
constexpr char kNotHttp[] = R"({"error":"bad_request","message":"The request is not valid HTTP."})";
constexpr char kTooLarge[] =
    R"({"error":"payload_too_large","message":"A body has at most 1 MiB."})";
constexpr char kEncoded[] =
    R"({"error":"unsupported_media_type","message":"A body must be sent without an encoding."})";

// Every route of the program, as a request: a method, and a path with its parameters filled in.
std::vector<std::pair<std::string, std::string>> EveryRoute() {
  std::vector<std::pair<std::string, std::string>> requests;
  for (const std::string& label : RouteLabels()) {
    const size_t space = label.find(' ');
    if (space == std::string::npos) continue;  // "other"
    std::string path = label.substr(space + 1);
    for (size_t begin = 0; (begin = path.find('{')) != std::string::npos;) {
      path.replace(begin, path.find('}') - begin + 1, "223");
    }
    requests.emplace_back(label.substr(0, space), path);
  }
  REQUIRE(requests.size() > 20);
  return requests;
}

// A body that the route would accept if there is one, so that nothing but the refusal stops it.
std::string BodyFor(const std::string& method, const std::string& path) {
  if (method == "POST" && path == "/api/orders") {
    return R"({"order":{"items":["netflix"],"user_id":"223"}})";
  }
  if (path.starts_with("/orders") && (method == "POST" || method == "PUT" || method == "PATCH")) {
    return R"({"product":"Chair","quantity":1,"datetime":null,"services":null,"totalfee":null})";
  }
  if (path.starts_with("/services") && (method == "POST" || method == "PUT")) {
    return R"({"name":"Changed"})";
  }
  return "";
}

bool ChangesState(const std::string& method) { return method != "GET"; }

// What the whole database holds, as text.
std::string Everything(const std::string& path) {
  std::string rows;
  for (const char* table : {"users", "owned_products", "benefit_orders", "services", "desk_orders",
                            "desk_order_services", "idempotent_answers"}) {
    rows += QueryFile(path, std::string("SELECT * FROM ") + table) + "\n--\n";
  }
  return rows;
}

std::string OwnName() {
  std::array<char, 256> name{};
  REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
  return name.data();
}

}  // namespace

TEST_CASE("a name that was pointed here is refused on every route, and nothing changes") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path});
  const std::string before = Everything(path);
  for (const auto& [method, target] : EveryRoute()) {
    CAPTURE(method);
    CAPTURE(target);
    for (const std::string host : {"evil.example", "evil.example:4000"}) {
      const Answer answer =
          Ask(kiosk.port(), method, target, BodyFor(method, target), {{"Host", host}});
      CHECK(answer.status == 403);
      CHECK(answer.body == kHostNotAllowed);
    }
  }
  const Answer unknown = Ask(kiosk.port(), "GET", "/nothing", "", {{"Host", "evil.example"}});
  CHECK(unknown.status == 403);
  CHECK(unknown.body == kHostNotAllowed);
  CHECK(Everything(path) == before);
}

TEST_CASE("a Host is localhost, an IP literal, the machine's own name or one that is allowed") {
  const Kiosk kiosk({"--memory", "--allow-host", "demo.test", "--allow-host", "Other.Test"});
  struct Row {
    std::string host;
    bool allowed;
  };
  const Row rows[] = {
      {"localhost", true},
      {"localhost:4000", true},
      {"LOCALHOST", true},
      {"shop.localhost", true},
      {"a.b.localhost:1", true},
      {"127.0.0.1", true},
      {"127.0.0.1:4000", true},
      {"192.168.1.20:4000", true},
      {"[::1]", true},
      {"[::1]:4000", true},
      {"[fd00::2]:4000", true},
      {OwnName(), true},
      {OwnName() + ":4000", true},
      {"demo.test", true},
      {"DEMO.test:80", true},
      {"other.test", true},
      {"", false},
      {":4000", false},
      {"demo.test.evil.example", false},
      {"evil-demo.test", false},
      {"sub.demo.test", false},
      {"localhost.evil.example", false},
      {"evillocalhost", false},
      {"notlocalhost:4000", false},
      {"127.0.0.1.evil.example", false},
      {"127.0.0.1.nip.io", false},
      {"127.1", false},
      {"2130706433", false},
      {"0x7f.0.0.1", false},
      {"[::1].evil.example", false},
      {"[evil.example]", false},
      {"::1", false},
      {"localhost@evil.example", false},
      {"evil.example@localhost", false},
      {"localhost,evil.example", false},
      {"localhost evil.example", false},
      {"%6cocalhost", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.host);
    const Answer answer = Ask(kiosk.port(), "GET", "/healthz", "", {{"Host", row.host}});
    CHECK(answer.status == (row.allowed ? 200 : 403));
    CHECK(answer.body.starts_with(row.allowed ? kHealthy : R"({"error":"host_not_allowed",)"));
    CHECK((row.allowed || answer.body.find("--allow-host") != std::string::npos));
  }
}

TEST_CASE("HTTP/1.1 names one host") {
  const Kiosk kiosk({"--memory"});
  for (const std::string hosts : {"", "Host: localhost\r\nHost: localhost\r\n",
                                  "Host: localhost\r\nHost: evil.example\r\n"}) {
    CAPTURE(hosts);
    Connection connection(kiosk.port());
    REQUIRE(connection.SendRaw("GET /healthz HTTP/1.1\r\n" + hosts + "\r\n"));
    const auto answer = connection.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->status == 400);
    CHECK(answer->body == kNotHttp);
  }
}

TEST_CASE("a page of another origin can read nothing and change nothing, on any route") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path});
  const std::string before = Everything(path);
  const std::vector<Headers> pages = {
      {{"Origin", "http://evil.example"}},
      {{"Origin", "https://evil.example"}},
      {{"Origin", "null"}},
      {{"Origin", "http://localhost.evil.example"}},
      {{"Origin", "http://localhost:3000.evil.example"}},
      {{"Origin", "http://localhost@evil.example"}},
      {{"Origin", "http://127.0.0.1.nip.io:4000"}},
      {{"Origin", "file://"}},
      {{"Origin", ""}},
      {{"Origin", "http://evil.example"}, {"Sec-Fetch-Site", "same-site"}},
      {{"Origin", "http://localhost"}, {"Origin", "http://localhost"}},
      {{"Sec-Fetch-Site", "cross-site"}},  // a form, a link or an image of another page
  };
  for (const auto& [method, target] : EveryRoute()) {
    CAPTURE(method);
    CAPTURE(target);
    for (const Headers& page : pages) {
      CAPTURE(page[0].second);
      const Answer answer = Ask(kiosk.port(), method, target, BodyFor(method, target), page);
      for (const auto& [name, value] : answer.headers) {
        CHECK_FALSE(name.starts_with("access-control-"));
      }
      const bool is_control = AreaOf(target) == Area::kControl;
      if (is_control) {
        CHECK(answer.status == 403);
        CHECK(answer.body.starts_with(R"({"error":"local_only",)"));
      } else if (ChangesState(method)) {
        CHECK(answer.status == 403);
        CHECK(answer.body.starts_with(R"({"error":"origin_not_allowed",)"));
      } else if (target.find("/users/") != std::string::npos) {
        CHECK(answer.status == 403);
        CHECK(
            answer.body ==
            R"({"error":"origin_not_allowed","message":"A page of another origin cannot create a user."})");
      }
      // A preflight is answered, and allows nothing.
      Headers preflight = page;
      preflight.emplace_back("Access-Control-Request-Method", method);
      preflight.emplace_back("Access-Control-Request-Headers", "content-type");
      const Answer allowed = Ask(kiosk.port(), "OPTIONS", target, "", preflight);
      CHECK(allowed.status == (is_control ? 403 : 204));
      for (const auto& [name, value] : allowed.headers) {
        CHECK_FALSE(name.starts_with("access-control-"));
      }
    }
  }
  CHECK(Everything(path) == before);
}

TEST_CASE("a form of another page cannot place an order, whatever type it claims") {
  const TemporaryFolder folder;
  const std::string path = folder.File("kiosk.db");
  const Kiosk kiosk({"--db", path});
  const std::string before = Everything(path);
  const std::string body = R"({"order":{"items":["netflix"],"user_id":"victim"}})";
  for (const std::string type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b",
        "text/plain; application/json"}) {
    CAPTURE(type);
    for (const Headers& page : {Headers{{"Origin", "http://evil.example"}}, Headers{}}) {
      Headers headers = page;
      headers.emplace_back("Content-Type", type);
      const Answer answer = Ask(kiosk.port(), "POST", "/api/orders", body, headers);
      CHECK(answer.status == (page.empty() ? 415 : 403));
    }
  }
  CHECK(Everything(path) == before);
}

TEST_CASE("a React development server on localhost:3000 can make all three calls") {
  const Kiosk kiosk({"--memory"});
  const Headers page = {{"Origin", "http://localhost:3000"}, {"Sec-Fetch-Site", "same-site"}};
  const auto check_readable = [](const Answer& answer) {
    CHECK(answer.Header("access-control-allow-origin") == "http://localhost:3000");
    CHECK(answer.Header("vary") == "Origin");
  };

  Headers preflight = page;
  preflight.emplace_back("Access-Control-Request-Method", "POST");
  preflight.emplace_back("Access-Control-Request-Headers", "content-type");
  for (const char* target : {"/api/orders", "/orders", "/orders/223", "/services"}) {
    const Answer allowed = Ask(kiosk.port(), "OPTIONS", target, "", preflight);
    CHECK(allowed.status == 204);
    CHECK(allowed.body.empty());
    check_readable(allowed);
    CHECK(allowed.Header("access-control-allow-methods") ==
          "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    CHECK(allowed.Header("access-control-allow-headers") == "content-type");
    CHECK(allowed.Header("access-control-allow-credentials") == "true");
    CHECK(std::stoi(allowed.Header("access-control-max-age")) > 0);
  }

  const Answer user = Ask(kiosk.port(), "GET", "/api/users/johndoe", "", page);
  CHECK(user.status == 200);
  CHECK(user.body == R"({"user":{"user_id":"johndoe","data":{"balance":500,"product_ids":[]}}})");
  check_readable(user);
  CHECK(user.Header("access-control-expose-headers") ==
        "ETag, Location, Link, X-Total-Count, Idempotency-Replayed");
  CHECK(user.Header("access-control-allow-credentials") == "true");
  const Answer products = Ask(kiosk.port(), "GET", "/api/products", "", page);
  CHECK(products.status == 200);
  CHECK(products.body.starts_with(R"({"products":[{"id":"netflix")"));
  check_readable(products);
  const Answer order =
      Ask(kiosk.port(), "POST", "/api/orders",
          R"({"order":{"items":["netflix","spotify"],"user_id":"johndoe"}})", page);
  CHECK(order.status == 200);
  CHECK(order.body ==
        R"({"order":{"order_id":"1","data":{"items":["netflix","spotify"],"total":115.99}}})");
  check_readable(order);
  // Refusals are read too: a frontend shows them.
  const Answer refused = Ask(kiosk.port(), "POST", "/api/orders",
                             R"({"order":{"items":["netflix"],"user_id":"johndoe"}})", page);
  CHECK(refused.status == 400);
  CHECK(refused.body == R"({"error":"products_already_purchased"})");
  check_readable(refused);
}

TEST_CASE("an origin is any port of the loopback, the server itself or one that is allowed") {
  struct Row {
    std::vector<std::string> arguments;
    std::string origin;
    bool allowed;
    std::string host = "localhost";
  };
  const Row rows[] = {
      {{}, "http://localhost", true},
      {{}, "http://localhost:5173", true},
      {{}, "https://localhost:3000", true},
      {{}, "http://127.0.0.1:8080", true},
      {{}, "http://[::1]:8080", true},
      {{}, "http://evil.example", false},
      {{}, "http://192.168.1.20:4000", true, "192.168.1.20:4000"},  // the built-in page, by address
      {{}, "https://192.168.1.20:4000", true, "192.168.1.20:4000"},  // a proxy added TLS
      {{}, "https://192.168.1.20", true, "192.168.1.20"},
      {{}, "https://192.168.1.20", false, "192.168.1.20:4000"},
      {{}, "http://localhost:4000/api", true},  // a proxy that sends its target
      {{}, "http://app.localhost:3000", true},
      {{}, "null", false},
      {{"--cors-origin", "null"}, "null", true},
      {{"--allow-host", "shop.test"}, "https://shop.test", true, "shop.test"},
      {{"--control-origin", "http://shop.test"}, "http://shop.test", true},
      {{}, "http://192.168.1.20:4001", false, "192.168.1.20:4000"},
      {{}, "http://192.168.1.21:4000", false, "192.168.1.20:4000"},
      {{"--cors-origin", "https://demo.test"}, "https://demo.test", true},
      {{"--cors-origin", "https://demo.test"}, "http://demo.test", false},
      {{"--cors-origin", "https://demo.test"}, "https://demo.test:8443", false},
      {{"--cors-origin", "https://demo.test"}, "https://sub.demo.test", false},
      {{"--cors-origin", "https://demo.test"}, "http://localhost:3000", true},
      {{"--cors-origin", "https://a.test", "--cors-origin", "https://b.test"},
       "https://b.test",
       true},
      {{"--cors-origin", "*"}, "https://anything.example", true},
      {{"--cors-origin", "*"}, "null", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.origin);
    CAPTURE(row.host);
    std::vector<std::string> arguments = row.arguments;
    arguments.emplace_back("--memory");
    const Kiosk kiosk(arguments);
    const Headers page = {{"Origin", row.origin}, {"Host", row.host}};
    const Answer read = Ask(kiosk.port(), "GET", "/api/products", "", page);
    CHECK(read.status == 200);
    CHECK(read.Header("access-control-allow-origin") == (row.allowed ? row.origin : ""));
    CHECK(read.Header("vary") == "Origin");
    const Answer write = Ask(kiosk.port(), "POST", "/services", R"({"name":"Polish"})", page);
    CHECK(write.status == (row.allowed ? 201 : 403));
    CHECK(write.Header("access-control-allow-origin") == (row.allowed ? row.origin : ""));
  }
}

TEST_CASE("without an Origin, as curl and proxies ask, everything works") {
  const Kiosk kiosk({"--memory"});
  for (const Headers& headers : {Headers{}, Headers{{"Sec-Fetch-Site", "same-origin"}},
                                 Headers{{"Sec-Fetch-Site", "none"}}}) {
    const Answer order =
        Ask(kiosk.port(), "POST", "/orders", R"({"product":"Chair","quantity":2})", headers);
    CHECK(order.status == 201);
    CHECK(order.Header("access-control-allow-origin").empty());
    CHECK(Ask(kiosk.port(), "GET", "/api/users/a@b.co", "", headers).status == 200);
  }
}

TEST_CASE("an answer has no header that a client made up") {
  // The HTTP library decodes percent signs in the headers that it reads.
  const Kiosk kiosk({"--memory", "--cors-origin", "*"});
  const Answer answer = Ask(kiosk.port(), "GET", "/healthz", "",
                            {{"Origin", "http://a.example%0d%0aSet-Cookie:%20x=1"}});
  CHECK(answer.status == 200);
  CHECK(answer.Header("set-cookie").empty());
  const Answer page = Ask(kiosk.port(), "GET", "/orders?limit=1&x=%0d%0aSet-Cookie:%20x=1");
  CHECK(page.status == 200);
  CHECK(page.Header("set-cookie").empty());
  CHECK(page.Header("link").starts_with("</orders?limit=1&x=%0d%0aSet-Cookie:%20x=1&after="));
}

namespace {

// A request that is not to be served as it is; it leaves out nothing that a good one has.
struct Abuse {
  std::string name;
  std::string bytes;
  int status;        // 0: the connection is closed without an answer
  std::string body;  // not compared when empty
};

const std::string kPost =
    "POST /services HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const std::string kChunked = kPost + "Transfer-Encoding: chunked\r\n\r\n";
const std::string kGet = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
const std::string kBody = R"({"name":"Abuse!"})";

const std::string kLongTarget =
    R"({"error":"uri_too_long","message":"An address has at most 8192 bytes."})";
const std::string kLongLine =
    R"({"error":"header_too_large","message":"A header line has at most 16384 bytes."})";
const std::string kManyHeaders =
    R"({"error":"header_too_large","message":"A request has at most 100 headers."})";
const std::string kLongHead =
    R"({"error":"header_too_large","message":"The headers of a request have at most 65536 bytes."})";

std::string Repeat(size_t count, const std::string& text) {
  std::string all;
  all.reserve(count * text.size());
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

std::string ManyHeaders(int count) {
  std::string headers;
  for (int i = 0; i < count; ++i) headers += "X-" + std::to_string(i) + ": a\r\n";
  return headers;
}

// A JSON body of exactly that size, which the desk refuses for its name alone.
std::string BodyOfSize(size_t size) {
  const std::string frame = R"({"name":""})";
  return R"({"name":")" + std::string(size - frame.size(), 'a') + R"("})";
}

std::string WithLength(const std::string& body) {
  return kPost + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string Chunk(const std::string& data) {
  std::array<char, 20> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", data.size());
  return size.data() + data + "\r\n";
}

constexpr size_t kMiB = 1024 * 1024;

std::vector<Abuse> Abuses() {
  const std::string all_bytes = [] {
    std::string text;
    for (int i = 0; i < 4096; ++i) text += static_cast<char>(i * 7 + i / 256);
    return text + "\r\n";
  }();
  return {
      {"chunk size -2", kChunked + "-2\r\n" + kBody + "\r\n0\r\n\r\n", 400, kNotHttp},
      {"chunk size -1", kChunked + "-1\r\n" + kBody + "\r\n0\r\n\r\n", 400, kNotHttp},
      {"chunk size FFFFFFFFFFFFFFFE", kChunked + "FFFFFFFFFFFFFFFE\r\n" + kBody, 413, kTooLarge},
      {"chunk size FFFFFFFFFFFFFFFF", kChunked + "FFFFFFFFFFFFFFFF\r\n" + kBody, 413, kTooLarge},
      {"chunk size of 17 digits", kChunked + "1FFFFFFFFFFFFFFFF\r\n" + kBody, 413, kTooLarge},
      {"chunk size 100001", kChunked + "100001\r\n" + kBody, 413, kTooLarge},
      {"chunk size in hexadecimal notation", kChunked + "0x11\r\n" + kBody + "\r\n0\r\n\r\n", 400,
       kNotHttp},
      {"chunk size with a plus", kChunked + "+11\r\n" + kBody + "\r\n0\r\n\r\n", 400, kNotHttp},
      {"chunk size with a space in front", kChunked + " 11\r\n" + kBody + "\r\n0\r\n\r\n", 400,
       kNotHttp},
      {"chunk size that is no number", kChunked + "zz\r\n" + kBody + "\r\n0\r\n\r\n", 400,
       kNotHttp},
      {"chunk size that is missing", kChunked + "\r\n" + kBody + "\r\n0\r\n\r\n", 400, kNotHttp},
      {"chunk longer than its size", kChunked + "3\r\n" + kBody + "\r\n0\r\n\r\n", 400, kNotHttp},
      {"chunk extension of 100 KB", kChunked + "11;x=" + std::string(100'000, 'a') + "\r\n", 400,
       kNotHttp},
      {"chunks with a bare line feed", kChunked + "11\n" + kBody + "\n0\n\n\r\n\r\n", 400,
       kNotHttp},
      {"200 MB of small chunks", "", 413, kTooLarge},  // sent piece by piece, see below
      {"1,000 trailers", kChunked + Chunk(kBody) + "0\r\n" + ManyHeaders(1000) + "\r\n", 400,
       kNotHttp},
      {"gzip body", kPost + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x01",
       415, kEncoded},
      {"deflate body", kPost + "Content-Encoding: deflate\r\nContent-Length: 2\r\n\r\n{}", 415,
       kEncoded},
      {"gzip transfer", kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, kNotHttp},
      {"unknown transfer", kPost + "Transfer-Encoding: identity\r\n\r\n", 400, kNotHttp},
      {"two transfers",
       kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
       kNotHttp},
      {"1 MiB and a byte", WithLength(BodyOfSize(kMiB + 1)), 413, kTooLarge},
      {"1 MiB and a byte in one chunk", kChunked + Chunk(BodyOfSize(kMiB + 1)) + "0\r\n\r\n", 413,
       kTooLarge},
      {"1 MiB and a byte in two chunks",
       kChunked + Chunk(std::string(kMiB, ' ')) + Chunk("1") + "0\r\n\r\n", 413, kTooLarge},
      {"1 GB announced and not sent", kPost + "Content-Length: 1000000000\r\n\r\n{", 413,
       kTooLarge},
      {"a length of 30 digits", kPost + "Content-Length: " + std::string(30, '9') + "\r\n\r\n{",
       413, kTooLarge},
      {"a header line of 100 KB", kGet + "X: " + std::string(100'000, 'a') + "\r\n\r\n", 431,
       kLongLine},
      {"a header name of 100 KB", kGet + std::string(100'000, 'a') + ": x\r\n\r\n", 431, kLongLine},
      {"1,000 headers", kGet + ManyHeaders(1000) + "\r\n", 431, kManyHeaders},
      {"headers of 80 KB", kGet + Repeat(8, "X: " + std::string(10'000, 'a') + "\r\n") + "\r\n",
       431, kLongHead},
      {"an address of 10 KB",
       "GET /" + std::string(10'000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414,
       kLongTarget},
      {"an address of 100 KB",
       "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414,
       kLongTarget},
      {"100,000 nested arrays", WithLength(std::string(100'000, '[')), 400, ""},
      {"100,000 nested objects", WithLength(Repeat(100'000, R"({"a":)")), 400, ""},
      {"100,000 nested arrays, closed",
       WithLength(std::string(100'000, '[') + std::string(100'000, ']')), 400, ""},
      {"bytes that are not HTTP", all_bytes, 400, kNotHttp},
      {"the start of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n"s, 0, ""},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, kNotHttp},
      {"HTTP/0.9", "GET /healthz\r\n", 400, kNotHttp},
      {"HTTP/3.7", "GET /healthz HTTP/3.7\r\nHost: localhost\r\n\r\n", 400, kNotHttp},
      {"a NUL in the path", "GET /health\0z HTTP/1.1\r\nHost: localhost\r\n\r\n"s, 400, kNotHttp},
      {"a NUL in a header", kGet + "X: a\0b\r\n\r\n"s, 400, kNotHttp},
      {"a header without a colon", kGet + "X\r\n\r\n", 400, kNotHttp},
      {"a header without a name", kGet + ": x\r\n\r\n", 400, kNotHttp},
      {"a space before the colon", kPost + "Content-Length : 2\r\n\r\n{}", 400, kNotHttp},
      {"a folded header", kGet + "X: a\r\n b\r\n\r\n", 400, kNotHttp},
      {"Content-Length twice", kPost + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400,
       kNotHttp},
      {"Content-Length twice, disagreeing",
       kPost + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, kNotHttp},
      {"Content-Length as a list", kPost + "Content-Length: 2, 2\r\n\r\n{}", 400, kNotHttp},
      {"Content-Length negative", kPost + "Content-Length: -2\r\n\r\n{}", 400, kNotHttp},
      {"Content-Length with a plus", kPost + "Content-Length: +2\r\n\r\n{}", 400, kNotHttp},
      {"Content-Length that is no number", kPost + "Content-Length: two\r\n\r\n{}", 400, kNotHttp},
      {"Content-Length empty", kPost + "Content-Length:\r\n\r\n{}", 400, kNotHttp},
      {"Content-Length in percents", kPost + "Content-Length: %32\r\n\r\n{}", 400, kNotHttp},
      {"Content-Length and chunks",
       kPost + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, kNotHttp},
      {"Content-Length 0 and chunks",
       kPost + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, kNotHttp},
  };
}

// Two hundred megabytes in chunks of a kilobyte, as far as the server lets us.
void SendManyChunks(const Connection& connection) {
  if (!connection.SendRaw(kChunked)) return;
  const std::string piece = Repeat(64, Chunk(std::string(1024, ' ')));
  for (size_t sent = 0; sent < 200'000'000; sent += piece.size()) {
    if (!connection.SendRaw(piece)) return;
  }
}

}  // namespace

TEST_CASE("what no honest client sends is refused, takes no memory, and the next is served") {
  const Kiosk kiosk({"--memory", "--quiet"});
  const std::string services = Ask(kiosk.port(), "GET", "/services").body;
  // What an honest client of full size takes, is not what abuse takes.
  for (int i = 0; i < 3; ++i) {
    CHECK(Ask(kiosk.port(), "POST", "/services", BodyOfSize(kMiB)).status == 400);
  }
  const long before = kiosk.ResidentKib();
  for (int round = 0; round < 2; ++round) {
    for (const Abuse& abuse : Abuses()) {
      CAPTURE(abuse.name);
      Connection connection(kiosk.port(), "127.0.0.1", std::chrono::seconds(5));
      REQUIRE(connection.connected());
      const auto begin = std::chrono::steady_clock::now();
      if (abuse.bytes.empty()) {
        SendManyChunks(connection);
      } else {
        static_cast<void>(connection.SendRaw(abuse.bytes));
      }
      const auto answer = connection.Receive();
      CHECK(answer.has_value() == (abuse.status != 0));
      if (answer) {
        CHECK(answer->status == abuse.status);
        if (!abuse.body.empty()) CHECK(answer->body == abuse.body);
        CHECK(answer->Header("content-type") == "application/json");
      }
      // An answer that leaves the connection open leaves it good for another request.
      if (answer && answer->Header("connection") != "close") {
        const auto next = connection.Ask("GET", "/healthz");
        REQUIRE(next.has_value());
        CHECK(next->body == kHealthy);
      } else {
        CHECK(connection.IsClosedByServer());
      }
      CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(4));
      CHECK(Ask(kiosk.port(), "GET", "/healthz").body == kHealthy);
    }
  }
  const long grown = kiosk.ResidentKib() - before;
  MESSAGE("resident memory grew by " << grown << " KiB over the abuse");
  CHECK(grown <= 8 * 1024);
  CHECK(Ask(kiosk.port(), "GET", "/services").body == services);
}

TEST_CASE("a body of exactly 1 MiB is read") {
  const Kiosk kiosk({"--memory"});
  const std::string body = BodyOfSize(kMiB);
  const std::string refused =
      R"({"error":"invalid_request","message":"`name` must have 1 to 200 characters.","field":"name"})";
  for (const std::string& request :
       {WithLength(body), kChunked + Chunk(body) + "0\r\n\r\n",
        kChunked + Chunk(body.substr(0, 1000)) + Chunk(body.substr(1000)) + "0\r\n\r\n"}) {
    Connection connection(kiosk.port());
    REQUIRE(connection.SendRaw(request));
    const auto answer = connection.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->status == 400);
    CHECK(answer->body == refused);
    const auto next = connection.Ask("GET", "/healthz");
    REQUIRE(next.has_value());
    CHECK(next->body == kHealthy);
  }
}

TEST_CASE("a refused request hides no second one in its body") {
  // Requests whose body is another request: whoever reads the length differently runs it.
  const Kiosk kiosk({"--memory"});
  const std::string hidden = RequestText("DELETE", "/orders/223");
  for (const std::string& request :
       {"POST /services HTTP/1.1\r\nHost: evil.example\r\nContent-Length: " +
            std::to_string(hidden.size()) + "\r\n\r\n" + hidden,
        kPost + "Content-Encoding: gzip\r\nContent-Length: " + std::to_string(hidden.size()) +
            "\r\n\r\n" + hidden,
        kPost + "Content-Length: 0\r\nContent-Length: " + std::to_string(hidden.size()) +
            "\r\n\r\n" + hidden,
        kPost + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden,
        kPost + "Transfer-Encoding: identity\r\n\r\n" + hidden,
        kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + hidden,
        kPost + "Content-Length: -1\r\n\r\n" + hidden}) {
    CAPTURE(request);
    Connection connection(kiosk.port(), "127.0.0.1", std::chrono::seconds(3));
    REQUIRE(connection.SendRaw(request));
    const auto answer = connection.Receive();
    REQUIRE(answer.has_value());
    CHECK(answer->status >= 400);
    CHECK(answer->status < 500);
    CHECK(answer->Header("connection") == "close");
    CHECK(connection.IsClosedByServer());
    CHECK(Ask(kiosk.port(), "GET", "/orders/223").status == 200);
  }
}

TEST_CASE("a multipart or form body is refused by its type") {
  const Kiosk kiosk({"--memory"});
  const std::string refused =
      R"({"error":"unsupported_media_type","message":"A body must be sent with Content-Type: application/json."})";
  struct Row {
    std::string type;
    std::string body;
  };
  const Row rows[] = {
      {"multipart/form-data; boundary=b",
       "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--"},
      {"multipart/form-data", "x"},
      {"application/x-www-form-urlencoded", "a=b"},
      {"application/x-www-form-urlencoded", std::string(20'000, 'a')},
      {"text/plain", "{}"},
      {"", "{}"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.type);
    Connection connection(kiosk.port());
    const auto answer = connection.Ask("POST", "/services", row.body, {{"Content-Type", row.type}});
    REQUIRE(answer.has_value());
    CHECK(answer->status == 415);
    CHECK(answer->body == refused);
    CHECK(Ask(kiosk.port(), "GET", "/healthz").status == 200);
  }
  // An empty form is no body.
  CHECK(Ask(kiosk.port(), "POST", "/_kiosk/reset", "",
            {{"Content-Type", "application/x-www-form-urlencoded"}, {"Content-Length", "0"}})
            .status == 200);
}

}  // namespace kiosk::test
