#include "gale/runtime/select.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/go.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

class SelectTest : public CallerTest {};
INSTANTIATE_TEST_SUITE_P(Callers, SelectTest, ::testing::Values(true, false), CallerName);

TEST_P(SelectTest, DoesWhatIsPossible) {
  OnCaller([] {
    Chan<int> empty(1), full(1), to(1);
    full.Send(7);
    std::string done;
    EXPECT_EQ(Select(OnRecv(empty, [&](std::optional<int>) { done += "empty"; }),
                     OnRecv(full, [&](std::optional<int> v) { done += std::to_string(*v); })),
              1u);
    EXPECT_EQ(Select(OnRecv(empty, [&] { done += "empty"; }), OnSend(to, 8, [&] { done += "sent"; })), 1u);
    EXPECT_EQ(done, "7sent");
    EXPECT_EQ(to.Recv(), 8);
    EXPECT_EQ(full.Len(), 0u);
  });
}

TEST_P(SelectTest, DefaultOnlyIfNothingElseIsPossible) {
  OnCaller([] {
    Chan<int> chan(1);
    bool by_default = false;
    EXPECT_EQ(Select(OnDefault([&] { by_default = true; }), OnRecv(chan)), 0u);
    EXPECT_TRUE(by_default);
    EXPECT_EQ(Select(OnSend(chan, 1), OnDefault()), 0u);
    EXPECT_EQ(Select(OnSend(chan, 1), OnDefault()), 1u);
    EXPECT_EQ(Select(OnDefault(), OnRecv(chan)), 1u);
    EXPECT_EQ(Select(OnDefault()), 0u);
    EXPECT_EQ(chan.Len(), 0u);
  });
}

TEST_P(SelectTest, ReceivesIntoAVariable) {
  OnCaller([] {
    Chan<std::string> words(1), others(1);
    std::optional<std::string> word = "before", other = "untouched";
    words.Send("hello");
    EXPECT_EQ(Select(OnRecv(others, other), OnRecv(words, word)), 1u);
    EXPECT_EQ(word, "hello");
    EXPECT_EQ(other, "untouched");
    words.Close();
    Select(OnRecv(words, word));
    EXPECT_EQ(word, std::nullopt);
  });
}

// Behaviour group 57.
TEST_P(SelectTest, WaitsForAReceiveAndForASend) {
  OnCaller([] {
    Chan<int> in(0), out(0);
    Go([=] {
      Sleep(1ms);
      in.Send(1);
      EXPECT_EQ(out.Recv(), 2);
      in.Send(3);
    });
    std::vector<int> events;
    for (int i = 0; i < 3; ++i) {
      Select(OnRecv(in, [&](std::optional<int> v) { events.push_back(*v); }),
             OnSend(events.size() == 1 ? out : Chan<int>(), 2, [&] { events.push_back(2); }));
    }
    EXPECT_EQ(events, (std::vector<int>{1, 2, 3}));
  });
}

// Behaviour group 57.
TEST_P(SelectTest, NilChannelsAreNeverReady) {
  OnCaller([] {
    Chan<int> nil, chan(1);
    EXPECT_EQ(Select(OnRecv(nil), OnSend(nil, 1), OnDefault()), 2u);
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(Select(OnRecv(nil), OnSend(nil, 1), OnSend(chan, i), OnRecv(chan)), 2u + i % 2);
  });
}

// Behaviour group 57.
TEST_P(SelectTest, ClosedChannels) {
  OnCaller([] {
    Chan<int> left(2), never(0);
    left.Send(5);
    left.Close();
    std::vector<std::optional<int>> seen;
    for (int i = 0; i < 3; ++i) Select(OnRecv(never), OnRecv(left, [&](std::optional<int> v) { seen.push_back(v); }));
    EXPECT_EQ(seen, (std::vector<std::optional<int>>{5, std::nullopt, std::nullopt}));
    bool handled = false;
    auto send = [&] { Select(OnRecv(never), OnSend(left, 1, [&] { handled = true; })); };
    EXPECT_EQ(PanicOf(send), "send on closed channel");
    EXPECT_EQ(PanicOf([&] { Select(OnSend(left, 1), OnDefault()); }), "send on closed channel");
    EXPECT_FALSE(handled);
    // Nothing stays locked.
    EXPECT_EQ(left.Recv(), std::nullopt);
    EXPECT_FALSE(never.TrySend(1));
  });
}

