// RunSelect: one Select, without its types. See select.h for what a Select does.
//
// Hand-off protocol. A goroutine in a Select has a waiter in the queue of each of its channels, and only one of those
// who come to these channels may have it.
//
//   The Select:
//   W1. Lock all channels, each once, in the order of their addresses.
//   W2. Look at the cases in random order; do the first that needs no waiting, unlock all, make its partner ready: end.
//       If there is a default, unlock all: end.
//   W3. With all locks held, queue one waiter per case: each points to the same SelectWait, whose winner is null.
//   W4. Leave the goroutine's stack. Then unlock the channels one after the other, in the order of W1; take from the
//       goroutine's stack what is needed for the next one before unlocking one.
//   W5. Woken, with the winner set: for every other case, lock its channel, take the waiter out if it is still queued,
//       unlock. Only then may the waiters and the SelectWait go away.
//
//   A partner (a send, a receive, a close, or another Select in its W2), under the lock of one channel:
//   P1. Take the first waiter out of the channel's queue.
//   P2. If it belongs to a Select: compare-and-swap the winner from null to this waiter. If that fails, another channel
//       has the Select: forget the waiter, back to P1.
//   P3. Hand the value over and mark the waiter granted (a close does neither). Note its goroutine.
//   P4. Unlock (another Select: all its channels). Make the goroutine ready.
//
// Exactly one wakes it: only the winner of P2 comes to P4, and P2 is reached by nobody before W4 unlocks a channel,
// when the stack has been left. Nobody else touches a waiter after W5: partners touch it in P1 to P3 only, under the
// lock of the waiter's channel, and W5 has taken that lock; the winner's are over before P4. Nor does W4 itself: the
// winner locked its channel, and W5 all others, after W4 had unlocked them, so W4 can no more than come back from the
// last unlock. No deadlock: who holds several locks took them in the order of their addresses, and W5 holds one at a
// time. That a Select sends and receives on one channel is no special case: its waiters are queued only when it looks
// at no queue any more.
//
// Rejected designs: looking at one channel after the other without holding all locks would let a Select with a default
// take it although at every moment one of its channels was ready.
// Source: Go's runtime/select.go; there W5 takes all locks at once.
#pragma once

#include <cstddef>

#include "gale/runtime/internal/chan_base.h"
#include "gale/runtime/internal/chan_queue.h"

namespace gale::internal {

// SelectEntry is one send or receive case of a Select in progress.
struct SelectEntry {
  ChanBase* chan = nullptr;  // null: the nil channel, never ready
  // Tries the operation, with the channel's lock held. See ChanState::SendLocked.
  Attempt (*attempt)(SelectEntry& entry, G*& partner) = nullptr;
  bool sends = false;
  std::size_t index = 0;  // of the case in the Select
  ChanWaiter waiter;      // value: see ChanWaiter
};

inline constexpr std::size_t kDefaultCase = static_cast<std::size_t>(-1);

// RunSelect does one of the entries and returns its index, or kDefaultCase. `entries` are `count` pointers that it may
// reorder, followed by room for as many. Throws Panic for a send on a closed channel. From goroutines and plain
// threads.
std::size_t RunSelect(SelectEntry** entries, std::size_t count, bool has_default);

// ParkWithoutCases is a Select that has no cases at all.
[[noreturn]] void ParkWithoutCases();

}  // namespace gale::internal
