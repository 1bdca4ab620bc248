#include "gale/runtime/internal/spin_lock.h"

#include <sched.h>

#include <ctime>

#include "gale/runtime/internal/fork.h"

namespace gale::internal {

void SpinLock::LockSlow() {
  constexpr int kSpins = 100;
  constexpr int kYields = 50;
  CheckNotForked();  // the holder is a thread that is not there
  for (int round = 0;; ++round) {
    if (locked_.load(std::memory_order_relaxed) == 0 && try_lock()) return;
    if (round < kSpins) {
      CpuRelax();
    } else if (round < kSpins + kYields) {
      sched_yield();
    } else {
      // The holder lost its CPU to us for good if we have a real-time priority: let it run.
      timespec nap{0, 50'000};
      nanosleep(&nap, nullptr);
    }
  }
}

}  // namespace gale::internal
