#include "gale/runtime/context.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/select.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

class ContextTest : public CallerTest {};

INSTANTIATE_TEST_SUITE_P(Callers, ContextTest, ::testing::Values(true, false), CallerName);

bool IsClosed(const Chan<std::monostate>& done) {
  std::optional<std::monostate> nothing;
  return done.TryRecv(nothing);
}

void ExpectActive(const Context& context) {
  EXPECT_FALSE(context.Err());
  EXPECT_FALSE(Cause(context));
  EXPECT_FALSE(IsClosed(context.Done()));
}

void ExpectDone(const Context& context, Errc code) {
  EXPECT_EQ(context.Err(), code);
  EXPECT_TRUE(IsClosed(context.Done()));
}

// Behaviour group 60.
TEST(ContextErrorTest, HasGoesWordsAndAMeaning) {
  EXPECT_EQ(Error(Errc::kCanceled).Message(), "context canceled");
  EXPECT_EQ(Error(Errc::kDeadlineExceeded).Message(), "context deadline exceeded");
  EXPECT_EQ(make_error_code(Errc::kCanceled).message(), "context canceled");
  EXPECT_EQ(Error(Errc::kDeadlineExceeded), std::errc::timed_out);
  EXPECT_EQ(Error(Errc::kCanceled), std::errc::operation_canceled);
}

// Behaviour group 60.
TEST_P(ContextTest, BackgroundIsNeverDone) {
  OnCaller([] {
    for (const Context& context : {Background(), TODO(), Context()}) {
      ExpectActive(context);
      EXPECT_TRUE(context.Done() == nullptr);
      EXPECT_FALSE(context.Deadline());
    }
  });
}

// Behaviour group 60.
TEST_P(ContextTest, CancelMakesItDoneOnce) {
  OnCaller([] {
    auto [context, cancel] = WithCancel(Background());
    ExpectActive(context);
    EXPECT_TRUE(context.Done() == context.Done());
    Chan<std::monostate> done = context.Done();
    auto copy = cancel;
    copy();
    cancel();
    EXPECT_TRUE(IsClosed(done));
    ExpectDone(context, Errc::kCanceled);
    EXPECT_EQ(Cause(context), Errc::kCanceled);
  });
}

TEST_P(ContextTest, DoneAskedForOnlyAfterwardsIsClosed) {
  OnCaller([] {
    auto [context, cancel] = WithCancel(Background());
    cancel();
    EXPECT_TRUE(IsClosed(context.Done()));
  });
}

TEST_P(ContextTest, WakesWhoWaitsForDone) {
  OnCaller([] {
    auto [context, cancel] = WithCancel(Background());
    WaitGroup group;
    for (int i = 0; i < 10; ++i) {
      GoUntilParked(group, WaitReason::kChanReceive, [context = context] {
        EXPECT_FALSE(context.Done().Recv().has_value());
        EXPECT_EQ(context.Err(), Errc::kCanceled);
      });
    }
    cancel();
    group.Wait();
  });
}

TEST_P(ContextTest, DoneIsACaseOfSelect) {
  OnCaller([] {
    auto [context, cancel] = WithCancel(Background());
    Chan<int> numbers(1);
    EXPECT_EQ(Select(OnRecv(context.Done()), OnRecv(Background().Done()), OnDefault()), 2u);
    numbers.Send(1);
    EXPECT_EQ(Select(OnRecv(context.Done()), OnRecv(numbers)), 1u);
    Go([cancel = cancel] { cancel(); });
    EXPECT_EQ(Select(OnRecv(context.Done()), OnRecv(numbers)), 0u);
    EXPECT_EQ(context.Err(), Errc::kCanceled);
  });
}

// Behaviour group 60. Go's TestParentFinishesChild.
TEST_P(ContextTest, AParentEndsItsChildrenAndNotTheOtherWayRound) {
  OnCaller([] {
    auto [parent, cancel_parent] = WithCancel(Background());
    auto [child, cancel_child] = WithCancel(parent);
    ContextKey<int> key("key");
    Context value_child = WithValue(parent, key, 1);
    auto [timer_child, cancel_timer_child] = WithTimeout(value_child, 1h);
    auto [grandchild, cancel_grandchild] = WithCancel(child);
    auto [other, cancel_other] = WithCancel(parent);
    cancel_other();
    for (const Context& context : {parent, child, value_child, timer_child, grandchild}) ExpectActive(context);
    cancel_parent();
    for (const Context& context : {parent, child, value_child, timer_child, grandchild}) {
      ExpectDone(context, Errc::kCanceled);
    }
    Context late = WithCancel(parent).first;
    ExpectDone(late, Errc::kCanceled);
    ExpectDone(WithValue(late, key, 2), Errc::kCanceled);
  });
}

