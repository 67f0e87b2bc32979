// A few threads for work that would hold up a loop: long lists, backups. They end with their owner,
// which waits for what runs.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace kiosk::net {

class Workers {
 public:
  // Starts threads as they are needed, at most `max_threads`.
  explicit Workers(size_t max_threads) : max_threads_(max_threads) {}
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs `work`, which does not throw, after what was added before. Any thread.
  void Add(std::function<void()> work);

 private:
  void Run();

  const size_t max_threads_;
  std::mutex mutex_;
  std::condition_variable work_waits_;
  // The state below is protected by mutex_.
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace kiosk::net
