#include "store/writer.h"

#include <exception>
#include <stdexcept>

namespace kiosk {
namespace {

// The write-ahead log is moved into the database when it is longer than this: often enough to keep
// it small, seldom enough that a page written many times is moved once.
constexpr int kLogPages = 4000;
// Readers that overlap without a pause can keep a moved log from being used anew. At this length
// the writer waits for them: their transactions are short.
constexpr int kLogPagesAtMost = 4 * kLogPages;

}  // namespace

struct Writer::Job {
  const std::function<void(Database&)>& run;
  std::exception_ptr error = nullptr;
};

// What is committed together. All who wait for it are woken at once: one by one, the writer would
// spend more time on waking than on writing.
struct Writer::Batch {
  std::vector<Job*> jobs;  // each is its caller's, who waits

  std::mutex mutex;
  std::condition_variable ended;
  bool has_ended = false;  // protected by mutex

  void Wait() {
    std::unique_lock lock(mutex);
    ended.wait(lock, [this] { return has_ended; });
  }
  void End() {
    {
      const std::scoped_lock lock(mutex);
      has_ended = true;
    }
    ended.notify_all();
  }
};

Writer::Writer(std::unique_ptr<Database> database)
    : database_(std::move(database)), waiting_(std::make_shared<Batch>()) {
  database_->Execute("PRAGMA wal_autocheckpoint = 0");
  database_->WatchLog([this](int pages) { log_pages_ = pages; });
  thread_ = std::thread([this] { Loop(); });
}

Writer::~Writer() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  work_waits_.notify_one();
  thread_.join();
}

void Writer::Run(const std::function<void(Database&)>& run) {
  Job job{run};
  if (!CommitAtOnce(job)) {
    std::shared_ptr<Batch> batch;
    {
      const std::scoped_lock lock(mutex_);
      batch = waiting_;
      batch->jobs.push_back(&job);
    }
    work_waits_.notify_one();
    batch->Wait();
  }
  if (job.error) std::rethrow_exception(job.error);
}

Writer::Counts Writer::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

void Writer::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_waits_.wait(lock,
                     [this] { return !is_writing_ && (stopping_ || !waiting_->jobs.empty()); });
    if (waiting_->jobs.empty()) return;
    auto batch = std::make_shared<Batch>();
    batch.swap(waiting_);
    is_writing_ = true;
    lock.unlock();
    Commit(batch->jobs);
    batch->End();
    KeepLogShort();
    lock.lock();
    is_writing_ = false;
  }
}

// On the caller's thread. False if somebody writes or waits, or the log is to be moved, which no
// caller should wait for.
bool Writer::CommitAtOnce(Job& job) {
  {
    const std::scoped_lock lock(mutex_);
    if (is_writing_ || !waiting_->jobs.empty() || log_pages_ >= kLogPages) return false;
    is_writing_ = true;
  }
  Commit({&job});
  {
    const std::scoped_lock lock(mutex_);
    is_writing_ = false;
    if (waiting_->jobs.empty()) return true;
  }
  work_waits_.notify_one();
  return true;
}

// Each job's error is set, or it is on the disk. A savepoint costs a job an eighth of its work and
// only a fault needs one: they are for the second try.
void Writer::Commit(const std::vector<Job*>& jobs) {
  try {
    if (TryCommit(jobs, &Writer::RunBare) || jobs.size() == 1) return;
    if (TryCommit(jobs, &Writer::RunInSavepoint)) return;
  } catch (const StorageFault& fault) {
    // What keeps the first from writing keeps all of them: none is made to wait for it again. Each
    // has a fault of its own, that no other thread touches.
    for (Job* job : jobs) {
      job->error = std::make_exception_ptr(StorageFault(fault.kind(), fault.what()));
    }
    return;
  }
  for (Job* job : jobs) Commit({job});
}

// False if the jobs cost each other their transaction. Throws if it cannot begin.
bool Writer::TryCommit(const std::vector<Job*>& jobs, void (Writer::*run)(Job&)) {
  Transaction transaction(*database_, Transaction::Kind::kWrite);
  try {
    for (Job* job : jobs) {
      job->error = nullptr;
      (this->*run)(*job);
    }
    transaction.Commit();
  } catch (...) {
    for (Job* job : jobs) job->error = std::current_exception();
    return false;
  }
  const std::scoped_lock lock(mutex_);
  counts_.commits += 1;
  counts_.jobs += jobs.size();
  return true;
}

void Writer::RunBare(Job& job) {
  job.run(*database_);
  if (!database_->InTransaction()) throw std::logic_error("a job ended the transaction");
}

// What the job throws is kept in it, and takes nothing of the others with it. Throws only if the
// whole transaction is lost.
void Writer::RunInSavepoint(Job& job) {
  database_->Execute("SAVEPOINT job");
  try {
    job.run(*database_);
  } catch (...) {
    job.error = std::current_exception();
    if (!database_->InTransaction()) throw;  // some faults make SQLite roll everything back
    database_->Execute("ROLLBACK TO job");
  }
  database_->Execute("RELEASE job");
}

void Writer::KeepLogShort() {
  if (log_pages_ < kLogPages) return;
  try {
    database_->MoveLog(log_pages_ < kLogPagesAtMost ? Database::Checkpoint::kPassive
                                                    : Database::Checkpoint::kTruncate);
  } catch (const StorageFault&) {
    // The log keeps what was not moved; the next commit tries again.
  }
}

}  // namespace kiosk
