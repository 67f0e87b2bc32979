// A stack of its own for a request, so that the request can stop in the middle and go on later
// while its thread serves others.
//
// Why: the HTTP library and the handlers are synchronous. A thread per request costs one to two
// thread switches per request and a stack per connection; a fiber costs a switch of 20
// instructions, and a stack only while a request is being answered. Writing routes as chains of
// callbacks instead would put that into every handler.
//
// A fiber stays on the thread that started it. The compiler may keep the address of a thread-local
// variable over a switch, which is correct only for that reason.
#pragma once

#include <cstddef>
#include <functional>

namespace kiosk::net {

class Fiber {
 public:
  // Throws std::bad_alloc.
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs `body`, which does not throw, until it yields or ends; true when it has ended. Then the
  // fiber can be started again.
  bool Start(std::function<void()> body);
  bool Resume();

  // On the fiber: returns to the caller of Start or Resume.
  void Yield();

 private:
  static void Main(Fiber* fiber);
  bool Enter();

  char* memory_;            // a guard page, and the stack above it
  void* inside_ = nullptr;  // stack pointers, while the other side runs
  void* outside_ = nullptr;
  void* exceptions_[2] = {nullptr, nullptr};
  std::function<void()> body_;
  bool has_ended_ = true;

  // What sanitizers are given to follow a switch.
  const void* outside_stack_ = nullptr;
  size_t outside_size_ = 0;
  void* tsan_inside_ = nullptr;
  void* tsan_outside_ = nullptr;
};

}  // namespace kiosk::net