TEST_P(SelectTest, CloseEndsTheWait) {
  OnCaller([] {
    for (bool receive : {true, false}) {
      Chan<int> chan(0), never(0);
      Go([=] {
        Sleep(500us);
        chan.Close();
      });
      if (receive) {
        std::optional<int> value = 1;
        EXPECT_EQ(Select(OnRecv(never), OnRecv(chan, value)), 1u);
        EXPECT_EQ(value, std::nullopt);
      } else {
        EXPECT_EQ(PanicOf([&] { Select(OnRecv(never), OnSend(chan, 1)); }), "send on closed channel");
      }
      EXPECT_FALSE(never.TrySend(1)) << "no waiter is left behind";
    }
  });
}

// Behaviour group 58.
TEST_P(SelectTest, OneChannelInSeveralCases) {
  OnCaller([] {
    Chan<int> chan(1);
    // Always exactly one of them is possible (Go: TestSelfSelect with a buffer).
    for (int i = 0; i < 100; ++i) {
      std::size_t chosen = Select(OnSend(chan, i), OnRecv(chan), OnSend(chan, i), OnRecv(chan));
      EXPECT_EQ(chosen % 2, static_cast<std::size_t>(i % 2));
    }
  });
}

TEST_P(SelectTest, DoesNotMeetItself) {
  OnCaller([] {
    Chan<int> chan(0), stop(0);
    Go([=] {
      Sleep(1ms);
      stop.Close();
    });
    EXPECT_EQ(Select(OnSend(chan, 1), OnRecv(chan), OnRecv(stop)), 2u);
    EXPECT_FALSE(chan.TrySend(1));
    std::optional<int> value;
    EXPECT_FALSE(chan.TryRecv(value));
  });
}

// Behaviour group 58.
// Go: TestSelectDuplicateChannel. All waiters that lost must leave their queues, also that of the winner's channel.
TEST_P(SelectTest, DuplicateChannelLeavesNoWaiter) {
  OnCaller([] {
    Chan<int> chan(0), other(0);
    for (const Chan<int>& wins : {chan, other}) {
      WaitGroup group;
      GoUntilParked(group, WaitReason::kSelect, [=] { Select(OnRecv(chan), OnRecv(chan), OnRecv(other)); });
      wins.Send(1);
      group.Wait();
      EXPECT_FALSE(chan.TrySend(1));
      EXPECT_FALSE(other.TrySend(1));
    }
  });
}

TEST_P(SelectTest, MoveOnlyValues) {
  OnCaller([] {
    using Box = std::unique_ptr<int>;
    Chan<Box> in(1), out(1);
    in.Send(std::make_unique<int>(1));
    Box got;
    Select(OnRecv(in, [&](std::optional<Box> box) { got = std::move(box.value()); }));
    EXPECT_EQ(*got, 1);
    Select(OnSend(out, std::move(got)), OnRecv(in));
    EXPECT_EQ(got, nullptr);
    std::optional<Box> back;
    EXPECT_EQ(Select(OnRecv(in), OnRecv(out, back)), 1u);
    EXPECT_EQ(**back, 1);
    Go([=] { in.Send(std::make_unique<int>(2)); });
    EXPECT_EQ(Select(OnRecv(out), OnRecv(in, back)), 1u);
    EXPECT_EQ(**back, 2);
  });
}

TEST_P(SelectTest, HandlersMayThrow) {
  OnCaller([] {
    Chan<int> a(1), b(0);
    a.Send(1);
    EXPECT_THROW(Select(OnRecv(a, [](std::optional<int>) { throw std::runtime_error("receive"); }), OnRecv(b)),
                 std::runtime_error);
    EXPECT_THROW(Select(OnSend(a, 2, [] { throw std::runtime_error("send"); }), OnRecv(b)), std::runtime_error);
    EXPECT_THROW(Select(OnRecv(b), OnDefault([] { throw std::runtime_error("default"); })), std::runtime_error);
    EXPECT_EQ(a.Recv(), 2);
    Go([=] { b.Send(3); });
    EXPECT_THROW(Select(OnRecv(a), OnRecv(b, [](std::optional<int> v) { throw v.value(); })), int);
  });
}

struct ThrowingCopy {
  explicit ThrowingCopy(bool throws_when_copied) : throws(throws_when_copied) { ++alive; }
  ThrowingCopy(const ThrowingCopy& other) : throws(other.throws) {
    if (throws) throw std::runtime_error("copy");
    ++alive;
  }
  ThrowingCopy(ThrowingCopy&& other) noexcept : throws(other.throws) { ++alive; }
  ~ThrowingCopy() { --alive; }
  bool throws;
  static inline int alive = 0;
};

