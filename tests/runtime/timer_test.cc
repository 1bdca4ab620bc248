#include "gale/runtime/timer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/select.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

constexpr auto kNever = 10'000h;
constexpr int kRounds = internal::kThreadSanitizer ? 200 : 2000;

bool HasValue(const Chan<Clock::time_point>& chan) {
  std::optional<Clock::time_point> value;
  return chan.TryRecv(value);
}

class TimerTest : public CallerTest {};
INSTANTIATE_TEST_SUITE_P(Callers, TimerTest, ::testing::Values(true, false), CallerName);

TEST_P(TimerTest, SendsWhenItWasDue) {
  OnCaller([] {
    auto start = Clock::now();
    Timer timer = NewTimer(2ms);
    auto time = timer.C().Recv();
    ASSERT_TRUE(time.has_value());
    EXPECT_GE(*time - start, 2ms);
    EXPECT_LE(*time, Clock::now());
    EXPECT_FALSE(HasValue(timer.C())) << "only once";
    EXPECT_FALSE(timer.Stop());
  });
}

// Behaviour group 60. Go: TestAfterTimes. The value is the time at which it was due, not that of the receive.
TEST_P(TimerTest, ALateReceiverGetsTheOldTime) {
  OnCaller([] {
    auto before = Clock::now();
    Chan<Clock::time_point> chan = After(1ms);
    auto after = Clock::now();
    Sleep(30ms);
    auto time = chan.Recv();
    EXPECT_GE(*time, before + 1ms);
    EXPECT_LE(*time, after + 1ms);
  });
}

TEST_P(TimerTest, ZeroAndNegativeAreDueAtOnce) {
  OnCaller([] {
    for (auto duration : {0ms, -5ms}) {
      // With nobody to run the timers in between, too.
      Timer timer = NewTimer(duration);
      EXPECT_EQ(Select(OnRecv(timer.C()), OnDefault()), 0u);
    }
  });
}

// Behaviour group 60. Go: TestChan. The channel looks unbuffered.
TEST_P(TimerTest, TheChannelLooksUnbuffered) {
  OnCaller([] {
    Timer timer = NewTimer(0ms);
    EXPECT_EQ(timer.C().Cap(), 0u);
    Sleep(5ms);
    EXPECT_EQ(timer.C().Len(), 0u);
    EXPECT_TRUE(HasValue(timer.C()));
  });
}

// Behaviour group 60.
TEST_P(TimerTest, StopTakesTheValueBack) {
  OnCaller([] {
    Timer timer = NewTimer(kNever);
    EXPECT_TRUE(timer.Stop());
    EXPECT_FALSE(timer.Stop());
    Timer due = NewTimer(1ms);
    Sleep(10ms);
    EXPECT_TRUE(due.Stop()) << "nobody had received its value";
    EXPECT_FALSE(HasValue(due.C()));
    EXPECT_FALSE(due.Stop());
  });
}

// Behaviour group 60.
TEST_P(TimerTest, ResetTakesTheValueBack) {
  OnCaller([] {
    Timer timer = NewTimer(1ms);
    Sleep(10ms);
    EXPECT_TRUE(timer.Reset(kNever));
    EXPECT_FALSE(HasValue(timer.C()));
    EXPECT_TRUE(timer.Reset(1ms)) << "earlier than before";
    EXPECT_TRUE(timer.C().Recv().has_value());
    EXPECT_FALSE(timer.Reset(1ms));
    EXPECT_TRUE(timer.C().Recv().has_value());
    EXPECT_FALSE(timer.Stop());
    EXPECT_FALSE(timer.Reset(2ms));
    EXPECT_TRUE(timer.Stop());
    EXPECT_FALSE(timer.Reset(1ms)) << "stopped";
    EXPECT_TRUE(timer.C().Recv().has_value());
  });
}

