// What the HTTP library alone can answer on this machine: a stock httplib::Server with kiosk's
// settings, answers of the size of kiosk's, for POSTs kiosk's own parsing, and no database.
#define CPPHTTPLIB_LISTEN_BACKLOG 1024
#include <httplib.h>

#include <iostream>

#include "http/codec.h"

namespace kiosk {
namespace {

constexpr char kJsonType[] = "application/json";
constexpr size_t kThreads = 128;  // a connection holds one, as in kiosk
constexpr size_t kKeepAlive = 1'000'000'000;

const std::string kProducts =
    R"({"products":[{"id":"netflix","name":"Netflix","price":75.99},{"id":"spotify",)"
    R"("name":"Spotify","price":40},{"id":"worten","name":"Worten 20% Discount","price":20},)"
    R"({"id":"tap","name":"TAP Airlines 12% Discount","price":60},{"id":"health-insurance",)"
    R"("name":"Health Insurance","price":250},{"id":"equipment-insurance",)"
    R"("name":"Personal Equipment Insurance","price":60}]})";
const std::string kUser =
    R"({"user":{"user_id":"user1234","data":{"balance":384.01,"product_ids":["netflix","spotify"]}}})";
const std::string kPlaced =
    R"({"order":{"order_id":"123456","data":{"items":["netflix","spotify"],"total":115.99}}})";
const std::string kOrder =
    R"({"id":"123456","datetime":"2500-01-01T00:00:00.000Z","totalfee":100,"services":[{"id":"123",)"
    R"("name":"Inspection"}],"created_at":"2026-01-01T00:00:00.000Z",)"
    R"("updated_at":"2026-01-01T00:00:00.000Z"})";

// Kiosk's headers are longer than the library's own by these many bytes.
const std::string kReadPadding(22, 'x');
const std::string kPlacePadding(1, 'x');

void Answer(httplib::Response& response, const std::string& body, const std::string& padding) {
  response.set_header("X-Padding", padding);
  response.set_content(body, kJsonType);
}

template <class Read>
bool Accepts(const httplib::Request& request, httplib::Response& response, Read read) {
  const auto json = ParseJson(request.body);
  const bool good = std::holds_alternative<Json>(json) && read(std::get<Json>(json)).index() == 0;
  if (!good) response.status = 400;
  return good;
}

int Run() {
  httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(kKeepAlive);
  server.set_keep_alive_timeout(60);
  server.set_payload_max_length(1024 * 1024);

  server.Get("/api/products", [](const httplib::Request&, httplib::Response& response) {
    Answer(response, kProducts, kReadPadding);
  });
  server.Get("/api/users/:id", [](const httplib::Request&, httplib::Response& response) {
    Answer(response, kUser, kReadPadding);
  });
  server.Get("/orders/:id", [](const httplib::Request&, httplib::Response& response) {
    Answer(response, kOrder, kReadPadding);
  });
  server.Post("/api/orders", [](const httplib::Request& request, httplib::Response& response) {
    if (!Accepts(request, response, ReadPlaceOrder)) return;
    Answer(response, kPlaced, kPlacePadding);
  });
  server.Post("/orders", [](const httplib::Request& request, httplib::Response& response) {
    const auto read = [](const Json& json) { return ReadDeskOrder(json, BodyUse::kCreate); };
    if (!Accepts(request, response, read)) return;
    response.status = 201;
    response.set_header("Location", "/orders/123456");
    response.set_content(kOrder, kJsonType);
  });

  const int port = server.bind_to_any_port("127.0.0.1");
  if (port < 0) {
    std::cerr << "ceiling: cannot listen" << std::endl;
    return 1;
  }
  std::cout << "ceiling listening on http://127.0.0.1:" << port << std::endl;
  return server.listen_after_bind() ? 0 : 1;
}

}  // namespace
}  // namespace kiosk

int main() { return kiosk::Run(); }
