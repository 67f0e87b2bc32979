// One client's connection: its socket, what it has sent, and where its request is in its life. The
// loop owns it; the service sees it while it answers a request, on a fiber.
#pragma once

#include <sys/types.h>

#include <list>
#include <memory>
#include <string_view>

#include "http/net/deadlines.h"
#include "http/net/fiber.h"
#include "http/net/listeners.h"
#include "http/net/request_reader.h"
#include "store/parking.h"

namespace kiosk::net {

class Loop;

class Connection final : public Parking {
 public:
  Connection(Loop& loop, int fd, size_t max_body);
  ~Connection() override;

  enum class Phase {
    kReading,  // waits for a request
    kServing,  // a fiber answers one
    kClosing,  // nothing more is sent; what still comes is read and dropped
    kGone,
  };

  // --- for the service, on the connection's fiber ---

  // The one whose request is being answered.
  static Connection& Current() { return *static_cast<Connection*>(Parking::Current()); }

  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] const Message& message() const { return reader_.message(); }
  // What the service keeps for the time of an answer.
  void* context = nullptr;

  // Sends all of it. Waits for a client that reads slowly; false if it took nothing for 20 seconds
  // or has gone.
  bool Write(std::string_view bytes);

  void Park(void (*nudge)(void*), void* what) override;
  void Unpark() override;
  [[nodiscard]] Waker& waker() override;
  void ParkFor(std::chrono::milliseconds time) override;
  void ParkDuring(const std::function<void()>& work) override;

 private:
  friend class Loop;
  friend class Deadlines<Connection>;

  enum class Wait { kNothing, kWritable, kUnpark, kTime };

  void Await(Wait wait, Moment until);

  Loop& loop_;
  int fd_;  // -1 when gone
  const Peer peer_;
  RequestReader reader_;
  RequestReader::State state_ = RequestReader::State::kIdle;
  Phase phase_ = Phase::kReading;
  bool may_be_readable_ = true;  // not known to be drained
  bool has_ended_ = false;       // the peer sends nothing more
  bool keep_ = true;             // after the answer
  bool is_queued_ = false;       // for another turn

  std::unique_ptr<Fiber> fiber_;  // in kServing
  Wait wait_ = Wait::kNothing;
  bool timed_out_ = false;

  Deadlines<Connection>::Deadline deadline;  // of the phase, or of the fiber's wait
  Moment since_;                             // when kReading began, or its request
  std::list<Connection*>::iterator place_;   // in one of the loop's lists
};

}  // namespace kiosk::net
