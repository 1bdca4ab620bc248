// ChanQueue: those who wait at one end of a channel, first come, first served.
//
// A waiter lives on its goroutine's own stack, so waiting allocates nothing. A goroutine in a Select waits in several
// queues at once; the protocol by which exactly one of its partners gets it is in select_wait.h.
#pragma once

#include <atomic>

#include "gale/runtime/internal/g.h"

namespace gale::internal {

struct ChanWaiter;

// SelectWait is what the waiters of one Select share.
class SelectWait {
 public:
  // Win makes `waiter` the case that happens, unless another one is it already. By partners, each under the lock of its
  // own channel.
  bool Win(ChanWaiter* waiter) {
    ChanWaiter* none = nullptr;
    // Relaxed: it only elects. What the partners and the Select read of each other is ordered by the channels' locks
    // and by Ready.
    return winner_.compare_exchange_strong(none, waiter, std::memory_order_relaxed);
  }

  // Winner is the case that has happened. By the Select, once it has been woken.
  ChanWaiter* Winner() const { return winner_.load(std::memory_order_relaxed); }

 private:
  std::atomic<ChanWaiter*> winner_{nullptr};
};

struct ChanWaiter {
  G* g = nullptr;
  void* value = nullptr;         // a receiver's empty std::optional<T>*, a sender's T*
  SelectWait* select = nullptr;  // null: waits in this queue only
  ChanWaiter* next = nullptr;
  ChanWaiter* previous = nullptr;
  bool queued = false;   // in a queue; under the channel's lock
  bool granted = false;  // its value has been handed over; false after it was woken: the channel was closed
};

// ChanQueue is guarded by its channel's lock.
class ChanQueue {
 public:
  void PushBack(ChanWaiter* waiter) {
    waiter->next = nullptr;
    waiter->previous = tail_;
    waiter->queued = true;
    (tail_ == nullptr ? head_ : tail_->next) = waiter;
    tail_ = waiter;
  }

  void Remove(ChanWaiter* waiter) {
    (waiter->previous == nullptr ? head_ : waiter->previous->next) = waiter->next;
    (waiter->next == nullptr ? tail_ : waiter->next->previous) = waiter->previous;
    waiter->queued = false;
  }

  // Claim takes out the first waiter that the caller may serve and must then make ready, or returns null. Waiters whose
  // Select was won by another channel are dropped on the way.
  ChanWaiter* Claim() {
    while (ChanWaiter* waiter = head_) {
      Remove(waiter);
      if (waiter->select == nullptr || waiter->select->Win(waiter)) return waiter;
    }
    return nullptr;
  }

 private:
  ChanWaiter* head_ = nullptr;
  ChanWaiter* tail_ = nullptr;
};

}  // namespace gale::internal
