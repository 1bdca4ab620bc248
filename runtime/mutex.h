// Mutex: mutual exclusion between goroutines.
//
//   gale::Mutex mu;
//   std::lock_guard guard(mu);   // or gale::MutexLock lock(mu), or mu.Lock() ... mu.Unlock()
//
// A goroutine that must wait parks; its thread goes on with others. Unlike a std::mutex it may be held across
// anything that parks, and one goroutine may unlock what another has locked. Threads that are no goroutines may use it
// too.
#pragma once

#include <atomic>
#include <cstdint>

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/semaphore.h"
#include "gale/runtime/thread_annotations.h"

namespace gale {

// Mutex satisfies Lockable. Not recursive. Must not be moved. May be destroyed as soon as nobody holds it or waits for
// it, also while the Unlock that made it free is about to return: Unlock does not touch it any more then.
//
// Fairness, as in Go: normally a goroutine that comes along may overtake those that are just being woken, which is
// faster; once somebody has waited for more than 1 ms, the lock is handed to the waiters in their order until that is
// no longer so.
//
// Rejected: unlocking by one subtraction and waking a waiter afterwards, as Go does it. Between the two, others could
// take, release and (where there is no garbage collector) free the mutex.
// Source: Go's sync.Mutex.
class GALE_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() GALE_ACQUIRE() {
    internal::SchedulePoint();
    std::uint32_t free = 0;
    // Acquire pairs with the release in Unlock and UnlockSlow.
    if (!state_.compare_exchange_strong(free, kLocked, std::memory_order_acquire, std::memory_order_relaxed)) {
      LockSlow();
    }
  }

  // TryLock takes the lock if nobody has it and nobody is starving for it.
  bool TryLock() GALE_TRY_ACQUIRE(true);

  // Unlock of a mutex that is not locked ends the process ("sync: unlock of unlocked mutex").
  void Unlock() GALE_RELEASE() {
    std::uint32_t locked = kLocked;
    if (!state_.compare_exchange_strong(locked, 0, std::memory_order_release, std::memory_order_relaxed)) {
      UnlockSlow(locked);
    }
    internal::SchedulePoint();
  }

  // The standard's names, for std::lock_guard and std::unique_lock.
  void lock() GALE_ACQUIRE() { Lock(); }
  bool try_lock() GALE_TRY_ACQUIRE(true) { return TryLock(); }
  void unlock() GALE_RELEASE() { Unlock(); }

 private:
  // state_: three flags, and above them the number of waiters.
  static constexpr std::uint32_t kLocked = 1;
  static constexpr std::uint32_t kWoken = 2;     // a waiter has been woken and will try: wake no other
  static constexpr std::uint32_t kStarving = 4;  // Unlock hands the lock to the first waiter
  static constexpr std::uint32_t kWaiter = 8;

  void LockSlow();
  void UnlockSlow(std::uint32_t seen);

  std::atomic<std::uint32_t> state_{0};
  internal::Semaphore semaphore_;
};

// MutexLock holds a Mutex while it exists. It is a std::lock_guard that Clang's thread-safety analysis understands.
class GALE_SCOPED_CAPABILITY [[nodiscard]] MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) GALE_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() GALE_RELEASE() { mutex_.Unlock(); }

 private:
  Mutex& mutex_;
};

}  // namespace gale
