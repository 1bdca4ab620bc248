// TimerHeap: the timers of one P that fire to the nanosecond: Sleep and AfterFunc.
//
// A 4-ary heap of {when, timer}. Stopping a timer only marks it (one store under the lock); marked timers leave when
// they come to the top, or all at once when they are a quarter of the heap. So starting and stopping a timeout that
// never fires costs a push at a leaf and a mark.
// Source: Go's runtime/time.go. Coarse deadlines of descriptors live in deadline_wheel.h instead.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/spin_lock.h"

namespace gale::internal {

class TimerHeap;

// TimerNode is one timer. Whoever allocates it keeps it alive until it has fired, or, once stopped, until the heap
// calls `release`.
struct TimerNode {
  // fire runs once, at or after `when`, on a scheduler's stack, without a lock: it must not park or take long.
  void (*fire)(TimerNode* node) = nullptr;
  // release, if set, is called when the heap forgets the node: after fire, or some time after Stop. Without a lock.
  void (*release)(TimerNode* node) = nullptr;
  std::int64_t when = 0;                                                                      // CLOCK_MONOTONIC, ns
  TimerHeap* heap = nullptr;                                                                  // where it was added
  TimerNode* next_forgotten = nullptr;                                                        // the heap's own
  enum class State : std::uint8_t { kIdle, kActive, kStopped, kFired } state = State::kIdle;  // under the heap's lock
};

// TimerHeap is safe from any thread.
class TimerHeap {
 public:
  // Add starts a timer. Returns true if it is now the earliest: a P that sleeps must then be woken to sleep less.
  bool Add(TimerNode* node);

  // Stop prevents a timer from firing. False: it has fired, is firing, or was stopped before.
  static bool Stop(TimerNode* node);

  // Clear stops all timers, and forgets them.
  void Clear();

  // NextWhen is when the earliest timer fires, or kForever; it may be early, where that timer was stopped.
  // Acquire pairs with the release in Publish.
  std::int64_t NextWhen() const { return next_when_.load(std::memory_order_acquire); }

  // Size is how many there are, stopped ones included. Takes the lock.
  std::size_t Size() const {
    std::lock_guard guard(lock_);
    return entries_.size();
  }

  // RunExpired fires all timers that are due at `now`. Returns how many fired.
  int RunExpired(std::int64_t now);

 private:
  struct Entry {
    std::int64_t when;
    TimerNode* node;
  };

  void Publish() { next_when_.store(entries_.empty() ? kForever : entries_[0].when, std::memory_order_release); }
  void SiftUp(std::size_t index);
  void SiftDown(std::size_t index);
  void RemoveTop();
  TimerNode* PopExpired(std::int64_t now, TimerNode*& forgotten);
  TimerNode* DropStopped();

  mutable SpinLock lock_;
  std::vector<Entry> entries_;
  std::size_t stopped_ = 0;
  std::atomic<std::int64_t> next_when_{kForever};
};

}  // namespace gale::internal
