#include "gale/net/internal/fd_mutex.h"

#include "gale/runtime/panic.h"
#include "gale/runtime/wait_reason.h"

namespace gale::net::internal {

// Sets the flags and adds one to the count that lies in the mask. False: the state was changed by somebody else, and
// has been read again.
bool FdMutex::TryAdd(std::uint64_t& state, std::uint64_t flags, std::uint64_t count, std::uint64_t mask) {
  if ((state & mask) == mask) throw Panic("too many concurrent operations on a single socket (max 1048575)");
  return state_.compare_exchange_weak(state, (state | flags) + count, std::memory_order_acquire,
                                      std::memory_order_relaxed);
}

bool FdMutex::LockSlow(Side side) {
  std::uint64_t state = state_.load(std::memory_order_relaxed);
  for (;;) {
    if ((state & kClosed) != 0) return false;
    if ((state & LockedBit(side)) == 0) {
      if (TryAdd(state, LockedBit(side), kUser, kUsersMask)) return true;
    } else if (TryAdd(state, 0, Waiter(side), WaitersMask(side))) {
      waiters_[side].Acquire(WaitReason::kFdMutex);  // whoever wakes us has taken us out of the count
      state = state_.load(std::memory_order_relaxed);
    }
  }
}

bool FdMutex::UnlockSlow(Side side) {
  std::uint64_t state = state_.load(std::memory_order_relaxed);
  for (;;) {
    const bool has_waiter = (state & WaitersMask(side)) != 0;
    std::uint64_t unlocked = (state & ~LockedBit(side)) - kUser;
    if (has_waiter) unlocked -= Waiter(side);
    if (!state_.compare_exchange_weak(state, unlocked, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
    if (has_waiter) waiters_[side].Release();
    return IsAbandoned(unlocked);
  }
}

bool FdMutex::Use() {
  std::uint64_t state = state_.load(std::memory_order_relaxed);
  do {
    if ((state & kClosed) != 0) return false;
  } while (!TryAdd(state, 0, kUser, kUsersMask));
  return true;
}

bool FdMutex::Leave() {
  // Acquire and release as in Unlock.
  return IsAbandoned(state_.fetch_sub(kUser, std::memory_order_acq_rel) - kUser);
}

bool FdMutex::Close() {
  std::uint64_t state = state_.load(std::memory_order_relaxed);
  std::uint64_t closed;
  do {
    if ((state & kClosed) != 0) return false;
    closed = ((state | kClosed) & ~WaitersMask(kRead) & ~WaitersMask(kWrite)) + kUser;
  } while (!state_.compare_exchange_weak(state, closed, std::memory_order_acq_rel, std::memory_order_relaxed));
  for (Side side : {kRead, kWrite}) {
    for (; (state & WaitersMask(side)) != 0; state -= Waiter(side)) waiters_[side].Release();
  }
  return true;
}

}  // namespace gale::net::internal
