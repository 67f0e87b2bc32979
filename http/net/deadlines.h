// Which of many waits ends first. A deadline is moved with each request and almost never comes:
// moving one later costs nothing, for it is looked up only when the earlier time has come.
#pragma once

#include <chrono>
#include <set>
#include <utility>

namespace kiosk::net {

using Moment = std::chrono::steady_clock::time_point;

template <class Owner>
class Deadlines {
 public:
  // A part of its owner. kNever: none.
  struct Deadline {
    Moment at = kNever;
    Moment filed = kNever;  // where it is in the set; not later than `at`
  };
  static constexpr Moment kNever = Moment::max();

  void Set(Owner& owner, Moment at) {
    owner.deadline.at = at;
    if (at < owner.deadline.filed) File(owner, at);
  }

  void Remove(Owner& owner) {
    filed_.erase({owner.deadline.filed, &owner});
    owner.deadline = {};
  }

  // When TakeExpired is to be called next.
  [[nodiscard]] Moment Next() const { return filed_.empty() ? kNever : filed_.begin()->first; }

  // One owner whose time has come, or null; it has no deadline afterwards.
  Owner* TakeExpired(Moment now) {
    while (!filed_.empty() && filed_.begin()->first <= now) {
      Owner& owner = *filed_.begin()->second;
      const Moment at = owner.deadline.at;
      Remove(owner);
      if (at <= now) return &owner;
      if (at != kNever) Set(owner, at);
    }
    return nullptr;
  }

 private:
  void File(Owner& owner, Moment at) {
    filed_.erase({owner.deadline.filed, &owner});
    owner.deadline.filed = at;
    filed_.insert({at, &owner});
  }

  std::set<std::pair<Moment, Owner*>> filed_;
};

}  // namespace kiosk::net
