#include "http/net/fiber.h"

#include <cxxabi.h>
#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <utility>

#include "http/net/fiber_switch.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__
#endif
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace kiosk::net {
namespace {

constexpr size_t kGuard = size_t{16} * 1024;  // a multiple of any page size in use
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kStack = size_t{1024} * 1024;  // instrumented frames are several times larger
#else
constexpr size_t kStack = size_t{256} * 1024;  // only what is used takes memory
#endif

// The exceptions that are being thrown and caught belong to a stack, not to its thread. The C++
// runtime keeps them in a pair of words for each thread.
void SwapExceptions(void** saved) {
  void** const current = reinterpret_cast<void**>(abi::__cxa_get_globals());
  std::swap(saved[0], current[0]);
  // The second word is a counter of half its size, with padding behind it.
  std::swap(saved[1], current[1]);
}

// AddressSanitizer has to know which stack is in use.
void BeginSwitch([[maybe_unused]] void** fake, [[maybe_unused]] const void* bottom,
                 [[maybe_unused]] size_t size) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(fake, bottom, size);
#endif
}
void EndSwitch([[maybe_unused]] void* fake, [[maybe_unused]] const void** bottom,
               [[maybe_unused]] size_t* size) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(fake, bottom, size);
#endif
}

}  // namespace

Fiber::Fiber() {
  void* memory = ::mmap(nullptr, kGuard + kStack, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  ::mprotect(memory, kGuard, PROT_NONE);  // an overflow ends the process, instead of going on
  memory_ = static_cast<char*>(memory);
#ifdef __SANITIZE_THREAD__
  tsan_inside_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#ifdef __SANITIZE_THREAD__
  __tsan_destroy_fiber(tsan_inside_);
#endif
  ::munmap(memory_, kGuard + kStack);
}

bool Fiber::Start(std::function<void()> body) {
  body_ = std::move(body);
  has_ended_ = false;
  if (!inside_) {
    inside_ = NewStack(
        memory_ + kGuard + kStack, [](void* fiber) { Main(static_cast<Fiber*>(fiber)); }, this);
  }
  return Enter();
}

bool Fiber::Resume() { return Enter(); }

bool Fiber::Enter() {
  void* fake = nullptr;
  SwapExceptions(exceptions_);
#ifdef __SANITIZE_THREAD__
  tsan_outside_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(tsan_inside_, 0);
#endif
  BeginSwitch(&fake, memory_ + kGuard, kStack);
  kiosk_switch_stack(&outside_, inside_);
  EndSwitch(fake, nullptr, nullptr);
  SwapExceptions(exceptions_);
  return has_ended_;
}

void Fiber::Yield() {
  void* fake = nullptr;
#ifdef __SANITIZE_THREAD__
  __tsan_switch_to_fiber(tsan_outside_, 0);
#endif
  BeginSwitch(&fake, outside_stack_, outside_size_);
  kiosk_switch_stack(&inside_, outside_);
  EndSwitch(fake, &outside_stack_, &outside_size_);
}

// The first function on the stack. It never returns: an ended fiber waits for its next body.
void Fiber::Main(Fiber* fiber) {
  EndSwitch(nullptr, &fiber->outside_stack_, &fiber->outside_size_);
  for (;;) {
    fiber->body_();
    fiber->body_ = nullptr;
    fiber->has_ended_ = true;
    fiber->Yield();
  }
}

}  // namespace kiosk::net
