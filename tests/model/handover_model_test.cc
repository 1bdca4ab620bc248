// Hand-over of Ps (handover.h: R1, R2 against T1 to T3), Blocking, and GOMAXPROCS at run time. A thread of the scenario
// does what sysmon does. Two who believe they own a P show as a race in what belongs to its owner.

#include "gale/runtime/internal/handover.h"

#include "gale/runtime/blocking.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/semaphore.h"
#include "gale/runtime/lock_os_thread.h"
#include "gale/tests/model/check.h"
#include "gale/tests/model/world.h"

namespace gale::model {
namespace {

using internal::M;
using internal::P;
using internal::Scheduler;

// RetakeAll takes the Ps from all goroutines that keep one, as sysmon would after 10 ms.
void RetakeAll() {
  Scheduler& scheduler = Scheduler::Get();
  for (const auto& p : scheduler.Ps()) {
    if (scheduler.Idle().Test(p->id)) continue;
    M* m = p->m.load(std::memory_order_acquire);
    if (m != nullptr && !m->in_runtime.load(std::memory_order_relaxed) && TryRetake(p.get(), m)) {
      scheduler.HandOff(p.get());
    }
  }
}

// A goroutine loses its P while it starts others, waits and ends.
void RetakeFromABusyGoroutine() {
  StartRuntime(1);
  auto done = std::make_shared<internal::Semaphore>();
  Go([=] {
    Go([=] { done->Release(); });
    done->Acquire(WaitReason::kMutexLock);
  });
  Spawn("sysmon", [] { RetakeAll(); });
  ExpectAllEnd();
}

void RetakeTwice() {
  StartRuntime(1);
  for (int i = 0; i < 2; ++i) {
    Go([] {
      Go([] {});
      Gosched();
    });
  }
  Spawn("sysmon", [] {
    RetakeAll();
    RetakeAll();
  });
  ExpectAllEnd();
}

// A goroutine gives its P up while another thread submits one.
void BlockingAgainstSubmission() {
  StartRuntime(1);
  Go([] { Blocking([] {}); });
  Spawn("outside", [] { Go([] {}); });
  ExpectAllEnd();
}

void BlockingTwice() {
  StartRuntime(1);
  for (int i = 0; i < 2; ++i) {
    Go([] {
      Blocking([] {});
      Go([] {});
    });
  }
  ExpectAllEnd();
}

void FewerPs() {
  StartRuntime(2);
  for (int i = 0; i < 2; ++i) {
    Go([] { Go([] {}); });
  }
  Spawn("setter", [] {
    Scheduler::Get().SetPCount(1);
    Go([] {});
  });
  ExpectAllEnd();
}

void FewerAndMorePs() {
  StartRuntime(2);
  for (int i = 0; i < 2; ++i) Go([] {});
  Spawn("setter", [] {
    Scheduler::Get().SetPCount(1);
    Scheduler::Get().SetPCount(2);
  });
  Spawn("outside", [] { Go([] {}); });
  ExpectAllEnd();
}

// Run's thread becomes an M, and must leave when its main goroutine has ended, wherever that happens.
void RunReturns() {
  StartRuntime(1);
  Spawn("caller", [] { Run([] { Go([] {}); }); });
  Spawn("outside", [] { Go([] {}); });
  ExpectAllEnd();
}

// A goroutine that is locked to its thread gets its P from whoever finds it.
void LockedGoroutine() {
  StartRuntime(1);
  for (int i = 0; i < 2; ++i) {
    Go([] {
      LockOSThread();
      Gosched();
      UnlockOSThread();
    });
  }
  ExpectAllEnd();
}

constexpr Effort kLight{.preemptions = 1, .old_values = 1, .random_runs = 5'000};

TEST(HandoverModel, RetakeFromABusyGoroutine) { Check(RetakeFromABusyGoroutine); }
TEST(HandoverModel, RetakeTwice) { Check(RetakeTwice, kLight); }
TEST(HandoverModel, BlockingAgainstSubmission) { Check(BlockingAgainstSubmission, kLight); }
TEST(HandoverModel, BlockingTwice) { Check(BlockingTwice, kLight); }
TEST(HandoverModel, RunReturns) { Check(RunReturns, kLight); }
TEST(HandoverModel, LockedGoroutine) { Check(LockedGoroutine, kLight); }
TEST(ProcsModel, FewerPs) { Check(FewerPs, kLight); }
TEST(ProcsModel, FewerAndMorePs) { Check(FewerAndMorePs, {.preemptions = 1, .old_values = 0, .random_runs = 5'000}); }

}  // namespace
}  // namespace gale::model
