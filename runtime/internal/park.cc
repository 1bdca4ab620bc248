#include "gale/runtime/internal/park.h"

#include <sched.h>

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/coarse_clock.h"
#include "gale/runtime/internal/deadlock.h"
#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/fork.h"
#include "gale/runtime/internal/futex.h"
#include "gale/runtime/internal/handover.h"
#include "gale/runtime/internal/machine.h"
#include "gale/runtime/internal/probes.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/stack.h"
#include "gale/runtime/internal/switch.h"
#include "gale/runtime/internal/thread_locks.h"

namespace gale::internal {

namespace {

// CheckCanary is called while g still stands on its stack, so that the trace is its own.
[[gnu::noinline]] void CheckCanary(const G* g) {
  if (CanaryIntact(g->stack_low - kPageSize)) return;
  Fatal("stack overflow: goroutine %llu went below its stack [%p, %p)", static_cast<unsigned long long>(g->id),
        static_cast<void*>(g->stack_low), static_cast<void*>(g->stack_high));
}

// SwitchAway leaves the current goroutine for the next one in its P's queue, or for the scheduling loop. Going
// straight to the next one saves half of the switches. Not instrumented by TSan, like everything that a goroutine's
// last switch never returns from: the slot's next goroutine would inherit the open calls on the shadow stack.
[[gnu::no_sanitize("thread")]] void SwitchAway(G* g, SwitchKind how) {
  if (g->has_canary && how != SwitchKind::kYield) CheckCanary(g);
  if (how != SwitchKind::kExit) CheckThreadLocks(g, how == SwitchKind::kPark);
  M* m = g->m;
  P* p = EnterRuntime(m);
  G* next = nullptr;
  if (p != nullptr && !g->locked && !m->stop.load(std::memory_order_relaxed)) {
    next = Scheduler::IfStarted()->PickLocal(p);
    if (next != nullptr && next->locked) next = (m->picked = next, nullptr);
  }
  SwitchTo(m, g, next == nullptr ? &m->g0 : next, how);
  LeaveRuntime(g->m);
}

// EndLock is for a goroutine that ends without UnlockOSThread: its thread, which may be in any state, ends with it.
void EndLock(G* g) {
  M* m = g->m;
  m->locked = nullptr;
  m->lock_count = 0;
  // Not even the next goroutine may run here: it might lock itself to a thread that ends.
  if (m->main == nullptr) m->stop.store(true, std::memory_order_relaxed);
  g->locked = false;
}

// WaitsForGoroutines tells whether a thread's wait counts as asleep (deadlock.h). Without a reason it is in Run.
bool WaitsForGoroutines(const G* proxy) {
  WaitReason reason = proxy->wait_reason.load(std::memory_order_relaxed);
  return reason == WaitReason::kNone || OnlyGoroutinesWake(reason);
}

void ParkThread(G* proxy) {
  bool asleep = WaitsForGoroutines(proxy);
  if (asleep) ThreadFallsAsleep();
  if (!proxy->commit(proxy, proxy->commit_arg)) {
    if (asleep) ThreadIsWoken();
    return;
  }
  CheckNotForked();
  // Acquire pairs with the release in WakeThread.
  while (proxy->futex.load(std::memory_order_acquire) == 0) FutexWait(&proxy->futex, 0);
  proxy->futex.store(0, std::memory_order_relaxed);
}

bool CommitUnlock(G*, void* lock) {
  static_cast<SpinLock*>(lock)->unlock();
  return true;
}

[[gnu::noinline]] G* ThreadProxy() {
  thread_local G proxy;
  if (proxy.kind != GKind::kThread) {
    proxy.kind = GKind::kThread;
    AdoptThread(&proxy);
  }
  G* result = &proxy;
  asm volatile("" : "+r"(result));
  return result;
}

}  // namespace

G* CurrentG() {
  G* g = CurrentGoroutine();
  return g != nullptr ? g : ThreadProxy();
}

void Park(ParkCommit commit, void* arg, WaitReason reason) {
  G* g = CurrentG();
  ProbePark(g, reason);
  g->commit = commit;
  g->commit_arg = arg;
  g->wait_reason.store(reason, std::memory_order_relaxed);
  g->waiting_since.store(CoarseTime(), std::memory_order_relaxed);
  if (g->kind == GKind::kThread) {
    g->status.store(GStatus::kWaiting, std::memory_order_relaxed);
    ParkThread(g);
    g->status.store(GStatus::kRunning, std::memory_order_relaxed);
  } else {
    SwitchAway(g, SwitchKind::kPark);
  }
}

void ParkUnlock(SpinLock& lock, WaitReason reason) { Park(&CommitUnlock, &lock, reason); }

void ParkForever(WaitReason reason) {
  for (;;) Park([](G*, void*) { return true; }, nullptr, reason);
}

void WakeThread(G* proxy) {
  if (WaitsForGoroutines(proxy)) ThreadIsWoken();
  std::atomic<int>* futex = &proxy->futex;
  // Release pairs with the acquire in ParkThread. After this store the thread may be gone.
  futex->store(1, std::memory_order_release);
  FutexWake(futex);
}

void Ready(G* g) {
  ProbeReady(g);
  if (g->kind == GKind::kThread) return WakeThread(g);
  if (g->in_bubble) [[unlikely]]
    return g->bubble->MakeReady(g);
  Submit(g);
}

void Submit(G* g) {
  g->status.store(GStatus::kRunnable, std::memory_order_relaxed);
  Scheduler& scheduler = *Scheduler::IfStarted();
  if (PinnedP p; p) {
    scheduler.EnqueueNext(p.Get(), g);
  } else {
    scheduler.EnqueueGlobal(g);
  }
}

void Yield() {
  G* g = CurrentGoroutine();
  if (g == nullptr) {
    sched_yield();
    return;
  }
  if (g->in_bubble && g->bubble->Seeded()) [[unlikely]]
    return g->bubble->Yield();
  g->status.store(GStatus::kRunnable, std::memory_order_relaxed);
  SwitchAway(g, SwitchKind::kYield);
}

[[gnu::no_sanitize("thread")]] void ExitGoroutine(G* g) {
  g->status.store(GStatus::kDead, std::memory_order_relaxed);
  if (g->locked) EndLock(g);
  SwitchAway(g, SwitchKind::kExit);
  Fatal("a goroutine that has ended was run again");
}

}  // namespace gale::internal
