#include "gale/runtime/testing/synctest.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;
using gale::testing::Synctest;
using gale::testing::Wait;

template <typename Function>
std::string PanicOf(Function function) {
  try {
    function();
  } catch (const Panic& panic) {
    return panic.what();
  }
  return "none";
}

// Behaviour group 60.
TEST(SynctestTest, StartsAtMidnight2000) {
  Synctest([] {
    EXPECT_EQ(Now(), std::chrono::sys_days(std::chrono::January / 1 / 2000));
    EXPECT_EQ(Clock::now().time_since_epoch(), Now().time_since_epoch());
  });
  EXPECT_GT(Now(), std::chrono::sys_days(std::chrono::January / 1 / 2020));
}

// Behaviour group 60.
TEST(SynctestTest, AYearOfSleepTakesNoTime) {
  auto start = std::chrono::steady_clock::now();
  Synctest([] {
    auto began = Clock::now();
    for (int day = 0; day < 365; ++day) Sleep(24h);
    EXPECT_EQ(Clock::now() - began, 365 * 24h);
  });
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1min);
}

TEST(SynctestTest, SleepersWakeInTheOrderOfTheirTimes) {
  std::vector<int> order;
  Synctest([&] {
    auto start = Clock::now();
    WaitGroup group;
    for (int seconds : {3, 1, 2}) {
      group.Go([&, seconds] {
        Sleep(std::chrono::seconds(seconds));
        EXPECT_EQ(Clock::now() - start, std::chrono::seconds(seconds));
        order.push_back(seconds);
      });
    }
    group.Wait();
    EXPECT_EQ(Clock::now() - start, 3s);
  });
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

// Behaviour group 60.
TEST(SynctestTest, WaitReturnsWhenTheOthersAreBlocked) {
  Synctest([] {
    int steps = 0;
    Chan<int> go_on(0);
    Go([&, go_on] {
      for (int i = 0; i < 100; ++i) Gosched();
      steps = 1;
      (void)go_on.Recv();
      steps = 2;
    });
    Wait();
    EXPECT_EQ(steps, 1);
    go_on.Send(1);
    Wait();
    EXPECT_EQ(steps, 2);
  });
}

TEST(SynctestTest, TimeStandsStillInWait) {
  Synctest([] {
    auto start = Clock::now();
    bool woken = false;
    Go([&] {
      Sleep(1s);
      woken = true;
    });
    Wait();
    EXPECT_FALSE(woken);
    EXPECT_EQ(Clock::now(), start);
    Sleep(1s);
    Wait();
    EXPECT_TRUE(woken);
  });
}

TEST(SynctestTest, AfterFuncFollowsTheBubblesClock) {
  Synctest([] {
    auto start = Clock::now();
    Clock::time_point called;
    Chan<int> done(0);
    Timer stopped = AfterFunc(4s, [] { ADD_FAILURE() << "was stopped"; });
    AfterFunc(5s, [&] {
      called = Clock::now();
      Sleep(1s);  // it runs on a goroutine of the bubble
      done.Send(1);
    });
    EXPECT_TRUE(stopped.Stop());
    (void)done.Recv();
    EXPECT_EQ(called - start, 5s);
    EXPECT_EQ(Clock::now() - start, 6s);
  });
}

// Behaviour group 60.
TEST(SynctestTest, ATimerMayOutliveItsBubble) {
  Timer timer;
  auto alive = std::make_shared<int>(1);
  Synctest([&] { timer = AfterFunc(1h, [alive] { ADD_FAILURE() << "time stops when main ends"; }); });
  EXPECT_FALSE(timer.Stop());
  timer = Timer();
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(SynctestTest, EndsWhenAllGoroutinesHaveEnded) {
  std::atomic<int> ended = 0;
  Synctest([&] {
    for (int i = 0; i < 10; ++i) {
      Go([&] {
        for (int j = 0; j < 50; ++j) Gosched();
        Go([&] { ++ended; });
        ++ended;
      });
    }
  });
  EXPECT_EQ(ended, 20);
}

// Behaviour group 60.
TEST(SynctestTest, ADeadlockThrows) {
  EXPECT_EQ(PanicOf([] {
              Synctest([] {
                Chan<int> never(0);
                Go([never] { (void)never.Recv(); });
                (void)never.Recv();
              });
            }),
            "deadlock: all goroutines in bubble are blocked");
  EXPECT_EQ(PanicOf([] {
              Synctest([] {
                Chan<int> never(0);
                Go([never] { (void)never.Recv(); });
              });
            }),
            "deadlock: main bubble goroutine has exited but blocked goroutines remain");
  EXPECT_EQ(PanicOf([] { Synctest([] { (void)Chan<int>().Recv(); }); }),
            "deadlock: all goroutines in bubble are blocked");
}

TEST(SynctestTest, TimeStopsWhenTheMainFunctionReturns) {
  EXPECT_EQ(PanicOf([] { Synctest([] { Go([] { Sleep(1s); }); }); }),
            "deadlock: main bubble goroutine has exited but blocked goroutines remain");
}

TEST(SynctestTest, ExceptionsOfTheFunctionAreRethrown) {
  bool other_ended = false;
  try {
    Synctest([&] {
      Go([&] {
        Gosched();
        other_ended = true;
      });
      throw std::runtime_error("of main");
    });
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "of main");
  }
  EXPECT_TRUE(other_ended);
}

TEST(SynctestTest, TheFunctionsExceptionIsMoreThanADeadlock) {
  EXPECT_EQ(PanicOf([] {
              Synctest([] {
                Chan<int> never(0);
                Go([never] { (void)never.Recv(); });
                throw Panic("of main");
              });
            }),
            "of main");
}

TEST(SynctestTest, GoexitEndsTheFunction) {
  bool behind = false;
  Synctest([&] {
    Goexit();
    behind = true;
  });
  EXPECT_FALSE(behind);
}

// Behaviour group 60.
TEST(SynctestTest, AChannelOfABubbleThrowsOutside) {
  Chan<int> chan;
  Synctest([&] { chan = Chan<int>(1); });
  EXPECT_EQ(PanicOf([&] { chan.Send(1); }), "send on synctest channel from outside bubble");
  EXPECT_EQ(PanicOf([&] { chan.TrySend(1); }), "send on synctest channel from outside bubble");
  EXPECT_EQ(PanicOf([&] { (void)chan.Recv(); }), "receive on synctest channel from outside bubble");
  EXPECT_EQ(PanicOf([&] { chan.Close(); }), "close of synctest channel from outside bubble");
  // Nor from another bubble.
  Synctest([&] { EXPECT_EQ(PanicOf([&] { chan.Close(); }), "close of synctest channel from outside bubble"); });
}

TEST(SynctestTest, MisuseThrows) {
  EXPECT_EQ(PanicOf([] { Wait(); }), "goroutine is not in a bubble");
  Synctest([] {
    EXPECT_EQ(PanicOf([] { Synctest([] {}); }), "synctest.Run called from within a synctest bubble");
    Go([] { Wait(); });
    Gosched();
    Chan<int> never;
    Go([] {
      while (PanicOf([] { Wait(); }) == "none") Gosched();
    });
    // The first Wait can not return while we run, so the second one throws.
    for (int i = 0; i < 1000; ++i) Gosched();
  });
}

// Behaviour group 60. A wait that the outside can end is not durable: time stands still meanwhile.
TEST(SynctestTest, AMutexIsNotDurable) {
  Mutex mu;
  mu.Lock();
  std::atomic<bool> about_to_wait = false;
  std::thread outside([&] {
    while (!about_to_wait) std::this_thread::yield();
    std::this_thread::sleep_for(5ms);
    mu.Unlock();
  });
  Synctest([&] {
    auto start = Clock::now();
    Go([&] {
      about_to_wait = true;
      mu.Lock();
      EXPECT_EQ(Clock::now(), start);
      mu.Unlock();
    });
    Sleep(1h);
  });
  outside.join();
}

// Behaviour group 60.
TEST(SynctestTest, AChannelFromOutsideIsNotDurable) {
  Chan<int> from_outside(0);
  std::atomic<bool> about_to_wait = false;
  std::thread outside([&] {
    while (!about_to_wait) std::this_thread::yield();
    std::this_thread::sleep_for(5ms);
    from_outside.Send(7);
  });
  Synctest([&] {
    auto start = Clock::now();
    Go([&] {
      about_to_wait = true;
      EXPECT_EQ(from_outside.Recv(), 7);
      EXPECT_EQ(Clock::now(), start);
    });
    Sleep(1h);
  });
  outside.join();
}

TEST(SynctestTest, ManyBubblesRunAtTheSameTime) {
  constexpr int kBubbles = 8;
  auto test = [] {
    auto start = Clock::now();
    Chan<int> ticks(0);
    Go([ticks] {
      for (int i = 0; i < 50; ++i) {
        Sleep(1s);
        ticks.Send(i);
      }
      ticks.Close();
    });
    int count = 0;
    for (int tick : ticks) EXPECT_EQ(tick, count++);
    EXPECT_EQ(Clock::now() - start, 50s);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { Synctest(test); });
  WaitGroup group;
  for (int i = 0; i < kBubbles; ++i) {
    group.Go([&, i] {
      if (i % 2 == 0) {
        Synctest(test);
      } else {
        Synctest(test, {.seed = static_cast<std::uint64_t>(i)});
      }
    });
  }
  group.Wait();
  for (std::thread& thread : threads) thread.join();
}

TEST(SynctestTest, ABubbleDoesNotHoldOthersUp) {
  WaitGroup group;
  group.Go([] {
    Synctest([] {
      for (int i = 0; i < 100; ++i) Sleep(1h);
    });
  });
  auto start = std::chrono::steady_clock::now();
  Sleep(1ms);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 1ms);
  group.Wait();
}

}  // namespace
}  // namespace gale
