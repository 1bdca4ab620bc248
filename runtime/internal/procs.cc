// GOMAXPROCS at run time: making Ps, and retiring them.
//
// A P is never taken apart: descriptors are registered with its poller, and timers run in its heap. A retired P runs no
// goroutines; its M passes on to the others what its poller and its timers make ready, and else sleeps. It becomes a
// working P again when the number grows.
//
// Retirement:
//   P1. SetPCount: quiet = false, retired = true, then take the P's idle bit, so that nobody claims it for work any
//   more. An M that
//       sleeps there is woken.
//   P2. Its M, when it next comes to the scheduling loop (sysmon takes the P from a goroutine that keeps it): passes
//   its
//       queue on, quiet = true, and sleeps in the poller without an idle bit.
//   P3. SetPCount, growing: retired = false, and the M is woken. A P that was without an M at P1, or has
//       lost it since (HandOff), is shelved: it gets its idle bit back.

#include <mutex>
#include <utility>

#include "gale/runtime/internal/cpu_limit.h"
#include "gale/runtime/internal/handover.h"
#include "gale/runtime/internal/netpoll.h"
#include "gale/runtime/internal/scheduler.h"

namespace gale::internal {

// MakePs makes those that are missing. Under count_lock_, or before the scheduler is known.
void Scheduler::MakePs(int count) {
  for (int id = made_.load(std::memory_order_relaxed); id < count; ++id) {
    ps_[id] = std::make_unique<P>(id);
    made_.store(id + 1, std::memory_order_release);
  }
}

int Scheduler::SetPCount(int count) {
  std::lock_guard guard(count_lock_);
  int former = count_.load(std::memory_order_relaxed);
  int made = made_.load(std::memory_order_relaxed);
  MakePs(count);
  idle_.Grow(count);
  count_.store(count, std::memory_order_relaxed);
  for (int id = count; id < former; ++id) {
    P* p = ps_[id].get();
    p->quiet.store(false, std::memory_order_seq_cst);
    p->retired.store(true, std::memory_order_seq_cst);  // P1
    spinning_.fetch_add(1, std::memory_order_seq_cst);
    bool idle = idle_.Clear(id);
    M* m = p->m.load(std::memory_order_acquire);
    if (m != nullptr) p->netpoll->Wake();
    if (m == nullptr && idle) Shelve(p);
    // An M that sleeps there takes the cleared bit for S5, and itself for the spinner.
    if (m == nullptr || !idle) spinning_.fetch_sub(1, std::memory_order_seq_cst);
  }
  for (int id = former; id < count; ++id) {
    P* p = ps_[id].get();
    if (id < made) {
      p->retired.store(false, std::memory_order_seq_cst);  // P3
      p->netpoll->Wake();
      if (!std::exchange(p->shelved, false)) continue;
    }
    idle_.Set(id);
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (WorkQueued() && idle_.Any()) WakeOne();
  return former;
}

// Shelve leaves a retired P alone until it is wanted again. Under count_lock_.
void Scheduler::Shelve(P* p) {
  p->shelved = true;
  p->quiet.store(true, std::memory_order_seq_cst);
}

// WakeShelved is WakeP for those.
void Scheduler::WakeShelved(P* p) {
  std::lock_guard guard(count_lock_);
  if (std::exchange(p->shelved, false)) StartMachine(p, /*spinning=*/false);
}

bool Scheduler::PsAreQuiet() const {
  for (const auto& p : Ps()) {
    if (p->retired.load(std::memory_order_seq_cst) && !p->quiet.load(std::memory_order_seq_cst)) return false;
  }
  return true;
}

void Scheduler::ServeRetired(M* m) {
  P* p = m->p;
  if (m->spinning) StopSpinning(m);
  RunTimers(p);
  GList queued;
  while (G* g = p->queue.TakeNext()) queued.PushBack(g);
  while (G* g = p->queue.PopFront()) queued.PushBack(g);
  EnqueueGlobal(queued);
  // I3 for the others: who submitted while this M was still spinning has left the wake-up to it.
  if (WorkQueued() && idle_.Any()) WakeOne();
  p->quiet.store(true, std::memory_order_seq_cst);  // P2
  if (!p->retired.load(std::memory_order_seq_cst) || m->stop.load(std::memory_order_acquire)) return;
  GList ready;
  p->netpoll->Poll(SleepTime(p), ready);
  EnqueueGlobal(ready);
  m->was_idle = true;
}

}  // namespace gale::internal
