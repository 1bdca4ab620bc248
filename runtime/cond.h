// Cond: wait until somebody says that something has changed.
//
//   gale::Mutex mu;
//   gale::Cond changed;
//   std::deque<int> jobs;
//
//   // One goroutine:                            // Another one:
//   std::unique_lock lock(mu);                   {
//   while (jobs.empty()) changed.Wait(lock);       std::lock_guard lock(mu);
//   Work(jobs.front());                            jobs.push_back(7);
//                                                }
//                                                changed.Signal();
//
// A channel is often the simpler way; a Cond is for those who wait for a state rather than for a value.
#pragma once

#include <utility>

#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/linked_list.h"
#include "gale/runtime/internal/spin_lock.h"
#include "gale/runtime/thread_annotations.h"

namespace gale {

// Cond is a queue of waiters. The lock is named at each Wait: a Mutex, an RWMutex, or anything with lock() and
// unlock(), such as a std::unique_lock of them or a std::shared_lock of an RWMutex. From goroutines and plain threads.
// Must not be destroyed while somebody waits. Source: Go's sync.Cond.
class Cond {
 public:
  Cond() = default;
  Cond(const Cond&) = delete;
  Cond& operator=(const Cond&) = delete;

  // Wait unlocks `lock`, waits for a Signal or Broadcast that comes after it was called, and locks it again. There are
  // no spurious wake-ups, but another one may have been faster: look at the condition again.
  template <typename Lock>
  void Wait(Lock& lock) GALE_REQUIRES(lock) GALE_NO_THREAD_SAFETY_ANALYSIS {  // it is held again in the end
    Waiter waiter;
    Enqueue(&waiter);
    try {
      lock.unlock();
    } catch (...) {
      Leave(&waiter);
      throw;
    }
    Sleep(&waiter);
    lock.lock();
  }

  // Wait until predicate() is true; it is called with the lock held, which Clang is not told.
  template <typename Lock, typename Predicate>
  void Wait(Lock& lock, Predicate predicate) GALE_REQUIRES(lock) GALE_NO_THREAD_SAFETY_ANALYSIS {
    while (!predicate()) Wait(lock);
  }

  // Signal wakes who has waited longest, if anybody waits. The lock may be held, but need not.
  void Signal();
  // Broadcast wakes all who wait.
  void Broadcast();

 private:
  struct Waiter : internal::Linked {
    internal::G* g = nullptr;
    bool asleep = false;    // it has parked, or is about to under the queue's lock
    bool signaled = false;  // and no longer in the queue
    Waiter* next_woken = nullptr;
  };

  void Enqueue(Waiter* waiter);
  void Leave(Waiter* waiter);
  void Sleep(Waiter* waiter);

  internal::SpinLock queue_lock_;
  internal::LinkedList<Waiter> queue_;
};

}  // namespace gale
