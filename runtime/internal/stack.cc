#include "gale/runtime/internal/stack.h"

#include <sys/mman.h>
#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/leak_roots.h"
#include "gale/runtime/internal/sanitizer.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102  // Linux 6.13; Debian 12's headers are older
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

namespace gale::internal {

constinit StackRegion stack_region;

namespace {

// TSan maps application memory into a window of some 1.5 TiB, so the region must be smaller there.
constexpr std::size_t kLargestRegion = kThreadSanitizer ? std::size_t{1} << 36 : std::size_t{1} << 40;
constexpr std::size_t kSmallestRegion = std::size_t{1} << 28;

struct Carver {
  std::atomic<std::size_t> carved{0};  // slots; relaxed: the number alone is the claim
  std::uintptr_t base = 0;
  std::size_t capacity = 0;  // slots
};

struct Stacks {
  Carver carvers[2];
  std::atomic<GuardKind> guard{GuardKind::kMadvise};
  std::atomic<std::size_t> protected_slots{0};
  std::size_t most_protected_slots = 0;
};

constinit Stacks stacks;

std::size_t MostMappings() {
  std::size_t most = 65530;  // the kernel's default
  if (std::FILE* file = std::fopen("/proc/sys/vm/max_map_count", "re")) {
    unsigned long value = 0;
    if (std::fscanf(file, "%lu", &value) == 1) most = value;
    std::fclose(file);
  }
  return most;
}

bool MadviseGuardWorks(char* page) {
  if (madvise(page, kPageSize, MADV_GUARD_INSTALL) != 0) return false;
  constexpr int kMadvGuardRemove = 103;
  madvise(page, kPageSize, kMadvGuardRemove);
  return true;
}

GuardKind ChooseGuard(char* probe_page) {
  const char* forced = std::getenv("GALE_STACK_GUARD");
  if (forced == nullptr || *forced == '\0') {
    return MadviseGuardWorks(probe_page) ? GuardKind::kMadvise : GuardKind::kMprotect;
  }
  if (std::strcmp(forced, "madvise") == 0) return GuardKind::kMadvise;
  if (std::strcmp(forced, "mprotect") == 0) return GuardKind::kMprotect;
  if (std::strcmp(forced, "canary") == 0) return GuardKind::kCanary;
  Fatal("GALE_STACK_GUARD=%s: want madvise, mprotect or canary", forced);
}

// IncludeInCores makes cores hold a slot that was just carved, and some more, because each call costs a microsecond.
void IncludeInCores(const Carver& carver, std::size_t index, std::size_t slot_size) {
  constexpr std::size_t kBatch = 64;
  if (index % kBatch != 0) return;
  std::size_t slots = std::min(kBatch, carver.capacity - index);
  madvise(reinterpret_cast<char*>(carver.base + index * slot_size), slots * slot_size, MADV_DODUMP);
}

bool GuardByMprotect(char* slot_low) {
  std::size_t order = stacks.protected_slots.fetch_add(1, std::memory_order_relaxed);
  if (order < stacks.most_protected_slots && mprotect(slot_low, kPageSize, PROT_NONE) == 0) return true;
  stacks.guard.store(GuardKind::kCanary, std::memory_order_relaxed);
  return false;
}

// Guard returns false if the slot must make do with a canary.
bool Guard(char* slot_low) {
  switch (stacks.guard.load(std::memory_order_relaxed)) {
    case GuardKind::kMadvise:
      if (madvise(slot_low, kPageSize, MADV_GUARD_INSTALL) == 0) return true;
      Fatal("stack guard: madvise(MADV_GUARD_INSTALL): %s", std::strerror(errno));
    case GuardKind::kMprotect: return GuardByMprotect(slot_low);
    case GuardKind::kCanary: return false;
  }
  return false;
}

}  // namespace

void ReserveStackRegion() {
  constexpr std::size_t kAlignment = std::size_t{1} << kDefaultSlotShift;
  for (std::size_t size = kLargestRegion; size >= kSmallestRegion; size /= 2) {
    void* memory = mmap(nullptr, size + kAlignment, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) continue;
    // A huge page under each small stack would cost 2 MiB per goroutine.
    madvise(memory, size + kAlignment, MADV_NOHUGEPAGE);
    // The kernel walks over every page of what a core may hold: for a tebibyte, that takes most of a minute.
    madvise(memory, size + kAlignment, MADV_DONTDUMP);
    prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, memory, size + kAlignment, "gale stacks");
    std::uintptr_t base = (reinterpret_cast<std::uintptr_t>(memory) + kAlignment - 1) & ~(kAlignment - 1);
    std::size_t small_size = size / 8;
    stacks.carvers[0].base = base;
    stacks.carvers[0].capacity = (size - small_size) >> kDefaultSlotShift;
    stacks.carvers[1].base = base + (size - small_size);
    stacks.carvers[1].capacity = small_size >> kSmallSlotShift;
    stacks.most_protected_slots = MostMappings() / 10 * 6 / 2;
    stacks.guard.store(ChooseGuard(reinterpret_cast<char*>(base)), std::memory_order_relaxed);
    stack_region.base.store(base, std::memory_order_relaxed);
    stack_region.default_size.store(size - small_size, std::memory_order_relaxed);
    stack_region.size.store(size, std::memory_order_relaxed);
    return;
  }
  Fatal("stacks: cannot reserve %zu MiB of address space: %s (is RLIMIT_AS or vm.overcommit_memory set?)",
        kSmallestRegion >> 20, std::strerror(errno));
}

