#include "gale/runtime/semaphore.h"
#include "gale/runtime/mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

#include "gale/runtime/context.h"
#include "gale/runtime/go.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

class SemaphoreTest : public CallerTest {};

INSTANTIATE_TEST_SUITE_P(Callers, SemaphoreTest, ::testing::Values(true, false), CallerName);

TEST_P(SemaphoreTest, CountsWhatIsTaken) {
  OnCaller([] {
    Semaphore semaphore(3);
    semaphore.Acquire(2);
    EXPECT_FALSE(semaphore.TryAcquire(2));
    EXPECT_TRUE(semaphore.TryAcquire());
    EXPECT_FALSE(semaphore.TryAcquire());
    EXPECT_TRUE(semaphore.TryAcquire(0));
    semaphore.Release(3);
    EXPECT_TRUE(semaphore.TryAcquire(3));
    semaphore.Release(3);
    EXPECT_FALSE(semaphore.TryAcquire(4));
  });
}

TEST_P(SemaphoreTest, ReleaseOfMoreThanIsHeldPanics) {
  OnCaller([] {
    Semaphore semaphore(2);
    EXPECT_EQ(PanicOf([&] { semaphore.Release(); }), "semaphore: released more than held");
    semaphore.Acquire();
    EXPECT_EQ(PanicOf([&] { semaphore.Release(2); }), "semaphore: released more than held");
    semaphore.Release();
    EXPECT_TRUE(semaphore.TryAcquire(2));
  });
}

TEST_P(SemaphoreTest, ServesInOrderAndALargeRequestIsNotOvertaken) {
  OnCaller([] {
    Semaphore semaphore(4);
    Mutex mutex;  // the last two fit in together
    std::vector<int> order;
    WaitGroup group;
    semaphore.Acquire(4);
    for (int count : {4, 3, 1}) {
      GoUntilParked(group, WaitReason::kSemaphoreAcquire, [&, count] {
        semaphore.Acquire(count);
        {
          std::lock_guard guard(mutex);
          order.push_back(count);
        }
        semaphore.Release(count);
      });
    }
    semaphore.Release(1);
    EXPECT_FALSE(semaphore.TryAcquire());  // though one is free: others came before
    semaphore.Release(3);
    group.Wait();
    ASSERT_EQ(order.size(), 3u);
    EXPECT_EQ(order[0], 4);
  });
}

TEST_P(SemaphoreTest, NeverMoreThanThereIs) {
  OnCaller([] {
    Semaphore semaphore(5);
    std::atomic<int> taken{0};
    Mix mix;
    mix.Start(16, 4, [&](int i) {
      int count = i % 5 + 1;
      for (int k = 0; k < 50; ++k) {
        if (k % 3 != 0) {
          semaphore.Acquire(count);
        } else if (!semaphore.TryAcquire(count)) {
          continue;
        }
        EXPECT_LE(taken += count, 5);
        if (k % 8 == 0) Gosched();
        taken -= count;
        semaphore.Release(count);
      }
    });
    mix.Join();
    EXPECT_TRUE(semaphore.TryAcquire(5));
  });
}

TEST_P(SemaphoreTest, AContextEndsTheWait) {
  OnCaller([] {
    Semaphore semaphore(2);
    semaphore.Acquire(2);
    auto [context, cancel] = WithCancel(Background());
    WaitGroup group;
    GoUntilParked(group, WaitReason::kSemaphoreAcquire,
                  [&, context = context] { EXPECT_EQ(semaphore.Acquire(context), Errc::kCanceled); });
    cancel();
    group.Wait();
    EXPECT_EQ(semaphore.Acquire(context), Errc::kCanceled);
    semaphore.Release(2);
    EXPECT_EQ(semaphore.Acquire(context), Errc::kCanceled);  // even where it needed no waiting
    EXPECT_FALSE(semaphore.Acquire(Background(), 2));
    EXPECT_EQ(semaphore.Acquire(WithTimeout(Background(), 1ms).first), Errc::kDeadlineExceeded);
  });
}

TEST_P(SemaphoreTest, WhoGivesUpInFrontLetsSmallerOnesPass) {
  OnCaller([] {
    Semaphore semaphore(3);
    semaphore.Acquire(2);
    auto [context, cancel] = WithCancel(Background());
    WaitGroup group;
    GoUntilParked(group, WaitReason::kSemaphoreAcquire,
                  [&, context = context] { EXPECT_TRUE(semaphore.Acquire(context, 3)); });
    GoUntilParked(group, WaitReason::kSemaphoreAcquire, [&] { semaphore.Acquire(1); });
    cancel();
    group.Wait();
    semaphore.Release(3);
  });
}

TEST_P(SemaphoreTest, MoreThanThereIsWaitsForTheContextAndHoldsUpNobody) {
  OnCaller([] {
    Semaphore semaphore(1);
    auto [context, cancel] = WithCancel(Background());
    WaitGroup group;
    GoUntilParked(group, WaitReason::kChanReceive,
                  [&, context = context] { EXPECT_EQ(semaphore.Acquire(context, 2), Errc::kCanceled); });
    semaphore.Acquire();
    semaphore.Release();
    cancel();
    group.Wait();
  });
}

// Grants and cancellations meet. In the end nothing is lost and nobody waits.
TEST_P(SemaphoreTest, CancelledWhileGranted) {
  OnCaller([] {
    Semaphore semaphore(2);
    Mix mix;
    mix.Start(12, 4, [&](int i) {
      for (int k = 0; k < 60; ++k) {
        auto [context, cancel] = WithTimeout(Background(), std::chrono::microseconds((i * 7 + k) % 60));
        if (semaphore.Acquire(context, i % 2 + 1)) continue;
        if (k % 4 == 0) Sleep(10us);
        semaphore.Release(i % 2 + 1);
      }
    });
    mix.Join();
    EXPECT_TRUE(semaphore.TryAcquire(2));
  });
}

TEST(SemaphoreTimeTest, AWaitInABubbleLetsTimePass) {
  testing::Synctest([] {
    Semaphore semaphore(0);
    auto [context, cancel] = WithTimeout(Background(), 1h);
    EXPECT_FALSE(semaphore.Acquire(context, 0));
    Semaphore one(1);
    one.Acquire();
    EXPECT_EQ(one.Acquire(context), Errc::kDeadlineExceeded);
  });
}

}  // namespace
}  // namespace gale