TEST_P(SelectTest, CopyConstructorsMayThrow) {
  OnCaller([] {
    {
      Chan<ThrowingCopy> chan(1);
      Chan<int> ready(1);
      ready.Send(1);
      ThrowingCopy good(false), bad(true);
      EXPECT_THROW(Select(OnRecv(ready), OnSend(chan, bad)), std::runtime_error);
      EXPECT_EQ(ready.Len(), 1u) << "the values are made before anything is done";
      EXPECT_EQ(Select(OnSend(chan, good)), 0u);
      EXPECT_EQ(Select(OnRecv(ready), OnSend(chan, good)), 0u);
    }
    EXPECT_EQ(ThrowingCopy::alive, 0);
  });
}

TEST_P(SelectTest, HandlersMayUseTheChannels) {
  OnCaller([] {
    Chan<int> chan(1);
    chan.Send(1);
    Select(OnRecv(chan, [&](std::optional<int>) {
      chan.Send(2);
      Select(OnRecv(chan, [&](std::optional<int> v) { EXPECT_EQ(v, 2); }));
      chan = Chan<int>();
    }));
    EXPECT_EQ(chan, nullptr);
  });
}

TEST_P(SelectTest, HandlersArePassedByReference) {
  OnCaller([] {
    struct Counter {
      int count = 0;
      void operator()() { ++count; }
    } counter;
    Chan<int> chan(1);
    for (int i = 0; i < 3; ++i) Select(OnRecv(chan), OnDefault(counter));
    EXPECT_EQ(counter.count, 3);
    auto once = [box = std::make_unique<int>(1), &counter] { counter.count = *box; };
    Select(OnSend(chan, 1, std::move(once)));
    EXPECT_EQ(counter.count, 1);
  });
}

// Behaviour group 58. Go: TestSelectFairness, and that each position is as likely as any other.
TEST_P(SelectTest, EveryPossibleCaseHasTheSameChance) {
  OnCaller([] {
    constexpr int kRounds = 3000;
    Chan<int> a(1), b(1), c(1), nil;
    a.Close(), b.Close(), c.Close();
    std::array<int, 5> chosen{};
    for (int i = 0; i < kRounds; ++i) ++chosen[Select(OnRecv(a), OnRecv(nil), OnRecv(b), OnRecv(c), OnRecv(a))];
    EXPECT_EQ(chosen[1], 0);
    // Six standard deviations of a binomial distribution with p = 1/4.
    for (std::size_t i : {0, 2, 3, 4}) EXPECT_NEAR(chosen[i], kRounds / 4, 143) << i;
    std::array<int, 2> pair{};
    for (int i = 0; i < kRounds; ++i) ++pair[Select(OnRecv(a), OnRecv(b))];
    EXPECT_NEAR(pair[0], kRounds / 2, 165);
  });
}

// Behaviour group 58. Go: TestPseudoRandomSend: which value comes depends on the choice of the sending Select.
TEST_P(SelectTest, SendsOnOneChannelAreChosenAtRandom) {
  OnCaller([] {
    for (std::size_t capacity : {0u, 1u}) {
      constexpr int kRounds = 1000;
      Chan<int> bits(capacity);
      Go([=] {
        for (int i = 0; i < kRounds; ++i) {
          Select(OnSend(bits, 0), OnSend(bits, 1));
        }
      });
      int ones = 0;
      for (int i = 0; i < kRounds; ++i) {
        ones += bits.Recv().value();
        Gosched();
      }
      // A Select that waits is always served through its case that was queued first.
      EXPECT_NEAR(ones, kRounds / 2, 300);
    }
  });
}

TEST_P(SelectTest, CasesOfARunTimeNumber) {
  OnCaller([] {
    for (std::size_t count : {1u, 2u, 13u, 16u, 17u, 100u}) {
      std::vector<Chan<int>> inputs;
      std::vector<SelectCase> cases;
      std::vector<int> got(count, 0);
      for (std::size_t i = 0; i < count; ++i) {
        inputs.emplace_back(0);
        cases.push_back(OnRecv(inputs[i], [&got, i](std::optional<int> v) { got[i] += *v; }));
      }
      Go([inputs] {
        for (int round = 0; round < 3; ++round) {
          for (const Chan<int>& input : inputs) input.Send(1);
        }
      });
      for (std::size_t i = 0; i < 3 * count; ++i) EXPECT_EQ(Select(cases), i % count);
      EXPECT_EQ(got, std::vector<int>(count, 3));
      cases.push_back(OnDefault());
      EXPECT_EQ(Select(cases), count);
    }
  });
}