StackSlot CarveSlot(StackClass stack_class) {
  Carver& carver = stacks.carvers[static_cast<int>(stack_class)];
  std::size_t index = carver.carved.fetch_add(1, std::memory_order_relaxed);
  if (index >= carver.capacity) {
    carver.carved.fetch_sub(1, std::memory_order_relaxed);
    return {};
  }
  std::size_t slot_size = std::size_t{1} << SlotShift(stack_class);
  char* low = reinterpret_cast<char*>(carver.base + index * slot_size);
  IncludeInCores(carver, index, slot_size);
  bool guarded = Guard(low);
  AnnounceStack(index, low + kPageSize, slot_size - kPageSize);
  return {low, low + slot_size, !guarded};
}

G* SlotG(StackClass stack_class, std::size_t index) {
  std::uintptr_t low = stacks.carvers[static_cast<int>(stack_class)].base + (index << SlotShift(stack_class));
  return reinterpret_cast<G*>(GAddress(low, low - stack_region.Base()));
}

bool CanaryIntact(const char* slot_low) {
  constexpr std::size_t kWords = kPageSize / sizeof(std::uint64_t);
  constexpr std::size_t kLine = 64 / sizeof(std::uint64_t);
  const auto* words = reinterpret_cast<const std::uint64_t*>(slot_low);
  for (std::size_t i = kWords - kLine; i < kWords; ++i) {
    if (words[i] != 0) return false;
  }
  for (std::size_t i = 0; i < kWords; i += kLine) {
    if (words[i] != 0) return false;
  }
  return true;
}

bool InGuardPage(std::uintptr_t address) {
  std::uintptr_t offset = address - stack_region.Base();
  if (offset >= stack_region.Size()) return false;
  int shift = offset < stack_region.DefaultSize() ? kDefaultSlotShift : kSmallSlotShift;
  return (address & ((std::uintptr_t{1} << shift) - 1)) < kPageSize;
}

const std::atomic<std::size_t>* SlotsCarvedCounter(StackClass stack_class) {
  return &stacks.carvers[static_cast<int>(stack_class)].carved;
}

std::size_t SlotsCarved(StackClass stack_class) {
  return stacks.carvers[static_cast<int>(stack_class)].carved.load(std::memory_order_relaxed);
}

GuardKind GuardInUse() { return stacks.guard.load(std::memory_order_relaxed); }

}  // namespace gale::internal
