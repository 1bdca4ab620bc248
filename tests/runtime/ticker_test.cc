#include "gale/runtime/ticker.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "gale/runtime/chan.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/go.h"
#include "gale/runtime/select.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/time.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

constexpr auto kNever = 10'000h;

class TickerTest : public CallerTest {};
INSTANTIATE_TEST_SUITE_P(Callers, TickerTest, ::testing::Values(true, false), CallerName);

// Behaviour group 60.
TEST_P(TickerTest, TicksAtMultiplesOfItsInterval) {
  OnCaller([] {
    auto before = Clock::now();
    Ticker ticker = NewTicker(1ms);
    auto after = Clock::now();
    Clock::time_point last;
    for (int i = 0; i < 10; ++i) {
      auto time = ticker.C().Recv();
      EXPECT_GT(*time, last);
      EXPECT_LE(*time, Clock::now());
      // Some may be missed on a busy machine, but none is out of step.
      auto late = *time - before - 1ms;
      EXPECT_LE(late % 1ms, after - before);
      last = *time;
    }
    EXPECT_EQ(ticker.C().Cap(), 0u);
    ticker.Stop();
    EXPECT_EQ(Select(OnRecv(ticker.C()), OnDefault()), 1u);
  });
}

// Behaviour group 60.
TEST_P(TickerTest, ASlowReceiverMissesTicks) {
  OnCaller([] {
    Ticker ticker = NewTicker(100us);
    Sleep(30ms);
    EXPECT_EQ(ticker.C().Len(), 0u);
    std::optional<Clock::time_point> time;
    int waiting = 0;
    while (waiting < 100 && ticker.C().TryRecv(time) && Clock::now() - *time > 2ms) ++waiting;
    EXPECT_LE(waiting, 2) << "old ticks must not pile up";
  });
}

// Behaviour group 60.
TEST_P(TickerTest, ResetAndStopTakeTheTickBack) {
  OnCaller([] {
    Ticker ticker = NewTicker(1ms);
    Sleep(5ms);
    ticker.Reset(kNever);
    EXPECT_EQ(Select(OnRecv(ticker.C()), OnDefault()), 1u);
    ticker.Reset(1ms);
    EXPECT_TRUE(ticker.C().Recv().has_value());
    EXPECT_TRUE(ticker.C().Recv().has_value());
    Sleep(5ms);
    ticker.Stop();
    EXPECT_EQ(Select(OnRecv(ticker.C()), OnDefault()), 1u);
    Sleep(5ms);
    EXPECT_EQ(Select(OnRecv(ticker.C()), OnDefault()), 1u);
    ticker.Reset(1ms);
    EXPECT_TRUE(ticker.C().Recv().has_value());
  });
}

// Behaviour group 60.
TEST_P(TickerTest, MisusePanicsInGosWords) {
  OnCaller([] {
    EXPECT_EQ(PanicOf([] { NewTicker(0ms); }), "non-positive interval for NewTicker");
    EXPECT_EQ(PanicOf([] { NewTicker(-1s); }), "non-positive interval for NewTicker");
    EXPECT_EQ(PanicOf([] { NewTicker(kNever).Reset(0s); }), "non-positive interval for Ticker.Reset");
    EXPECT_EQ(PanicOf([] { Ticker().Reset(1s); }), "time: Reset called on uninitialized Ticker");
    Ticker().Stop();
    EXPECT_EQ(Tick(0s), nullptr);
    EXPECT_EQ(Tick(-1s), nullptr);
  });
}

TEST_P(TickerTest, DroppedTickersAreFreed) {
  OnCaller([] {
    for (int i = 0; i < 500; ++i) {
      Chan<Clock::time_point> ticks = Tick(std::chrono::microseconds(1 + i % 100));
      if (i % 10 == 0) (void)ticks.Recv();
    }
  });
}

TEST_P(TickerTest, TheLongestInterval) {
  OnCaller([] {
    Ticker ticker = NewTicker(std::chrono::nanoseconds::max());
    EXPECT_EQ(Select(OnRecv(ticker.C()), OnDefault()), 1u);
    ticker.Reset(std::chrono::nanoseconds::max());
    EXPECT_EQ(Select(OnRecv(ticker.C()), OnRecv(After(1ms))), 1u);
  });
}

TEST(TickerInABubble, EveryTickIsExact) {
  testing::Synctest([] {
    auto start = Clock::now();
    Ticker ticker = NewTicker(1s);
    for (int i = 1; i <= 5; ++i) {
      EXPECT_EQ(*ticker.C().Recv() - start, i * 1s);
      EXPECT_EQ(Clock::now() - start, i * 1s);
    }
    Sleep(3500ms);
    EXPECT_EQ(*ticker.C().Recv() - start, 6s) << "the first one that nobody received waits";
    EXPECT_EQ(*ticker.C().Recv() - start, 9s);
    ticker.Reset(10s);
    EXPECT_EQ(*ticker.C().Recv() - start, 19s);
    ticker.Stop();
  });
}

}  // namespace
}  // namespace gale
