#include "gale/runtime/internal/scavenger.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/futex.h"
#include "gale/runtime/internal/g_pool.h"
#include "gale/runtime/internal/pool_registry.h"
#include "gale/runtime/internal/runtime_threads.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/semaphore.h"
#include "gale/runtime/internal/span_cache.h"
#include "gale/runtime/internal/stack.h"
#include "gale/runtime/internal/stack_trim.h"

namespace gale::internal {

namespace {

constexpr std::int64_t kPassInterval = 1'000'000'000;
constexpr std::int64_t kRestFactor = 99;         // 1 % of a CPU
constexpr std::int64_t kSliceNanos = 1'000'000;  // work between two rests
constexpr std::size_t kBatch = 256;              // goroutines between two looks at the clock
constexpr std::int64_t kAnswerNanos = 20'000'000;
// Marked, trimmed; pools to the depot in two steps, then dropped.
constexpr int kPassesForEverything = 3;

std::atomic<int> awake{1};
std::atomic<std::uint64_t> passes{0};

// Requests are callers of ScavengeNow.
struct Requests {
  std::atomic<int> waiting{0};  // a futex
  Semaphore done;
};

Requests& TheRequests() {
  static auto* requests = new Requests;
  return *requests;
}

class Scavenger {
 public:
  explicit Scavenger(Scheduler& scheduler) : scheduler_(scheduler), ticks_(scheduler.Ps().size()) {}

  [[noreturn]] void Run() {
    for (;;) {
      Requests& requests = TheRequests();
      if (requests.waiting.load(std::memory_order_acquire) != 0) {
        Answer(requests);
        continue;
      }
      bool found_something = Pass();
      if (!found_something && AllIdle()) SleepUntilWoken();
      FutexWait(&requests.waiting, 0, kPassInterval);
    }
  }

 private:
  void Answer(Requests& requests) {
    // Acquire pairs with the release in ScavengeNow. Those who come from here on are answered next time.
    int waiting = requests.waiting.exchange(0, std::memory_order_acq_rel);
    hurry_ = true;
    for (int i = 0; i < kPassesForEverything; ++i) Pass();
    hurry_ = false;
    for (int i = 0; i < waiting; ++i) requests.done.Release();
  }

  bool AllIdle() const { return scheduler_.Idle().Count() == scheduler_.PCount() && scheduler_.PsAreQuiet(); }

