#include "http/parsing_turn.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <condition_variable>

#include "store/thread_annotations.h"

namespace kiosk {
namespace {

Mutex mutex;
std::condition_variable has_room;
size_t left GUARDED_BY(mutex) = ParsingTurn::kBudget;

// What is freed goes back to the system. The allocator would keep more with each large body, for
// each thread of its own: malloc_trim does not reach the ends of the threads' heaps.
void ReturnMemory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace

void LimitKeptMemory() {
#ifdef __GLIBC__
  constexpr int kMapped = 262'144;
  constexpr int kKept = 1'048'576;
  ::mallopt(M_MMAP_THRESHOLD, kMapped);
  ::mallopt(M_TRIM_THRESHOLD, kKept);
#endif
}

ParsingTurn::ParsingTurn(size_t size) : size_(size <= kSmall ? 0 : std::min(size, kBudget)) {
  if (size_ == 0) return;
  MutexLock lock(mutex);
  while (left < size_) lock.Wait(has_room);
  left -= size_;
}

ParsingTurn::~ParsingTurn() {
  if (size_ == 0) return;
  ReturnMemory();
  {
    const MutexLock lock(mutex);
    left += size_;
  }
  has_room.notify_all();
}

}  // namespace kiosk