// Behaviour group 60.
// Go: TestReset and TestAdjustTimers: in every direction, many at a time; each fires once, at its last time.
TEST_P(TimerTest, ResetsInAllDirections) {
  OnCaller([] {
    std::vector<Timer> timers;
    for (int i = 0; i < 100; ++i) timers.push_back(NewTimer(std::chrono::hours(1 + i % 7)));
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 100; ++i) {
        Timer& timer = timers[static_cast<std::size_t>(i)];
        if ((i + round) % 3 == 0) timer.Stop();
        timer.Reset(std::chrono::hours(1 + i * (round + 3) % 11));
      }
    }
    auto start = Clock::now();
    for (int i = 0; i < 100; ++i) timers[static_cast<std::size_t>(i)].Reset(std::chrono::milliseconds(1 + i % 10));
    for (int i = 0; i < 100; ++i) {
      auto time = timers[static_cast<std::size_t>(i)].C().Recv();
      EXPECT_GE(*time - start, std::chrono::milliseconds(1 + i % 10));
    }
    for (Timer& timer : timers) EXPECT_FALSE(HasValue(timer.C()));
  });
}

TEST_P(TimerTest, HandlesAreTheSameTimer) {
  OnCaller([] {
    Timer timer = NewTimer(kNever);
    Timer copy = timer;
    EXPECT_EQ(timer.C(), copy.C());
    EXPECT_TRUE(copy.Stop());
    EXPECT_FALSE(timer.Stop());
    std::atomic<int> calls = 0;
    Timer call = AfterFunc(kNever, [&] { ++calls; });
    EXPECT_EQ(call.C(), nullptr);
    Timer other = call;
    call = Timer();
    EXPECT_TRUE(other.Reset(0ms));
    while (calls == 0) Sleep(100us);
    EXPECT_FALSE(other.Stop());
    EXPECT_EQ(PanicOf([] { Timer().Reset(1ms); }), "time: Reset called on uninitialized Timer");
  });
}

TEST_P(TimerTest, AfterFuncMayBeResetAgainAndAgain) {
  OnCaller([] {
    Chan<int> calls(10);
    Timer timer = AfterFunc(0ms, [calls, count = std::make_unique<int>(0)] { calls.Send(++*count); });
    EXPECT_EQ(calls.Recv(), 1);
    EXPECT_FALSE(timer.Reset(kNever));
    EXPECT_TRUE(timer.Reset(1ms));
    EXPECT_EQ(calls.Recv(), 2);
    EXPECT_FALSE(timer.Reset(kNever));
    EXPECT_TRUE(timer.Stop());
    EXPECT_FALSE(timer.Reset(0ms));
    EXPECT_EQ(calls.Recv(), 3);
  });
}

TEST_P(TimerTest, AfterFuncsFunctionEndsWithItsLastUser) {
  OnCaller([] {
    auto alive = std::make_shared<int>(0);
    Timer stopped = AfterFunc(kNever, [alive] {});
    stopped.Stop();
    EXPECT_EQ(alive.use_count(), 2) << "it may be reset";
    stopped = Timer();
    EXPECT_EQ(alive.use_count(), 1);
    AfterFunc(1ms, [alive] {});
    while (alive.use_count() != 1) Sleep(100us);
    Timer kept = AfterFunc(0ms, [alive] { ++*alive; });
    while (kept.Stop()) kept.Reset(0ms);
    kept = Timer();
    while (alive.use_count() != 1) Sleep(100us);
  });
}

TEST_P(TimerTest, AfterFuncThatExitsItsGoroutine) {
  OnCaller([] {
    auto alive = std::make_shared<int>(0);
    AfterFunc(0ms, [alive] { Goexit(); });
    while (alive.use_count() != 1) Sleep(100us);
  });
}

TEST_P(TimerTest, InASelect) {
  OnCaller([] {
    Chan<int> answers(0);
    EXPECT_EQ(Select(OnRecv(answers), OnRecv(After(1ms))), 1u);
    Timer timer = NewTimer(1ms);
    std::optional<Clock::time_point> time;
    EXPECT_EQ(Select(OnRecv(timer.C(), time), OnRecv(answers)), 0u);
    EXPECT_TRUE(time.has_value());
    Go([=] { answers.Send(1); });
    EXPECT_EQ(Select(OnRecv(answers), OnRecv(After(kNever))), 0u);
    EXPECT_EQ(Select(OnRecv(After(20ms)), OnRecv(After(kNever)), OnRecv(After(1ms))), 2u);
  });
}

// One P that never comes to its timers: who asks without waiting must see that the time has come.
TEST(TimerOnABusyP, IsReadyForWhoAsksInALoop) {
  gale::Run([] {
    Timer timer = NewTimer(2ms);
    while (Select(OnRecv(timer.C()), OnDefault()) != 0) continue;
    timer.Reset(2ms);
    while (!HasValue(timer.C())) continue;
  });
}

