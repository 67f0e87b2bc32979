// A client that writes at random and remembers the answers, and what the database must
// then hold: everything acknowledged, nothing refused, and what was never answered whole or not at
// all.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "store/model.h"
#include "store/sqlite.h"

namespace kiosk::test {

// Everything in a database that clients can change, and everything that is wrong with it.
struct State {
  struct ShopOrder {
    std::string user_id;
    std::vector<std::string> items;
    int64_t total = 0;
    bool operator==(const ShopOrder&) const = default;
  };
  struct User {
    int64_t balance = 0;
    std::vector<std::string> owned;
    bool operator==(const User&) const = default;
  };

  std::map<std::string, DeskOrder> desk_orders;
  std::map<int64_t, ShopOrder> shop_orders;
  std::map<std::string, User> users;
  std::map<std::string, std::string> kept_answers;  // "status body" by Idempotency-Key

  // Reads all of it, and adds to `wrong` what breaks a rule that holds in every state: SQLite's own
  // checks, the balance equation, an order without items, an item without its owner.
  static State Read(Database& db, std::vector<std::string>& wrong);
  // Adds to `wrong` where the two differ.
  void Compare(const State& found, std::vector<std::string>& wrong) const;
};

struct Asked {
  std::string method;
  std::string target;
  std::string body;
  std::string key;  // empty: no Idempotency-Key
};

struct Received {
  int status = 0;
  std::string body;
  bool replayed = false;
};

class Client {
 public:
  enum class Result {
    kAnswered,
    kUnavailable,  // 503 or 507: the server says that nothing was changed
    kNoAnswer,     // nobody knows until Settle
  };

  // Clients of one database have names of their own (letters) and share `slots`, which keeps their
  // bookings three hours apart.
  Client(std::string name, uint64_t seed, std::atomic<int64_t>& slots);

  // Makes one request (mostly a write) and checks its answer. After kNoAnswer comes Settle.
  using Ask = std::function<std::optional<Received>(const Asked&)>;
  Result Step(const Ask& ask);

  // After a restart: finds out in `found` whether the request without an answer was done.
  void Settle(const State& found);

  // Adds what this client's part of the database must be, and to `wrong` what others have too.
  void AddTo(State& expected, std::vector<std::string>& wrong) const;

  [[nodiscard]] uint64_t acknowledged() const { return acknowledged_; }  // writes
  [[nodiscard]] uint64_t refused() const { return refused_; }
  [[nodiscard]] const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  // A request with the effect that it must have.
  struct Plan {
    Asked asked;
    int status = 200;
    std::string says;  // a part of the answer's body, if not empty
    std::optional<std::string> whole_body;

    std::optional<DeskOrder> desk_order;  // as it is then; times, and perhaps the id, are unknown
    std::string deleted;                  // a desk order's id
    std::optional<State::ShopOrder> shop_order;
    std::string created_user;
    std::string replays;  // the key of an answer that this must repeat
    bool writes = false;
  };

  size_t Below(size_t limit);
  bool Chance(double probability);
  std::string Tag();
  std::string AnyUser();
  const DeskOrder* AnyDeskOrder();

  Plan Choose();
  Plan PlaceOrder();
  Plan CreateDeskOrder();
  Plan ChangeDeskOrder(const DeskOrder& order);
  Plan Collide(const DeskOrder& order);
  Plan LookAt(const DeskOrder& order);
  Plan LookAtUser();

  void Check(const Plan& step, const Received& received);
  void Accept(Plan step, const Received& received);
  void Wrong(const Plan& step, const Received& received, const std::string& why);

  std::string name_;
  std::mt19937_64 random_;
  std::atomic<int64_t>& slots_;
  int64_t tags_ = 0;

  State known_;
  std::map<std::string, std::pair<Asked, Received>> keyed_;  // by Idempotency-Key
  std::optional<Plan> unanswered_;
  std::optional<Plan> again_;  // to be repeated with its Idempotency-Key
  uint64_t acknowledged_ = 0;
  uint64_t refused_ = 0;
  std::vector<std::string> wrong_;
};

}  // namespace kiosk::test