// Behaviour group 60.
TEST_P(ContextTest, AChildOfACancelledContextIsDoneAtOnce) {
  OnCaller([] {
    const Error reason(Errc::kEof, "too late");
    auto [parent, cancel] = WithCancelCause(Background());
    cancel(reason);
    ContextKey<int> key("key");
    auto [child, cancel_child] = WithCancelCause(WithValue(parent, key, 1));
    auto [timed, cancel_timed] = WithTimeout(parent, 1h);
    for (const Context& context : {child, timed}) {
      ExpectDone(context, Errc::kCanceled);
      EXPECT_EQ(Cause(context).Message(), "too late: EOF");
    }
    cancel_child(Error(Errc::kEof, "mine"));
    EXPECT_EQ(Cause(child).Message(), "too late: EOF");
  });
}

// Behaviour group 60. Who waits for the child cancels the parent, while the one that cancels waits for the child.
TEST_P(ContextTest, CancelsThatInterlock) {
  OnCaller([] {
    for (int i = 0; i < 100; ++i) {
      auto [parent, cancel_parent] = WithCancel(Background());
      auto [child, cancel_child] = WithCancel(parent);
      WaitGroup group;
      group.Go([child = child, cancel_parent = cancel_parent] {
        child.Done().Recv();
        cancel_parent();
      });
      group.Go([child = child, cancel_parent = cancel_parent] {
        cancel_parent();
        child.Done().Recv();
      });
      cancel_child();
      parent.Done().Recv();
      group.Wait();
      ExpectDone(child, Errc::kCanceled);
    }
  });
}

// Behaviour group 60.
TEST_P(ContextTest, DeadlineIsTheEarlierOne) {
  OnCaller([] {
    auto now = Clock::now();
    auto [parent, cancel] = WithDeadline(Background(), now + 1h);
    auto [earlier, cancel_earlier] = WithDeadline(parent, now + 1min);
    auto [later, cancel_later] = WithDeadline(parent, now + 2h);
    EXPECT_EQ(parent.Deadline(), now + 1h);
    EXPECT_EQ(earlier.Deadline(), now + 1min);
    EXPECT_EQ(later.Deadline(), now + 1h);
    EXPECT_EQ(WithCancel(earlier).first.Deadline(), now + 1min);
    EXPECT_FALSE(WithoutCancel(earlier).Deadline());
    EXPECT_FALSE(WithCancel(Background()).first.Deadline());
  });
}

// Behaviour group 60.
TEST_P(ContextTest, APassedDeadlineIsDoneAtOnce) {
  OnCaller([] {
    for (const Context& context : {WithTimeout(Background(), 0s).first, WithTimeout(Background(), -1h).first,
                                   WithDeadline(Background(), Clock::time_point()).first}) {
      ExpectDone(context, Errc::kDeadlineExceeded);
      EXPECT_EQ(Cause(context), Errc::kDeadlineExceeded);
    }
  });
}

// Behaviour group 60.
TEST_P(ContextTest, ATimeoutEndsItAndItsChildren) {
  OnCaller([] {
    auto [context, cancel] = WithTimeout(Background(), 2ms);
    auto [child, cancel_child] = WithCancel(context);
    EXPECT_FALSE(child.Done().Recv().has_value());
    ExpectDone(context, Errc::kDeadlineExceeded);
    ExpectDone(child, Errc::kDeadlineExceeded);
    cancel();
    EXPECT_EQ(context.Err(), Errc::kDeadlineExceeded);
  });
}

TEST(ContextTimeTest, FollowsTheClockOfABubble) {
  testing::Synctest([] {
    auto [context, cancel] = WithTimeout(Background(), 1h);
    auto [child, cancel_child] = WithTimeoutCause(context, 30min, Error(Errc::kEof, "half time"));
    Sleep(30min - 1ns);
    testing::Wait();
    ExpectActive(child);
    Sleep(1ns);
    testing::Wait();
    ExpectDone(child, Errc::kDeadlineExceeded);
    EXPECT_EQ(Cause(child).Message(), "half time: EOF");
    ExpectActive(context);
    Sleep(30min);
    testing::Wait();
    ExpectDone(context, Errc::kDeadlineExceeded);
    EXPECT_EQ(Cause(context), Errc::kDeadlineExceeded);
  });
}

