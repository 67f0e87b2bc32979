// The API on a store of this process, without sockets, and what the crash tests share besides.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/api.h"
#include "http/metrics.h"
#include "http/routes.h"
#include "store/store.h"
#include "tests/crash/client.h"

namespace kiosk::test {

// The seed built in, as of a fixed time.
[[nodiscard]] Seed BuiltInSeed();

// The API, answering on the caller's thread; any thread. Nothing of it is left out but HTTP.
class InProcess {
 public:
  explicit InProcess(Store& store);

  [[nodiscard]] Received Ask(const Asked& asked);
  [[nodiscard]] State Read(std::vector<std::string>& wrong);

 private:
  Store& store_;
  Metrics metrics_;
  Api api_;
  static std::atomic<int64_t> now_;  // goes on from test to test
};

// From the environment, so that a run can be repeated: KIOSK_CRASH_SEED (else a new one, which is
// printed) and KIOSK_CRASH_ROUNDS (else 20, as a part of `make test`).
[[nodiscard]] uint64_t CrashSeed();
[[nodiscard]] uint64_t CrashRounds();

// The first few of many complaints, for a failed check.
[[nodiscard]] std::string Summary(const std::vector<std::string>& wrong);

}  // namespace kiosk::test
