// The layout of the runtime's data for debuggers: where goroutines are, and what in them is where.
//
// The gdb script (gale_gdb.py) reads it, so that it needs neither debug information nor knowledge of this version, in
// a live process and in a core. It follows Photon's example in that.
#pragma once

#include <cstdint>

namespace gale::internal {

inline constexpr std::uint64_t kGdbLayoutVersion = 1;

// GdbLayout holds 64-bit words only; the script knows them by their order. Add at the end, and raise the version if
// anything else changes.
struct GdbLayout {
  std::uint64_t version = 0;  // 0 until the runtime starts
  // Addresses.
  std::uint64_t region_base = 0;
  std::uint64_t region_default_size = 0;
  std::uint64_t default_slots = 0;
  std::uint64_t small_slots = 0;
  // stack_region.h.
  std::uint64_t default_slot_shift = 0;
  std::uint64_t small_slot_shift = 0;
  std::uint64_t g_reserve = 0;
  std::uint64_t colours = 0;
  std::uint64_t colour_size = 0;
  // Offsets in a G.
  std::uint64_t sp = 0;
  std::uint64_t id = 0;
  std::uint64_t parent_id = 0;
  std::uint64_t status = 0;
  std::uint64_t wait_reason = 0;
  std::uint64_t waiting_since = 0;
  std::uint64_t created_at = 0;
  std::uint64_t entry = 0;
  // The texts of wait reasons: the address of an array of addresses, and their number.
  std::uint64_t reasons = 0;
  std::uint64_t reason_count = 0;
  // coarse_clock.h: the address of the clock, and nanoseconds in one unit.
  std::uint64_t coarse_time = 0;
  std::uint64_t coarse_unit = 0;
};

// PublishGdbLayout fills in gale_gdb_layout. Once, when the runtime starts.
void PublishGdbLayout();

}  // namespace gale::internal
