// Parking, making ready and what is built on them: Mutex, WaitGroup, RWMutex, the proxies of plain threads.

#include "gale/runtime/go.h"
#include "gale/runtime/internal/semaphore.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/rw_mutex.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/model/check.h"
#include "gale/tests/model/world.h"

namespace gale::model {
namespace {

// Shared is what the goroutines share; `value` is plain, so unordered accesses show.
struct Shared {
  Mutex mutex;
  RWMutex rw_mutex;
  WaitGroup group;
  internal::Semaphore semaphore;
  int value = 0;

  void Increment() {
    std::lock_guard guard(mutex);
    ++value;
  }
};

// A goroutine parks while another thread makes it ready: it must have left its stack before it runs again, and be
// queued exactly once.
void ParkAgainstReady() {
  StartRuntime(2);
  auto shared = std::make_shared<Shared>();
  Go([=] {
    shared->semaphore.Acquire(WaitReason::kMutexLock);
    Expect(shared->value == 1, "woken before it was time");
  });
  Spawn("waker", [=] {
    shared->value = 1;
    shared->semaphore.Release();
  });
  ExpectAllEnd();
}

// The waiter is a thread of its own, which sleeps on a futex.
void ThreadParksAgainstReady() {
  StartRuntime(1);
  auto shared = std::make_shared<Shared>();
  auto values = std::make_shared<std::array<int, 2>>();
  Spawn("sleeper", [=] {
    for (const int& value : *values) {
      shared->semaphore.Acquire(WaitReason::kMutexLock);
      Expect(value == 1, "woken before it was time");
    }
  });
  Go([=] {
    for (int& value : *values) {
      value = 1;
      shared->semaphore.Release();
    }
  });
  ExpectAllEnd();
}

void MutexOfGoroutines() {
  StartRuntime(2);
  auto shared = std::make_shared<Shared>();
  for (int i = 0; i < 3; ++i) Go([=] { shared->Increment(); });
  ExpectAllEnd();
  Expect(shared->value == 3, "an increment was lost");
}

void MutexOfThreads() {
  StartRuntime(1);
  auto shared = std::make_shared<Shared>();
  for (const char* name : {"first", "second", "third"}) Spawn(name, [=] { shared->Increment(); });
  ExpectAllEnd();
  Expect(shared->value == 3, "an increment was lost");
}

// Two threads wait for two goroutines.
void WaitGroupOfBoth() {
  StartRuntime(2);
  auto shared = std::make_shared<Shared>();
  auto values = std::make_shared<std::array<int, 2>>();
  for (int i = 0; i < 2; ++i) {
    shared->group.Go([=] { (*values)[static_cast<std::size_t>(i)] = 1; });
  }
  for (const char* name : {"first", "second"}) {
    Spawn(name, [=] {
      shared->group.Wait();
      Expect((*values)[0] + (*values)[1] == 2, "Wait returned too early");
    });
  }
  ExpectAllEnd();
}

void RWMutexOfThreads() {
  StartRuntime(1);
  auto shared = std::make_shared<Shared>();
  for (const char* name : {"writer", "second"}) {
    Spawn(name, [=] {
      std::unique_lock writing(shared->rw_mutex);
      ++shared->value;
    });
  }
  Spawn("reader", [=] {
    for (int i = 0; i < 2; ++i) {
      std::shared_lock reading(shared->rw_mutex);
      Expect(shared->value <= 2, "nonsense");
    }
  });
  ExpectAllEnd();
  Expect(shared->value == 2, "an increment was lost");
}

constexpr Effort kLight{.preemptions = 1, .old_values = 1, .random_runs = 2'000};

TEST(ParkModel, ParkAgainstReady) { Check(ParkAgainstReady); }
TEST(ParkModel, ThreadParksAgainstReady) { Check(ThreadParksAgainstReady); }
TEST(SyncModel, MutexOfGoroutines) { Check(MutexOfGoroutines, kLight); }
TEST(SyncModel, MutexOfThreads) { Check(MutexOfThreads); }
TEST(SyncModel, WaitGroupOfBoth) { Check(WaitGroupOfBoth, kLight); }
TEST(SyncModel, RWMutexOfThreads) { Check(RWMutexOfThreads); }

TEST(ParkModel, FindsThatWakeThreadMustRelease) {
  CheckFinds("data race", {"park.cc", "futex->store(1, std::memory_order_release)"}, ThreadParksAgainstReady);
}
TEST(SyncModel, FindsThatUnlockMustRelease) {
  CheckFinds("data race", {"mutex.h", "std::memory_order_release"}, MutexOfThreads);
}
TEST(SyncModel, FindsThatDoneMustRelease) {
  CheckFinds("data race", {"wait_group.cc", "state_.fetch_add(change, std::memory_order_acq_rel)"}, WaitGroupOfBoth);
}

}  // namespace
}  // namespace gale::model
