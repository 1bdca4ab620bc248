// MachinePool: the Ms that have no P and wait for one, and those whose threads have ended, for reuse.
#pragma once

#include "gale/runtime/internal/machine.h"
#include "gale/runtime/internal/spin_lock.h"

namespace gale::internal {

// MachinePool is safe from any thread.
class MachinePool {
 public:
  // Wait puts m, the caller's, to sleep until somebody grants it a P (Take, then Grant) or sets its `stop`.
  void Wait(M* m);
  // WaitAlone sleeps likewise, but is not to be found by Take: only a Grant of its own goroutine wakes a locked M.
  void WaitAlone(M* m);

  // Take returns an M that waits, or null. The one that came last, whose cache is the warmest.
  M* Take();

  // Grant gives p, which is the caller's, to m, which waits and was taken or is locked; `g` is what to run, or null.
  static void Grant(M* m, P* p, G* g, bool spinning);

  // Stop makes m leave its loop, if it waits or when it comes to wait: m->stop must be set.
  void Stop(M* m);

  // New is an M to start a thread with, or to make the calling thread.
  M* New();
  // Retire takes back an M whose thread has ended.
  void Retire(M* m);

  int Idle() const { return idle_.load(std::memory_order_relaxed); }
  // Threads is how many Ms have a thread.
  int Threads() const { return threads_.load(std::memory_order_relaxed); }

 private:
  void Remove(M* m);

  SpinLock lock_;
  M* waiting_ = nullptr;
  M* unused_ = nullptr;
  int made_ = 0;
  std::atomic<int> idle_{0};     // statistics
  std::atomic<int> threads_{0};  // statistics
};

// SetThreadLimit caps the number of threads and returns the former limit. Beyond it the process ends.
int SetThreadLimit(int most);

}  // namespace gale::internal
