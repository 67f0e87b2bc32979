#include "store/writer.h"

#include <exception>
#include <optional>
#include <vector>

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
  std::shared_ptr<Batch> batch;
  {
    const std::scoped_lock lock(mutex_);
    batch = waiting_;
    batch->jobs.push_back(&job);
  }
  work_waits_.notify_one();
  batch->Wait();
  if (job.error) std::rethrow_exception(job.error);
}

Writer::Counts Writer::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

void Writer::Loop() {
  for (;;) {
    auto batch = std::make_shared<Batch>();
    {
      std::unique_lock lock(mutex_);
      work_waits_.wait(lock, [this] { return stopping_ || !waiting_->jobs.empty(); });
      if (waiting_->jobs.empty()) return;
      batch.swap(waiting_);
    }
    CommitTogether(*batch);
    batch->End();
    KeepLogShort();
  }
}

void Writer::CommitTogether(const Batch& batch) {
  std::optional<Transaction> transaction;
  try {
    transaction.emplace(*database_, Transaction::Kind::kWrite);
  } catch (...) {
    // What keeps the first from writing keeps all of them: none is made to wait for it again.
    for (Job* job : batch.jobs) job->error = std::current_exception();
    return;
  }
  try {
    for (Job* job : batch.jobs) RunInSavepoint(*job);
    transaction->Commit();
    CountCommit(batch.jobs.size());
  } catch (...) {
    transaction.reset();
    if (batch.jobs.size() == 1) {
      batch.jobs.front()->error = std::current_exception();
      return;
    }
    // One job may have cost the others their transaction: each gets one of its own.
    for (Job* job : batch.jobs) CommitAlone(*job);
  }
}

void Writer::CommitAlone(Job& job) {
  job.error = nullptr;
  try {
    Transaction transaction(*database_, Transaction::Kind::kWrite);
    job.run(*database_);
    transaction.Commit();
    CountCommit(1);
  } catch (...) {
    job.error = std::current_exception();
  }
}

// What the job throws is kept in it. Throws only if the whole transaction is lost.
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

void Writer::CountCommit(size_t jobs) {
  const std::scoped_lock lock(mutex_);
  counts_.commits += 1;
  counts_.jobs += jobs;
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
