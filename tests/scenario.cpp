#include "tests/scenario.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <barrier>
#include <map>
#include <string_view>
#include <thread>

namespace kiosk::test {
namespace {

constexpr std::string_view kTimeForm = "0000-00-00T00:00:00.000Z";

// Whether `text` begins with a time as kiosk writes it.
bool BeginsWithTime(std::string_view text) {
  return text.size() >= kTimeForm.size() &&
         std::equal(kTimeForm.begin(), kTimeForm.end(), text.begin(), [](char form, char c) {
           return form == '0' ? c >= '0' && c <= '9' : c == form;
         });
}

bool MayChange(const ApiScenario& scenario) {
  return scenario.status < 300 && scenario.method != "HEAD" && scenario.method != "OPTIONS";
}

}  // namespace

std::string MaskTimes(const std::string& body) {
  std::string masked = body;
  for (const char* name : {"\"created_at\":\"", "\"updated_at\":\""}) {
    for (size_t at = 0; (at = masked.find(name, at)) != std::string::npos;) {
      at += std::string_view(name).size();
      if (BeginsWithTime(std::string_view(masked).substr(at))) {
        masked.replace(at, kTimeForm.size(), "*");
      }
    }
  }
  return masked;
}

TestServer::TestServer(const std::vector<std::string>& arguments, const std::string& seed)
    : database_(folder_.File("kiosk.db")), arguments_(arguments) {
  arguments_.insert(arguments_.end(), {"--db", database_, "--quiet"});
  if (!seed.empty()) {
    WriteFile(folder_.File("seed.json"), seed);
    arguments_.insert(arguments_.end(), {"--seed", folder_.File("seed.json")});
  }
  Start();
}

void TestServer::Start() { kiosk_ = std::make_unique<Kiosk>(arguments_); }

void TestServer::Check(const ApiScenario& scenario) const {
  CAPTURE(scenario.name);
  CAPTURE(scenario.target);
  const std::string before = MayChange(scenario) ? "" : Contents();
  const Answer answer = Ask(scenario.method, scenario.target, scenario.body, scenario.headers);
  CHECK(answer.status == scenario.status);
  CHECK(MaskTimes(answer.body) == scenario.answer);
  if (!answer.body.empty()) CHECK(answer.Header("content-type") == "application/json");
  for (const auto& [name, value] : scenario.answer_headers) {
    CAPTURE(name);
    CHECK((answer.headers.contains(name) ? answer.Header(name) : kAbsent) == value);
  }
  if (!MayChange(scenario)) CHECK(Contents() == before);
  if (!scenario.query.empty()) CHECK(Query(scenario.query) == scenario.rows);
}

void TestServer::CheckAll(std::initializer_list<ApiScenario> scenarios) const {
  for (const ApiScenario& scenario : scenarios) Check(scenario);
}

Answer TestServer::Ask(const std::string& method, const std::string& target,
                       const std::string& body, const Headers& headers) const {
  return test::Ask(port(), method, target, body, headers);
}

Answer TestServer::AskRaw(const std::string& bytes) const {
  Connection connection(port());
  REQUIRE(connection.connected());
  REQUIRE(connection.SendRaw(bytes));
  auto answer = connection.Receive();
  REQUIRE_MESSAGE(answer.has_value(), bytes << ": no answer");
  return *std::move(answer);
}

std::string TestServer::Contents() const {
  return Query(
      "SELECT 'seed', * FROM seed; SELECT 'products', * FROM products;"
      "SELECT 'users', * FROM users; SELECT 'owned_products', * FROM owned_products;"
      "SELECT 'benefit_orders', * FROM benefit_orders;"
      "SELECT 'services', * FROM services; SELECT 'desk_orders', * FROM desk_orders;"
      "SELECT 'desk_order_services', * FROM desk_order_services");
}

void TestServer::Restart(const std::string& change) {
  CHECK(kiosk_->Stop().exit_code == 0);
  if (!change.empty()) REQUIRE(ChangeFile(database_, change).empty());
  Start();
}

void TestServer::CrashAndRestart() {
  kiosk_->Kill();
  Start();
}

std::vector<Answer> AskAtOnce(int port, const std::vector<std::string>& requests) {
  std::vector<Connection> connections;
  for (size_t i = 0; i < requests.size(); ++i) connections.emplace_back(port);
  std::vector<Answer> answers(requests.size());
  std::barrier all_ready(static_cast<std::ptrdiff_t>(requests.size()));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < requests.size(); ++i) {
    threads.emplace_back([&, i] {
      all_ready.arrive_and_wait();
      if (!connections[i].SendRaw(requests[i])) return;
      if (auto answer = connections[i].Receive()) answers[i] = *std::move(answer);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return answers;
}

std::string CountStatuses(const std::vector<Answer>& answers) {
  std::map<int, int> counts;
  for (const Answer& answer : answers) ++counts[answer.status];
  std::string text;
  for (const auto& [status, count] : counts) {
    text += (text.empty() ? "" : " ") + std::to_string(count) + "x" + std::to_string(status);
  }
  return text;
}

std::string ChangeFile(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
  char* error = nullptr;
  sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error);
  std::string message = error ? error : "";
  sqlite3_free(error);
  sqlite3_close(database);
  return message;
}

std::string Repeat(const std::string& text, size_t times) {
  std::string repeated;
  for (size_t i = 0; i < times; ++i) repeated += text;
  return repeated;
}

std::string InvalidRequestBody(const std::string& field, const std::string& message) {
  std::string body = R"({"error":"invalid_request","message":")" + message + '"';
  if (!field.empty()) body += R"(,"field":")" + field + '"';
  return body + '}';
}

}  // namespace kiosk::test
