// FdMutex: who may use a descriptor, and when it may be closed.
//
// It is three things in one atomic word: a read lock, a write lock, and a count of users with a flag "closed". Taking
// a lock also counts as using, so that an ordinary read or write costs one read-modify-write before and one after:
//
//   if (!mutex.Lock(FdMutex::kRead)) return closed;    // false once Close was called
//   ... read(fd) ...
//   if (mutex.Unlock(FdMutex::kRead)) close(fd);       // true for exactly one caller: the last user after Close
//
// That is what makes it safe to close a descriptor while other goroutines use it: nobody closes its number, and so
// nobody else gets the same number, before the last of them has left. Source: Go's internal/poll.fdMutex.
//
// Rejected: a gale::Mutex for each direction and a count apart, which costs two read-modify-writes for each lock.
#pragma once

#include <atomic>
#include <cstdint>

#include "gale/runtime/internal/semaphore.h"

namespace gale::net::internal {

// FdMutex: all methods may run in parallel, from goroutines and plain threads. Those who wait for a lock are woken
// in the order in which they came; one that comes along just then may overtake.
class FdMutex {
 public:
  enum Side : int { kRead = 0, kWrite = 1 };

  FdMutex() = default;
  FdMutex(const FdMutex&) = delete;
  FdMutex& operator=(const FdMutex&) = delete;

  // Lock waits for the side's lock, and counts the caller as a user. False: the mutex is closed, nothing was taken.
  bool Lock(Side side) {
    std::uint64_t state = state_.load(std::memory_order_relaxed);
    const std::uint64_t locked = (state | LockedBit(side)) + kUser;
    // Acquire pairs with the release in Unlock: what the last one did in this direction is visible.
    if ((state & (kClosed | LockedBit(side))) == 0 &&
        state_.compare_exchange_strong(state, locked, std::memory_order_acquire, std::memory_order_relaxed)) {
      return true;
    }
    return LockSlow(side);
  }

  // Unlock undoes Lock and wakes one who waits. True: the mutex is closed and the caller was the last user, who now
  // must destroy what it guards.
  bool Unlock(Side side) {
    std::uint64_t state = state_.load(std::memory_order_relaxed);
    const std::uint64_t unlocked = (state & ~LockedBit(side)) - kUser;
    // Release pairs with the acquire in Lock; acquire makes all users' doings visible to the last one.
    if ((state & WaitersMask(side)) == 0 &&
        state_.compare_exchange_strong(state, unlocked, std::memory_order_acq_rel, std::memory_order_relaxed)) {
      return IsAbandoned(unlocked);
    }
    return UnlockSlow(side);
  }

  // Use counts the caller as a user, without a lock. False: closed.
  bool Use();
  // Leave undoes Use (or Close). True as for Unlock.
  bool Leave();

  // Close makes every Lock and Use fail from now on, wakes all who wait for a lock, and counts the caller as a user,
  // who must call Leave. False: somebody else has closed it before.
  bool Close();

 private:
  // state_, from the lowest bit on: closed; read locked; write locked; 20 bits each for the number of users, of those
  // who wait for the read lock, and of those who wait for the write lock.
  static constexpr std::uint64_t kClosed = 1;
  static constexpr int kCountBits = 20;
  static constexpr std::uint64_t kCountMask = (std::uint64_t{1} << kCountBits) - 1;
  static constexpr int kUserShift = 3;
  static constexpr std::uint64_t kUser = std::uint64_t{1} << kUserShift;
  static constexpr std::uint64_t kUsersMask = kCountMask << kUserShift;

  static constexpr std::uint64_t LockedBit(Side side) { return std::uint64_t{2} << side; }
  static constexpr std::uint64_t Waiter(Side side) { return kUser << (kCountBits * (1 + side)); }
  static constexpr std::uint64_t WaitersMask(Side side) { return kUsersMask << (kCountBits * (1 + side)); }
  static constexpr bool IsAbandoned(std::uint64_t state) { return (state & (kClosed | kUsersMask)) == kClosed; }

  bool LockSlow(Side side);
  bool UnlockSlow(Side side);
  bool TryAdd(std::uint64_t& state, std::uint64_t flags, std::uint64_t count, std::uint64_t mask);

  std::atomic<std::uint64_t> state_{0};
  gale::internal::Semaphore waiters_[2];  // by Side
};

}  // namespace gale::net::internal
