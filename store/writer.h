// The one thread that writes. It takes everything that is waiting, commits it at once, and only
// then lets all of them answer: durable, and fast in company. For a job that comes alone its caller
// stands in: nobody has to be woken.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "store/checkpoints.h"
#include "store/database_file.h"
#include "store/sqlite.h"
#include "store/thread_annotations.h"

namespace kiosk {

class Writer {
 public:
  // How often the disk was made to hold something, for /metrics.
  struct Counts {
    uint64_t commits = 0;
    uint64_t jobs = 0;  // in those commits
  };

  // Takes over the only connection that ever writes or checkpoints.
  // `file` is the database's, if it has one, and outlives the writer. Without one no commit waits
  // for a disk, and callers that serve others in turn commit themselves.
  explicit Writer(std::unique_ptr<Database> database, DatabaseFile* file = nullptr);
  // Finishes what is waiting, empties the write-ahead log and closes the database.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Runs `job` while nobody else writes and returns when what it did is on the disk. What the job
  // throws is thrown here, and then nothing of the job remains. A job is run again when another one
  // spoilt the commit that they shared, so it does nothing but read and write the database and set
  // its result. Any thread.
  void Run(const std::function<void(Database&)>& job);

  // Runs `job` alone and outside a transaction; for what makes one of its own. Otherwise as Run.
  // The WAL is emptied afterwards. Any thread.
  void RunAlone(const std::function<void(Database&)>& job);

  [[nodiscard]] Counts counts() const;

 private:
  struct Job;
  struct Batch;
  class Turn;

  void Loop();
  static void Release(Batch& batch);
  bool CommitAtOnce(Job& job);
  void WaitForWork(MutexLock& lock) REQUIRES(mutex_);
  [[nodiscard]] bool HasWork() const REQUIRES(mutex_);
  void RunAloneHere(const std::function<void(Database&)>& job);
  void TakeTurn();
  void Commit(const std::vector<Job*>& jobs);
  bool TryCommit(const std::vector<Job*>& jobs, void (Writer::*run)(Job&));
  void RunBare(Job& job);
  void RunInSavepoint(Job& job);

  // They belong to the thread whose turn it is.
  DatabaseFile* file_;
  std::unique_ptr<Database> database_;
  Checkpoints checkpoints_;

  mutable Mutex mutex_;
  std::condition_variable work_waits_;
  std::condition_variable turn_ended_;
  std::shared_ptr<Batch> waiting_ GUARDED_BY(mutex_);
  bool is_writing_ GUARDED_BY(mutex_) = false;  // it is a thread's turn
  int waiting_alone_ GUARDED_BY(mutex_) = 0;    // those that want to run alone: they come next
  Counts counts_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: it uses everything above
};

}  // namespace kiosk
