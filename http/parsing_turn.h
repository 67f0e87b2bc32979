// Bounds the memory of parsed bodies: a body of 1 MiB can take 30 times as much when it is parsed.
#pragma once

#include <cstddef>

namespace kiosk {

// Held while a body of `size` bytes is parsed and used. All large bodies together are at most 1
// MiB: others wait for their turn. A small body never waits. Any thread.
class ParsingTurn {
 public:
  static constexpr size_t kSmall = 65'536;
  static constexpr size_t kBudget = 1'048'576;

  explicit ParsingTurn(size_t size);
  ~ParsingTurn();
  ParsingTurn(const ParsingTurn&) = delete;
  ParsingTurn& operator=(const ParsingTurn&) = delete;

 private:
  size_t size_;  // 0: a small one
};

// Keeps the allocator from holding on to the memory of large bodies: it would raise its own limits
// with each, and malloc_trim does not reach the ends of the threads' heaps. Once, at the start.
void LimitKeptMemory();

}  // namespace kiosk
