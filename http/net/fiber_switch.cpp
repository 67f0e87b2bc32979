#include "http/net/fiber_switch.h"

#include <cstdint>
#include <cstring>

extern "C" void kiosk_enter_stack();

#if defined(__x86_64__)

// The System V ABI preserves rbx, rbp, r12 to r15 and the two control words of the floating-point
// units. A new stack begins in kiosk_enter_stack, with its function in r13 and the argument in r12.
asm(R"(
.text
.globl kiosk_switch_stack
.type kiosk_switch_stack,@function
kiosk_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  subq $8, %rsp
  stmxcsr (%rsp)
  fnstcw 4(%rsp)
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  ldmxcsr (%rsp)
  fldcw 4(%rsp)
  addq $8, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size kiosk_switch_stack,.-kiosk_switch_stack
.globl kiosk_enter_stack
.type kiosk_enter_stack,@function
kiosk_enter_stack:
  .cfi_startproc
  .cfi_undefined rip
  movq %r12, %rdi
  call *%r13
  ud2
  .cfi_endproc
.size kiosk_enter_stack,.-kiosk_enter_stack
)");

namespace kiosk::net {

void* NewStack(char* top, void (*main)(void*), void* argument) {
  constexpr uint32_t kControlWords[2] = {0x1F80, 0x037F};  // the defaults of both units
  void* words[10] = {};
  std::memcpy(static_cast<void*>(&words[0]), kControlWords, sizeof kControlWords);
  words[3] = reinterpret_cast<void*>(main);                // r13
  words[4] = argument;                                     // r12
  words[7] = reinterpret_cast<void*>(&kiosk_enter_stack);  // returned to
  char* const stack = top - sizeof words;
  std::memcpy(stack, static_cast<const void*>(words), sizeof words);
  return stack;
}

}  // namespace kiosk::net

#elif defined(__aarch64__)

// The procedure call standard preserves x19 to x30 and the lower halves of v8 to v15. A new stack
// begins in kiosk_enter_stack, with its function in x20 and the argument in x19.
asm(R"(
.text
.globl kiosk_switch_stack
.type kiosk_switch_stack,%function
kiosk_switch_stack:
  sub sp, sp, #160
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size kiosk_switch_stack,.-kiosk_switch_stack
.globl kiosk_enter_stack
.type kiosk_enter_stack,%function
kiosk_enter_stack:
  .cfi_startproc
  .cfi_undefined x30
  mov x0, x19
  blr x20
  brk #1
  .cfi_endproc
.size kiosk_enter_stack,.-kiosk_enter_stack
)");

namespace kiosk::net {

void* NewStack(char* top, void (*main)(void*), void* argument) {
  void* words[20] = {};
  words[0] = argument;                                      // x19
  words[1] = reinterpret_cast<void*>(main);                 // x20
  words[11] = reinterpret_cast<void*>(&kiosk_enter_stack);  // x30: returned to
  char* const stack = top - sizeof words;
  std::memcpy(stack, static_cast<const void*>(words), sizeof words);
  return stack;
}

}  // namespace kiosk::net

#else
#error "kiosk has no stack switch for this processor; add one to http/net/fiber_switch.cpp"
#endif