// A loop whose Select has a timeout each time, which never happens: the timers must not gather.
TEST_P(TimerTest, TimeoutsThatDoNotHappenAreFreed) {
  OnCaller([] {
    Chan<int> ready(0);
    ready.Close();
    // The memory itself: AddressSanitizer's build would run out of it, and its leak check finds what nobody frees.
    for (int i = 0; i < 20 * kRounds; ++i) Select(OnRecv(ready), OnRecv(After(kNever)));
  });
}

TEST_P(TimerTest, HandlesGoWhileTheTimerFires) {
  OnCaller([] {
    for (int i = 0; i < kRounds; ++i) {
      Timer timer = NewTimer(std::chrono::microseconds(i % 50));
      Go([timer] { (void)HasValue(timer.C()); });
      if (i % 4 == 0) Gosched();
    }
  });
}

// After Stop or Reset has returned, no old value comes, however close the firing was.
TEST_P(TimerTest, StopAndResetRaceWithFiring) {
  OnCaller([] {
    Timer timer = NewTimer(kNever);
    for (int i = 0; i < kRounds; ++i) {
      timer.Reset(std::chrono::microseconds(i % 40));
      for (auto start = Clock::now(); Clock::now() - start < std::chrono::microseconds(i % 60);) continue;
      if (i % 8 == 0) Gosched();
      if (i % 2 == 0) {
        ASSERT_TRUE(timer.Stop());
        ASSERT_FALSE(timer.Stop());
      } else {
        ASSERT_TRUE(timer.Reset(kNever));
      }
      ASSERT_FALSE(HasValue(timer.C()));
    }
  });
}

// Behaviour group 60. Go: TestConcurrentTimerReset and -Stop.
TEST_P(TimerTest, ManyResetAndStopAtTheSameTime) {
  OnCaller([] {
    Timer timer = NewTimer(kNever);
    std::atomic<int> calls = 0;
    Timer call = AfterFunc(kNever, [&] { ++calls; });
    {
      WaitGroup group;
      for (int g = 0; g < 8; ++g) {
        group.Go([=] {
          for (int i = 0; i < kRounds / 4; ++i) {
            timer.Reset(std::chrono::microseconds((i * g) % 30));
            call.Reset(std::chrono::microseconds((i + g) % 30));
            if (i % 3 == 0) timer.Stop();
            if (i % 5 == 0) call.Stop();
            if (i % 7 == 0) Gosched();
          }
        });
      }
      group.Wait();
    }
    timer.Stop();
    EXPECT_FALSE(HasValue(timer.C()));
    timer.Reset(0ms);
    EXPECT_TRUE(timer.C().Recv().has_value());
    call.Stop();
    int before = -1;
    for (int seen = calls; before != seen; seen = calls) {
      before = seen;
      Sleep(5ms);
    }
    call.Reset(0ms);
    while (calls == before) Sleep(100us);
  });
}

// Behaviour group 60.
TEST(TimerThreads, ResetFromElsewhereWakesTheSleepingP) {
  Timer timer;
  gale::Run([&] { timer = NewTimer(kNever); });
  std::jthread resets([&] {
    std::this_thread::sleep_for(5ms);  // all Ps are asleep
    timer.Reset(1ms);
  });
  EXPECT_TRUE(timer.C().Recv().has_value());
}

TEST(TimerInABubble, FollowsTheBubblesClock) {
  Timer outlives;
  testing::Synctest([&] {
    auto start = Clock::now();
    EXPECT_EQ(*After(5h).Recv() - start, 5h);
    EXPECT_EQ(Clock::now() - start, 5h);
    Timer timer = NewTimer(10h);
    EXPECT_TRUE(timer.Reset(1h));
    EXPECT_EQ(*timer.C().Recv() - start, 6h);
    EXPECT_EQ(Select(OnRecv(After(2h)), OnRecv(After(1h))), 1u);
    EXPECT_EQ(Clock::now() - start, 7h);
    Timer later = NewTimer(1h);
    EXPECT_TRUE(later.Reset(30h));
    EXPECT_EQ(*later.C().Recv() - start, 37h);
    outlives = NewTimer(1h);
  });
  EXPECT_EQ(PanicOf([&] { outlives.Reset(1h); }), "reset of synctest timer from outside bubble");
}

}  // namespace
}  // namespace gale
