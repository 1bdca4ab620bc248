// Context: where a goroutine that does not run continues.
//
// A context is nothing but a stack pointer; below it (context_offsets.h) lie the registers that a called function
// must preserve. The switch is in context_x86_64.S and context_aarch64.S.
//
//   void* sp = PrepareContext(stack_top, g);       // the first switch to sp calls gale_goroutine_main(g)
//   gale_switch_context(&self->sp, sp);            // returns when somebody switches back to self->sp
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "gale/runtime/internal/context_offsets.h"

namespace gale::internal {

struct G;

// InitialFrame is the frame that gale_switch_context pops.
struct InitialFrame {
#if defined(__x86_64__)
  std::uint64_t r15, r14, r13, r12, rbx, rbp, pc;
#else
  std::uint64_t x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, fp, pc;
  double d8, d9, d10, d11, d12, d13, d14, d15;
#endif
};

static_assert(sizeof(InitialFrame) == GALE_FRAME_SIZE);
static_assert(offsetof(InitialFrame, pc) == GALE_FRAME_PC);
#if defined(__x86_64__)
static_assert(offsetof(InitialFrame, r15) == GALE_FRAME_R15);
static_assert(offsetof(InitialFrame, r14) == GALE_FRAME_R14);
static_assert(offsetof(InitialFrame, r13) == GALE_FRAME_R13);
static_assert(offsetof(InitialFrame, r12) == GALE_FRAME_R12);
static_assert(offsetof(InitialFrame, rbx) == GALE_FRAME_RBX);
static_assert(offsetof(InitialFrame, rbp) == GALE_FRAME_RBP);
#else
static_assert(offsetof(InitialFrame, x19) == GALE_FRAME_X19);
static_assert(offsetof(InitialFrame, x21) == GALE_FRAME_X21);
static_assert(offsetof(InitialFrame, x23) == GALE_FRAME_X23);
static_assert(offsetof(InitialFrame, x25) == GALE_FRAME_X25);
static_assert(offsetof(InitialFrame, x27) == GALE_FRAME_X27);
static_assert(offsetof(InitialFrame, fp) == GALE_FRAME_FP);
static_assert(offsetof(InitialFrame, d8) == GALE_FRAME_D8);
static_assert(offsetof(InitialFrame, d10) == GALE_FRAME_D10);
static_assert(offsetof(InitialFrame, d12) == GALE_FRAME_D12);
static_assert(offsetof(InitialFrame, d14) == GALE_FRAME_D14);
#endif

extern "C" void gale_switch_context(void** save_sp, void* load_sp);
extern "C" void gale_goroutine_start();
extern "C" [[noreturn]] void gale_goroutine_main(G* g);

// PrepareContext writes the frame that starts g onto an empty stack, below stack_top (16-byte aligned), and returns
// the stack pointer to switch to.
inline void* PrepareContext(void* stack_top, G* g) {
  // At gale_goroutine_start the stack pointer must be a multiple of 16, as before any call.
  auto* frame = reinterpret_cast<InitialFrame*>(static_cast<char*>(stack_top) - 16 - sizeof(InitialFrame));
#if defined(__x86_64__)
  frame->rbx = reinterpret_cast<std::uint64_t>(g);
  frame->rbp = 0;
#else
  frame->x19 = reinterpret_cast<std::uint64_t>(g);
  frame->fp = 0;
#endif
  frame->pc = reinterpret_cast<std::uint64_t>(&gale_goroutine_start);
  return frame;
}

}  // namespace gale::internal
