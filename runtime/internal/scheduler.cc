#include "gale/runtime/internal/scheduler.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include "gale/runtime/internal/cpu_limit.h"
#include "gale/runtime/internal/fork.h"
#include "gale/runtime/internal/g_pool.h"
#include "gale/runtime/internal/netpoll.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/poll_desc.h"
#include "gale/runtime/internal/probes.h"
#include "gale/runtime/internal/scavenger.h"
#include "gale/runtime/internal/switch.h"
#include "gale/runtime/internal/sysmon.h"

namespace gale::internal {

namespace {

constexpr std::uint32_t kGlobalInterval = 61;      // picks between two fair looks at the global queue
constexpr std::uint32_t kLookAroundInterval = 16;  // picks after which the loop on g0 looks at clocks and poller
constexpr std::uint32_t kLongestNextStreak = 64;   // picks from the next slot before the queue gets its turn
constexpr std::uint64_t kPollIntervalMicros = 100;
constexpr int kStealRounds = 4;

std::uint64_t Random(P* p) {
  // xorshift64
  p->random ^= p->random << 13;
  p->random ^= p->random >> 7;
  p->random ^= p->random << 17;
  return p->random;
}

void FullFence() { std::atomic_thread_fence(std::memory_order_seq_cst); }

}  // namespace

// Submission.

void Scheduler::WakeIfIdle() {
  FullFence();  // S2
  if (spinning_.load(std::memory_order_relaxed) == 0 && idle_.Any()) WakeOne();
}

void Scheduler::Enqueue(P* p, G* g) {
  GList overflow;
  if (!p->queue.PushBack(g, overflow)) global_.PushAll(overflow);
  if (count_.load(std::memory_order_relaxed) > 1) WakeIfIdle();  // a single P is the caller's own
}

void Scheduler::EnqueueAll(P* p, GList& batch) {
  GList overflow;
  while (G* g = batch.PopFront()) {
    if (!p->queue.PushBack(g, overflow)) global_.PushAll(overflow);
  }
  WakeIfIdle();
}

void Scheduler::EnqueueNext(P* p, G* g) {
  G* displaced = p->queue.ExchangeNext(g);
  if (displaced != nullptr) return Enqueue(p, displaced);
  if (spinning_.load(std::memory_order_relaxed) == 0 && idle_.Any()) WakeForReady(p);
}

void Scheduler::EnqueueGlobal(G* g) {
  global_.Push(g);
  WakeIfIdle();
}

void Scheduler::EnqueueGlobal(GList& batch) {
  if (batch.head == nullptr) return;
  global_.PushAll(batch);
  WakeIfIdle();
}

// WakeForReady wakes a P for a goroutine in p's next slot. More often than not p itself runs that goroutine a moment
// later, and the wake-up was in vain; so wake-ups that found nothing make the next ones rarer, up to one in a
// millisecond, until a thief reports that it was worth it (StealNext). If p runs on for long, sysmon steps in.
void Scheduler::WakeForReady(P* p) {
  std::uint64_t now = CycleCount();
  std::uint64_t pause = p->wake_pause_cycles.load(std::memory_order_relaxed);
  if (now - p->last_wake_cycles < pause) return;
  p->last_wake_cycles = now;
  std::uint64_t longest = 1000 * cycles_per_microsecond;
  p->wake_pause_cycles.store(std::clamp(pause * 2, 20 * cycles_per_microsecond, longest), std::memory_order_relaxed);
  WakeOne();
}

void Scheduler::WakeOne() {
  int claimed = -1;
  while (claimed < 0) {
    int none = 0;
    if (!spinning_.compare_exchange_strong(none, 1, std::memory_order_seq_cst)) return;  // S4
    claimed = idle_.Claim();                                                             // S5
    if (claimed >= 0) break;
    spinning_.fetch_sub(1, std::memory_order_seq_cst);
    FullFence();
    if (!WorkQueued() || !idle_.Any()) return;
  }
  P* p = ps_[claimed].get();
  // Acquire pairs with the release where an M is bound.
  if (p->m.load(std::memory_order_acquire) == nullptr) {
    StartMachine(p, /*spinning=*/true);
  } else {
    IncrementShared(shared_counters.wake_ups);
    p->netpoll->Wake();
  }
}

void Scheduler::WakeP(P* p) {
  FullFence();
  if (p->m.load(std::memory_order_acquire) != nullptr) {
    if (idle_.Test(p->id) || p->retired.load(std::memory_order_seq_cst)) {
      IncrementShared(shared_counters.wake_ups);
      p->netpoll->Wake();
    }
  } else if (ClaimIfFree(p)) {
    StartMachine(p, /*spinning=*/false);
  } else if (p->retired.load(std::memory_order_seq_cst)) {
    WakeShelved(p);
  }
}

// Picking.

G* Scheduler::PickLocal(P* p) {
  std::uint32_t tick = p->tick.load(std::memory_order_relaxed) + 1;
  if (tick % kLookAroundInterval == 0) {
    p->tick.store(tick, std::memory_order_relaxed);
    return nullptr;
  }
  return PickQueued(p);
}

G* Scheduler::PickQueued(P* p) {
  G* g = p->queue.TakeNext();
  if (g != nullptr && ++p->next_streak > kLongestNextStreak && !p->queue.Empty()) {
    // A pair that keeps making each other runnable must not starve the queue for ever.
    GList overflow;
    if (!p->queue.PushBack(g, overflow)) global_.PushAll(overflow);
    g = nullptr;
  }
  if (g == nullptr) {
    p->next_streak = 0;
    g = p->queue.PopFront();
  }
  if (g != nullptr) p->tick.store(p->tick.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return g;
}

G* Scheduler::FindLocal(P* p) {
  std::uint32_t tick = p->tick.load(std::memory_order_relaxed);
  if (tick - p->last_global_tick >= kGlobalInterval) {
    p->last_global_tick = tick;
    if (G* g = global_.Pop()) return g;
  }
  if (G* g = PickQueued(p)) return g;
  return global_.PopShare(p->queue, Ps().size());
}

G* Scheduler::FindRunnable(M* m) {
  P* p = m->p;
  while (!m->stop.load(std::memory_order_acquire)) {
    if (p->give_up_unused.load(std::memory_order_relaxed)) [[unlikely]] {
      p->spans.GiveUpUnused();
      GiveUpUnused(p);
    }
    if (p->retired.load(std::memory_order_seq_cst)) {
      ServeRetired(m);
      continue;
    }
    RunTimers(p);
    PollIfStale(p);
    if (G* g = FindLocal(p)) return g;
    if (WorkElsewhere(p)) {
      PollNow(p, 0);
      if (G* g = FindLocal(p)) return g;
      if (G* g = Steal(p)) return g;
    }
    SleepIdle(m);
    m->was_idle = true;
  }
  return nullptr;
}

G* Scheduler::NextFor(M* m) {
  while (!m->stop.load(std::memory_order_acquire)) {
    if (m->locked != nullptr) return NextForLocked(m);
    if (m->p == nullptr) {
      machines_.Wait(m);
      continue;
    }
    G* g = std::exchange(m->picked, nullptr);
    if (g == nullptr) g = FindRunnable(m);
    if (g == nullptr || !g->locked) return g;
    if (m->spinning) StopSpinning(m);
    GiveTo(g->locked_to, std::exchange(m->p, nullptr), g);
  }
  return nullptr;
}

G* Scheduler::NextForLocked(M* m) {
  if (m->p != nullptr) HandOff(std::exchange(m->p, nullptr));
  machines_.WaitAlone(m);
  G* g = std::exchange(m->granted_g, nullptr);
  if (m->lock_count == 0) {  // Run's main goroutine had only to start here
    m->locked = nullptr;
    g->locked = false;
  }
  return g;
}

void Scheduler::RunLoop(M* m) {
  while (G* g = NextFor(m)) {
    if (m->spinning) StopSpinning(m);
    if (m->was_idle) {
      m->was_idle = false;
      FullFence();  // with SleepUntilWoken in sysmon.cc and scavenger.cc
      WakeSysmon();
      WakeScavenger();
    }
    SwitchTo(m, &m->g0, g, SwitchKind::kNothing);
  }
  LeaveLoop(m);
}

// LeaveLoop leaves behind what the M had in hand.
void Scheduler::LeaveLoop(M* m) {
  CheckNotForked();
  if (G* g = std::exchange(m->picked, nullptr)) EnqueueGlobal(g);
  if (m->p == nullptr) return;
  if (m->spinning) StopSpinning(m);
  HandOff(std::exchange(m->p, nullptr));
}

void Scheduler::StopSpinning(M* m) {
  m->spinning = false;
  int before = spinning_.fetch_sub(1, std::memory_order_seq_cst);
  FullFence();
  // Those who saw a spinner left the wake-up to it: it passes it on.
  if (before == 1 && (!m->p->queue.Empty() || WorkElsewhere(m->p)) && idle_.Any()) WakeOne();
}

bool Scheduler::RunTimers(P* p) {
  std::int64_t heap_when = p->timers.NextWhen();
  std::int64_t wheel_when = p->deadlines.NextWhen();
  if (heap_when == kForever && wheel_when == kForever) return false;
  std::int64_t now = MonotonicNanos();
  bool ran = false;
  if (heap_when <= now) ran = p->timers.RunExpired(now) != 0;
  if (wheel_when <= now) {
    GList ready;
    p->deadlines.Advance(now, &PollDesc::HandleDeadlines, &ready);
    ran |= ready.head != nullptr;
    while (G* g = ready.PopFront()) Ready(g);
  }
  return ran;
}

void Scheduler::PollIfStale(P* p) {
  if (p->netpoll->Descriptors() == 0) return;
  std::uint64_t now = CycleCount();
  if (now - p->last_poll_cycles < kPollIntervalMicros * cycles_per_microsecond) return;
  PollNow(p, 0);
}

void Scheduler::PollNow(P* p, std::int64_t timeout_ns) {
  if (timeout_ns == 0 && p->netpoll->Descriptors() == 0) return;
  GList ready;
  p->netpoll->Poll(timeout_ns, ready);
  p->last_poll_cycles = CycleCount();
  if (ready.head != nullptr) {
    bool several = ready.head->next != nullptr;
    GList overflow;
    while (G* g = ready.PopFront()) {
      if (!p->queue.PushBack(g, overflow)) global_.PushAll(overflow);
    }
    // A single goroutine is run here at once: waking somebody for it would only be a race.
    if (several) WakeIfIdle();
  }
}

// Stealing.

bool Scheduler::WorkElsewhere(const P* self) const {
  if (!global_.Empty()) return true;
  for (const auto& p : Ps()) {
    if (p.get() != self && (!p->queue.Empty() || p->queue.PeekNext() != nullptr)) return true;
  }
  return false;
}

bool Scheduler::WorkQueued() const {
  if (!global_.Empty()) return true;
  for (const auto& p : Ps()) {
    if (!p->queue.Empty()) return true;
  }
  return false;
}

G* Scheduler::Steal(P* thief) {
  std::size_t count = Ps().size();
  for (int round = 0; round < kStealRounds; ++round) {
    std::size_t start = Random(thief) % count;
    for (std::size_t i = 0; i < count; ++i) {
      P* victim = ps_[(start + i) % count].get();
      if (victim == thief) continue;
      if (G* g = StealFrom(thief, victim)) return g;
      if (round == kStealRounds - 1) {
        if (G* g = StealNext(thief, victim)) return g;
      }
    }
    if (G* g = global_.PopShare(thief->queue, count)) return g;
  }
  return nullptr;
}

G* Scheduler::StealFrom(P* thief, P* victim) {
  G* g = thief->queue.Steal(victim->queue);
  if (g == nullptr) return nullptr;
  ProbeSteal(thief, victim, g);
  victim->wake_pause_cycles.store(0, std::memory_order_relaxed);
  return g;
}

// StealNext takes the victim's next slot, but only if the victim has been busy with something else for a while:
// usually it is about to run that goroutine itself, on a warm cache.
G* Scheduler::StealNext(P* thief, P* victim) {
  constexpr std::uint64_t kGraceMicros = 3;
  if (victim->queue.PeekNext() == nullptr) return nullptr;
  std::uint32_t tick = victim->tick.load(std::memory_order_relaxed);
  std::uint64_t start = CycleCount();
  while (CycleCount() - start < kGraceMicros * cycles_per_microsecond) {
    if (victim->tick.load(std::memory_order_relaxed) != tick) return nullptr;
    CpuRelax();
  }
  G* g = victim->queue.TakeNext();
  if (g == nullptr) return nullptr;
  ProbeSteal(thief, victim, g);
  victim->wake_pause_cycles.store(0, std::memory_order_relaxed);
  return g;
}

// Sleeping.

void Scheduler::SleepIdle(M* m) {
  P* p = m->p;
  PublishPoolSize(p);
  idle_.Set(p->id);  // I1
  if (m->spinning) {
    m->spinning = false;
    spinning_.fetch_sub(1, std::memory_order_seq_cst);  // I2
  }
  FullFence();
  bool found = m->stop.load(std::memory_order_acquire) || WorkQueued();  // I3
  if (!found) {
    GList ready;
    p->netpoll->Poll(SleepTime(p), ready);  // I4
    p->last_poll_cycles = CycleCount();
    bool several = ready.head != nullptr && ready.head->next != nullptr;
    GList overflow;
    while (G* g = ready.PopFront()) {
      if (!p->queue.PushBack(g, overflow)) global_.PushAll(overflow);
    }
    if (!idle_.Clear(p->id)) m->spinning = true;  // I5
    if (several) WakeIfIdle();
    return;
  }
  if (!idle_.Clear(p->id)) m->spinning = true;
}

std::int64_t Scheduler::SleepTime(P* p) const {
  std::int64_t when = std::min(p->timers.NextWhen(), p->deadlines.NextWhen());
  if (when == kForever) return -1;
  return std::max<std::int64_t>(0, when - MonotonicNanos());
}

}  // namespace gale::internal
