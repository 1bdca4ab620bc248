#include "gale/runtime/internal/switch.h"

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/context.h"
#include "gale/runtime/internal/counters.h"
#include "gale/runtime/internal/g_pool.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/probes.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/stack_trim.h"

namespace gale::internal {

namespace {

void Queue(M* m, G* g, void (Scheduler::*enqueue)(P*, G*)) {
  Scheduler& scheduler = *Scheduler::IfStarted();
  if (m->p != nullptr) {
    (scheduler.*enqueue)(m->p, g);
  } else {
    scheduler.EnqueueGlobal(g);
  }
}

void RunOn(M* m, G* g) {
  g->status.store(GStatus::kRunnable, std::memory_order_relaxed);
  Queue(m, g, &Scheduler::EnqueueNext);
}

// The bubble's part is kept out of the way of all others.
[[gnu::noinline]] void CommitParkInBubble(M* m, G* g) {
  BubblePark bubble(g);
  g->status.store(GStatus::kWaiting, std::memory_order_release);  // as below
  if (g->commit(g, g->commit_arg)) return bubble.Committed();
  RunOn(m, g);
}

void CommitPark(M* m, G* g) {
  if (g->in_bubble) [[unlikely]]
    return CommitParkInBubble(m, g);
  g->status.store(GStatus::kWaiting, std::memory_order_release);  // P1 in stack_trim.h
  if (g->commit(g, g->commit_arg)) return;                        // from here on g may run elsewhere
  RunOn(m, g);
}

[[gnu::noinline]] void EndInBubble(M* m, G* g) {
  Bubble* bubble = g->bubble;
  g->in_bubble = false;
  FreeG(m->p, g);
  bubble->Ended();
}

void EndGoroutine(M* m, G* g) {
  if (g->in_bubble) [[unlikely]]
    return EndInBubble(m, g);
  FreeG(m->p, g);
}

}  // namespace

// Not instrumented by TSan: between telling it of the new fiber and being there, nothing may touch its shadow stack.
// Not inlined: every switch returns to the same place (context_x86_64.S), and nothing that depends on the thread is
// kept in a register across it.
[[gnu::noinline, gnu::no_sanitize("thread")]] void SwitchTo(M* m, G* from, G* to, SwitchKind how) {
  m->left = from;
  m->left_how = how;
  ProbeSwitch(m, from, to, how);
  from->eh = *m->eh;
  *m->eh = to->eh;
  to->m = m;
  to->status.store(GStatus::kRunning, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);  // R1 in stack_trim.h
  if (to->stack_age.load(std::memory_order_relaxed) != StackAge::kFresh) [[unlikely]] {
    if (BeginRun(to)) RecordLatency(to, m->p != nullptr ? &m->p->counters : nullptr);
  }
  BeforeSwitch(from, to, how == SwitchKind::kExit);
  void* continue_at = to->sp;
  to->sp = nullptr;
  gale_switch_context(&from->sp, continue_at);
  AfterSwitch(from);
  // `from` runs again, on the M that switched to it: everything else of before is out of date.
  FinishSwitch(from->m);
}

void FinishSwitch(M* m) {
  G* left = m->left;
  switch (m->left_how) {
    case SwitchKind::kNothing: return;
    case SwitchKind::kPark: return CommitPark(m, left);
    case SwitchKind::kYield: return Queue(m, left, &Scheduler::Enqueue);
    case SwitchKind::kExit: return EndGoroutine(m, left);
  }
}

}  // namespace gale::internal
