#include "gale/runtime/internal/sysmon.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <vector>

#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/coarse_clock.h"
#include "gale/runtime/internal/configure.h"
#include "gale/runtime/internal/cpu_limit.h"
#include "gale/runtime/internal/deadlock.h"
#include "gale/runtime/internal/futex.h"
#include "gale/runtime/internal/handover.h"
#include "gale/runtime/internal/netpoll.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/poll_desc.h"
#include "gale/runtime/internal/probes.h"
#include "gale/runtime/internal/runtime_threads.h"
#include "gale/runtime/internal/scheduler.h"

namespace gale::internal {

namespace {

constexpr std::int64_t kShortestNap = 1'000'000;
constexpr std::int64_t kNapAfterRetake = 50'000;
constexpr std::int64_t kLongestNap = 10'000'000;
constexpr std::int64_t kTimeSlice = 10'000'000;
constexpr std::int64_t kIdleUntilSleep = 1'000'000'000;
constexpr std::int64_t kQuotaInterval = 1'000'000'000;

std::atomic<int> awake{1};
std::atomic<bool> follows_quota{true};

// ThreadSleeps tells whether the kernel has the thread waiting for something. False if that cannot be known.
bool ThreadSleeps(pid_t tid) {
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/self/task/%d/stat", static_cast<int>(tid));
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char text[128];
  ssize_t size = read(fd, text, sizeof(text));
  close(fd);
  // "123 (name) S ...", where the name may hold anything.
  std::string_view stat(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  std::size_t state = stat.rfind(')');
  if (state == std::string_view::npos || state + 2 >= stat.size()) return false;
  return stat[state + 2] == 'S' || stat[state + 2] == 'D';
}

// Outcome of a look at the Ps; the later ones are the more urgent.
enum class Seen { kNothing, kHelped, kRetookSleeper };

class Sysmon {
 public:
  explicit Sysmon(Scheduler& scheduler) : scheduler_(scheduler), watches_(kMostPs), deadlock_(scheduler) {}

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
      now_ = MonotonicNanos();
      FollowQuota();
      nap = NextNap(nap, all_idle ? Seen::kNothing : LookAtPs());
    }
  }

 private:
  // Watch is what sysmon remembers of a P.
  struct Watch {
    std::uint32_t tick = 0;
    std::int64_t since = 0;  // when it was first seen with this tick
  };

  static std::int64_t NextNap(std::int64_t nap, Seen seen) {
    switch (seen) {
      case Seen::kRetookSleeper: return kNapAfterRetake;
      case Seen::kHelped: return kShortestNap;
      case Seen::kNothing: return std::min(nap * 2, kLongestNap);
    }
    return nap;
  }

  bool AllIdle() const { return scheduler_.Idle().Count() == scheduler_.PCount() && scheduler_.PsAreQuiet(); }

  void SleepUntilWoken() {
    // seq_cst with WakeSysmon: either it sees 0 here, or AllIdle sees that its P has left the idle state.
    awake.store(0, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    while (AllIdle() && awake.load(std::memory_order_seq_cst) == 0 && !deadlock_.HasMissed()) FutexWait(&awake, 0);
    awake.store(1, std::memory_order_seq_cst);
    deadlock_.Restart();
  }

  Seen LookAtPs() {
    Seen seen = Seen::kNothing;
    for (const auto& p : scheduler_.Ps()) {
      if (scheduler_.Idle().Test(p->id)) continue;
      Watch& watch = watches_[p->id];
      std::uint32_t tick = p->tick.load(std::memory_order_relaxed);
      if (tick == watch.tick) {
        seen = std::max(seen, LookAtHeldUp(p.get(), now_ - watch.since));
      } else {
        watch = {tick, now_};
      }
    }
    return seen;
  }

  Seen LookAtHeldUp(P* p, std::int64_t held_for) {
    bool wanted = scheduler_.NeedsMachine(p) || !scheduler_.Global().Empty();
    if (wanted || p->retired.load(std::memory_order_seq_cst)) {
      M* m = p->m.load(std::memory_order_acquire);
      if (m != nullptr && !m->in_runtime.load(std::memory_order_relaxed)) {
        bool asleep = ThreadSleeps(m->tid.load(std::memory_order_relaxed));
        if ((asleep || held_for >= kTimeSlice) && TryRetake(p, m)) {
          scheduler_.CountHandOver();
          ProbeHandOver(p, m);
          scheduler_.HandOff(p);
          return asleep ? Seen::kRetookSleeper : Seen::kHelped;
        }
      }
    }
    return scheduler_.Idle().Any() && Help(p) ? Seen::kHelped : Seen::kNothing;
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

  void FollowQuota() {
    if (!follows_quota.load(std::memory_order_relaxed) || now_ - quota_read_ < kQuotaInterval) return;
    quota_read_ = now_;
    int count = DefaultPCount();
    if (count != scheduler_.PCount()) scheduler_.SetPCount(count);
  }

  Scheduler& scheduler_;
  std::vector<Watch> watches_;
  DeadlockDetector deadlock_;
  std::int64_t now_ = 0;
  std::int64_t quota_read_ = 0;
};

void* SysmonMain(void* scheduler) { Sysmon(*static_cast<Scheduler*>(scheduler)).Run(); }

}  // namespace

void StartSysmon(Scheduler& scheduler) {
  UpdateCoarseTime();
  StartRuntimeThread("gale-sysmon", &SysmonMain, &scheduler);
}

void KeepPCount() { follows_quota.store(false, std::memory_order_relaxed); }

void WakeSysmon() {
  if (awake.load(std::memory_order_relaxed) != 0) return;
  UpdateCoarseTime();
  if (awake.exchange(1, std::memory_order_seq_cst) == 0) FutexWake(&awake);
}

}  // namespace gale::internal
