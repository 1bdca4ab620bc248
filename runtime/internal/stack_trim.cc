#include "gale/runtime/internal/stack_trim.h"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>

#include "gale/runtime/internal/process_barrier.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/spin_lock.h"
#include "gale/runtime/internal/stack.h"

namespace gale::internal {

TrimStatistics trim_statistics;

namespace {

// Below a saved stack pointer a function may have left values (128 bytes on x86-64); twice that, to be safe.
constexpr std::uintptr_t kRedZone = 256;
constexpr std::size_t kMostPages = (std::size_t{1} << kDefaultSlotShift) / kPageSize;

// Whether what T1 marked has been made visible by T2. Scavenger's alone.
bool marks_are_published = false;

// A G's memory may just be carved or made anew by somebody else, which TSan would take for a race: the status tells
// whether the rest may be looked at, and is zero (kIdle) before.
[[gnu::no_sanitize("thread")]] bool IsWaiting(const G* g) {
  return __atomic_load_n(reinterpret_cast<const std::uint8_t*>(&g->status), __ATOMIC_ACQUIRE) ==
         static_cast<std::uint8_t>(GStatus::kWaiting);
}

[[gnu::no_sanitize("thread")]] StackAge Age(const G* g) {
  return static_cast<StackAge>(__atomic_load_n(reinterpret_cast<const std::uint8_t*>(&g->stack_age), __ATOMIC_RELAXED));
}

[[gnu::no_sanitize("thread")]] bool ChangeAge(G* g, StackAge from, StackAge to) {
  auto expected = static_cast<std::uint8_t>(from);
  return __atomic_compare_exchange_n(reinterpret_cast<std::uint8_t*>(&g->stack_age), &expected,
                                     static_cast<std::uint8_t>(to), /*weak=*/false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

struct Resident {
  std::uintptr_t lowest = 0;  // the lowest resident page, or the range's end
  std::size_t bytes = 0;
};

// FindResident looks at the pages of [low, high), which are page-aligned and at most one slot.
Resident FindResident(std::uintptr_t low, std::uintptr_t high) {
  unsigned char in_core[kMostPages];
  Resident resident{high, 0};
  std::size_t pages = (high - low) / kPageSize;
  if (pages == 0 || mincore(reinterpret_cast<void*>(low), high - low, in_core) != 0) return resident;
  for (std::size_t i = pages; i-- > 0;) {
    if ((in_core[i] & 1) == 0) continue;
    resident.lowest = low + i * kPageSize;
    resident.bytes += kPageSize;
  }
  return resident;
}

void RaiseDeepest(std::size_t depth) {
  // Only the scavenger writes.
  if (depth > trim_statistics.deepest_bytes.load(std::memory_order_relaxed)) {
    trim_statistics.deepest_bytes.store(depth, std::memory_order_relaxed);
  }
}

void Release(const Resident& resident, std::uintptr_t high) {
  if (resident.bytes == 0) return;
  // Fails for locked pages: they stay.
  if (madvise(reinterpret_cast<void*>(resident.lowest), high - resident.lowest, MADV_DONTNEED) != 0) return;
  trim_statistics.released_bytes.fetch_add(resident.bytes, std::memory_order_relaxed);
}

[[gnu::no_sanitize("thread")]] void DropPagesBelow(const G* g, const void* sp) {
  auto low = reinterpret_cast<std::uintptr_t>(g->stack_low);
  std::uintptr_t high = (reinterpret_cast<std::uintptr_t>(sp) - kRedZone) & ~(kPageSize - 1);
  if (high <= low) return;
  Resident resident = FindResident(low, high);
  RaiseDeepest(reinterpret_cast<std::uintptr_t>(g->stack_high) - resident.lowest);
  Release(resident, high);
}

// Not instrumented: the switch writes sp in assembly.
[[gnu::no_sanitize("thread")]] const void* SavedStackPointer(const G* g) { return g->sp; }

}  // namespace

TrimStep TrimIfParkedLong(G* g) {
  if (!IsWaiting(g)) return TrimStep::kNothing;
  switch (Age(g)) {
    case StackAge::kFresh:
      return ChangeAge(g, StackAge::kFresh, StackAge::kAging) ? TrimStep::kMarked : TrimStep::kNothing;
    case StackAge::kAging: break;
    default: return TrimStep::kNothing;  // trimmed, or about to run
  }
  if (!marks_are_published || !ChangeAge(g, StackAge::kAging, StackAge::kClaimed)) return TrimStep::kNothing;
  if (!IsWaiting(g)) {
    ChangeAge(g, StackAge::kClaimed, StackAge::kFresh);
    return TrimStep::kNothing;
  }
  DropPagesBelow(g, SavedStackPointer(g));
  ChangeAge(g, StackAge::kClaimed, StackAge::kTrimmed);
  return TrimStep::kTrimmed;
}

void FinishTrimPass() { marks_are_published = ProcessBarrier(); }

[[gnu::no_sanitize("thread")]] bool BeginRun(G* g) {
  for (int round = 0;; ++round) {
    StackAge age = Age(g);
    if (age == StackAge::kFresh) return false;
    if (age != StackAge::kClaimed && ChangeAge(g, age, StackAge::kFresh)) {
      return (static_cast<std::uint8_t>(age) & kReadyStamp) != 0;
    }
    // Some microseconds, unless the scavenger has lost its CPU.
    constexpr int kSpins = 1000;
    if (round < kSpins) {
      CpuRelax();
    } else {
      sched_yield();
    }
  }
}

void DropDeadStack(G* g) {
  FiberDropped(g);
  auto low = reinterpret_cast<std::uintptr_t>(g->stack_low);
  std::uintptr_t high = (reinterpret_cast<std::uintptr_t>(g) & ~(kPageSize - 1)) + kPageSize;
  Resident resident = FindResident(low, high);
  RaiseDeepest(reinterpret_cast<std::uintptr_t>(g->stack_high) - resident.lowest);
  Release(resident, high);
}

}  // namespace gale::internal
