// SpinLock: guards a few instructions of the runtime that never park and never call out.
//
// Unlocking is a plain store, which makes a lock and unlock cost one atomic read-modify-write. The price: a waiter
// cannot sleep in the kernel until woken, so it spins, yields the thread, then naps. That is right only for
// critical sections of some ten nanoseconds, whose holder is off its CPU hardly ever.
#pragma once

#include <atomic>

namespace gale::internal {

inline void CpuRelax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  asm volatile("yield");
#endif
}

// SpinLock satisfies BasicLockable. Not recursive. A goroutine must not park while it holds one, except through a
// ParkCommit that unlocks it.
class SpinLock {
 public:
  SpinLock() = default;
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

  void lock() {
    // Acquire pairs with the release in unlock().
    if (locked_.exchange(1, std::memory_order_acquire) != 0) LockSlow();
  }
  bool try_lock() { return locked_.exchange(1, std::memory_order_acquire) == 0; }
  void unlock() { locked_.store(0, std::memory_order_release); }

 private:
  void LockSlow();

  std::atomic<unsigned int> locked_{0};
};

}  // namespace gale::internal
