// TimerHeap: the timers of one P that fire to the nanosecond: Sleep, AfterFunc, Timer and Ticker.
//
// A 4-ary heap of {when, timer}. Stopping a timer only marks it (one store under the lock); entries of marked timers
// leave when they come to the top, or all at once when they are a quarter of the heap. So starting and stopping a
// timeout that never fires costs a push at a leaf and a mark. A timer that is restarted for a later time, or for the
// time it was stopped at, keeps its entry, which is sifted to its new place when it comes to the top; one that is
// restarted for an earlier time gets a second entry, and the first one is dead.
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

// TimerNode is one timer. Whoever allocates it keeps it alive until the heap has called `release` for each of its
// entries; or, where there is no release, until it has fired.
struct TimerNode {
  enum class State : std::uint8_t {
    kIdle,     // not started, or fired and confirmed
    kActive,   // will fire at `when`
    kStopped,  // will not
    kFired,    // due, and fire is about to be called or has been called
  };

  // fire runs once per start, at or after `when`, on a scheduler's stack, without a lock: it must not park or take
  // long.
  void (*fire)(TimerNode* node) = nullptr;
  // release, if set, is called when the heap forgets an entry of the node: after fire, or some time after Stop or
  // Restart. Without a lock.
  void (*release)(TimerNode* node) = nullptr;
  // abandon, if set, is called when Clear stops an active timer, before release. Without a lock.
  void (*abandon)(TimerNode* node) = nullptr;
  std::int64_t when = 0;      // CLOCK_MONOTONIC, ns
  TimerHeap* heap = nullptr;  // where it was added
  // Under the heap's lock:
  std::int64_t entry_when = kForever;  // `when` of its entry that counts, if it has one: all others are dead
  State state = State::kIdle;
};

// TimerHeap is safe from any thread.
class TimerHeap {
 public:
  using State = TimerNode::State;

  // Add starts a timer. Returns true if it is now the earliest: a P that sleeps must then be woken to sleep less.
  bool Add(TimerNode* node);

  // Restart makes a timer that was added before fire at `when`, whatever it was doing.
  struct Restarted {
    State before;
    bool pushed;    // it has got one more entry, for which release will be called
    bool earliest;  // as Add returns it
  };
  static Restarted Restart(TimerNode* node, std::int64_t when);

  // Stop prevents a timer from firing. False: it has fired, is firing, or was stopped before.
  static bool Stop(TimerNode* node) { return Cancel(node) == State::kActive; }

  // Cancel is Stop, and also takes back a firing that Confirm has not yet confirmed. Returns the state before.
  static State Cancel(TimerNode* node);

  // Confirm tells a fire function whether its firing still holds: no Cancel, Restart or Confirm came since.
  static bool Confirm(TimerNode* node);

  // Expire makes an active timer that is due at `now` a fired one: for somebody who cannot wait for RunExpired. Returns
  // whether it is one; then the caller must do what fire does, as RunExpired may or may not do it.
  static bool Expire(TimerNode* node, std::int64_t now);

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

  using Nodes = std::vector<TimerNode*>;  // to be released once the lock is free, once for each time they occur

  void Publish() { next_when_.store(entries_.empty() ? kForever : entries_[0].when, std::memory_order_release); }
  void Push(TimerNode* node);
  void SiftUp(std::size_t index);
  void SiftDown(std::size_t index);
  void RemoveTop();
  bool DropDeadTop(Nodes& forgotten);
  TimerNode* PopExpired(std::int64_t now, Nodes& forgotten);
  void DropDead(Nodes& forgotten);

  mutable SpinLock lock_;
  std::vector<Entry> entries_;
  std::size_t dead_ = 0;  // entries that will fire nothing; a hint, as two entries of one time cannot be told apart
  std::atomic<std::int64_t> next_when_{kForever};
};

}  // namespace gale::internal
