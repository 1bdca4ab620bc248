// G: one goroutine.
//
// A goroutine's G lies at the top of its own stack's slot (stack.h), so that CurrentG() is arithmetic on the stack
// pointer. There are two other kinds: every M has a G for its scheduling stack (g0, the thread's own stack), and a
// thread that is no M gets a proxy G the first time it waits, which sleeps on a futex instead of switching. All
// three can be current, wait in queues and be made ready, so that nothing above this file asks what it deals with.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "gale/runtime/internal/stack_region.h"
#include "gale/runtime/wait_reason.h"

namespace gale::internal {

class Bubble;
struct M;
struct G;

enum class GKind : std::uint8_t { kGoroutine, kScheduler, kThread };

enum class GStatus : std::uint8_t { kIdle, kRunnable, kRunning, kWaiting, kDead };

// StackAge is where a goroutine's stack stands in the trimming protocol (stack_trim.h), plus kReadyStamp if the time at
// which it was made runnable is being sampled (counters.h). In one byte, so that the switch tests both at once.
enum class StackAge : std::uint8_t { kFresh, kAging, kClaimed, kTrimmed };
inline constexpr std::uint8_t kReadyStamp = 4;

// EhGlobals mirrors the C++ ABI's __cxa_eh_globals: the caught exceptions and the number of uncaught ones. The ABI
// keeps them per thread; the switch keeps them per goroutine.
struct EhGlobals {
  void* caught_exceptions = nullptr;
  unsigned int uncaught_exceptions = 0;
  std::uint32_t times_ready = 0;  // padding in the ABI's, so the switch carries it along: see counters.h
};

// ParkCommit runs after a goroutine has left its stack. It makes the goroutine findable for those who will wake it
// (typically by unlocking the lock under which it was queued) and returns true; or it returns false: the wait is
// off, the goroutine runs on.
using ParkCommit = bool (*)(G* g, void* arg);

struct alignas(64) G {
  // The first line is all that a switch touches.
  void* sp = nullptr;           // where it continues; null while it runs
  M* m = nullptr;               // who runs it; written before each switch to it
  EhGlobals eh;                 // valid while it does not run
  G* next = nullptr;            // link of the one queue or free list it is in
  ParkCommit commit = nullptr;  // of the park in progress
  void* commit_arg = nullptr;
  GKind kind : 2 = GKind::kGoroutine;
  StackClass stack_class : 3 = StackClass::kDefault;
  bool has_canary : 1 = false;  // its stack has no better guard: check it when it is left
  bool in_bubble : 1 = false;   // it belongs to `bubble`
  bool locked : 1 = false;      // only locked_to may run it (LockOSThread)
  // Written by whoever owns the goroutine at that moment; read by dumps, which may see it a moment late.
  std::atomic<GStatus> status{GStatus::kIdle};
  std::atomic<WaitReason> wait_reason{WaitReason::kNone};
  std::atomic<StackAge> stack_age{StackAge::kFresh};
  std::atomic<std::uint32_t> waiting_since{0};  // coarse_clock.h; of the last park

  void (*entry)(void*) = nullptr;  // the goroutine's function and its closure
  void* entry_arg = nullptr;
  std::uint64_t id = 0;             // number, never reused
  std::uint64_t parent_id = 0;      // number of the goroutine that started it, 0: a thread
  void* created_at = nullptr;       // return address of the call of Go that started it, or null
  Bubble* bubble = nullptr;         // if in_bubble
  M* locked_to = nullptr;           // if locked
  char* stack_low = nullptr;        // lowest usable byte (above the guard)
  char* stack_high = nullptr;       // first byte above the usable stack
  std::atomic<int> futex{0};        // of a proxy: 1 once it has been made ready
  std::uint32_t select_random = 0;  // state of the generator that makes Select fair; 0: not yet seeded
  std::uint64_t ready_cycles = 0;   // when it was made runnable, if stack_age says so
  void* asan_fake_stack = nullptr;
  void* tsan_fiber = nullptr;
  unsigned int tsan_reuses = 0;
};

static_assert(offsetof(G, waiting_since) + sizeof(std::uint32_t) == 64, "a switch must touch one cache line of a G");
static_assert(sizeof(G) <= 512, "G, its colour and the park frames must share one page");

// StackPointer is the current stack pointer. Not volatile: within one function it may be read once, which is right,
// because a goroutine never changes its stack.
inline std::uintptr_t StackPointer() {
  std::uintptr_t sp;
#if defined(__x86_64__)
  asm("movq %%rsp, %0" : "=r"(sp));
#else
  asm("mov %0, sp" : "=r"(sp));
#endif
  return sp;
}

// GoroutineOfStack is the goroutine on whose stack the address lies, or null.
inline G* GoroutineOfStack(std::uintptr_t address) {
  std::uintptr_t offset = address - stack_region.Base();
  if (offset >= stack_region.Size()) return nullptr;
  return reinterpret_cast<G*>(GAddress(address, offset));
}

// CurrentGoroutine is the running goroutine, or null on a thread's own stack. No thread_local is involved, so the
// answer cannot be stale after a migration.
inline G* CurrentGoroutine() { return GoroutineOfStack(StackPointer()); }

}  // namespace gale::internal
