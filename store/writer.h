// The one thread that writes. It takes everything that is waiting, runs each job in its own
// savepoint, commits once, and only then lets all of them answer: durable, and fast in company.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "store/sqlite.h"

namespace kiosk {

class Writer {
 public:
  // How often the disk was made to hold something, for /metrics.
  struct Counts {
    uint64_t commits = 0;
    uint64_t jobs = 0;  // in those commits
  };

  // Takes over the only connection that ever writes or checkpoints.
  explicit Writer(std::unique_ptr<Database> database);
  // Finishes what is waiting, empties the write-ahead log and closes the database.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Runs `job` on the writer's thread and returns when what it did is on the disk. What the job
  // throws is thrown here, and then nothing of the job remains. A job may be run a second time when
  // the commit that it shared failed, so it does nothing but read and write the database and set
  // its result. Any thread.
  void Run(const std::function<void(Database&)>& job);

  [[nodiscard]] Counts counts() const;

 private:
  struct Job;
  struct Batch;

  void Loop();
  void CommitTogether(const Batch& batch);
  void CommitAlone(Job& job);
  void RunInSavepoint(Job& job);
  void CountCommit(size_t jobs);
  void KeepLogShort();

  std::unique_ptr<Database> database_;  // the writer's thread alone
  int log_pages_ = 0;                   // the writer's thread alone

  mutable std::mutex mutex_;
  std::condition_variable work_waits_;
  // The state below is protected by mutex_.
  std::shared_ptr<Batch> waiting_;
  Counts counts_;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses everything above
};

}  // namespace kiosk
