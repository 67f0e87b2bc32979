// How a request waits without a thread of its own. Where one thread serves many requests in turn, a
// request that has to wait for the disk, for time or for long work lets the others run. `store`
// knows only this interface; http/net/connection implements it.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace kiosk {

// Wakes the thread that parked requests are served on. Any thread.
class Waker {
 public:
  virtual ~Waker() = default;
  // Comes before the first Unpark of the requests that one Wake is for: those may end this, which
  // waits for the Wake.
  virtual void PrepareWake() = 0;
  virtual void Wake() = 0;
};

class Parking {
 public:
  virtual ~Parking() = default;

  // The request that this thread serves at the moment. Null: the thread serves nothing else, and
  // waits in the ordinary way.
  static Parking* Current() { return CurrentOfThread(); }
  static void SetCurrent(Parking* parking) { CurrentOfThread() = parking; }

  // Returns after Unpark. `nudge(what)` is called when everything else that is ready has run, so
  // that requests that arrived together are committed together.
  virtual void Park(void (*nudge)(void*), void* what) = 0;
  // Any thread. Takes effect with the next Wake; afterwards the request may be gone.
  virtual void Unpark() = 0;
  [[nodiscard]] virtual Waker& waker() = 0;

  virtual void ParkFor(std::chrono::milliseconds time) = 0;
  // Runs `work` on another thread. Throws what `work` throws.
  virtual void ParkDuring(const std::function<void()>& work) = 0;

 private:
  static Parking*& CurrentOfThread() {
    thread_local Parking* current = nullptr;
    return current;
  }
};

// Waits; a request takes no thread meanwhile.
inline void SleepFor(std::chrono::milliseconds time) {
  if (Parking* parking = Parking::Current()) {
    parking->ParkFor(time);
  } else {
    std::this_thread::sleep_for(time);
  }
}

// Runs work that may take longer than a few milliseconds, without holding up other requests.
inline void RunAside(const std::function<void()>& work) {
  if (Parking* parking = Parking::Current()) {
    parking->ParkDuring(work);
  } else {
    work();
  }
}

}  // namespace kiosk
