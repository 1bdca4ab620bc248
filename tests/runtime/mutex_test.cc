#include "gale/runtime/mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

class MutexTest : public CallerTest {};

INSTANTIATE_TEST_SUITE_P(Callers, MutexTest, testing::Values(true, false), CallerName);

TEST_P(MutexTest, LockAndUnlock) {
  OnCaller([] {
    Mutex mu;
    for (int i = 0; i < 1000; ++i) {
      mu.Lock();
      EXPECT_FALSE(mu.TryLock());
      mu.Unlock();
    }
    EXPECT_TRUE(mu.TryLock());
    EXPECT_FALSE(mu.try_lock());
    mu.Unlock();
  });
}

TEST_P(MutexTest, StandardGuards) {
  OnCaller([] {
    Mutex first;
    Mutex second;
    {
      std::lock_guard guard(first);
      EXPECT_FALSE(first.TryLock());
    }
    {
      std::unique_lock guard(first, std::try_to_lock);
      EXPECT_TRUE(guard.owns_lock());
      std::unique_lock late(first, std::try_to_lock);
      EXPECT_FALSE(late.owns_lock());
      guard.unlock();
      EXPECT_TRUE(late.try_lock());
    }
    {
      std::scoped_lock both(first, second);
      EXPECT_FALSE(second.TryLock());
    }
    {
      MutexLock lock(first);
      EXPECT_FALSE(first.TryLock());
    }
    EXPECT_TRUE(first.TryLock());
    EXPECT_TRUE(second.TryLock());
    second.Unlock();
    first.Unlock();
  });
}

TEST_P(MutexTest, ExcludesGoroutines) {
  OnCaller([] {
    Mutex mu;
    long counter = 0;  // not atomic on purpose
    bool inside = false;
    WaitGroup group;
    for (int i = 0; i < 200; ++i) {
      group.Go([&] {
        for (int k = 0; k < 50; ++k) {
          std::lock_guard guard(mu);
          EXPECT_FALSE(inside);
          inside = true;
          ++counter;
          if (k % 10 == 0) Gosched();
          inside = false;
        }
      });
    }
    group.Wait();
    EXPECT_EQ(counter, 200 * 50);
    EXPECT_TRUE(mu.TryLock());
    mu.Unlock();
  });
}

TEST_P(MutexTest, ExcludesGoroutinesAndThreads) {
  OnCaller([] {
    Mutex mu;
    long counter = 0;
    auto work = [&] {
      for (int k = 0; k < 500; ++k) {
        std::lock_guard guard(mu);
        long seen = counter;
        if (k % 50 == 0) Gosched();
        counter = seen + 1;
      }
    };
    WaitGroup group;
    for (int i = 0; i < 8; ++i) group.Go(work);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      group.Add(1);
      threads.emplace_back([&] {
        work();
        group.Done();
      });
    }
    work();
    group.Wait();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(counter, 13 * 500);
  });
}

TEST_P(MutexTest, TryLockExcludes) {
  OnCaller([] {
    Mutex mu;
    long counter = 0;
    WaitGroup group;
    for (int i = 0; i < 16; ++i) {
      group.Go([&, i] {
        for (int k = 0; k < 100; ++k) {
          if (i % 2 == 0) {
            mu.Lock();
          } else {
            while (!mu.TryLock()) Gosched();
          }
          ++counter;
          mu.Unlock();
        }
      });
    }
    group.Wait();
    EXPECT_EQ(counter, 1600);
  });
}

TEST_P(MutexTest, HeldAcrossSleep) {
  OnCaller([] {
    Mutex mu;
    int counter = 0;
    WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.Go([&] {
        std::lock_guard guard(mu);
        int seen = counter;
        Sleep(1ms);
        counter = seen + 1;
      });
    }
    group.Wait();
    EXPECT_EQ(counter, 20);
  });
}

