#include "store/generate.h"

#include <algorithm>
#include <array>
#include <random>
#include <string_view>
#include <tuple>
#include <utility>

#include "store/benefits.h"
#include "store/desk.h"

namespace kiosk {
namespace {

constexpr int64_t kBatch = 5000;  // users or orders in a commit
constexpr int64_t kMinute = 60'000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;

constexpr std::string_view kFirstNames[] = {
    "ana",   "beatriz", "carolina", "daniel",  "emma",   "filipe", "gonçalo", "helena", "inês",
    "joão",  "kaya",    "leonor",   "maria",   "noah",   "olivia", "pedro",   "rita",   "sofia",
    "tiago", "ursula",  "vasco",    "william", "xavier", "yara",   "zoe"};
constexpr std::string_view kLastNames[] = {
    "almeida", "barbosa", "costa",   "dias",     "esteves",  "ferreira", "gomes",
    "johnson", "lopes",   "martins", "nunes",    "oliveira", "pereira",  "ribeiro",
    "santos",  "silva",   "smith",   "teixeira", "vieira",   "williams"};
constexpr std::string_view kProducts[] = {
    "Standing desk",  "Office chair", "Laptop stand", "Noise-cancelling headset",
    "Desk lamp",      "Webcam",       "Keyboard",     "Monitor arm",
    "Coffee machine", "Whiteboard",   "Plant",        "Docking station"};

// The working day's appointments. With up to a quarter of an hour's delay they stay three hours
// apart, and the night leaves room.
constexpr std::array<int64_t, 4> kAppointments = {
    8 * kHour, 11 * kHour + 15 * kMinute, 14 * kHour + 30 * kMinute, 17 * kHour + 45 * kMinute};

constexpr char kCountUsers[] = "SELECT count(*) FROM users";
constexpr char kCountRows[] = "SELECT total_changes()";
constexpr char kLastDatetime[] = "SELECT max(datetime) FROM desk_orders";

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  // From 0 to below `bound`. Not std::uniform_int_distribution: that differs between libraries.
  int64_t Below(size_t bound) { return static_cast<int64_t>(engine_() % bound); }
  template <class Values>
  const auto& Pick(const Values& values) {
    return values[static_cast<size_t>(Below(std::size(values)))];
  }

 private:
  std::mt19937_64 engine_;
};

// "maria.silva.1042": the number keeps them apart.
std::string UserId(Dice& dice, int64_t number) {
  std::string id(dice.Pick(kFirstNames));
  id += '.';
  id += dice.Pick(kLastNames);
  return id + "." + std::to_string(number);
}

// A user who may have bought up to three products, as far as the balance goes.
void AddUser(Database& db, Dice& dice, int64_t number, const std::vector<Product>& catalogue,
             Timestamp now) {
  const std::string user_id = UserId(dice, number);
  const Timestamp bought{now.ms - dice.Below(90) * kDay - dice.Below(kDay / kMinute) * kMinute};
  std::vector<std::string> wanted;
  for (int64_t i = dice.Below(4); i > 0 && !catalogue.empty(); --i) {
    wanted.push_back(dice.Pick(catalogue).product_id);
  }
  // A refusal for want of balance leaves a user who has bought nothing yet.
  const auto result = benefits::PlaceOrder(db, user_id, wanted, bought);
  if (std::holds_alternative<BenefitRefusal>(result)) {
    static_cast<void>(benefits::GetOrCreateUser(db, user_id));
  }
}

// The appointments after one another, of which some stay free.
class Calendar {
 public:
  explicit Calendar(Timestamp after) : day_((after.ms + kDay - 1) / kDay * kDay + kDay) {}

  Timestamp Next(Dice& dice) {
    do {
      if (++slot_ == kAppointments.size()) {
        slot_ = 0;
        day_ += kDay;
      }
    } while (dice.Below(4) == 0);
    if (day_ > kMaxTimestamp.ms - kDay) {
      throw StoreError(
          "no time three hours from every other order is left before the year 10000; "
          "delete the last orders, or generate into another file with --db");
    }
    return {day_ + kAppointments[slot_] + dice.Below(4) * 5 * kMinute};
  }

 private:
  int64_t day_;
  size_t slot_ = 0;
};

DeskOrder MakeOrder(Dice& dice, Timestamp datetime, const std::vector<Service>& services,
                    Timestamp now) {
  DeskOrder order;
  order.datetime = datetime;
  order.created_at = order.updated_at = now;
  order.totalfee = Money{(20 + dice.Below(480)) * 100 + dice.Below(4) * 25};
  if (services.empty() || dice.Below(10) == 0) {
    order.product = dice.Pick(kProducts);
    order.quantity = 1 + dice.Below(9);
    return order;
  }
  const auto first = static_cast<size_t>(dice.Below(services.size()));
  order.services.push_back(services[first]);
  if (services.size() > 1 && dice.Below(3) == 0) {
    order.services.push_back(services[(first + 1) % services.size()]);
  }
  return order;
}

}  // namespace

GenerateProgress Generate(Store& store, const GenerateOrder& order, Timestamp now,
                          const std::function<bool(const GenerateProgress&)>& report) {
  Dice dice(order.random_seed);
  now.ms -= now.ms % kDay;  // the same all day
  GenerateProgress progress{0, order.users + order.orders, 0};
  const auto catalogue = store.Read(benefits::ListProducts);
  const auto services = store.Read(desk::ListServices);
  const int64_t known_users = store.Read([](Database& db) {
    Query row = db.Run(kCountUsers);
    row.Step();
    return row.Int(0);
  });
  const Timestamp last = store.Read([now](Database& db) {
    Query row = db.Run(kLastDatetime);
    row.Step();
    return Timestamp{std::max(row.OptionalInt(0).value_or(0), now.ms - 30 * kDay)};
  });
  Calendar calendar(last);

  const auto count_rows = [](Database& db) {
    Query row = db.Run(kCountRows);
    row.Step();
    return row.Int(0);
  };
  // One commit: `add(db, i)` for the next up to kBatch of `count`, counted from `begin`.
  const auto in_batches = [&](int64_t count, const auto& add) {
    for (int64_t begin = 0; begin < count; begin += kBatch) {
      const int64_t end = std::min(count, begin + kBatch);
      const auto before = std::pair(dice, calendar);  // the batch may be run again
      progress.rows += store.Write([&](Database& db) {
        std::tie(dice, calendar) = before;
        const int64_t rows = count_rows(db);
        for (int64_t i = begin; i < end; ++i) add(db, i);
        return count_rows(db) - rows;
      });
      progress.done += end - begin;
      if (!report(progress)) return false;
    }
    return true;
  };

  const bool goes_on = in_batches(order.users, [&](Database& db, int64_t i) {
    AddUser(db, dice, known_users + i + 1, catalogue, now);
  });
  if (!goes_on) return progress;
  in_batches(order.orders, [&](Database& db, int64_t /*i*/) {
    DeskOrder made = MakeOrder(dice, calendar.Next(dice), services, now);
    made.id = desk::AssignOrderId(db);
    desk::InsertOrder(db, made);
  });
  return progress;
}

}  // namespace kiosk
