// Park and Ready: how a goroutine waits and is woken. Everything that blocks in Gale blocks here.
//
//   lock.lock();
//   queue.PushBack(CurrentG());
//   ParkUnlock(lock, WaitReason::kChanReceive);   // returns after another one has called Ready
//
// Ready must be called exactly once for each Park, by whoever took the goroutine out of where it was queued. It may be
// called as soon as the commit has made the goroutine findable; the goroutine's stack is left by then.
#pragma once

#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/spin_lock.h"
#include "gale/runtime/wait_reason.h"

namespace gale::internal {

// CurrentG is the running goroutine, or, on a plain thread, the thread's proxy (which it makes at the first call).
// Never call it on a scheduling stack.
G* CurrentG();

// Park leaves the current goroutine (or puts the current thread to sleep) until somebody calls Ready for it. See
// ParkCommit. `reason` is what dumps show.
void Park(ParkCommit commit, void* arg, WaitReason reason);

// ParkUnlock parks and unlocks `lock`, which the caller holds, once the goroutine has left its stack.
void ParkUnlock(SpinLock& lock, WaitReason reason);

// ParkForever parks for good.
[[noreturn]] void ParkForever(WaitReason reason);

// Ready makes a parked goroutine runnable: next on the caller's P, or in the global queue if the caller has none.
// From goroutines, scheduling stacks and plain threads.
void Ready(G* g);

// Submit queues a runnable goroutine: the second half of Ready, which asks the goroutine's bubble first.
void Submit(G* g);

// WakeThread makes a proxy's thread run on.
void WakeThread(G* proxy);

// Yield puts the current goroutine at the end of its P's queue; on a plain thread it yields the thread.
void Yield();

// ExitGoroutine ends the current goroutine without unwinding anything.
[[noreturn]] void ExitGoroutine(G* g);

}  // namespace gale::internal
