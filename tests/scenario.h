// Tests of the API as tables: what is asked, what must be answered, and what the database holds
// then. Always over a socket, against the executable.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "tests/harness.h"

namespace kiosk::test {

// As the value of an expected header: the answer must not have it.
inline constexpr char kAbsent[] = "(absent)";

struct ApiScenario {
  std::string name;
  std::string method;
  std::string target;
  std::string body;
  int status = 0;
  // Exactly, but for the values of created_at and updated_at: a well-formed time there is a star.
  std::string answer;
  Headers headers = {};         // sent
  Headers answer_headers = {};  // names in lower case
  std::string query = {};       // on the database, afterwards; the rows as QueryFile has them
  std::string rows = {};
};

// A body with each well-formed time of a created_at or updated_at as a star.
[[nodiscard]] std::string MaskTimes(const std::string& body);

// The executable on a database file of its own, with --quiet. Not for several threads.
class TestServer {
 public:
  // `seed`: the text of a seed file; the one built in if it is empty.
  explicit TestServer(const std::vector<std::string>& arguments = {}, const std::string& seed = "");

  [[nodiscard]] int port() const { return kiosk_->port(); }
  [[nodiscard]] const std::string& database() const { return database_; }
  [[nodiscard]] Kiosk& kiosk() { return *kiosk_; }

  // Asks, and checks all of it. A request that is refused or only reads must leave every table as
  // it was; kept answers to repeated requests are not counted in.
  void Check(const ApiScenario& scenario) const;
  void CheckAll(std::initializer_list<ApiScenario> scenarios) const;

  [[nodiscard]] Answer Ask(const std::string& method, const std::string& target,
                           const std::string& body = "", const Headers& headers = {}) const;
  // An answer to exactly these bytes.
  [[nodiscard]] Answer AskRaw(const std::string& bytes) const;
  [[nodiscard]] std::string Query(const std::string& sql) const {
    return QueryFile(database_, sql);
  }
  // Every row of every table but that of the kept answers.
  [[nodiscard]] std::string Contents() const;

  // SIGTERM, `change` to the database, and a start with the same arguments.
  void Restart(const std::string& change = "");
  // SIGKILL, and a start with the same arguments.
  void CrashAndRestart();

 private:
  void Start();

  TemporaryFolder folder_;
  std::string database_;
  std::vector<std::string> arguments_;
  std::unique_ptr<Kiosk> kiosk_;
};

// Sends every request at the same moment, each on a connection of its own that is open already. An
// answer that does not come has the status 0.
[[nodiscard]] std::vector<Answer> AskAtOnce(int port, const std::vector<std::string>& requests);

// How often each status was answered: "1x201 31x409".
[[nodiscard]] std::string CountStatuses(const std::vector<Answer>& answers);

// Runs SQL on a database file. Returns SQLite's message, empty if all went well.
[[nodiscard]] std::string ChangeFile(const std::string& path, const std::string& sql);

// `text` repeated.
[[nodiscard]] std::string Repeat(const std::string& text, size_t times);

// The answer to a request with a field that is not as it should be.
[[nodiscard]] std::string InvalidRequestBody(const std::string& field, const std::string& message);

}  // namespace kiosk::test
