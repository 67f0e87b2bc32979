#include "store/writer.h"

#include <algorithm>
#include <exception>
#include <stdexcept>

#include "store/parking.h"

namespace kiosk {
namespace {

// How long an idle writer sleeps while another program keeps it from moving the WAL.
constexpr auto kBetweenAttempts = CheckpointPolicy::kRetryAfter;

bool IsFull(const std::exception_ptr& error) {
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const StorageFault& fault) {
    return fault.kind() == StorageFault::Kind::kFull;
  } catch (...) {
    return false;
  }
}

}  // namespace

struct Writer::Job {
  const std::function<void(Database&)>& run;
  std::exception_ptr error = nullptr;
  Parking* parking = nullptr;  // of a caller that waits without a thread
};

// What is committed together. All who wait for it are woken at once: one by one, the writer would
// spend more time on waking than on writing.
struct Writer::Batch {
  std::vector<Job*> jobs;  // each is its caller's, who waits

  Mutex mutex;
  std::condition_variable ended;
  bool has_ended GUARDED_BY(mutex) = false;

  void Wait() {
    MutexLock lock(mutex);
    while (!has_ended) lock.Wait(ended);
  }
  void End() {
    {
      const MutexLock lock(mutex);
      has_ended = true;
    }
    ended.notify_all();
  }
};

// The turn to write, which its thread has taken by setting is_writing_. Ends it, also when
// something is thrown.
class Writer::Turn {
 public:
  explicit Turn(Writer& writer) : writer_(writer) {}
  ~Turn() {
    bool has_work = false;
    {
      const MutexLock lock(writer_.mutex_);
      writer_.is_writing_ = false;
      if (writer_.waiting_alone_ > 0) writer_.turn_ended_.notify_one();
      // A checkpoint that is blocked is tried again after a while, for which the thread waits
      // again.
      has_work = writer_.HasWork() || writer_.checkpoints_.IsBlocked();
    }
    if (has_work) writer_.work_waits_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Writer& writer_;
};

Writer::Writer(std::unique_ptr<Database> database, DatabaseFile* file)
    : file_(file),
      database_(std::move(database)),
      checkpoints_(*database_),
      waiting_(std::make_shared<Batch>()) {
  thread_ = std::thread([this] { Loop(); });
}

Writer::~Writer() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_waits_.notify_one();
  thread_.join();
  // SQLite does it at the end only if no other program has the database open.
  checkpoints_.Run();
  if (file_) file_->BeforeClose(*database_);
}

void Writer::Run(const std::function<void(Database&)>& run) {
  Job job{run};
  Parking* const parking = Parking::Current();
  const bool may_run_here = !parking || !file_;
  if (!may_run_here || !CommitAtOnce(job)) {
    job.parking = parking;
    std::shared_ptr<Batch> batch;
    {
      const MutexLock lock(mutex_);
      batch = waiting_;
      batch->jobs.push_back(&job);
    }
    const auto nudge = [](void* writer) { static_cast<Writer*>(writer)->work_waits_.notify_one(); };
    if (parking) {
      parking->Park(nudge, this);
    } else {
      nudge(this);
      batch->Wait();
    }
  }
  if (job.error) std::rethrow_exception(job.error);
}

void Writer::RunAlone(const std::function<void(Database&)>& job) {
  RunAside([&] { RunAloneHere(job); });  // a request waits for its turn without a thread
}

void Writer::RunAloneHere(const std::function<void(Database&)>& job) {
  TakeTurn();
  const Turn turn(*this);
  std::exception_ptr error;
  // A full disk is emptied of the WAL first, as for other writes.
  for (int attempt = 0; attempt < 2; ++attempt) {
    error = nullptr;
    try {
      job(*database_);
    } catch (...) {
      error = std::current_exception();
    }
    if (!IsFull(error) || !checkpoints_.MakeRoom()) break;
  }
  checkpoints_.Shorten();
  {
    const MutexLock lock(mutex_);
    ++counts_.commits;
    ++counts_.jobs;
  }
  if (error) std::rethrow_exception(error);
}

void Writer::TakeTurn() {
  MutexLock lock(mutex_);
  ++waiting_alone_;
  while (is_writing_) lock.Wait(turn_ended_);
  --waiting_alone_;
  is_writing_ = true;
}

Writer::Counts Writer::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

void Writer::Loop() {
  for (;;) {
    auto batch = std::make_shared<Batch>();
    {
      MutexLock lock(mutex_);
      WaitForWork(lock);
      if (waiting_->jobs.empty() && stopping_) return;
      batch.swap(waiting_);
      is_writing_ = true;
    }
    const Turn turn(*this);
    if (!batch->jobs.empty()) Commit(batch->jobs);
    Release(*batch);
    if (checkpoints_.IsDue()) checkpoints_.Run();
  }
}

// Whether there are jobs, the end, or a WAL to be moved, and it is no other thread's turn.
bool Writer::HasWork() const {
  return !is_writing_ && waiting_alone_ == 0 &&
         (stopping_ || !waiting_->jobs.empty() || checkpoints_.IsDue());
}

// A WAL that another program keeps from being moved is tried again after a while.
void Writer::WaitForWork(MutexLock& lock) {
  while (!HasWork()) {
    if (!is_writing_ && checkpoints_.IsBlocked()) {
      lock.WaitUntil(work_waits_, std::chrono::steady_clock::now() + kBetweenAttempts);
    } else {
      lock.Wait(work_waits_);
    }
  }
}

// A job is gone as soon as its caller goes on. All parked callers of a loop are woken together.
void Writer::Release(Batch& batch) {
  std::vector<Waker*> wakers;
  for (Job* job : batch.jobs) {
    if (!job->parking) continue;
    Waker* const waker = &job->parking->waker();
    if (std::ranges::find(wakers, waker) == wakers.end()) {
      wakers.push_back(waker);
      waker->PrepareWake();
    }
    job->parking->Unpark();
  }
  for (Waker* waker : wakers) waker->Wake();
  batch.End();
}

// On the caller's thread. False if another thread writes or waits, or the WAL is to be moved, which
// no caller should wait for.
bool Writer::CommitAtOnce(Job& job) {
  {
    const MutexLock lock(mutex_);
    if (is_writing_ || waiting_alone_ > 0 || !waiting_->jobs.empty() || checkpoints_.IsDue()) {
      return false;
    }
    is_writing_ = true;
  }
  const Turn turn(*this);
  Commit({&job});
  return true;
}

// Each job's error is set, or it is on the disk. A savepoint costs a job an eighth of its work and
// only a fault needs one: they are for the second try. A full disk is emptied of the WAL first.
void Writer::Commit(const std::vector<Job*>& jobs) {
  try {
    if (TryCommit(jobs, &Writer::RunBare)) return;
    if (IsFull(jobs.front()->error) && checkpoints_.MakeRoom() &&
        TryCommit(jobs, &Writer::RunBare)) {
      return;
    }
    if (jobs.size() == 1) return;
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
  FileTransaction transaction(*database_, file_);
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
  const MutexLock lock(mutex_);
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

}  // namespace kiosk
