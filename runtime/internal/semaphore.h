// Semaphore: what Mutex and WaitGroup sleep on.
#pragma once

#include <cstdint>
#include <mutex>

#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/spin_lock.h"
#include "gale/runtime/internal/wait_queue.h"

namespace gale::internal {

// Semaphore counts permits. Acquire takes one or waits for one; Release gives one, to the first waiter if there is any.
// From goroutines and plain threads.
class Semaphore {
 public:
  // Acquire waits at the front of the queue if `first`.
  void Acquire(WaitReason reason, bool first = false) {
    lock_.lock();
    if (permits_ > 0) {
      --permits_;
      lock_.unlock();
      return;
    }
    Waiter waiter{.g = CurrentG()};
    first ? queue_.PushFront(&waiter) : queue_.PushBack(&waiter);
    ParkUnlock(lock_, reason);
  }

  void Release() {
    lock_.lock();
    Waiter* waiter = queue_.PopFront();
    G* g = waiter != nullptr ? waiter->g : nullptr;
    if (g == nullptr) ++permits_;
    lock_.unlock();
    if (g != nullptr) Ready(g);
  }

 private:
  SpinLock lock_;
  std::uint32_t permits_ = 0;
  WaitQueue queue_;
};

}  // namespace gale::internal
