#include "gale/runtime/internal/start_timer.h"

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/handover.h"
#include "gale/runtime/internal/scheduler.h"

namespace gale::internal {

namespace {

void StartOn(P* p, TimerNode* node) {
  if (p != nullptr) {
    p->timers.Add(node);
    return;
  }
  Scheduler& scheduler = Scheduler::Get();
  p = scheduler.Ps()[0].get();
  if (p->timers.Add(node)) scheduler.WakeP(p);
}

}  // namespace

std::int64_t CurrentNanos() {
  Bubble* bubble = CurrentBubble();
  return bubble == nullptr ? MonotonicNanos() : bubble->Now();
}

std::int64_t WhenAfter(std::int64_t nanos) {
  std::int64_t now = CurrentNanos();
  return nanos > kForever - 1 - now ? kForever - 1 : now + nanos;
}

void StartTimer(TimerNode* node) {
  if (Bubble* bubble = CurrentBubble()) [[unlikely]] {
    bubble->Timers().Add(node);
    return;
  }
  PinnedP p;
  StartOn(p.Get(), node);
}

void StartTimerOf(G* g, TimerNode* node) {
  if (g->in_bubble) [[unlikely]] {
    g->bubble->Timers().Add(node);
    return;
  }
  StartOn(g->m->p, node);
}

void WakeForTimer(const TimerNode* node) {
  {
    PinnedP own;  // which looks at its timers before it sleeps
    if (own && node->heap == &own->timers) return;
  }
  Scheduler& scheduler = *Scheduler::IfStarted();
  for (const auto& p : scheduler.Ps()) {
    if (node->heap == &p->timers) return scheduler.WakeP(p.get());
  }
  // It is a bubble's, whose clock stands still while its goroutines run: nobody to wake.
}

}  // namespace gale::internal
