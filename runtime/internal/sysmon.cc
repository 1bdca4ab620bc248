#include "gale/runtime/internal/sysmon.h"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <vector>

#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/coarse_clock.h"
#include "gale/runtime/internal/deadlock.h"
#include "gale/runtime/internal/futex.h"
#include "gale/runtime/internal/netpoll.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/poll_desc.h"
#include "gale/runtime/internal/runtime_threads.h"
#include "gale/runtime/internal/scheduler.h"

namespace gale::internal {

namespace {

constexpr std::int64_t kShortestNap = 1'000'000;
constexpr std::int64_t kLongestNap = 10'000'000;
constexpr std::int64_t kIdleUntilSleep = 1'000'000'000;

std::atomic<int> awake{1};

class Sysmon {
 public:
  explicit Sysmon(Scheduler& scheduler) : scheduler_(scheduler), ticks_(scheduler.Ps().size()), deadlock_(scheduler) {}

  [[noreturn]] void Run() {
    std::int64_t nap = kShortestNap;
    std::int64_t idle_for = 0;
    for (;;) {
      timespec duration{0, nap};
      nanosleep(&duration, nullptr);
      UpdateCoarseTime();
      bool all_idle = AllIdle();
      deadlock_.Look(all_idle);
      idle_for = all_idle ? idle_for + nap : 0;
      if (idle_for > kIdleUntilSleep) {
        SleepUntilWoken();
        idle_for = 0;
      }
      nap = !all_idle && LookAtPs() ? kShortestNap : std::min(nap * 2, kLongestNap);
    }
  }

 private:
  bool AllIdle() const { return scheduler_.Idle().Count() == scheduler_.PCount(); }

  void SleepUntilWoken() {
    // seq_cst with WakeSysmon: either it sees 0 here, or AllIdle sees that its P has left the idle state.
    awake.store(0, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    while (AllIdle() && awake.load(std::memory_order_seq_cst) == 0 && !deadlock_.HasMissed()) FutexWait(&awake, 0);
    awake.store(1, std::memory_order_seq_cst);
    deadlock_.Restart();
  }

  // LookAtPs helps those that are held up, and returns whether there were any.
  bool LookAtPs() {
    bool helped = false;
    for (const auto& p : scheduler_.Ps()) {
      if (scheduler_.Idle().Test(p->id)) continue;
      std::uint32_t tick = p->tick.load(std::memory_order_relaxed);
      if (tick == ticks_[p->id]) helped |= Help(p.get());
      ticks_[p->id] = tick;
    }
    return helped;
  }

  bool Help(P* p) {
    GList ready;
    // A wake-up is meant for the P's M, which may still be asleep: pass it on.
    if (p->netpoll->Descriptors() != 0 && p->netpoll->Poll(0, ready)) p->netpoll->Wake();
    std::int64_t now = MonotonicNanos();
    if (p->deadlines.NextWhen() <= now) p->deadlines.Advance(now, &PollDesc::HandleDeadlines, &ready);
    bool helped = ready.head != nullptr;
    scheduler_.EnqueueGlobal(ready);
    if (p->timers.NextWhen() <= now) helped |= p->timers.RunExpired(now) != 0;
    if (!p->queue.Empty() || p->queue.PeekNext() != nullptr) {
      helped = true;
      if (scheduler_.Idle().Any()) scheduler_.WakeOne();
    }
    return helped;
  }

  Scheduler& scheduler_;
  std::vector<std::uint32_t> ticks_;
  DeadlockDetector deadlock_;
};

void* SysmonMain(void* scheduler) { Sysmon(*static_cast<Scheduler*>(scheduler)).Run(); }

}  // namespace

void StartSysmon(Scheduler& scheduler) {
  UpdateCoarseTime();
  StartRuntimeThread("gale-sysmon", &SysmonMain, &scheduler);
}

void WakeSysmon() {
  if (awake.load(std::memory_order_relaxed) != 0) return;
  UpdateCoarseTime();
  if (awake.exchange(1, std::memory_order_seq_cst) == 0) FutexWake(&awake);
}

}  // namespace gale::internal
