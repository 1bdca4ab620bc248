// StackRegion: the one reservation of address space from which all goroutines' stacks are carved.
//
// It is cut into slots, powers of two aligned to their size. A slot, from its lowest address:
//
//   [ guard page | stack, growing down from the G | G, at a cache colour of its own | colour padding ]
//
// The top page holds the G, the goroutine's closure and the first frames, so a parked goroutine costs one page. Gs
// are shifted by 0 to 15 cache lines ("coloured"), because otherwise all of them would compete for the same few
// cache sets. The colour follows from the slot's number, so that finding the G stays pure arithmetic.
//
// Two classes of slots share the region: the default ones first, then the small ones.
// Rejected: a mapping per stack (two VMAs each: vm.max_map_count ends that at 32 000 goroutines, and mmap costs
// 100 times a pooled spawn); segmented and copied stacks (C++ frames cannot be moved).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gale::internal {

enum class StackClass : std::uint8_t { kDefault, kSmall };

inline constexpr int kDefaultSlotShift = 18;  // 256 KiB: OpenSSL handshakes, getaddrinfo and std::regex fit
inline constexpr int kSmallSlotShift = 16;    // 64 KiB: less page table per goroutine (128 B instead of 512 B)
inline constexpr std::size_t kPageSize = 4096;
inline constexpr std::size_t kGReserve = 512;  // room for one G
inline constexpr std::size_t kColours = 16;
inline constexpr std::size_t kColourSize = 64;

constexpr int SlotShift(StackClass stack_class) {
  return stack_class == StackClass::kDefault ? kDefaultSlotShift : kSmallSlotShift;
}

// Written once, before the first goroutine exists; constant afterwards. Atomic because plain threads ask whether they
// are goroutines while another one starts the runtime. Relaxed: such a thread's own stack does not lie in the region,
// whichever of the values it sees; a goroutine has been handed to its thread with an acquire.
struct StackRegion {
  std::atomic<std::uintptr_t> base = 0;
  std::atomic<std::size_t> size = 0;          // 0 until the runtime starts: no address lies in it
  std::atomic<std::size_t> default_size = 0;  // the first default_size bytes are default slots, the others small ones

  std::uintptr_t Base() const { return base.load(std::memory_order_relaxed); }
  std::size_t Size() const { return size.load(std::memory_order_relaxed); }
  std::size_t DefaultSize() const { return default_size.load(std::memory_order_relaxed); }
};

extern constinit StackRegion stack_region;

// GAddress is the address of the G of the slot in which address lies; offset is its distance from the region's base.
inline std::uintptr_t GAddress(std::uintptr_t address, std::uintptr_t offset) {
  int shift = offset < stack_region.DefaultSize() ? kDefaultSlotShift : kSmallSlotShift;
  std::uintptr_t slot_end = ((address >> shift) + 1) << shift;
  std::uintptr_t colour = (address >> shift) % kColours;
  return slot_end - kGReserve - colour * kColourSize;
}

}  // namespace gale::internal