TEST_P(SelectTest, SelectCaseOwnsWhatItNeeds) {
  OnCaller([] {
    std::vector<SelectCase> cases;
    Chan<std::unique_ptr<int>> out(1);
    auto count = std::make_shared<int>(0);
    {
      Chan<int> gone(1);
      gone.Send(1);
      auto handler = [count](std::optional<int>) { ++*count; };
      cases.push_back(OnRecv(gone, handler));
    }
    EXPECT_EQ(Select(cases), 0u);
    EXPECT_EQ(*count, 1);
    cases.push_back(OnSend(out, std::make_unique<int>(5), [count] { *count = 100; }));
    EXPECT_EQ(Select(cases), 1u);
    EXPECT_EQ(*count, 100);
    EXPECT_EQ(**out.Recv(), 5);
    cases.clear();
    EXPECT_EQ(count.use_count(), 1);
  });
}

TEST_P(SelectTest, TwoDefaultsPanic) {
  OnCaller([] {
    std::vector<SelectCase> cases;
    cases.push_back(OnDefault());
    cases.push_back(OnDefault());
    EXPECT_EQ(PanicOf([&] { Select(cases); }), "reflect.Select: multiple default cases");
  });
}

// Behaviour group 57.
TEST_P(SelectTest, WithoutAnythingPossibleItWaitsForEver) {
  OnCaller([] {
    static std::atomic<int> returned = 0;
    Go(StackSize::kSmall, [] {
      Select();
      ++returned;
    });
    Go(StackSize::kSmall, [] {
      Select(OnRecv(Chan<int>()), OnSend(Chan<int>(), 1));
      ++returned;
    });
    Go(StackSize::kSmall, [] {
      Select(std::span<SelectCase>());
      ++returned;
    });
    Sleep(5ms);
    EXPECT_EQ(returned, 0);
  });
}

// Values reach those who wait in the order in which they came, selects among them.
TEST_P(SelectTest, WaitersAreServedInOrder) {
  OnCaller([] {
    Chan<int> chan(0), never(0), order(8);
    WaitGroup group;
    for (int i = 0; i < 8; ++i) {
      WaitReason reason = i % 2 == 0 ? WaitReason::kChanReceive : WaitReason::kSelect;
      GoUntilParked(group, reason, [=] {
        if (i % 2 == 0) {
          chan.Recv();
        } else {
          Select(OnRecv(never), OnRecv(chan));
        }
        order.Send(i);
      });
    }
    for (int i = 0; i < 8; ++i) {
      chan.Send(0);
      EXPECT_EQ(order.Recv(), i);
    }
    group.Wait();
  });
}

TEST(SelectInABubble, IsDurableIfAllItsChannelsAre) {
  Chan<int> outside(0);
  testing::Synctest([&] {
    Chan<int> inside(0), other(0);
    auto start = Clock::now();
    Go([=] {
      Sleep(1h);
      inside.Send(1);
    });
    EXPECT_EQ(Select(OnRecv(other), OnRecv(inside), OnRecv(Chan<int>())), 1u);
    EXPECT_EQ(Clock::now() - start, 1h);
    EXPECT_EQ(Select(OnRecv(outside), OnRecv(inside), OnDefault()), 2u);
  });
}

TEST(SelectInABubble, OfAnotherGoroutineThrows) {
  Chan<int> inside;
  testing::Synctest([&] { inside = Chan<int>(1); });
  EXPECT_EQ(PanicOf([&] { Select(OnRecv(inside), OnDefault()); }), "select on synctest channel from outside bubble");
}

TEST(SelectInABubble, ASeedDecidesWhatIsChosen) {
  auto choices = [](std::uint64_t seed) {
    std::string chosen;
    auto choose = [&] {
      Chan<int> a(0), b(0);
      a.Close(), b.Close();
      for (int i = 0; i < 64; ++i) chosen += static_cast<char>('a' + Select(OnRecv(a), OnRecv(b)));
    };
    testing::Synctest(choose, {.seed = seed});
    return chosen;
  };
  EXPECT_EQ(choices(1), choices(1));
  EXPECT_NE(choices(1), choices(2));
}

}  // namespace
}  // namespace gale
