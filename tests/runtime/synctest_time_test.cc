// Whatever has to do with time follows the clock of the bubble.
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/cond.h"
#include "gale/runtime/context.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/select.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/ticker.h"
#include "gale/runtime/time.h"
#include "gale/runtime/timer.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;
using gale::testing::Synctest;

// Each place runs with a clock only, and under seeds.
class SynctestTimeTest : public ::testing::TestWithParam<bool> {
 protected:
  template <typename Function>
  void Run(Function function) {
    if (GetParam()) {
      Synctest(function, {.runs = 10});
    } else {
      Synctest(function);
    }
  }
};

TEST_P(SynctestTimeTest, ATimerFires) {
  Run([] {
    auto start = Clock::now();
    Timer timer = NewTimer(5s);
    std::optional<Clock::time_point> fired = timer.C().Recv();
    EXPECT_EQ(*fired - start, 5s);
    EXPECT_EQ(Clock::now() - start, 5s);
    EXPECT_FALSE(timer.Reset(3s));
    EXPECT_TRUE(timer.Reset(7s));
    (void)timer.C().Recv();
    EXPECT_EQ(Clock::now() - start, 12s);
    (void)After(1h).Recv();
    EXPECT_EQ(Clock::now() - start, 1h + 12s);
  });
}

TEST_P(SynctestTimeTest, ATickerTicks) {
  Run([] {
    auto start = Clock::now();
    Ticker ticker = NewTicker(1min);
    for (int i = 1; i <= 60; ++i) {
      (void)ticker.C().Recv();
      EXPECT_EQ(Clock::now() - start, i * 1min);
    }
    ticker.Stop();
  });
}

TEST_P(SynctestTimeTest, ASelectTimesOut) {
  Run([] {
    auto start = Clock::now();
    Chan<int> never(0);
    EXPECT_EQ(Select(OnRecv(never), OnRecv(After(10s))), 1u);
    EXPECT_EQ(Clock::now() - start, 10s);
  });
}

TEST_P(SynctestTimeTest, AContextIsDoneAtItsDeadline) {
  Run([] {
    auto start = Clock::now();
    auto [context, cancel] = WithTimeout(Background(), 1h);
    EXPECT_EQ(context.Deadline(), start + 1h);
    Sleep(1h - 1ns);
    gale::testing::Wait();
    EXPECT_FALSE(context.Err());
    Sleep(1ns);
    gale::testing::Wait();
    EXPECT_EQ(context.Err(), Errc::kDeadlineExceeded);
    cancel();
  });
}

TEST_P(SynctestTimeTest, ACondIsDurable) {
  Run([] {
    auto start = Clock::now();
    Mutex mu;
    Cond changed;
    bool ready = false;
    Go([&] {
      Sleep(1h);
      std::lock_guard guard(mu);
      ready = true;
      changed.Broadcast();
    });
    std::unique_lock lock(mu);
    while (!ready) changed.Wait(lock);
    EXPECT_EQ(Clock::now() - start, 1h);
  });
}

TEST_P(SynctestTimeTest, SleepersMeetAtTheSameTime) {
  Run([] {
    auto start = Clock::now();
    WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.Go([&] {
        for (int j = 1; j <= 10; ++j) {
          Sleep(1s);
          EXPECT_EQ(Clock::now() - start, j * 1s);
        }
      });
    }
    group.Wait();
  });
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutASeed, SynctestTimeTest, ::testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "Seeded" : "Parallel"; });

TEST(SynctestSelectTest, TheSeedDecidesASelect) {
  auto choices = [](std::uint64_t seed) {
    std::string chosen;
    Synctest(
        [&] {
          Chan<int> a(100), b(100);
          for (int i = 0; i < 40; ++i) {
            a.Send(i);
            b.Send(i);
          }
          for (int i = 0; i < 40; ++i) chosen += Select(OnRecv(a), OnRecv(b)) == 0 ? 'a' : 'b';
        },
        {.seed = seed});
    return chosen;
  };
  EXPECT_EQ(choices(1), choices(1));
  EXPECT_EQ(choices(2), choices(2));
  EXPECT_NE(choices(1), choices(2));
}

}  // namespace
}  // namespace gale
