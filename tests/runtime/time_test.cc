#include "gale/runtime/time.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// So long that a test that waits for it hangs.
constexpr auto kNever = std::chrono::hours(24);

// What a TimeTest does, it does on the main goroutine of Run and on a plain thread.
class TimeTest : public testing::TestWithParam<bool> {
 protected:
  void OnCaller(const std::function<void()>& body) {
    if (GetParam()) {
      gale::Run(body);
    } else {
      body();
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Callers, TimeTest, testing::Values(true, false),
                         [](const auto& caller) { return caller.param ? "Goroutine" : "Thread"; });

// Sleep.

TEST_P(TimeTest, SleepsAtLeastTheDuration) {
  OnCaller([] {
    for (auto duration : {1us, 100us, 1000us, 5000us}) {
      auto start = Clock::now();
      Sleep(duration);
      EXPECT_GE(Clock::now() - start, duration);
    }
    auto start = Clock::now();
    Sleep(std::chrono::duration<double>(0.002));
    EXPECT_GE(Clock::now() - start, 2ms);
  });
}

TEST_P(TimeTest, ZeroOrLessReturnsAtOnce) {
  OnCaller([] {
    Sleep(0s);
    Sleep(-1ns);
    Sleep(-1h);
    Sleep(std::chrono::nanoseconds::min());
    Sleep(std::chrono::duration<double>(-1.0));
    Sleep(std::chrono::duration<double>(0.0));
  });
}

// Negative durations below what nanoseconds can count: -342 years must not become +240.
TEST_P(TimeTest, HugeNegativeDurationsReturnAtOnce) {
  OnCaller([] {
    Sleep(std::chrono::hours(-3'000'000));
    Sleep(std::chrono::hours::min());
    Sleep(std::chrono::seconds::min());
    Sleep(std::chrono::milliseconds::min());
    Sleep(std::chrono::duration<double>(-1e300));
    Sleep(std::chrono::duration<double>(-std::numeric_limits<double>::infinity()));
    std::atomic<bool> fired = false;
    AfterFunc(std::chrono::hours::min(), [&] { fired = true; });
    while (!fired) Sleep(100us);
  });
}

TEST_P(TimeTest, HugeDurationsDoNotOverflow) {
  OnCaller([] {
    static std::atomic<int> fired;
    fired = 0;
    std::vector<Timer> timers;
    auto fire = [] { ++fired; };
    timers.push_back(AfterFunc(std::chrono::hours::max(), fire));
    timers.push_back(AfterFunc(std::chrono::seconds::max(), fire));
    timers.push_back(AfterFunc(std::chrono::milliseconds::max(), fire));
    timers.push_back(AfterFunc(std::chrono::nanoseconds::max(), fire));
    timers.push_back(AfterFunc(std::chrono::hours(24 * 365 * 292), fire));
    timers.push_back(AfterFunc(std::chrono::duration<double>(1e300), fire));
    timers.push_back(AfterFunc(std::chrono::duration<double>(std::numeric_limits<double>::infinity()), fire));
    Sleep(5ms);
    EXPECT_EQ(fired, 0);
    for (Timer& timer : timers) EXPECT_TRUE(timer.Stop());
    // A goroutine that sleeps for ever, and the others' timers still work.
    Go(StackSize::kSmall, [] {
      Sleep(std::chrono::hours::max());
      ++fired;
    });
    Sleep(2ms);
    EXPECT_EQ(fired, 0);
  });
}

// Behaviour group 60.
TEST_P(TimeTest, SleepersWakeInOrder) {
  OnCaller([] {
    Chan<int> woken(10);
    for (int i : {7, 2, 9, 0, 5, 3, 8, 1, 6, 4}) {
      Go([woken, i] {
        Sleep(5ms + i * 20ms);
        woken.Send(i);
      });
    }
    // A machine that stops for 20 ms may mix up neighbours; those far apart stay in order.
    std::vector<int> order;
    for (int i = 0; i < 10; ++i) order.push_back(*woken.Recv());
    std::vector<int> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (int i = 0; i < 10; ++i) EXPECT_EQ(sorted[i], i);
    auto position = [&](int i) { return std::find(order.begin(), order.end(), i); };
    EXPECT_LT(position(0), position(9));
    EXPECT_LT(position(1), position(8));
  });
}

TEST_P(TimeTest, ThousandsOfSleepers) {
  OnCaller([] {
    std::atomic<int> early = 0;
    std::atomic<int> woken = 0;
    WaitGroup group;
    for (int i = 0; i < 2500; ++i) {
      group.Go([&, i] {
        auto duration = std::chrono::microseconds(i * 7919 % 20'000);
        auto start = Clock::now();
        Sleep(duration);
        if (Clock::now() - start < duration) ++early;
        ++woken;
      });
    }
    group.Wait();
    EXPECT_EQ(woken, 2500);
    EXPECT_EQ(early, 0);
  });
}

TEST_P(TimeTest, SleepsAgainAndAgain) {
  OnCaller([] {
    WaitGroup group;
    std::atomic<int> rounds = 0;
    for (int i = 0; i < 50; ++i) {
      group.Go([&, i] {
        for (int k = 0; k < 40; ++k, ++rounds) Sleep(std::chrono::microseconds((i + k) % 5 * 100));
      });
    }
    group.Wait();
    EXPECT_EQ(rounds, 2000);
  });
}

TEST_P(TimeTest, SleeperDoesNotHoldOthersUp) {
  OnCaller([] {
    static std::atomic<bool> over;
    over = false;
    Go(StackSize::kSmall, [] {
      Sleep(kNever);
      over = true;
    });
    for (int i = 0; i < 20; ++i) Sleep(100us);
    EXPECT_FALSE(over);
  });
}

// A yielding goroutine keeps its P busy all the time: timers must fire between two turns.
TEST_P(TimeTest, TimersFireWhileOthersYield) {
  OnCaller([] {
    std::atomic<bool> stop = false;
    WaitGroup group;
    for (int i = 0; i < 3; ++i) {
      group.Go([&] {
        while (!stop) Gosched();
      });
    }
    group.Go([&] {
      Sleep(3ms);
      stop = true;
    });
    group.Wait();
  });
}

TEST(SleepThreads, ManyPlainThreads) {
  std::vector<std::thread> threads;
  std::atomic<int> early = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 10; ++k) {
        auto start = Clock::now();
        Sleep(500us);
        if (Clock::now() - start < 500us) ++early;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(early, 0);
}

// AfterFunc.

TEST_P(TimeTest, AfterFuncFiresOnceAndNotEarly) {
  OnCaller([] {
    Chan<Clock::time_point> fired(2);
    auto start = Clock::now();
    Timer timer = AfterFunc(3ms, [fired] { fired.Send(Clock::now()); });
    EXPECT_GE(*fired.Recv() - start, 3ms);
    EXPECT_FALSE(timer.Stop());
    Sleep(5ms);
    EXPECT_EQ(fired.Len(), 0u);
  });
}

TEST_P(TimeTest, AfterFuncOfZeroOrLess) {
  OnCaller([] {
    for (auto duration : {0ns, -1ns, std::chrono::nanoseconds::min()}) {
      Chan<int> fired(0);
      Timer timer = AfterFunc(duration, [fired] { fired.Send(1); });
      EXPECT_EQ(fired.Recv(), 1);
      EXPECT_FALSE(timer.Stop());
    }
  });
}

TEST_P(TimeTest, AfterFuncRunsOnAGoroutineOfItsOwn) {
  OnCaller([] {
    WaitGroup group;
    group.Add(20);
    Chan<int> release(0);
    for (int i = 0; i < 20; ++i) {
      AfterFunc(1ms, [&] {
        EXPECT_EQ(std::uncaught_exceptions(), 0);
        release.Recv();  // parks, and the others fire all the same
        Sleep(100us);
        group.Done();
      });
    }
    for (int i = 0; i < 20; ++i) release.Send(i);
    group.Wait();
    group.Add(1);
    struct Finish {
      WaitGroup& group;
      ~Finish() { group.Done(); }
    };
    AfterFunc(0ms, [&] {
      Finish finish{group};
      Goexit();
    });
    group.Wait();
  });
}

TEST_P(TimeTest, DroppedHandleDoesNotStop) {
  OnCaller([] {
    WaitGroup group;
    group.Add(3);
    AfterFunc(1ms, [&] { group.Done(); });
    {
      Timer timer = AfterFunc(1ms, [&] { group.Done(); });
      Timer moved = std::move(timer);
      moved = AfterFunc(1ms, [&] { group.Done(); });
      EXPECT_FALSE(timer.Stop());
    }
    group.Wait();
  });
}

// Behaviour group 60.
TEST_P(TimeTest, StopBeforeAfterAndTwice) {
  OnCaller([] {
    std::atomic<int> fired = 0;
    Timer early = AfterFunc(kNever, [&] { ++fired; });
    EXPECT_TRUE(early.Stop());
    EXPECT_FALSE(early.Stop());
    EXPECT_FALSE(early.Stop());

    Timer late = AfterFunc(0ms, [&] { ++fired; });
    while (fired == 0) Sleep(100us);
    EXPECT_FALSE(late.Stop());
    EXPECT_FALSE(late.Stop());

    EXPECT_FALSE(Timer().Stop());

    Timer moved_from = AfterFunc(kNever, [&] { ++fired; });
    Timer moved_to = std::move(moved_from);
    EXPECT_FALSE(moved_from.Stop());
    EXPECT_TRUE(moved_to.Stop());
    Sleep(2ms);
    EXPECT_EQ(fired, 1);
  });
}

// Behaviour group 60.
TEST_P(TimeTest, StoppedTimersNeverFire) {
  OnCaller([] {
    static std::atomic<int> fired;
    fired = 0;
    for (int round = 0; round < 5; ++round) {
      std::vector<Timer> timers;
      for (int i = 0; i < 500; ++i) timers.push_back(AfterFunc(20ms, [] { ++fired; }));
      int stopped = 0;
      // In an order that is not that of the heap.
      for (int i = 0; i < 500; ++i) stopped += timers[i * 211 % 500].Stop() ? 1 : 0;
      // On a slow machine some have fired before; whatever was stopped does not.
      while (fired < 500 - stopped) Sleep(100us);
      if (round % 2 == 0) Sleep(25ms);
      EXPECT_EQ(fired, 500 - stopped);
      fired = 0;
    }
  });
}

// Some are stopped and some fire; each does exactly one of both.
TEST_P(TimeTest, StopRacesWithFiring) {
  OnCaller([] {
    constexpr int kTimers = 1000;
    auto fired = std::make_unique<std::array<std::atomic<int>, kTimers>>();
    std::array<bool, kTimers> stopped{};
    std::vector<Timer> timers;
    for (int i = 0; i < kTimers; ++i) {
      timers.push_back(AfterFunc(std::chrono::microseconds(i % 10 * 100), [&fired, i] { ++(*fired)[i]; }));
    }
    int count = 0;
    for (int i = 0; i < kTimers; ++i) {
      stopped[i] = timers[i * 7 % kTimers].Stop();
      count += stopped[i] ? 1 : 0;
      if (i % 100 == 0) Sleep(50us);
    }
    auto total = [&] {
      int sum = 0;
      for (auto& calls : *fired) sum += calls;
      return sum;
    };
    while (total() != kTimers - count) Sleep(200us);
    Sleep(2ms);
    for (int i = 0; i < kTimers; ++i) EXPECT_EQ((*fired)[i * 7 % kTimers], stopped[i] ? 0 : 1);
  });
}

TEST_P(TimeTest, StoppedFromElsewhere) {
  OnCaller([] {
    static std::atomic<int> fired;
    fired = 0;
    for (int i = 0; i < 50; ++i) {
      Timer timer = AfterFunc(kNever, [] { ++fired; });
      if (i % 2 == 0) {
        std::thread([&] { EXPECT_TRUE(timer.Stop()); }).join();
      } else {
        WaitGroup group;
        group.Go([&timer] { EXPECT_TRUE(timer.Stop()); });
        group.Wait();
      }
      EXPECT_FALSE(timer.Stop());
    }
    EXPECT_EQ(fired, 0);
  });
}

TEST_P(TimeTest, HandlesThatTravel) {
  OnCaller([] {
    std::atomic<int> fired = 0;
    Chan<Timer> timers(0);
    WaitGroup group;
    std::atomic<int> stopped = 0;
    group.Go([&] {
      for (Timer& timer : timers) stopped += timer.Stop() ? 1 : 0;
    });
    for (int i = 0; i < 200; ++i) timers.Send(AfterFunc(std::chrono::microseconds(i % 4 * 30), [&] { ++fired; }));
    timers.Close();
    group.Wait();
    while (fired + stopped < 200) Sleep(100us);
    EXPECT_EQ(fired + stopped, 200);
  });
}

TEST_P(TimeTest, ClosuresAreDestroyedOnce) {
  OnCaller([] {
    auto shared = std::make_shared<int>(0);
    for (int i = 0; i < 200; ++i) {
      Timer fires = AfterFunc(100us, [shared] { EXPECT_EQ(*shared, 0); });
      Timer stopped = AfterFunc(i % 2 == 0 ? 1ms : 50ms, [shared] { EXPECT_EQ(*shared, 0); });
      stopped.Stop();
    }
    // What was stopped may live until its time has come.
    while (shared.use_count() != 1) Sleep(1ms);
  });
}

TEST_P(TimeTest, MoveOnlyFunction) {
  OnCaller([] {
    Chan<int> result(0);
    AfterFunc(100us, [result, number = std::make_unique<int>(9)] { result.Send(*number); });
    EXPECT_EQ(result.Recv(), 9);
  });
}

// The closure of a stopped timer owns whatever the user likes: its destructor may use timers, channels and locks.
TEST_P(TimeTest, ClosureWhoseDestructorUsesTheRuntime) {
  OnCaller([] {
    struct Owner {
      Timer other;
      Mutex* mu;
      Chan<int> done;
      ~Owner() {
        other.Stop();
        std::lock_guard guard(*mu);
        AfterFunc(0ms, [] {});
        done.TrySend(1);
      }
    };
    Mutex mu;
    Chan<int> done(100);
    std::vector<Timer> timers;
    for (int i = 0; i < 100; ++i) {
      auto owner = std::make_shared<Owner>(AfterFunc(kNever, [] {}), &mu, done);
      // Some are dropped by Stop when many are stopped, the rest when their time has come.
      timers.push_back(AfterFunc(20ms, [owner] {}));
    }
    for (Timer& timer : timers) timer.Stop();
    timers.clear();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(done.Recv(), 1);
  });
}

TEST_P(TimeTest, TimerChains) {
  OnCaller([] {
    Chan<int> done(0);
    std::function<void(int)> next = [&](int left) {
      if (left == 0) return done.Send(1);
      AfterFunc(10us, [&next, left] { next(left - 1); });
    };
    for (int i = 0; i < 10; ++i) next(50);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(done.Recv(), 1);
  });
}

TEST(AfterFuncThreads, FromManyPlainThreads) {
  std::atomic<int> fired = 0;
  std::atomic<int> stopped = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        Timer timer = AfterFunc(std::chrono::microseconds(i * 10), [&] { ++fired; });
        if (i % 3 == 0 && timer.Stop()) ++stopped;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (fired + stopped < 600) Sleep(200us);
  EXPECT_EQ(fired + stopped, 600);
}

TEST(AfterFuncThreads, EarlierTimerWakesAnIdleRuntime) {
  for (int i = 0; i < 30; ++i) {
    std::atomic<bool> fired = false;
    Timer later = AfterFunc(kNever, [] {});
    if (i % 2 == 0) std::this_thread::sleep_for(1ms);  // everybody is asleep until tomorrow
    AfterFunc(1ms, [&] { fired = true; });
    while (!fired) std::this_thread::sleep_for(100us);
    later.Stop();
  }
}

}  // namespace
}  // namespace gale
