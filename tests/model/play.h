// Plays a sequence of calls on kiosk and on the model, and finds the shortest one on which they
// differ.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/model/call.h"

namespace kiosk::model {

struct Difference {
  size_t round = 0;  // the one at fault
  std::string report;
};

// Makes the calls on a new database in a file, through the table of routes. The calls of a round
// are made at once by as many threads; its answers are right if the model gives the same to the
// same calls one after the other, in some order, and what they left behind is then the same; that
// is looked at after calls made at once, or always. Counts in `outcomes`, if it is given, what was
// answered: "201", "409 order_conflict".
enum class Look { kAfterAtOnce, kAlways };
[[nodiscard]] std::optional<Difference> Play(const std::vector<Round>& rounds,
                                             Look look = Look::kAfterAtOnce,
                                             std::map<std::string, size_t>* outcomes = nullptr);

// Leaves out of `rounds` what can be left out while the two still differ, and returns how they do.
[[nodiscard]] Difference Shorten(std::vector<Round>& rounds, Difference difference);

// The calls as lines to read.
[[nodiscard]] std::string Show(const std::vector<Round>& rounds);

}  // namespace kiosk::model