  void SleepUntilWoken() {
    // seq_cst with WakeScavenger: either it sees 0 here, or AllIdle sees that its P has left the idle state, or
    // `waiting` the request.
    awake.store(0, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    while (AllIdle() && TheRequests().waiting.load(std::memory_order_seq_cst) == 0 &&
           awake.load(std::memory_order_seq_cst) == 0) {
      FutexWait(&awake, 0);
    }
    awake.store(1, std::memory_order_seq_cst);
  }

  // Pass returns whether there was anything to do, or will be next time.
  bool Pass() {
    slice_began_ = ThreadNanos();
    bool found = TrimStacks(StackClass::kDefault) | TrimStacks(StackClass::kSmall);
    FinishTrimPass();
    found |= EmptyPools();
    // Under TSan making a goroutine anew takes most of a millisecond.
    while (std::size_t dropped = kThreadSanitizer && !hurry_ ? 0 : DropUnused(kBatch, hurry_)) {
      found = true;
      if (dropped < kBatch) break;
      Rest();
    }
    found |= EndDropPass();
    found |= AgePools();
    found |= ReleaseSpans();
    // Release pairs with the acquire in ScavengerPasses.
    passes.fetch_add(1, std::memory_order_release);
    return found;
  }

  bool TrimStacks(StackClass stack_class) {
    bool found = false;
    std::size_t count = SlotsCarved(stack_class);
    for (std::size_t i = 0; i < count; ++i) {
      found |= TrimIfParkedLong(SlotG(stack_class, i)) != TrimStep::kNothing;
      if (i % kBatch == kBatch - 1) Rest();
    }
    return found;
  }

  // EmptyPools makes all Ps give up what they do not need: those that run do so soon, those that sleep are woken,
  // unless their pools are empty.
  bool EmptyPools() {
    bool found = false;
    ticks_.resize(scheduler_.Ps().size());
    for (const auto& p : scheduler_.Ps()) {
      std::uint32_t tick = p->tick.load(std::memory_order_relaxed);
      bool ran = tick != ticks_[static_cast<std::size_t>(p->id)];
      ticks_[static_cast<std::size_t>(p->id)] = tick;
      p->give_up_unused.store(true, std::memory_order_relaxed);
      if (!HasSomething(*p)) continue;
      found = true;
      if (ran && !hurry_) continue;
      if (scheduler_.Idle().Test(p->id) || p->retired.load(std::memory_order_seq_cst)) scheduler_.WakeP(p.get());
    }
    if (found && hurry_) AwaitAnswers();
    return found;
  }

  static bool HasSomething(const P& p) {
    return p.pooled.load(std::memory_order_relaxed) != 0 || p.spans.CachedBytes() != 0;
  }

  void AwaitAnswers() {
    std::int64_t give_up = MonotonicNanos() + kAnswerNanos;
    auto pending = [](const auto& p) { return HasSomething(*p) && p->give_up_unused.load(std::memory_order_relaxed); };
    while (std::any_of(scheduler_.Ps().begin(), scheduler_.Ps().end(), pending) && MonotonicNanos() < give_up) {
      timespec nap{0, 100'000};
      nanosleep(&nap, nullptr);
    }
  }

  bool ReleaseSpans() {
    constexpr std::size_t kMostBytes = 1024 * 1024;  // between two looks at the clock
    PageHeap& heap = TheSpanHeap().pages;
    bool found = false;
    // Not more than there is now: others may free as fast as this goes.
    for (std::size_t left = heap.Read().idle_bytes; left != 0;) {
      std::size_t released = heap.Release(kMostBytes, hurry_);
      if (released == 0) break;
      found = true;
      left -= std::min(left, released);
      Rest();
    }
    return heap.EndPass() || found;
  }

  static std::int64_t ThreadNanos() {
    timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return used.tv_sec * 1'000'000'000 + used.tv_nsec;
  }

  // Rest keeps to the scavenger's share of the CPU.
  void Rest() {
    std::int64_t worked = ThreadNanos() - slice_began_;
    if (worked < kSliceNanos) return;
    if (!hurry_) FutexWait(&TheRequests().waiting, 0, worked * kRestFactor);
    slice_began_ = ThreadNanos();
  }

  Scheduler& scheduler_;
  std::vector<std::uint32_t> ticks_;  // of each P, at the last pass
  std::int64_t slice_began_ = 0;      // CPU time of this thread
  bool hurry_ = false;
};

void* ScavengerMain(void* scheduler) { Scavenger(*static_cast<Scheduler*>(scheduler)).Run(); }

}  // namespace

void StartScavenger(Scheduler& scheduler) { StartRuntimeThread("gale-scavenger", &ScavengerMain, &scheduler); }

void WakeScavenger() {
  if (awake.load(std::memory_order_relaxed) != 0) return;
  if (awake.exchange(1, std::memory_order_seq_cst) == 0) FutexWake(&awake);
}

void ScavengeNow() {
  Scheduler::Get();
  Requests& requests = TheRequests();
  // Release pairs with the acquire in Answer; seq_cst, and the fence, with SleepUntilWoken.
  requests.waiting.fetch_add(1, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  FutexWake(&requests.waiting);
  WakeScavenger();
  requests.done.Acquire(WaitReason::kFreeMemory);
}

std::uint64_t ScavengerPasses() { return passes.load(std::memory_order_acquire); }

}  // namespace gale::internal
