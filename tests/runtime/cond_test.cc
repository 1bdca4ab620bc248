#include "gale/runtime/cond.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/rw_mutex.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

class CondTest : public CallerTest {};

INSTANTIATE_TEST_SUITE_P(Callers, CondTest, testing::Values(true, false), CallerName);

// Behaviour group 60.
TEST_P(CondTest, SignalWakesOneAtATimeInTheirOrder) {
  OnCaller([] {
    Mutex mu;
    Cond cond;
    WaitGroup group;
    std::vector<int> woken;
    std::atomic<int> count{0};
    for (int i = 0; i < 10; ++i) {
      GoUntilParked(group, WaitReason::kCondWait, [&, i] {
        MutexLock lock(mu);
        cond.Wait(mu);
        woken.push_back(i);
        ++count;
      });
    }
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(count, i);
      cond.Signal();
      while (count == i) Gosched();
    }
    group.Wait();
    EXPECT_EQ(woken, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  });
}

// Behaviour group 60. A Signal is for one of those who waited when it came, though another comes before that one runs.
TEST_P(CondTest, WhoComesAfterASignalDoesNotTakeIt) {
  OnCaller([] {
    for (int i = 0; i < 50; ++i) {
      Mutex mu;
      Cond cond;
      std::atomic<bool> first_woken{false}, second_woken{false};
      WaitGroup group;
      GoUntilParked(group, WaitReason::kCondWait, [&] {
        MutexLock lock(mu);
        cond.Wait(mu);
        first_woken = true;
      });
      mu.Lock();
      cond.Signal();
      group.Go([&] {
        MutexLock lock(mu);
        cond.Wait(mu);
        second_woken = true;
      });
      mu.Unlock();
      while (!first_woken) Sleep(20us);
      EXPECT_FALSE(second_woken);
      while (!second_woken) {
        cond.Signal();
        Sleep(20us);
      }
      group.Wait();
    }
  });
}

// Behaviour group 60.
TEST_P(CondTest, BroadcastWakesAllAndOnlyThoseWhoWait) {
  OnCaller([] {
    Mutex mu;
    Cond cond;
    WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      GoUntilParked(group, WaitReason::kCondWait, [&] {
        MutexLock lock(mu);
        cond.Wait(mu);
      });
    }
    cond.Broadcast();
    group.Wait();
    WaitGroup late;
    GoUntilParked(late, WaitReason::kCondWait, [&] {  // hangs here if it inherits the Broadcast
      MutexLock lock(mu);
      cond.Wait(mu);
    });
    cond.Signal();
    late.Wait();
  });
}

TEST_P(CondTest, WithoutWaitersNothingIsRemembered) {
  OnCaller([] {
    Mutex mu;
    Cond cond;
    cond.Signal();
    cond.Broadcast();
    WaitGroup group;
    GoUntilParked(group, WaitReason::kCondWait, [&] {
      MutexLock lock(mu);
      cond.Wait(mu);
    });
    cond.Signal();
    group.Wait();
  });
}

TEST_P(CondTest, WaitsWithAnyLock) {
  OnCaller([] {
    Mutex mutex;
    RWMutex rw_mutex;
    std::mutex std_mutex;
    Cond cond;
    WaitGroup group;
    GoUntilParked(group, WaitReason::kCondWait, [&] {
      std::unique_lock lock(mutex);
      cond.Wait(lock);
      EXPECT_TRUE(lock.owns_lock());
    });
    GoUntilParked(group, WaitReason::kCondWait, [&] {
      std::shared_lock lock(rw_mutex);
      cond.Wait(lock);
      EXPECT_FALSE(rw_mutex.TryLock());
    });
    GoUntilParked(group, WaitReason::kCondWait, [&] {
      rw_mutex.Lock();
      cond.Wait(rw_mutex);
      EXPECT_FALSE(rw_mutex.TryRLock());
      rw_mutex.Unlock();
    });
    GoUntilParked(group, WaitReason::kCondWait, [&] {
      std::unique_lock lock(std_mutex);  // not across anything but this Wait, which releases it
      cond.Wait(lock);
    });
    EXPECT_TRUE(rw_mutex.TryLock());  // nobody holds it while it waits
    rw_mutex.Unlock();
    for (int i = 0; i < 4; ++i) cond.Signal();
    group.Wait();
  });
}

TEST_P(CondTest, ALockThatCannotBeReleasedLeavesNoWaiter) {
  OnCaller([] {
    struct Broken {
      void lock() { ADD_FAILURE() << "never unlocked"; }
      void unlock() { throw std::runtime_error("not mine"); }
    } broken;
    Mutex mu;
    Cond cond;
    EXPECT_THROW(cond.Wait(broken), std::runtime_error);
    WaitGroup group;
    GoUntilParked(group, WaitReason::kCondWait, [&] {
      MutexLock lock(mu);
      cond.Wait(mu);
    });
    cond.Signal();  // would go to the one that has left
    group.Wait();
  });
}

TEST_P(CondTest, QueueOfProducersAndConsumers) {
  OnCaller([] {
    constexpr std::size_t kRoom = 4;
    constexpr int kItems = 400;
    Mutex mu;
    Cond not_empty;
    Cond not_full;
    std::deque<int> items;
    std::atomic<long> sum{0};
    Mix mix;
    mix.Start(8, 4, [&](int i) {
      for (int k = 0; k < kItems / 4; ++k) {
        std::unique_lock lock(mu);
        if (i % 2 == 0) {
          not_full.Wait(lock, [&] { return items.size() < kRoom; });
          items.push_back(k);
          not_empty.Signal();
        } else {
          not_empty.Wait(lock, [&] { return !items.empty(); });
          sum += items.front();
          items.pop_front();
          lock.unlock();
          not_full.Signal();
        }
      }
    });
    mix.Join();
    EXPECT_EQ(sum, 4L * (kItems / 4) * (kItems / 4 - 1) / 2);
    EXPECT_TRUE(items.empty());
  });
}

// Behaviour group 60. A Signal between the release of the lock and the sleep must not be lost, whoever is how fast.
TEST_P(CondTest, NoSignalIsLostBetweenUnlockAndSleep) {
  OnCaller([] {
    Mutex mu;
    Cond cond;
    bool turn = false;  // whose turn it is
    Mix mix;
    mix.Start(2, 2, [&](int i) {
      for (int k = 0; k < 1000; ++k) {
        std::unique_lock lock(mu);
        cond.Wait(lock, [&] { return turn == (i == 0); });
        turn = !turn;
        lock.unlock();
        cond.Signal();
      }
    });
    mix.Join();
  });
}

TEST_P(CondTest, BroadcastStorm) {
  OnCaller([] {
    Mutex mu;
    Cond cond;
    int generation = 0;
    constexpr int kRounds = 50;
    std::atomic<int> waiting{0};
    Mix mix;
    mix.Start(9, 3, [&](int) {
      for (int round = 0; round < kRounds; ++round) {
        MutexLock lock(mu);
        ++waiting;
        while (generation == round) cond.Wait(mu);
      }
    });
    for (int round = 0; round < kRounds; ++round) {
      while (waiting < 9 * (round + 1)) Gosched();
      MutexLock lock(mu);
      ++generation;
      cond.Broadcast();
    }
    mix.Join();
  });
}

}  // namespace
}  // namespace gale
