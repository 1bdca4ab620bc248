// GlobalQueue: runnable goroutines that belong to no P: overflow of the local rings, and those that threads without
// a P made runnable. Every P looks here before it sleeps and every 61st time it picks a goroutine.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>

#include "gale/runtime/internal/g_deque.h"
#include "gale/runtime/internal/run_queue.h"
#include "gale/runtime/internal/spin_lock.h"

namespace gale::internal {

// GlobalQueue is a FIFO under a lock; safe from any thread.
class GlobalQueue {
 public:
  void Push(G* g) {
    std::lock_guard guard(lock_);
    list_.PushBack(g);
    PublishSize();
  }

  void PushAll(GList& batch) {
    std::lock_guard guard(lock_);
    while (G* g = batch.PopFront()) list_.PushBack(g);
    PublishSize();
  }

  // Pop takes one goroutine, or null.
  G* Pop() {
    if (Empty()) return nullptr;
    std::lock_guard guard(lock_);
    G* g = list_.PopFront();
    PublishSize();
    return g;
  }

  // PopShare takes one goroutine to run and moves up to its fair share (size / ps + 1, at most half a ring) into
  // `queue`, whose owner the caller is and which is empty.
  G* PopShare(RunQueue& queue, std::size_t ps) {
    if (Empty()) return nullptr;
    std::lock_guard guard(lock_);
    std::size_t count = std::min({list_.size(), list_.size() / ps + 1, std::size_t{kRunQueueCapacity / 2}});
    G* first = list_.PopFront();
    GList overflow;  // stays empty: the ring has room for half its capacity
    for (std::size_t i = 1; i < count; ++i) {
      G* g = list_.PopFront();
      __builtin_prefetch(g, 1);  // they have not run for a while
      queue.PushBack(g, overflow);
    }
    PublishSize();
    return first;
  }

  // Empty may be out of date. Relaxed: the submission and the idle protocol put seq_cst fences around it.
  bool Empty() const { return size_.load(std::memory_order_relaxed) == 0; }
  std::size_t Size() const { return size_.load(std::memory_order_relaxed); }

 private:
  void PublishSize() { size_.store(list_.size(), std::memory_order_relaxed); }

  SpinLock lock_;
  GDeque list_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace gale::internal