// Behaviour group 60.
TEST(ContextTimeTest, ACanceledTimeoutStaysCanceled) {
  testing::Synctest([] {
    auto [context, cancel] = WithTimeout(Background(), 1h);
    cancel();
    Sleep(2h);
    ExpectDone(context, Errc::kCanceled);
  });
}

// Behaviour group 60.
TEST_P(ContextTest, ValuesOfTheNearestContext) {
  OnCaller([] {
    ContextKey<std::string> name("name");
    ContextKey<int> number("number");
    ContextKey<int> other("number");  // the same name is not the same key
    Context first = WithValue(Background(), name, "first");
    Context second = WithValue(first, number, 2);
    auto [third, cancel] = WithTimeout(second, 1h);
    Context fourth = WithValue(third, name, std::string("fourth"));
    EXPECT_EQ(*first.Value(name), "first");
    EXPECT_EQ(first.Value(number), nullptr);
    EXPECT_EQ(*third.Value(name), "first");
    EXPECT_EQ(*third.Value(number), 2);
    EXPECT_EQ(*fourth.Value(name), "fourth");
    EXPECT_EQ(*fourth.Value(number), 2);
    EXPECT_EQ(*WithoutCancel(fourth).Value(name), "fourth");
    EXPECT_EQ(fourth.Value(other), nullptr);
    EXPECT_EQ(Background().Value(name), nullptr);
    EXPECT_STREQ(name.Name(), "name");
  });
}

TEST_P(ContextTest, ValuesMayBeMoveOnlyAndGoWithTheLastHandle) {
  OnCaller([] {
    ContextKey<std::shared_ptr<int>> shared("shared");
    ContextKey<std::unique_ptr<int>> unique("unique");
    auto value = std::make_shared<int>(1);
    {
      Context context = WithValue(WithValue(Background(), unique, std::make_unique<int>(2)), shared, value);
      EXPECT_EQ(**context.Value(unique), 2);
      auto [child, cancel] = WithCancel(context);
      context = Background();
      EXPECT_EQ(value.use_count(), 2);
      EXPECT_EQ(**child.Value(unique), 2);
    }
    EXPECT_EQ(value.use_count(), 1);
  });
}

// Behaviour group 60.
TEST_P(ContextTest, WithoutCancelIsNeverDone) {
  OnCaller([] {
    auto [parent, cancel] = WithCancel(Background());
    Context detached = WithoutCancel(parent);
    auto [child, cancel_child] = WithCancel(detached);
    cancel();
    ExpectActive(detached);
    EXPECT_TRUE(detached.Done() == nullptr);
    ExpectActive(child);
    cancel_child();
    ExpectDone(child, Errc::kCanceled);
  });
}

// Behaviour group 60.
TEST_P(ContextTest, CauseIsTheFirstOne) {
  OnCaller([] {
    const Error parent_cause(Errc::kEof, "parent");
    const Error child_cause(Errc::kEof, "child");
    {
      auto [parent, cancel_parent] = WithCancelCause(Background());
      auto [child, cancel_child] = WithCancelCause(parent);
      Context detached = WithoutCancel(child);
      cancel_parent(parent_cause);
      cancel_child(child_cause);
      EXPECT_EQ(Cause(parent).Message(), "parent: EOF");
      EXPECT_EQ(Cause(child).Message(), "parent: EOF");
      EXPECT_EQ(child.Err(), Errc::kCanceled);
      EXPECT_FALSE(Cause(detached));
      EXPECT_EQ(Cause(WithCancel(child).first).Message(), "parent: EOF");
    }
    {
      auto [parent, cancel_parent] = WithCancelCause(Background());
      auto [child, cancel_child] = WithCancelCause(parent);
      cancel_child(child_cause);
      cancel_parent(parent_cause);
      EXPECT_EQ(Cause(parent).Message(), "parent: EOF");
      EXPECT_EQ(Cause(child).Message(), "child: EOF");
    }
    {
      auto [context, cancel] = WithCancelCause(Background());
      cancel({});
      EXPECT_EQ(Cause(context), Errc::kCanceled);
    }
    auto [late, cancel] = WithTimeoutCause(Background(), -1s, child_cause);
    EXPECT_EQ(late.Err(), Errc::kDeadlineExceeded);
    EXPECT_EQ(Cause(late).Message(), "child: EOF");
  });
}

