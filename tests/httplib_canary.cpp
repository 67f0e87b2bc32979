// What http/server.cpp relies on in cpp-httplib: one test for each behaviour. A version of the
// library that lacks one of them fails here, by name.
#include <doctest/doctest.h>
#include <httplib.h>

#include <string>

namespace kiosk::test {
namespace {

// Gives the library one request, and takes what it writes.
class Bytes final : public httplib::Stream {
 public:
  explicit Bytes(std::string request) : input_(std::move(request)) {}

  std::string output;
  int writes = 0;
  int reads_at_end = 0;

  ssize_t read(char* data, size_t size) override {
    if (begin_ == input_.size()) ++reads_at_end;
    const size_t count = input_.copy(data, size, begin_);
    begin_ += count;
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* data, size_t size) override {
    ++writes;
    output.append(data, size);
    return static_cast<ssize_t>(size);
  }
  [[nodiscard]] bool is_readable() const override { return begin_ < input_.size(); }
  [[nodiscard]] bool wait_readable() const override { return true; }
  [[nodiscard]] bool wait_writable() const override { return true; }
  [[nodiscard]] bool is_peer_alive() const override { return true; }
  [[nodiscard]] socket_t socket() const override { return INVALID_SOCKET; }
  [[nodiscard]] time_t duration() const override { return 0; }
  void get_remote_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}

 private:
  std::string input_;
  size_t begin_ = 0;
};

class Library final : public httplib::Server {
 public:
  bool Process(Bytes& bytes) {
    bool closed = false;
    return process_request(bytes, "127.0.0.1", 0, "", 0, false, closed, nullptr);
  }
};

std::string Line(const std::string& method, const std::string& path) {
  return method + " " + path + " HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
}

void Say(const std::string& text, httplib::Response& response) {
  response.status = 200;
  response.headers.emplace("Content-Type", "text/plain");
  response.body = text;
}

std::string Ask(Library& library, const std::string& method, const std::string& path) {
  Bytes bytes(Line(method, path));
  REQUIRE(library.Process(bytes));
  CHECK(bytes.reads_at_end == 0);  // it waits for nothing after the request
  return bytes.output;
}

}  // namespace

TEST_CASE("the library calls the row of a method and a path") {
  Library library;
  std::string called;
  const auto row = [&called](const std::string& name) {
    return [&called, name](const httplib::Request& request, httplib::Response& response) {
      called = name + request.path;
      Say(name, response);
    };
  };
  library.Get("/orders/:id", row("get order "));
  library.Get("/orders", row("get orders "));
  library.Post("/orders", row("post "));
  library.Put("/orders/:id", row("put "));
  library.Patch("/orders/:id", row("patch "));
  library.Delete("/orders/:id", row("delete "));
  for (const auto& [method, path, expected] :
       {std::array{"GET", "/orders", "get orders /orders"},
        std::array{"GET", "/orders/1", "get order /orders/1"},
        std::array{"HEAD", "/orders/1", "get order /orders/1"},
        std::array{"POST", "/orders", "post /orders"},
        std::array{"PUT", "/orders/1", "put /orders/1"},
        std::array{"PATCH", "/orders/1", "patch /orders/1"},
        std::array{"DELETE", "/orders/1", "delete /orders/1"},
        // The library decodes a path: an escaped percent sign comes back as one.
        std::array{"GET", "/orders/a%252Fb", "get order /orders/a%2Fb"}}) {
    Ask(library, method, path);
    CHECK(called == expected);
  }
}

TEST_CASE("the library calls the error handler for what no row takes, and sends its status") {
  Library library;
  library.Get("/orders", [](const httplib::Request&, httplib::Response& response) {
    Say("orders", response);
  });
  library.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    Say("handled", response);
    response.status = 201;
    return httplib::Server::HandlerResponse::Handled;
  });
  for (const auto& [method, path] :
       {std::array{"GET", "/nothing"}, std::array{"POST", "/orders"},
        std::array{"OPTIONS", "/orders"}, std::array{"BREW", "/orders"},
        std::array{"TRACE", "/orders"}, std::array{"OPTIONS", "*"}}) {
    CAPTURE(method);
    const std::string output = Ask(library, method, path);
    CHECK(output.starts_with("HTTP/1.1 201 "));
    CHECK(output.ends_with("\r\n\r\nhandled"));
  }
}

TEST_CASE("the library calls the error handler after a row that answers with an error") {
  Library library;
  int handled = 0;
  library.Get("/orders", [](const httplib::Request&, httplib::Response& response) {
    Say("refused", response);
    response.status = 409;
  });
  library.set_error_handler([&handled](const httplib::Request&, httplib::Response&) {
    ++handled;
    return httplib::Server::HandlerResponse::Handled;
  });
  const std::string output = Ask(library, "GET", "/orders");
  CHECK(handled == 1);
  CHECK(output.starts_with("HTTP/1.1 409 "));
  CHECK(output.ends_with("refused"));
}

TEST_CASE("the library lets the last handler take back the headers that it has added") {
  Library library;
  library.Get("/orders", [](const httplib::Request&, httplib::Response& response) {
    response.status = 200;
    response.headers.emplace("Transfer-Encoding", "chunked");
  });
  library.set_post_routing_handler([](const httplib::Request&, httplib::Response& response) {
    for (const char* name : {"Keep-Alive", "Connection", "Accept-Ranges", "Content-Length"}) {
      response.headers.erase(name);
    }
  });
  for (const char* method : {"GET", "HEAD"}) {
    CHECK(Ask(library, method, "/orders") ==
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  }
}

TEST_CASE("the library writes head and body together, with the length, and no body for HEAD") {
  Library library;
  library.Get("/orders", [](const httplib::Request&, httplib::Response& response) {
    Say("a body", response);
  });
  Bytes get(Line("GET", "/orders"));
  REQUIRE(library.Process(get));
  CHECK(get.writes == 1);
  CHECK(get.output.find("Content-Length: 6\r\n") != std::string::npos);
  CHECK(get.output.ends_with("\r\n\r\na body"));
  const std::string head = Ask(library, "HEAD", "/orders");
  CHECK(head.find("Content-Length: 6\r\n") != std::string::npos);
  CHECK(head.ends_with("\r\n\r\n"));
}

}  // namespace kiosk::test
