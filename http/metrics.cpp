#include "http/metrics.h"

#include <algorithm>

namespace kiosk {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

void Describe(std::string& out, std::string_view name, std::string_view type,
              std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void Sample(std::string& out, std::string_view name, const std::string& value) {
  out.append(name).append(" ").append(value).append("\n");
}

// 1234567 microseconds as "1.234567".
std::string Seconds(uint64_t microseconds) {
  std::string fraction = std::to_string(microseconds % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  return std::to_string(microseconds / 1'000'000) + "." + fraction;
}

}  // namespace

Metrics::Metrics(std::vector<std::string> labels)
    : labels_(std::move(labels)), requests_(labels_.size()) {}

void Metrics::Count(size_t route, int status, int64_t microseconds) {
  const int index = std::clamp(status - kFirstStatus, 0, kStatuses - 1);
  requests_[route][static_cast<size_t>(index)].fetch_add(1, kRelaxed);
  const auto bucket = std::ranges::lower_bound(kBuckets, microseconds) - kBuckets.begin();
  durations_[static_cast<size_t>(bucket)].fetch_add(1, kRelaxed);
  microseconds_.fetch_add(static_cast<uint64_t>(microseconds), kRelaxed);
}

std::string Metrics::Write(const Writer::Counts& writer, uint64_t database_bytes) const {
  std::string out;
  Describe(out, "kiosk_requests_total", "counter", "Requests answered, by route and status.");
  for (size_t route = 0; route < labels_.size(); ++route) {
    for (size_t i = 0; i < kStatuses; ++i) {
      const uint64_t count = requests_[route][i].load(kRelaxed);
      if (count == 0) continue;
      Sample(out,
             "kiosk_requests_total{route=\"" + labels_[route] + "\",status=\"" +
                 std::to_string(kFirstStatus + i) + "\"}",
             std::to_string(count));
    }
  }

  constexpr std::string_view kDuration = "kiosk_request_duration_seconds";
  Describe(out, kDuration, "histogram", "Time from the request's last byte to its answer's first.");
  uint64_t cumulative = 0;
  for (size_t i = 0; i < durations_.size(); ++i) {
    cumulative += durations_[i].load(kRelaxed);
    const std::string bound =
        i < kBuckets.size() ? Seconds(static_cast<uint64_t>(kBuckets[i])) : "+Inf";
    Sample(out, std::string(kDuration) + "_bucket{le=\"" + bound + "\"}",
           std::to_string(cumulative));
  }
  Sample(out, std::string(kDuration) + "_sum", Seconds(microseconds_.load(kRelaxed)));
  Sample(out, std::string(kDuration) + "_count", std::to_string(cumulative));

  Describe(out, "kiosk_commits_total", "counter", "Transactions committed.");
  Sample(out, "kiosk_commits_total", std::to_string(writer.commits));
  Describe(out, "kiosk_orders_per_commit", "summary",
           "Orders and other writes that shared one commit.");
  Sample(out, "kiosk_orders_per_commit_sum", std::to_string(writer.jobs));
  Sample(out, "kiosk_orders_per_commit_count", std::to_string(writer.commits));
  Describe(out, "kiosk_database_size_bytes", "gauge", "Size of the database with its log.");
  Sample(out, "kiosk_database_size_bytes", std::to_string(database_bytes));
  return out;
}

}  // namespace kiosk