TEST_P(MutexTest, HeldAcrossAChannel) {
  OnCaller([] {
    Mutex mu;
    Chan<int> numbers(0);
    WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.Go([&, i] {
        std::lock_guard guard(mu);
        numbers.Send(i);
        numbers.Send(i);  // nobody else's comes between
      });
    }
    for (int i = 0; i < 20; ++i) {
      int first = *numbers.Recv();
      EXPECT_EQ(numbers.Recv(), first);
    }
    group.Wait();
  });
}

TEST_P(MutexTest, UnlockedByAnotherGoroutine) {
  OnCaller([] {
    Mutex mu;
    for (int i = 0; i < 100; ++i) {
      mu.Lock();
      Go([&mu] { mu.Unlock(); });
      mu.Lock();
      mu.Unlock();
    }
  });
}

TEST_P(MutexTest, ReleasedByGoexitAndByExceptions) {
  OnCaller([] {
    Mutex mu;
    WaitGroup group;
    for (int i = 0; i < 50; ++i) {
      group.Go([&] {
        std::lock_guard guard(mu);
        Goexit();
      });
      group.Go([&] {
        try {
          std::lock_guard guard(mu);
          throw 1;
        } catch (int) {
        }
      });
    }
    group.Wait();
    EXPECT_TRUE(mu.TryLock());
    mu.Unlock();
  });
}

// Hold keeps the lock for longer than the time after which a waiter counts as starving.
void HoldUntilStarving() {
  auto until = std::chrono::steady_clock::now() + 2ms;
  while (std::chrono::steady_clock::now() < until) {
  }
}

// The hog takes the lock again before the waiter can, and keeps it until the waiter has tried in vain. The second time
// it cannot: the waiter has waited too long.
TEST_P(MutexTest, AHogThatRelocksGetsTheLockOnceMoreAtMost) {
  OnCaller([] {
    Mutex mu;
    std::atomic<internal::G*> waiter{nullptr};
    std::atomic<bool> got_in{false};
    Chan<bool> leave(0);
    WaitGroup group;
    mu.Lock();
    group.Go([&] {
      waiter = internal::CurrentG();
      mu.Lock();
      got_in = true;
      leave.Recv();
      mu.Unlock();
    });
    auto until_parked_or_in = [&] {
      while (!got_in && (waiter == nullptr || waiter.load()->status != internal::GStatus::kWaiting)) Sleep(50us);
    };
    until_parked_or_in();
    HoldUntilStarving();
    mu.Unlock();
    if (mu.TryLock()) {
      until_parked_or_in();
      EXPECT_FALSE(got_in);
      mu.Unlock();
    }
    EXPECT_FALSE(mu.TryLock());
    leave.Send(true);
    mu.Lock();
    EXPECT_TRUE(got_in);
    mu.Unlock();
    group.Wait();
  });
}

// Behaviour group 60.
TEST_P(MutexTest, StarvingWaitersGetInBeforeTheHogAndInTheirOrder) {
  OnCaller([] {
    Mutex mu;
    std::vector<int> order;
    WaitGroup group;
    mu.Lock();
    for (int i = 0; i < 6; ++i) {
      GoUntilParked(group, WaitReason::kMutexLock, [&, i] {
        MutexLock lock(mu);
        order.push_back(i);
      });
    }
    HoldUntilStarving();
    mu.Unlock();
    group.Wait();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5}));
  });
}

// Who counts the users of an object under its own mutex frees it, while another one is still about to return from
// Unlock.
TEST_P(MutexTest, FreedByWhoUnlocksItLast) {
  OnCaller([] {
    struct Shared {
      Mutex mu;
      int users = 8;
    };
    for (int round = 0; round < 100; ++round) {
      auto* shared = new Shared;
      Mix mix;
      mix.Start(8, 4, [shared](int i) {
        if (i % 3 == 0) Gosched();
        shared->mu.Lock();
        if (i % 2 == 0) Gosched();
        bool last = --shared->users == 0;
        shared->mu.Unlock();
        if (last) delete shared;
      });
    }
  });
}

