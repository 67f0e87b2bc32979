// Which mutex protects what: clang checks it (`make lint`, -Wthread-safety), other compilers ignore
// it. The standard library's mutex has no annotations in libstdc++, so it is wrapped here.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define KIOSK_THREAD(attribute) __attribute__((attribute))
#else
#define KIOSK_THREAD(attribute)
#endif

// Of a member: read and written only with the mutex locked.
#define GUARDED_BY(mutex) KIOSK_THREAD(guarded_by(mutex))
// Of a function: called only with the mutex locked, or only without it.
#define REQUIRES(mutex) KIOSK_THREAD(requires_capability(mutex))
#define EXCLUDES(mutex) KIOSK_THREAD(locks_excluded(mutex))

namespace kiosk {

class KIOSK_THREAD(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  [[nodiscard]] std::mutex& native() KIOSK_THREAD(lock_returned(this)) { return mutex_; }

 private:
  std::mutex mutex_;
};

// Locks a mutex while it lives, except between Unlock and Lock.
class KIOSK_THREAD(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) KIOSK_THREAD(acquire_capability(mutex))
      : lock_(mutex.native()) {}
  ~MutexLock() KIOSK_THREAD(release_capability()) = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Lock() KIOSK_THREAD(acquire_capability()) { lock_.lock(); }
  void Unlock() KIOSK_THREAD(release_capability()) { lock_.unlock(); }

  // Waits for a notification, which can be spurious: to be called in a loop that checks what it
  // waits for.
  void Wait(std::condition_variable& condition) { condition.wait(lock_); }
  void WaitUntil(std::condition_variable& condition, std::chrono::steady_clock::time_point end) {
    condition.wait_until(lock_, end);
  }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace kiosk
