#include "gale/runtime/internal/gdb_layout.h"

#include <array>
#include <cstddef>

#include "gale/runtime/internal/coarse_clock.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/stack.h"

extern "C" {
gale::internal::GdbLayout gale_gdb_layout;
}

namespace gale::internal {

namespace {

constexpr std::size_t kReasons = 64;

constexpr std::array<const char*, kReasons> ReasonTexts() {
  std::array<const char*, kReasons> texts{};
  for (std::size_t i = 0; i < kReasons; ++i) texts[i] = WaitReasonText(static_cast<WaitReason>(i));
  return texts;
}

constinit std::array<const char*, kReasons> reason_texts = ReasonTexts();

std::uint64_t Address(const void* pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

}  // namespace

void PublishGdbLayout() {
  gale_gdb_layout = {
      .version = kGdbLayoutVersion,
      .region_base = Address(&stack_region.base),
      .region_default_size = Address(&stack_region.default_size),
      .default_slots = Address(SlotsCarvedCounter(StackClass::kDefault)),
      .small_slots = Address(SlotsCarvedCounter(StackClass::kSmall)),
      .default_slot_shift = kDefaultSlotShift,
      .small_slot_shift = kSmallSlotShift,
      .g_reserve = kGReserve,
      .colours = kColours,
      .colour_size = kColourSize,
      .sp = offsetof(G, sp),
      .id = offsetof(G, id),
      .parent_id = offsetof(G, parent_id),
      .status = offsetof(G, status),
      .wait_reason = offsetof(G, wait_reason),
      .waiting_since = offsetof(G, waiting_since),
      .created_at = offsetof(G, created_at),
      .entry = offsetof(G, entry),
      .reasons = Address(reason_texts.data()),
      .reason_count = kReasons,
      .coarse_time = Address(&coarse_time),
      .coarse_unit = std::uint64_t{1} << kCoarseTimeShift,
  };
}

}  // namespace gale::internal
