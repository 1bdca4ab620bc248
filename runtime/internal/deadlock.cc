#include "gale/runtime/internal/deadlock.h"

#include <unistd.h>

#include <cstdio>

#include "gale/runtime/dump.h"
#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/debug_variables.h"
#include "gale/runtime/internal/goroutines.h"
#include "gale/runtime/internal/poll_desc.h"
#include "gale/runtime/internal/relaxed_read.h"
#include "gale/runtime/internal/runtime_threads.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/sysmon.h"
#include "gale/runtime/internal/traceback.h"

namespace gale::internal {

namespace {

constexpr int kExitStatus = 2;  // Go's

std::atomic<int> sleeping_threads{0};
std::atomic<std::uint32_t> sleep_events{0};  // counts up whenever a thread falls asleep

bool NothingToRun(Scheduler& scheduler) {
  if (scheduler.Idle().Count() != scheduler.PCount() || !scheduler.Global().Empty()) return false;
  for (const auto& p : scheduler.Ps()) {
    if (p->timers.NextWhen() != kForever || !p->queue.Empty() || p->queue.PeekNext() != nullptr) return false;
  }
  return true;
}

bool AllWaitForGoroutines() {
  bool all = true;
  VisitGoroutines([&all](const G* g) {
    // The status is read before the reason: a goroutine that parks writes them the other way round.
    all = RelaxedRead(g->status) == GStatus::kWaiting;
    std::atomic_thread_fence(std::memory_order_acquire);
    all = all && OnlyGoroutinesWake(RelaxedRead(g->wait_reason));
    return all;
  });
  return all;
}

[[noreturn]] void Report() {
  SignalSafeText().Add("fatal error: all goroutines are asleep - deadlock!\n\n").WriteTo(STDERR_FILENO);
  DumpGoroutines(STDERR_FILENO);
  if (int threads = sleeping_threads.load(); threads != 0) {
    SignalSafeText text;
    text.Add("\n").AddNumber(static_cast<std::uint64_t>(threads));
    text.Add(threads == 1 ? " thread waits" : " threads wait").Add(" for goroutines, in Run or elsewhere\n");
    text.WriteTo(STDERR_FILENO);
  }
  std::fflush(stdout);
  _exit(kExitStatus);
}

}  // namespace

bool OnlyGoroutinesWake(WaitReason reason) {
  switch (reason) {
    case WaitReason::kChanReceive:
    case WaitReason::kChanReceiveNil:
    case WaitReason::kChanSend:
    case WaitReason::kChanSendNil:
    case WaitReason::kSelect:
    case WaitReason::kSelectNoCases:
    case WaitReason::kSelectDurable:
    case WaitReason::kMutexLock:
    case WaitReason::kRWMutexLock:
    case WaitReason::kRWMutexRLock:
    case WaitReason::kCondWait:
    case WaitReason::kWaitGroupWait:
    case WaitReason::kChanReceiveDurable:
    case WaitReason::kChanSendDurable:
    case WaitReason::kWaitGroupWaitDurable:
    case WaitReason::kSynctestRun:
    case WaitReason::kSynctestWait:
    case WaitReason::kFdMutex: return true;
    default: return false;  // who adds a reason need not know of this: it is not certain
  }
}

void ThreadFallsAsleep() {
  sleeping_threads.fetch_add(1, std::memory_order_seq_cst);
  sleep_events.fetch_add(1, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  WakeSysmon();
}

void ThreadIsWoken() { sleeping_threads.fetch_sub(1, std::memory_order_seq_cst); }

DeadlockDetector::DeadlockDetector(Scheduler& scheduler)
    : scheduler_(scheduler), enabled_(DebugVariable("deadlock") != "0") {}

void DeadlockDetector::Look(bool all_idle) {
  if (!enabled_) return;
  if (!all_idle || HasMissed()) Restart();
  if (!all_idle || ++naps_ != next_look_) return;
  if (!SeemsDead()) {
    suspected_ = false;
    next_look_ = 2 * naps_;
    return;
  }
  if (suspected_) Report();
  suspected_ = true;
  next_look_ = naps_ + 1;
}

bool DeadlockDetector::HasMissed() const {
  return enabled_ && sleep_events.load(std::memory_order_seq_cst) != events_seen_;
}

void DeadlockDetector::Restart() {
  naps_ = 0;
  next_look_ = 2;
  suspected_ = false;
  events_seen_ = sleep_events.load(std::memory_order_seq_cst);
}

bool DeadlockDetector::SeemsDead() {
  int sleeping = sleeping_threads.load(std::memory_order_seq_cst);
  if (!NothingToRun(scheduler_)) return false;                                                      // D1
  if (ForeignThreads() != sleeping) return false;                                                   // D2
  if (!AllWaitForGoroutines() || PollDesc::DetachedWaits() != 0) return false;                      // D3
  return NothingToRun(scheduler_) && sleeping_threads.load(std::memory_order_seq_cst) == sleeping;  // D4
}

}  // namespace gale::internal
