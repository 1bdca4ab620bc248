#include "gale/runtime/once.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

class OnceTest : public CallerTest {};

INSTANTIATE_TEST_SUITE_P(Callers, OnceTest, testing::Values(true, false), CallerName);

TEST_P(OnceTest, DoesItOnceAndAllSeeIt) {
  OnCaller([] {
    for (int round = 0; round < 20; ++round) {
      Once once;
      int value = 0;  // not atomic: Do orders
      Mix mix;
      mix.Start(12, 4, [&](int) {
        once.Do([&] {
          Gosched();
          ++value;
        });
        EXPECT_EQ(value, 1);
      });
    }
  });
}

TEST_P(OnceTest, OthersWaitForTheFirst) {
  OnCaller([] {
    Once once;
    Chan<int> go_on(0);
    WaitGroup group;
    std::atomic<bool> finished{false};
    GoUntilParked(group, WaitReason::kChanReceive, [&] {
      once.Do([&] {
        go_on.Recv();
        finished = true;
      });
    });
    GoUntilParked(group, WaitReason::kMutexLock, [&] {
      once.Do([] { ADD_FAILURE() << "twice"; });
      EXPECT_TRUE(finished);
    });
    go_on.Send(1);
    group.Wait();
  });
}

// Behaviour group 60.
TEST_P(OnceTest, AThrowingFunctionCountsAsDone) {
  OnCaller([] {
    Once once;
    EXPECT_THROW(once.Do([] { throw std::runtime_error("no"); }), std::runtime_error);
    once.Do([] { ADD_FAILURE() << "twice"; });
  });
}

TEST_P(OnceTest, AFunctionThatEndsItsGoroutineCountsAsDone) {
  OnCaller([] {
    Once once;
    WaitGroup group;
    group.Go([&] { once.Do([] { Goexit(); }); });
    group.Wait();
    once.Do([] { ADD_FAILURE() << "twice"; });
  });
}

TEST_P(OnceTest, OnceFuncCallsOnceAndFreesTheFunction) {
  OnCaller([] {
    auto captured = std::make_shared<int>(0);
    auto increment = OnceFunc([captured] { ++*captured; });
    auto copy = increment;
    increment();
    EXPECT_EQ(captured.use_count(), 1);
    copy();
    increment();
    EXPECT_EQ(*captured, 1);
  });
}

// Behaviour group 60.
TEST_P(OnceTest, OnceFuncThrowsTheSameEveryTime) {
  OnCaller([] {
    int calls = 0;
    auto fail = OnceFunc([&calls] {
      ++calls;
      throw Panic("x" + std::to_string(calls));
    });
    for (int i = 0; i < 3; ++i) EXPECT_EQ(PanicOf(fail), "x1");
    EXPECT_EQ(calls, 1);
  });
}

TEST_P(OnceTest, OnceValueRemembersItsResult) {
  OnCaller([] {
    std::atomic<int> calls{0};
    auto value = OnceValue([&, number = std::make_unique<int>(41)] {
      ++calls;
      return std::pair(std::make_unique<int>(*number + 1), std::string("text"));
    });
    const void* first = &value();
    Mix mix;
    mix.Start(6, 3, [&](int) {
      const auto& [number, text] = value();
      EXPECT_EQ(*number, 42);
      EXPECT_EQ(text, "text");
      EXPECT_EQ(&value(), first);
    });
    mix.Join();
    EXPECT_EQ(calls, 1);
  });
}

// Behaviour group 60.
TEST_P(OnceTest, OnceValueThrowsForAllWhoAsk) {
  OnCaller([] {
    auto value = OnceValue([]() -> int { throw std::out_of_range("no value"); });
    Mix mix;
    mix.Start(6, 3, [&](int) { EXPECT_THROW(value(), std::out_of_range); });
  });
}

TEST_P(OnceTest, OnceValueOfAGoexitIsAPanicForTheOthers) {
  OnCaller([] {
    auto value = OnceValue([]() -> int { Goexit(); });
    WaitGroup group;
    group.Go([&] {
      value();
      ADD_FAILURE() << "went on";
    });
    group.Wait();
    EXPECT_NE(PanicOf([&] { value(); }), "no panic");
  });
}

}  // namespace
}  // namespace gale