// Without the hand-over those who hammer the lock would never let anybody else in: each takes it again before the one
// that was woken has begun to run.
void Starve(bool hammer_on_threads) {
  Mutex mu;
  std::atomic<bool> stop = false;
  std::atomic<int> hammering = 0;
  WaitGroup group;
  auto hammer = [&] {
    ++hammering;
    while (!stop) {
      mu.Lock();
      auto until = std::chrono::steady_clock::now() + 100us;
      while (std::chrono::steady_clock::now() < until) {
      }
      mu.Unlock();
      Gosched();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    if (hammer_on_threads) {
      threads.emplace_back(hammer);
    } else {
      group.Go(hammer);
    }
  }
  while (hammering < 2) Sleep(100us);
  for (int i = 0; i < 20; ++i) {  // hangs if it is starved
    mu.Lock();
    Sleep(100us);
    mu.Unlock();
  }
  stop = true;
  group.Wait();
  for (std::thread& thread : threads) thread.join();
}

// Behaviour group 60.
TEST_P(MutexTest, WaiterGetsInAgainstHammeringGoroutines) {
  OnCaller([] { Starve(false); });
}

TEST_P(MutexTest, WaiterGetsInAgainstHammeringThreads) {
  OnCaller([] { Starve(true); });
}

TEST_P(MutexTest, ManyStarvedWaitersAllGetIn) {
  OnCaller([] {
    Mutex mu;
    int counter = 0;
    WaitGroup group;
    mu.Lock();
    for (int i = 0; i < 100; ++i) {
      group.Go([&] {
        for (int k = 0; k < 3; ++k) {
          std::lock_guard guard(mu);
          ++counter;
        }
      });
    }
    Sleep(5ms);  // all of them have waited for more than 1 ms when they are woken
    mu.Unlock();
    for (int i = 0; i < 100; ++i) {
      mu.Lock();
      mu.Unlock();
    }
    group.Wait();
    EXPECT_EQ(counter, 300);
    EXPECT_TRUE(mu.TryLock());  // starvation is over
    mu.Unlock();
    mu.Lock();
    mu.Unlock();
  });
}

TEST_P(MutexTest, HotPathAgainstTryLockStorm) {
  OnCaller([] {
    for (int round = 0; round < 20; ++round) {
      Mutex mu;
      int counter = 0;
      WaitGroup group;
      for (int i = 0; i < 10; ++i) {
        group.Go([&] {
          for (int k = 0; k < 50; ++k) {
            std::unique_lock guard(mu, std::try_to_lock);
            if (!guard) guard.lock();
            ++counter;
            if (k % 16 == 0) Sleep(10us);
          }
        });
      }
      group.Wait();
      EXPECT_EQ(counter, 500);
    }
  });
}

TEST_P(MutexTest, DestroyedOnceNobodyUsesIt) {
  OnCaller([] {
    for (int i = 0; i < 200; ++i) {
      auto mu = std::make_unique<Mutex>();
      WaitGroup group;
      for (int k = 0; k < 3; ++k) group.Go([&] { std::lock_guard guard(*mu); });
      group.Wait();
    }
  });
}

class MutexDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// Behaviour group 60.
TEST_F(MutexDeathTest, UnlockOfUnlockedMutex) {
  EXPECT_DEATH(Mutex().Unlock(), "sync: unlock of unlocked mutex");
  EXPECT_DEATH(
      {
        Mutex mu;
        std::lock_guard guard(mu);
        mu.Unlock();
      },
      "sync: unlock of unlocked mutex");
}

TEST_F(MutexDeathTest, UnlockOnAGoroutineCannotBeCaught) {
  EXPECT_DEATH(gale::Run([] {
                 try {
                   Mutex().Unlock();
                 } catch (...) {
                 }
               }),
               "sync: unlock of unlocked mutex");
}

}  // namespace
}  // namespace gale
