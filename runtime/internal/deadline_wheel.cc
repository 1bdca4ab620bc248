#include "gale/runtime/internal/deadline_wheel.h"

#include <bit>
#include <mutex>

namespace gale::internal {

namespace {
constexpr std::uint64_t kNever = UINT64_MAX;

std::uint64_t TickAtOrAfter(std::int64_t when, int shift) {
  std::uint64_t nanos = when < 0 ? 0 : static_cast<std::uint64_t>(when);
  return (nanos + (std::uint64_t{1} << shift) - 1) >> shift;
}
}  // namespace

DeadlineWheel::DeadlineWheel(std::int64_t now) : current_(static_cast<std::uint64_t>(now) >> kTickShift) {
  for (Level& level : levels_) {
    for (DeadlineNode& head : level.slots) head.previous = head.next = &head;
  }
}

bool DeadlineWheel::ArmLocked(DeadlineNode* node, std::int64_t when) {
  if (node->next != nullptr) Unlink(node);
  std::int64_t before = next_when_.load(std::memory_order_relaxed);
  Link(node, TickAtOrAfter(when, kTickShift));
  Publish();
  return next_when_.load(std::memory_order_relaxed) < before;
}

void DeadlineWheel::CancelLocked(DeadlineNode* node) {
  // Publish is left out: the P may look once too early, which is cheaper than searching the wheel at each close.
  if (node->next != nullptr) Unlink(node);
}

void DeadlineWheel::Link(DeadlineNode* node, std::uint64_t tick) {
  if (tick <= current_) tick = current_ + 1;
  std::uint64_t distance = tick - current_;
  constexpr std::uint64_t kReach = (std::uint64_t{1} << (kLevels * kSlotBits)) - 1;
  if (distance > kReach) {
    distance = kReach;
    tick = current_ + kReach;
  }
  int level = 0;
  while (distance >= (std::uint64_t{1} << ((level + 1) * kSlotBits))) ++level;
  std::uint64_t slot = (tick >> (level * kSlotBits)) % kSlots;
  node->tick = tick;
  node->level = static_cast<std::uint8_t>(level);
  node->slot = static_cast<std::uint8_t>(slot);
  DeadlineNode& head = levels_[level].slots[slot];
  node->previous = head.previous;
  node->next = &head;
  head.previous->next = node;
  head.previous = node;
  levels_[level].occupied |= std::uint64_t{1} << slot;
}

void DeadlineWheel::Unlink(DeadlineNode* node) {
  node->previous->next = node->next;
  node->next->previous = node->previous;
  node->previous = node->next = nullptr;
  Level& level = levels_[node->level];
  DeadlineNode& head = level.slots[node->slot];
  if (head.next == &head) level.occupied &= ~(std::uint64_t{1} << node->slot);
}

// NextEventTick is the first tick after current_ at which a slot must be run: on level 0 its nodes are due, on
// higher levels they move down.
std::uint64_t DeadlineWheel::NextEventTick() const {
  std::uint64_t earliest = kNever;
  for (int level = 0; level < kLevels; ++level) {
    std::uint64_t occupied = levels_[level].occupied;
    if (occupied == 0) continue;
    std::uint64_t position = current_ >> (level * kSlotBits);
    // The slot at the position itself has been run: what is in it belongs to the next turn.
    int rotation = static_cast<int>((position + 1) % kSlots);
    std::uint64_t ahead = static_cast<std::uint64_t>(std::countr_zero(std::rotr(occupied, rotation))) + 1;
    std::uint64_t tick = (position + ahead) << (level * kSlotBits);
    if (tick < earliest) earliest = tick;
  }
  return earliest;
}

void DeadlineWheel::Publish() {
  std::uint64_t tick = NextEventTick();
  std::int64_t when = tick == kNever ? kForever : static_cast<std::int64_t>(tick << kTickShift);
  next_when_.store(when, std::memory_order_release);
}

void DeadlineWheel::Advance(std::int64_t now, Fire fire, void* context) {
  std::lock_guard guard(lock_);
  std::uint64_t now_tick = static_cast<std::uint64_t>(now) >> kTickShift;
  while (current_ < now_tick) {
    std::uint64_t tick = NextEventTick();
    if (tick > now_tick) {
      current_ = now_tick;
      break;
    }
    current_ = tick;
    for (int level = kLevels - 1; level >= 0; --level) {
      std::uint64_t below = (std::uint64_t{1} << (level * kSlotBits)) - 1;
      if ((current_ & below) == 0) RunSlot(level, now, fire, context);
    }
  }
  Publish();
}

void DeadlineWheel::RunSlot(int level_index, std::int64_t now, Fire fire, void* context) {
  std::uint64_t slot = (current_ >> (level_index * kSlotBits)) % kSlots;
  Level& level = levels_[level_index];
  if ((level.occupied & (std::uint64_t{1} << slot)) == 0) return;
  DeadlineNode& head = level.slots[slot];
  // Those here now move to a list of their own: what is linked again goes elsewhere, or into this slot for its next
  // turn, and fire may cancel any of them.
  DeadlineNode due;
  due.next = head.next;
  due.previous = head.previous;
  due.next->previous = due.previous->next = &due;
  head.next = head.previous = &head;
  level.occupied &= ~(std::uint64_t{1} << slot);
  while (due.next != &due) {
    DeadlineNode* node = due.next;
    Unlink(node);
    if (node->tick > current_) {
      Link(node, node->tick);
      continue;
    }
    std::int64_t again = fire(node, now, context);
    if (again != kForever) Link(node, TickAtOrAfter(again, kTickShift));
  }
}

}  // namespace gale::internal
