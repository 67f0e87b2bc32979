#include "http/net/loop.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

namespace kiosk::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Phase = Connection::Phase;

constexpr auto kFinishWithin = milliseconds(1200);  // at a stop: what is running
constexpr auto kAbandonWithin = milliseconds(300);  // and what had to be cut off

constexpr size_t kScratch = size_t{64} * 1024;
constexpr size_t kMaxWorkers = 3;

// For the database, its temporary files and everything else that is not a connection.
constexpr size_t kOtherDescriptors = 24;
constexpr size_t kLeastConnections = 4;

// As many descriptors as the system lets us have: each connection takes one.
size_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<size_t>(limit.rlim_cur);
}

}  // namespace

Loop::Loop(Listeners listeners, Service& service, size_t max_body)
    : listeners_(std::move(listeners)),
      service_(service),
      max_body_(max_body),
      workers_(kMaxWorkers),
      now_(steady_clock::now()),
      scratch_(kScratch, '\0') {}

Loop::~Loop() {
  if (thread_.joinable()) thread_.join();
  for (Connection* connection : reading_) delete connection;
  for (Connection* connection : others_) delete connection;
}

std::string Loop::url() const {
  return "http://" + listeners_.name + ":" + std::to_string(listeners_.port);
}

std::string Loop::lan_url() const {
  if (listeners_.lan_name.empty()) return "";
  return "http://" + listeners_.lan_name + ":" + std::to_string(listeners_.port);
}

void Loop::Start() {
  const size_t descriptors = RaiseDescriptorLimit();
  max_connections_ =
      std::max(descriptors, kOtherDescriptors + kLeastConnections) - kOtherDescriptors;
  thread_ = std::thread([this] { Run(); });
}

size_t Loop::Stop() {
  if (!thread_.joinable()) return 0;
  stopping_ = true;
  poller_.Wake();
  {
    std::unique_lock lock(mutex_);
    if (!ended_.wait_for(lock, kFinishWithin, [this] { return has_ended_; })) {
      cutting_off_ = true;
      poller_.Wake();
      if (!ended_.wait_for(lock, kAbandonWithin, [this] { return has_ended_; })) {
        return std::max<size_t>(serving_, 1);
      }
    }
  }
  thread_.join();
  return 0;
}

void Loop::PrepareWake() {
  const std::scoped_lock lock(mutex_);
  ++prepared_wakes_;
}

void Loop::Wake() {
  if (!is_awake_.exchange(true)) poller_.Wake();
  const std::scoped_lock lock(mutex_);
  if (--prepared_wakes_ == 0) woken_.notify_all();
}

void Loop::Post(Connection& connection) {
  const std::scoped_lock lock(mutex_);
  posted_.push_back(&connection);
}

void Loop::NudgeLater(void (*nudge)(void*), void* what) {
  nudge_ = nudge;
  nudged_ = what;
}

// --- the loop ---

void Loop::Run() {
  WatchListeners(true);
  while (!(stop_began_ && connections_ == 0)) Round();
  std::unique_lock lock(mutex_);
  woken_.wait(lock, [this] { return prepared_wakes_ == 0; });
  has_ended_ = true;
  ended_.notify_all();
}

void Loop::Round() {
  RunNudge();
  const milliseconds timeout = TimeToWait();
  const auto events = poller_.Wait(timeout);
  is_awake_ = true;
  now_ = steady_clock::now();
  for (const Poller::Event& event : events) OnEvent(event);
  ResumePosted();
  TakeTurns();
  Expire();
  if (!listeners_are_watched_ && now_ >= retry_accept_at_ && !stop_began_) WatchListeners(true);
  ContinueStop();
  gone_.clear();
}

void Loop::RunNudge() {
  if (const auto nudge = std::exchange(nudge_, nullptr)) nudge(nudged_);
}

// Also lets Wake know that it is needed.
milliseconds Loop::TimeToWait() {
  if (!queued_.empty()) return milliseconds(0);
  is_awake_ = false;
  {
    const std::scoped_lock lock(mutex_);
    if (!posted_.empty()) return milliseconds(0);
  }
  if (!listeners_are_watched_ && !stop_began_) return kRetryAccept;
  const Moment next = deadlines_.Next();
  if (next == Deadlines<Connection>::kNever) return milliseconds(-1);
  const auto left = std::chrono::ceil<milliseconds>(next - now_);
  return std::max(left, milliseconds(0));
}

void Loop::OnEvent(const Poller::Event& event) {
  for (const Socket& listener : listeners_.sockets) {
    if (event.owner == &listener) return Accept(listener.fd());
  }
  auto& connection = *static_cast<Connection*>(event.owner);
  if (event.readable) connection.may_be_readable_ = true;
  if (event.has_ended) connection.has_ended_ = true;
  switch (connection.phase_) {
    case Phase::kReading:
      if (event.readable) Read(connection);
      break;
    case Phase::kServing:
      if (event.writable && connection.wait_ == Connection::Wait::kWritable) Resume(connection);
      break;
    case Phase::kClosing:
      if (event.readable) Drain(connection);
      break;
    case Phase::kGone:
      break;
  }
}

void Loop::ResumePosted() {
  {
    const std::scoped_lock lock(mutex_);
    resumed_.swap(posted_);
  }
  for (Connection* connection : resumed_) Resume(*connection);
  resumed_.clear();
}

void Loop::TakeTurns() {
  for (Connection* connection : std::exchange(queued_, {})) {
    connection->is_queued_ = false;
    if (connection->state_ == RequestReader::State::kComplete) {
      Serve(*connection);
    } else {
      Read(*connection);
      CloseAtStop(*connection);
    }
  }
}

void Loop::Expire() {
  while (Connection* connection = deadlines_.TakeExpired(now_)) {
    if (connection->phase_ == Phase::kReading) {
      Close(*connection);
    } else if (connection->phase_ == Phase::kClosing) {
      Remove(*connection);
    } else if (connection->phase_ == Phase::kServing) {
      connection->timed_out_ = true;
      Resume(*connection);
    }
  }
}

// At a stop: what has arrived is answered, whatever the loop has seen of it so far.
void Loop::ContinueStop() {
  if (stopping_ && !stop_began_) {
    for (const Socket& listener : listeners_.sockets) Accept(listener.fd());
    stop_began_ = true;
    WatchListeners(false);
    listeners_.sockets.clear();
    for (Connection* connection : List(reading_)) {
      connection->may_be_readable_ = true;
      if (!connection->is_queued_) Read(*connection);
      CloseAtStop(*connection);
    }
    for (Connection* connection : List(others_)) {
      const bool sleeps =
          connection->phase_ == Phase::kServing && connection->wait_ == Connection::Wait::kTime;
      if (sleeps) Resume(*connection);
      if (connection->phase_ == Phase::kClosing) SetDeadline(*connection, now_ + kLingerAtStop);
    }
  }
  if (cutting_off_ && !cut_off_began_) {
    cut_off_began_ = true;
    for (Connection* connection : List(others_)) {
      if (connection->phase_ == Phase::kClosing) {
        Remove(*connection);
      } else if (connection->wait_ == Connection::Wait::kWritable) {
        connection->timed_out_ = true;
        Resume(*connection);
      }
    }
  }
}

}  // namespace kiosk::net
