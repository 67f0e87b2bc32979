// SPEC sections 2 to 4 once more, as plainly as they can be put: everything in maps, nothing fast.
// Written from the page alone; it uses nothing of the program that it judges.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/model/call.h"
#include "tests/model/value.h"

namespace kiosk::model {

// The seed that a run begins with: prices that add up to balances, orders that are too close.
extern const char kSeed[];

inline constexpr int64_t kHour = 60LL * 60 * 1000;  // in milliseconds
inline constexpr int64_t kGap = 3 * kHour;

[[nodiscard]] std::optional<int64_t> ParseTime(const std::string& text);
[[nodiscard]] std::string FormatTime(int64_t ms);

// A refusal that would be right. Where several are, the page seldom says which comes first.
struct Refusal {
  int status = 0;
  std::string code;
  std::set<std::string> fields = {};  // any of these is at fault; empty: none is
  bool is_bare = false;               // exactly {"error": code}
  std::set<std::string> conflicts_with = {};
  std::string next_available = {};
};

class Model {
 public:
  explicit Model(int64_t now) { Reset(now); }

  // What is wrong with the answer, in words; nothing if it is right, and then the model has done
  // what the call did.
  std::optional<std::string> Apply(const Sent& sent, const Answer& answer);

 private:
  Model() = default;

  struct User {
    int64_t start = 0;
    int64_t balance = 0;
    std::vector<std::string> owned;
  };
  struct Purchase {
    std::string user_id;
    std::vector<std::string> items;
    int64_t total = 0;
    int64_t created_at = 0;
  };
  struct Order {
    std::string id;
    std::optional<int64_t> datetime;
    std::optional<int64_t> totalfee;
    std::optional<std::string> product;
    std::optional<std::string> quantity;
    std::vector<int64_t> services;
    int64_t created_at = 0;
    int64_t updated_at = 0;
  };
  struct Kept {
    std::string path;
    std::string body;
    Answer answer;
    int64_t at = 0;
  };
  // What a body asks of an order, and the fields that are not as they should be.
  struct Wish {
    Order order;
    std::set<std::string> faults;
    std::optional<std::string> id;
    std::optional<int64_t> created_at;
    std::optional<int64_t> updated_at;
    bool names_unknown_service = false;
    bool misnames_service = false;  // with a name sent along
  };
  // In the listing: the datetime, then a number by its value, then all else.
  using Place = std::pair<int64_t, std::tuple<bool, int64_t, std::string>>;
  using Complaint = std::optional<std::string>;

  void Reset(int64_t now);

  Complaint Route(const Sent& sent, const Answer& answer, std::vector<Refusal> refusals);
  Complaint GetUser(const std::string& user_id, const Sent& sent, const Answer& answer);
  Complaint GetPurchases(const Sent& sent, const Answer& answer);
  Complaint PlacePurchase(const Value& body, const Sent& sent, const Answer& answer,
                          std::vector<Refusal> refusals);
  Complaint CreateOrder(const Value& body, const Sent& sent, const Answer& answer,
                        std::vector<Refusal> refusals);
  Complaint ListOrders(const Sent& sent, const Answer& answer) const;
  Complaint UpdateOrder(const std::string& id, const Value& body, const Sent& sent,
                        const Answer& answer);
  Complaint DeleteOrder(const std::string& id, const Sent& sent, const Answer& answer);
  Complaint CreateService(const Value& body, const Sent& sent, const Answer& answer,
                          std::vector<Refusal> refusals);
  Complaint RenameService(const std::string& id, const Value& body, const Sent& sent,
                          const Answer& answer);
  Complaint DeleteService(const std::string& id, const Sent& sent, const Answer& answer);
  Complaint Audit(const Answer& answer) const;

  void ReadWish(const Value& body, bool is_update, Wish& wish) const;
  void ReadServices(const Value& json, Wish& wish) const;
  [[nodiscard]] std::vector<Refusal> RefusalsOf(const Wish& wish) const;
  [[nodiscard]] std::optional<Refusal> ConflictOf(const Order& order) const;
  [[nodiscard]] static Place PlaceOf(const Order& order);
  [[nodiscard]] std::optional<Place> PlaceAfter(const std::string& after) const;
  [[nodiscard]] std::string Write(const Order& order) const;
  [[nodiscard]] std::string WriteService(int64_t id) const;
  [[nodiscard]] std::string Write(int64_t purchase, bool is_stored) const;
  [[nodiscard]] const std::string* NameOf(int64_t service) const;

  std::map<std::string, User> users_;
  std::vector<Purchase> purchases_;  // numbered from 1
  std::map<std::string, Order> orders_;
  std::map<std::string, Place> deleted_;
  std::vector<std::pair<int64_t, std::string>> services_;
  // What is assigned next, if it is not taken.
  int64_t next_order_ = 225;
  int64_t next_service_ = 790;
  std::map<std::string, Kept> kept_;
};

}  // namespace kiosk::model
