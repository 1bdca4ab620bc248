// DeadlineWheel: the I/O deadlines of the descriptors of one P.
//
// Deadlines are set at every request and almost never pass. So a descriptor stores its deadlines in two words and
// keeps one node here, armed for the earliest of them at the time of arming; when the node comes up, its owner
// looks at the deadlines as they are then and says when to look again. Moving a deadline into the future costs
// nothing.
//
// A hierarchical wheel of 4 levels of 64 slots with a tick of 2^20 ns, about a millisecond: nodes up to 4.9 hours
// ahead find their slot at once, later ones wait in the last slot and are looked at again. Deadlines are
// rounded up to a tick: never early, late by at most one tick and the time until some M looks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/spin_lock.h"

namespace gale::internal {

// DeadlineNode is embedded in what has deadlines (PollDesc).
struct DeadlineNode {
  DeadlineNode* previous = nullptr;  // linked: both non-null
  DeadlineNode* next = nullptr;
  std::uint64_t tick = 0;
  std::uint8_t level = 0;
  std::uint8_t slot = 0;
};

// DeadlineWheel is safe from any thread.
class DeadlineWheel {
 public:
  // Fire is called under the wheel's lock for a node that has come up, with the time now. It returns when to look at
  // the node again, or kForever to leave it out.
  using Fire = std::int64_t (*)(DeadlineNode* node, std::int64_t now, void* context);

  explicit DeadlineWheel(std::int64_t now);

  // The lock is the caller's to take around ArmLocked and CancelLocked, so that it can guard the caller's own
  // "armed until" beside the node.
  SpinLock& Lock() { return lock_; }
  // ArmLocked links the node, or moves it. Returns true if it is now the earliest of all.
  bool ArmLocked(DeadlineNode* node, std::int64_t when);
  void CancelLocked(DeadlineNode* node);

  // NextWhen is when the next slot must be looked at, or kForever. Acquire pairs with the release in Publish.
  std::int64_t NextWhen() const { return next_when_.load(std::memory_order_acquire); }

  // Advance lets all nodes that are due at `now` fire.
  void Advance(std::int64_t now, Fire fire, void* context);

 private:
  static constexpr int kLevels = 4;
  static constexpr int kSlotBits = 6;
  static constexpr std::uint64_t kSlots = 1 << kSlotBits;
  static constexpr int kTickShift = 20;

  struct Level {
    std::array<DeadlineNode, kSlots> slots;  // heads of circular lists
    std::uint64_t occupied = 0;              // bit per slot
  };

  void Link(DeadlineNode* node, std::uint64_t tick);
  void Unlink(DeadlineNode* node);
  std::uint64_t NextEventTick() const;
  void Publish();
  void RunSlot(int level, std::int64_t now, Fire fire, void* context);

  SpinLock lock_;
  std::uint64_t current_;  // every tick up to this one has been handled
  std::array<Level, kLevels> levels_;
  std::atomic<std::int64_t> next_when_{kForever};
};

}  // namespace gale::internal
