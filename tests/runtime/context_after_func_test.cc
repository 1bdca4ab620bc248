#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "gale/runtime/chan.h"
#include "gale/runtime/context.h"
#include "gale/runtime/go.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

class ContextAfterFuncTest : public CallerTest {};

INSTANTIATE_TEST_SUITE_P(Callers, ContextAfterFuncTest, ::testing::Values(true, false), CallerName);

// Behaviour group 60.
TEST_P(ContextAfterFuncTest, IsCalledAfterCancelOnAGoroutineOfItsOwn) {
  OnCaller([] {
    auto [context, cancel] = WithCancel(Background());
    Chan<int> called(0);  // Cancel would hang here if it called the function itself
    AfterFuncStop stop = AfterFunc(context, [called] { called.Send(1); });
    AfterFunc(context, [called] { called.Send(2); });
    cancel();
    EXPECT_EQ(*called.Recv() + *called.Recv(), 3);
    EXPECT_FALSE(stop());
  });
}

// Behaviour group 60.
TEST_P(ContextAfterFuncTest, IsCalledAtOnceIfTheContextIsDone) {
  OnCaller([] {
    auto [context, cancel] = WithCancel(Background());
    cancel();
    Chan<int> called(0);
    AfterFuncStop stop = AfterFunc(context, [called] { called.Send(1); });
    EXPECT_EQ(called.Recv(), 1);
    EXPECT_FALSE(stop());
  });
}

TEST_P(ContextAfterFuncTest, IsCalledAfterATimeoutOrAParentsCancelThoughAllHandlesAreGone) {
  OnCaller([] {
    Chan<int> called(0);
    AfterFunc(WithTimeout(Background(), 1ms).first, [called] { called.Send(1); });
    EXPECT_EQ(called.Recv(), 1);
    auto [parent, cancel] = WithCancel(Background());
    AfterFunc(WithCancel(parent).first, [called] { called.Send(2); });
    cancel();
    EXPECT_EQ(called.Recv(), 2);
  });
}

// Behaviour group 60.
TEST(ContextAfterFuncTimeTest, StoppedItIsNotCalled) {
  testing::Synctest([] {
    auto [context, cancel] = WithTimeout(Background(), 1h);
    auto captured = std::make_shared<int>(0);
    bool called = false;
    AfterFuncStop stop = AfterFunc(context, [captured, &called] { called = true; });
    AfterFuncStop copy = stop;
    EXPECT_EQ(captured.use_count(), 2);
    EXPECT_TRUE(copy());
    EXPECT_EQ(captured.use_count(), 1);
    EXPECT_FALSE(stop());
    cancel();
    Sleep(2h);
    EXPECT_FALSE(called);
  });
}

TEST_P(ContextAfterFuncTest, OfBackgroundIsNeverCalled) {
  OnCaller([] {
    auto captured = std::make_shared<int>(0);
    {
      AfterFuncStop stop = AfterFunc(Background(), [captured] { FAIL(); });
      EXPECT_TRUE(stop());
      EXPECT_FALSE(stop());
      AfterFunc(Background(), [captured] { FAIL(); });
      EXPECT_FALSE(AfterFuncStop()());
    }
    EXPECT_EQ(captured.use_count(), 1);
  });
}

TEST_P(ContextAfterFuncTest, IsFreedWithItsCapturesOnceCalled) {
  OnCaller([] {
    auto captured = std::make_shared<int>(0);
    auto [context, cancel] = WithCancel(Background());
    AfterFuncStop stop = AfterFunc(context, [captured] {});
    cancel();
    while (captured.use_count() != 1) Gosched();
  });
}

// A context in which a function has captured it is a circle until one of both ends it.
TEST_P(ContextAfterFuncTest, MayCaptureItsContext) {
  OnCaller([] {
    Chan<bool> called(0);
    auto [context, cancel] = WithCancel(Background());
    AfterFunc(context, [context = context, called] { called.Send(static_cast<bool>(context.Err())); });
    cancel();
    EXPECT_EQ(called.Recv(), true);
  });
}

TEST_P(ContextAfterFuncTest, EitherIsStoppedOrCalled) {
  OnCaller([] {
    std::atomic<int> called{0};
    std::atomic<int> stopped{0};
    for (int round = 0; round < 50; ++round) {
      auto [context, cancel] = WithCancel(Background());
      AfterFuncStop stop = AfterFunc(context, [&called] { ++called; });
      Mix mix;
      mix.Start(4, 2, [&, cancel = cancel](int i) {
        if (i % 3 == 0) {
          cancel();
        } else if (stop()) {
          ++stopped;
        }
      });
      mix.Join();
      while (called + stopped != round + 1) Gosched();
    }
  });
}

// Behaviour group 60. "merge" of two contexts, Go's example.
TEST_P(ContextAfterFuncTest, CancelsOneContextWithAnother) {
  OnCaller([] {
    auto [first, cancel_first] = WithCancelCause(Background());
    auto [second, cancel_second] = WithCancelCause(Background());
    AfterFuncStop stop =
        AfterFunc(second, [second = second, cancel_first = cancel_first] { cancel_first(Cause(second)); });
    cancel_second(Error(Errc::kEof, "second"));
    EXPECT_FALSE(first.Done().Recv().has_value());
    EXPECT_EQ(Cause(first).Message(), "second: EOF");
  });
}

}  // namespace
}  // namespace gale
