#include "gale/runtime/mutex.h"

#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/start_timer.h"

namespace gale {

namespace {
constexpr std::int64_t kStarvationNanos = 1'000'000;
}

bool Mutex::TryLock() {
  std::uint32_t seen = state_.load(std::memory_order_relaxed);
  return (seen & (kLocked | kStarving)) == 0 &&
         state_.compare_exchange_strong(seen, seen | kLocked, std::memory_order_acquire, std::memory_order_relaxed);
}

void Mutex::LockSlow() {
  bool woken = false;     // we were woken, and kWoken is ours to clear
  bool starving = false;  // we have waited too long
  std::int64_t since = 0;
  std::uint32_t seen = state_.load(std::memory_order_relaxed);
  for (;;) {
    std::uint32_t wanted = seen;
    bool must_wait = (seen & (kLocked | kStarving)) != 0;
    if ((seen & kStarving) == 0) wanted |= kLocked;
    if (must_wait) wanted += kWaiter;
    if (starving && (seen & kLocked) != 0) wanted |= kStarving;
    if (woken) wanted &= ~kWoken;
    if (!state_.compare_exchange_weak(seen, wanted, std::memory_order_acquire, std::memory_order_relaxed)) continue;
    if (!must_wait) return;

    bool waited_before = since != 0;
    if (!waited_before) since = internal::CurrentNanos();
    semaphore_.Acquire(WaitReason::kMutexLock, waited_before);
    starving = starving || internal::CurrentNanos() - since > kStarvationNanos;
    seen = state_.load(std::memory_order_relaxed);
    if ((seen & kStarving) != 0) {
      // Handed over to us: Unlock left kLocked clear and us among the waiters. The last one, or one that did not wait
      // long, ends the starvation.
      std::uint32_t change = kLocked - kWaiter;
      if (!starving || seen / kWaiter == 1) change -= kStarving;
      state_.fetch_add(change, std::memory_order_acquire);
      return;
    }
    woken = true;
  }
}

// Every compare-exchange here gives the lock away, and after it only the semaphore is touched, and that only if a
// waiter is woken by it: until then that waiter keeps the mutex alive.
void Mutex::UnlockSlow(std::uint32_t seen) {
  for (;;) {
    if ((seen & kLocked) == 0) internal::Fatal("sync: unlock of unlocked mutex");
    std::uint32_t wanted = seen - kLocked;
    // With kStarving nobody takes the lock but the first waiter, who will find it free and counts itself out.
    // Otherwise a waiter is woken if there is one, unless somebody is about to try anyhow.
    bool starving = (seen & kStarving) != 0;
    bool wake = starving || (seen >= kWaiter && (seen & kWoken) == 0);
    if (wake && !starving) wanted = (wanted - kWaiter) | kWoken;
    // Release pairs with the acquires in Lock, TryLock and LockSlow.
    if (state_.compare_exchange_weak(seen, wanted, std::memory_order_release, std::memory_order_relaxed)) {
      if (wake) semaphore_.Release();
      return;
    }
  }
}

}  // namespace gale
