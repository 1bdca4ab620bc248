// Mutex: mutual exclusion between goroutines.
//
//   gale::Mutex mu;
//   std::lock_guard guard(mu);   // or mu.Lock() ... mu.Unlock()
//
// A goroutine that must wait parks; its thread goes on with others. Unlike a std::mutex it may be held across
// anything that parks, and one goroutine may unlock what another has locked. Threads that are no goroutines may use it
// too.
#pragma once

#include <atomic>
#include <cstdint>

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/semaphore.h"

namespace gale {

// Mutex satisfies Lockable. Not recursive. Must not be destroyed or moved while in use.
//
// Fairness, as in Go: normally a goroutine that comes along may overtake those that are just being woken, which is
// faster; once somebody has waited for more than 1 ms, the lock is handed to the waiters in their order until that is
// no longer so.
class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() {
    internal::SchedulePoint();
    std::uint32_t free = 0;
    // Acquire pairs with the release in Unlock.
    if (!state_.compare_exchange_strong(free, kLocked, std::memory_order_acquire, std::memory_order_relaxed)) {
      LockSlow();
    }
  }

  // TryLock takes the lock if nobody has it.
  bool TryLock();

  // Unlock of a mutex that is not locked ends the process ("sync: unlock of unlocked mutex").
  void Unlock() {
    std::uint32_t rest = state_.fetch_sub(kLocked, std::memory_order_release) - kLocked;
    if (rest != 0) UnlockSlow(rest);
    internal::SchedulePoint();
  }

  // The standard's names, for std::lock_guard and std::unique_lock.
  void lock() { Lock(); }
  bool try_lock() { return TryLock(); }
  void unlock() { Unlock(); }

 private:
  // state_: three flags, and above them the number of waiters.
  static constexpr std::uint32_t kLocked = 1;
  static constexpr std::uint32_t kWoken = 2;     // a waiter has been woken and will try: wake no other
  static constexpr std::uint32_t kStarving = 4;  // Unlock hands the lock to the first waiter
  static constexpr std::uint32_t kWaiter = 8;

  void LockSlow();
  void UnlockSlow(std::uint32_t rest);

  std::atomic<std::uint32_t> state_{0};
  internal::Semaphore semaphore_;
};

}  // namespace gale