// Behaviour group 60.
TEST_P(ContextTest, ADroppedChildLeavesItsParent) {
  OnCaller([] {
    auto [parent, cancel] = WithCancel(Background());
    ContextKey<std::shared_ptr<int>> key("key");
    auto value = std::make_shared<int>(1);
    for (int i = 0; i < 10; ++i) {
      auto [child, cancel_child] = WithTimeout(WithValue(parent, key, value), 1h);
      auto [grandchild, cancel_grandchild] = WithCancel(child);
      EXPECT_EQ(value.use_count(), 2);
    }
    EXPECT_EQ(value.use_count(), 1);  // neither the parent nor a timer keeps them
    cancel();                         // ASan: and none is told
  });
}

// Behaviour group 60. Go's TestLayersCancel, and deeper than any stack.
TEST_P(ContextTest, AVeryLongChainIsCancelledAndFreed) {
  OnCaller([] {
    auto [context, cancel] = WithCancel(Background());
    ContextKey<int> key("key");
    std::vector<CancelFunc> keep;
    for (int i = 0; i < 20000; ++i) {
      context = i % 2 == 0 ? WithCancel(context).first : WithValue(context, key, i);
    }
    cancel();
    ExpectDone(context, Errc::kCanceled);
    EXPECT_EQ(*context.Value(key), 19999);
  });
}

// Behaviour group 60.
TEST_P(ContextTest, ManyCancelTheSameAndItsParentsAndChildren) {
  OnCaller([] {
    for (int round = 0; round < 20; ++round) {
      std::vector<std::pair<Context, CancelFunc>> tree = {WithCancel(Background())};
      for (std::size_t i = 0; i < 30; ++i) tree.push_back(WithCancel(tree[i / 2].first));
      Mix mix;
      mix.Start(12, 4, [&](int i) {
        auto& [context, cancel] = tree[(i * 7) % 6];
        cancel();
        EXPECT_EQ(context.Err(), Errc::kCanceled);
      });
      mix.Join();
      for (auto& [context, cancel] : tree) ExpectDone(context, Errc::kCanceled);
    }
  });
}

// Whoever cancels at the same time: all that is below is done when the call returns.
TEST_P(ContextTest, CancelReturnsWhenAllBelowAreDone) {
  OnCaller([] {
    for (int round = 0; round < 20; ++round) {
      auto [context, cancel] = WithCancel(Background());
      std::vector<Context> children;
      for (int i = 0; i < 50; ++i) children.push_back(WithCancel(context).first);
      Mix mix;
      mix.Start(4, 2, [&, cancel = cancel](int) {
        cancel();
        for (const Context& child : children) EXPECT_EQ(child.Err(), Errc::kCanceled);
      });
    }
  });
}

TEST_P(ContextTest, ErrMeansThatDoneIsClosed) {
  OnCaller([] {
    for (int round = 0; round < 50; ++round) {
      auto [context, cancel] = WithCancel(Background());
      Mix mix;
      mix.Start(3, 2, [context = context, cancel = cancel](int i) {
        if (i == 0) return cancel();
        Chan<std::monostate> done = context.Done();
        while (!context.Err()) Gosched();
        EXPECT_TRUE(IsClosed(done));
      });
    }
  });
}

// Children come, go and are cancelled while their parent is cancelled. ASan and TSan have a look.
TEST_P(ContextTest, ChildrenComeAndGoWhileTheParentIsCancelled) {
  OnCaller([] {
    for (int round = 0; round < 20; ++round) {
      auto [parent, cancel] = WithCancel(Background());
      Mix mix;
      mix.Start(8, 4, [parent = parent, cancel = cancel, round](int i) {
        if (i == 7) {
          for (int k = 0; k < round; ++k) Gosched();
          return cancel();
        }
        for (int k = 0; k < 40; ++k) {
          auto [child, cancel_child] = WithTimeout(parent, i % 2 == 0 ? 1h : 0h + 20us);
          auto [grandchild, cancel_grandchild] = WithCancel(child);
          if (k % 3 == 0) cancel_child();
          if (k % 5 == 0) child = Background();
          if (k % 8 == 0) Sleep(20us);
        }
      });
    }
  });
}

TEST_P(ContextTest, DroppedWhileItsTimerFires) {
  OnCaller([] {
    for (int i = 0; i < 300; ++i) {
      auto [context, cancel] = WithTimeout(Background(), std::chrono::microseconds(i % 30));
      if (i % 2 == 0) Sleep(std::chrono::microseconds(i % 25));
    }
  });
}

}  // namespace
}  // namespace gale
