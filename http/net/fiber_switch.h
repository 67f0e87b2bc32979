// The switch between two stacks: saves the registers that a function must preserve and the stack
// pointer, and loads those of the other side. Written in assembly because ucontext's makes two
// system calls, which costs more than answering from a cache.
#pragma once

#include <cstddef>

namespace kiosk::net {

// Stores the current stack pointer in `*save` and goes on where `load` was stored.
extern "C" void kiosk_switch_stack(void** save, void* load);

// A stack pointer that, switched to, calls `main(argument)`, which never returns. `top` is the end
// of the stack's memory, aligned to 16 bytes.
void* NewStack(char* top, void (*main)(void*), void* argument);

}  // namespace kiosk::net
