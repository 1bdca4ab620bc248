// Stacks: carving slots from the region and guarding them.
//
// A slot is carved once and then lives in pools (g_pool.h); it is never unmapped. Its lowest page is a guard:
//
//   1. MADV_GUARD_INSTALL (Linux 6.13): a page-table entry, no VMA. A million goroutines fit in one VMA.
//   2. mprotect(PROT_NONE) on older kernels: two VMAs each, so only until 60 % of vm.max_map_count are used.
//   3. Beyond that a canary: the lowest page of a fresh slot reads as zeros, and must still do so when the
//      goroutine parks or ends. It finds an overflow late, but it finds it, and it costs no memory.
//
// GALE_STACK_GUARD=madvise|mprotect|canary forces one of them, for tests.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "gale/runtime/internal/stack_region.h"

namespace gale::internal {

struct G;

enum class GuardKind : std::uint8_t { kMadvise, kMprotect, kCanary };

// ReserveStackRegion reserves the address space. Once, before the first goroutine. Fatal if not even a thousand
// stacks can be reserved.
void ReserveStackRegion();

struct StackSlot {
  char* low = nullptr;   // the slot's lowest byte, where the guard page is
  char* high = nullptr;  // the first byte after the slot
  bool has_canary = false;
};

// CarveSlot takes a fresh slot from the region and guards it. Safe from any thread. Returns an empty slot when the
// region is used up.
StackSlot CarveSlot(StackClass stack_class);

// SlotG is where the G of a class's slot lies; index < SlotsCarved(stack_class). The slot may be carved at this moment,
// or given back: then the memory reads as zeros.
G* SlotG(StackClass stack_class, std::size_t index);

// CanaryIntact tells that the lowest page of a slot guarded by a canary seems untouched: all of its highest bytes,
// which an overflow meets first, and samples of the others.
bool CanaryIntact(const char* slot_low);

// InGuardPage tells whether the address lies in the guard page of some slot.
bool InGuardPage(std::uintptr_t address);

// SlotsCarved is the number of slots carved so far, of one class.
std::size_t SlotsCarved(StackClass stack_class);
// SlotsCarvedCounter is where that number is, for debuggers.
const std::atomic<std::size_t>* SlotsCarvedCounter(StackClass stack_class);

// GuardInUse is the strongest kind of guard that fresh slots get.
GuardKind GuardInUse();

}  // namespace gale::internal
