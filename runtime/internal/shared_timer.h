// SharedTimer: a timer on the free store. Its owners are its handles, which count as one, and each of its entries in a
// TimerHeap.
#pragma once

#include <atomic>
#include <cstdint>

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/start_timer.h"
#include "gale/runtime/internal/timer_heap.h"

namespace gale::internal {

// Derived is final and has this as its base. It is kept small: 120 bytes are what malloc still has fast lists for.
template <typename Derived>
class SharedTimer : public TimerNode {
 public:
  SharedTimer(const SharedTimer&) = delete;
  SharedTimer& operator=(const SharedTimer&) = delete;

 protected:
  SharedTimer() {
    release = [](TimerNode* node) { static_cast<SharedTimer*>(node)->DropOwner(); };
  }
  ~SharedTimer() = default;

  // Start is for the maker: it adds the timer to the heap.
  void Start(std::int64_t nanos) {
    owners_.store(2, std::memory_order_relaxed);  // published with the timer, by the heap's lock
    when = WhenAfter(nanos);
    StartTimer(this);
  }

  // Now is the time in the timer's bubble, if it belongs to one, whoever calls it: a thread that fires it, or a
  // goroutine of some bubble.
  std::int64_t Now() const { return home_.Id() == 0 ? MonotonicNanos() : CurrentNanos(); }
  std::int64_t NowPlus(std::int64_t nanos) const {
    std::int64_t now = Now();
    return nanos > kForever - 1 - now ? kForever - 1 : now + nanos;
  }

  // CheckHome throws Panic(misuse) if the timer belongs to a bubble and the caller does not.
  void CheckHome(const char* misuse) const { home_.Check(misuse); }

  // Restart is TimerHeap::Restart; by the owner of a handle, or in fire.
  TimerHeap::Restarted Restart(std::int64_t new_when) {
    owners_.fetch_add(1, std::memory_order_relaxed);  // the caller is an owner
    TimerHeap::Restarted restarted = TimerHeap::Restart(this, new_when);
    if (!restarted.pushed) owners_.fetch_sub(1, std::memory_order_relaxed);
    return restarted;
  }

  void DropOwner() {
    // Acquire and acq_rel: who frees it has seen everything that the other owners did. The last owner is alone.
    if (owners_.load(std::memory_order_acquire) == 1 || owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete static_cast<Derived*>(this);
    }
  }

 private:
  std::atomic<std::uint32_t> owners_{1};
  const BubbleTag home_;
};

}  // namespace gale::internal
