// What /metrics tells: requests by route and status, and how long they took. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/writer.h"

namespace kiosk {

class Metrics {
 public:
  // One label a route; requests are counted under the label's index.
  explicit Metrics(std::vector<std::string> labels);

  void Count(size_t route, int status, int64_t microseconds);

  // The Prometheus text format, version 0.0.4.
  [[nodiscard]] std::string Write(const Writer::Counts& writer, uint64_t database_bytes) const;

 private:
  // Upper bounds of the histogram's buckets, in microseconds; one more bucket takes the rest.
  static constexpr std::array<int64_t, 14> kBuckets = {
      100,    250,    500,     1'000,   2'500,   5'000,     10'000,
      25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000};
  static constexpr int kFirstStatus = 100;
  static constexpr int kStatuses = 500;

  using Counter = std::atomic<uint64_t>;

  std::vector<std::string> labels_;
  std::vector<std::array<Counter, kStatuses>> requests_;
  std::array<Counter, kBuckets.size() + 1> durations_{};
  Counter microseconds_ = 0;
};

}  // namespace kiosk
