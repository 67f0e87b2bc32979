// One thread that serves all connections. A connection that is idle, silent or slow costs memory
// and a deadline, and no thread. When a request is complete, a fiber answers it: as long as that
// runs, nothing else does; where it waits (for the disk, a slow reader, a delay, long work on a
// worker), the loop serves others.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/net/connection.h"
#include "http/net/deadlines.h"
#include "http/net/listeners.h"
#include "http/net/poller.h"
#include "http/net/workers.h"
#include "store/parking.h"

namespace kiosk::net {

// What answers requests. Called on the loop's thread.
class Service {
 public:
  virtual ~Service() = default;
  // Whether the body of a request is to be read. Otherwise it is answered without.
  virtual bool WantsBody(const Head& head, const Peer& peer) = 0;
  // Answers the message of the connection, on a fiber; does not throw. False: the connection ends.
  virtual bool Answer(Connection& connection) = 0;
};

class Loop final : public Waker {
 public:
  // Both outlive the loop. `max_body`: of requests, in bytes.
  Loop(Listeners listeners, Service& service, size_t max_body);
  // Stop comes first.
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // As a client would write it: "http://localhost:4000".
  [[nodiscard]] std::string url() const;
  // For other devices; empty if it is bound to the loopback alone.
  [[nodiscard]] std::string lan_url() const;

  void Start();

  // Accepts nothing more. Requests that have arrived are answered; after 1.2 seconds, responses
  // that clients do not read are cut off. Returns within 1.5 seconds: how many requests still run,
  // which go on using the service. Only once, by the owner.
  size_t Stop();

  // Any thread.
  void PrepareWake() override;
  void Wake() override;

  // --- for connections ---

  [[nodiscard]] Moment now() const { return now_; }
  [[nodiscard]] bool is_stopping() const { return stopping_; }
  [[nodiscard]] bool is_cutting_off() const { return cutting_off_; }
  void SetDeadline(Connection& connection, Moment at) { deadlines_.Set(connection, at); }
  void NudgeLater(void (*nudge)(void*), void* what);
  void RunOnWorker(std::function<void()> work) { workers_.Add(std::move(work)); }
  // Any thread: the connection's fiber goes on after the next Wake.
  void Post(Connection& connection);

 private:
  using List = std::list<Connection*>;
  static constexpr auto kLingerAtStop = std::chrono::milliseconds(200);
  static constexpr auto kRetryAccept = std::chrono::milliseconds(20);  // when there is no room

  void Run();
  void Round();
  void OnEvent(const Poller::Event& event);
  [[nodiscard]] std::chrono::milliseconds TimeToWait();
  void ResumePosted();
  void RunNudge();
  void TakeTurns();
  void Expire();
  void ContinueStop();

  void Accept(int listener);
  bool MakeRoom();
  void WatchListeners(bool watch);
  void Open(int fd);

  void Read(Connection& connection);
  static void SendContinue(Connection& connection);
  void TakeState(Connection& connection, RequestReader::State state);
  void CloseAtStop(Connection& connection);
  [[nodiscard]] std::unique_ptr<Fiber> TakeFiber();
  void Serve(Connection& connection);
  void Resume(Connection& connection);
  void Continue(Connection& connection, bool has_ended);
  void Close(Connection& connection);
  void Drain(Connection& connection);
  void Remove(Connection& connection);
  void Enter(Connection& connection, Connection::Phase phase);

  Listeners listeners_;
  Service& service_;
  const size_t max_body_;
  Poller poller_;
  Workers workers_;

  std::atomic<bool> stopping_ = false;
  std::atomic<bool> cutting_off_ = false;
  std::atomic<bool> is_awake_ = true;

  std::mutex mutex_;
  std::condition_variable ended_;
  std::condition_variable woken_;
  // The state below is protected by mutex_.
  std::vector<Connection*> posted_;
  size_t prepared_wakes_ = 0;
  bool has_ended_ = false;

  std::atomic<size_t> serving_ = 0;  // fibers that answer requests

  // The rest belongs to the loop's thread.
  Moment now_;
  std::string scratch_;
  List reading_;  // those that wait for a client, the longest first
  List others_;
  size_t connections_ = 0;
  size_t max_connections_ = 0;
  bool listeners_are_watched_ = false;
  Moment retry_accept_at_;
  bool stop_began_ = false;
  bool cut_off_began_ = false;
  Deadlines<Connection> deadlines_;
  std::vector<Connection*> resumed_;
  std::vector<Connection*> queued_;                // for another turn
  std::vector<std::unique_ptr<Connection>> gone_;  // events of this round may still name them
  std::vector<std::unique_ptr<Fiber>> free_fibers_;
  void (*nudge_)(void*) = nullptr;
  void* nudged_ = nullptr;

  std::thread thread_;  // last: it uses everything above
};

}  // namespace kiosk::net
