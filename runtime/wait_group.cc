#include "gale/runtime/wait_group.h"

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/panic.h"

namespace gale {

void WaitGroup::Add(int delta) {
  internal::SchedulePoint();
  std::uint64_t change = static_cast<std::uint64_t>(static_cast<std::int64_t>(delta)) << 32;
  // Release pairs with the acquire in Wait (directly, or through the semaphore's lock).
  std::uint64_t state = state_.fetch_add(change, std::memory_order_acq_rel) + change;
  auto counter = static_cast<std::int32_t>(state >> 32);
  auto waiters = static_cast<std::uint32_t>(state);
  if (counter < 0) {
    state_.fetch_sub(change, std::memory_order_relaxed);
    throw Panic("sync: negative WaitGroup counter");
  }
  // The counter was zero, and those who waited for that are not yet gone.
  if (delta > 0 && counter == delta && waiters != 0) {
    state_.fetch_sub(change, std::memory_order_relaxed);
    throw Panic("sync: WaitGroup misuse: Add called concurrently with Wait");
  }
  if (delta > 0 && counter == delta) bubble_id_.store(internal::CurrentBubbleId(), std::memory_order_relaxed);
  if (counter > 0 || waiters == 0) return;
  // The counter has come to zero and nobody may raise it before the waiters are gone: take them all at once, so
  // that none is woken twice. The group may be destroyed as soon as the last one runs.
  state_.fetch_sub(waiters, std::memory_order_relaxed);
  for (; waiters != 0; --waiters) semaphore_.Release();
}

void WaitGroup::Wait() {
  std::uint64_t state = state_.load(std::memory_order_acquire);
  for (;;) {
    if (state >> 32 == 0) return;
    if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel, std::memory_order_acquire)) break;
  }
  std::uint64_t bubble_id = internal::CurrentBubbleId();
  bool durable = bubble_id != 0 && bubble_id_.load(std::memory_order_relaxed) == bubble_id;
  semaphore_.Acquire(durable ? WaitReason::kWaitGroupWaitDurable : WaitReason::kWaitGroupWait);
}

}  // namespace gale
