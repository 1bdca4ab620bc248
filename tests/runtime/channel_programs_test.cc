// Small programs that live by channels and select: streams, sieves, merges. What goes wrong in a channel's queues shows
// here as a wrong number, or as a program that stands still.

#include <gtest/gtest.h>
#include <malloc.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/select.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

constexpr int kRounds = internal::kThreadSanitizer ? 500 : 5000;

class ChannelProgramsTest : public CallerTest {};
INSTANTIATE_TEST_SUITE_P(Callers, ChannelProgramsTest, ::testing::Values(true, false), CallerName);

// Behaviour group 57. Two in one: the same value must not be taken from two of the cases that offer it.
TEST_P(ChannelProgramsTest, AValueOfferedInSeveralCasesIsSentOnce) {
  OnCaller([] {
    std::array<Chan<int>, 4> offered{Chan<int>(0), Chan<int>(0), Chan<int>(0), Chan<int>(0)};
    Chan<int> merged(0);
    WaitGroup group;
    group.Go([=] {
      for (int i = 0; i < kRounds; ++i) {
        Select(OnSend(offered[0], i), OnSend(offered[1], i), OnSend(offered[2], i), OnSend(offered[3], i));
      }
      for (const Chan<int>& chan : offered) chan.Close();
    });
    WaitGroup merging;
    for (const Chan<int>& chan : offered) {
      merging.Go([=] {
        for (int value : chan) merged.Send(value);
      });
    }
    group.Go([=, &merging] {
      merging.Wait();
      merged.Close();
    });
    std::vector<int> seen(kRounds, 0);
    for (int value : merged) ++seen[static_cast<std::size_t>(value)];
    group.Wait();
    EXPECT_EQ(seen, std::vector<int>(kRounds, 1));
  });
}

// Behaviour group 57. A chain of goroutines: what goes in first comes out first, whatever is between.
TEST_P(ChannelProgramsTest, AChainKeepsTheOrder) {
  OnCaller([] {
    for (std::size_t capacity : {0u, 1u, 10u}) {
      Chan<int> in(capacity);
      Chan<int> out = in;
      for (int stage = 0; stage < 20; ++stage) {
        Chan<int> next(capacity);
        Go([from = out, next] {
          for (int value : from) next.Send(value);
          next.Close();
        });
        out = next;
      }
      Go([in] {
        for (int i = 0; i < 100; ++i) in.Send(i);
        in.Close();
      });
      int expected = 0;
      for (int value : out) EXPECT_EQ(value, expected++);
      EXPECT_EQ(expected, 100);
    }
  });
}

// Behaviour group 57. A Select that lost must leave its channel's queue whole, although others wait behind it.
TEST_P(ChannelProgramsTest, ALostCaseLeavesTheOtherWaitersInTheQueue) {
  OnCaller([] {
    Chan<int> contended(0), wins(0), won(0);
    WaitGroup group;
    GoUntilParked(group, WaitReason::kChanReceive, [=] { contended.Recv(); });
    GoUntilParked(group, WaitReason::kSelect, [=] {
      EXPECT_EQ(Select(OnRecv(contended), OnRecv(wins)), 1u);
      won.Send(1);
      contended.Recv();
    });
    wins.Send(1);
    won.Recv();
    contended.Send(1);
    contended.Send(2);
    group.Wait();
  });
}

// Behaviour group 57. Each way to receive meets each way to send, whoever comes first.
TEST_P(ChannelProgramsTest, EveryKindOfSendMeetsEveryKindOfReceive) {
  OnCaller([] {
    using Receive = std::function<int(const Chan<int>&)>;
    using Send = std::function<void(const Chan<int>&, int)>;
    const Chan<int> silent(0);
    const std::vector<Receive> receives = {
        [](const Chan<int>& c) { return c.Recv().value(); },
        [](const Chan<int>& c) {
          std::optional<int> got;
          Select(OnRecv(c, got));
          return got.value();
        },
        [&](const Chan<int>& c) {
          std::optional<int> got;
          EXPECT_EQ(Select(OnRecv(silent), OnRecv(c, got), OnSend(Chan<int>(), 1)), 1u);
          return got.value();
        },
        [](const Chan<int>& c) {
          std::optional<int> got;
          while (!c.TryRecv(got)) Sleep(20us);
          return got.value();
        },
    };
    const std::vector<Send> sends = {
        [](const Chan<int>& c, int value) { c.Send(value); },
        [](const Chan<int>& c, int value) { Select(OnSend(c, value)); },
        [&](const Chan<int>& c, int value) {
          EXPECT_EQ(Select(OnRecv(silent), OnSend(c, value), OnRecv(Chan<int>())), 1u);
        },
        [](const Chan<int>& c, int value) {
          while (!c.TrySend(value)) Sleep(20us);
        },
    };
    for (std::size_t capacity : {0u, 1u}) {
      for (std::size_t r = 0; r < receives.size(); ++r) {
        for (std::size_t s = 0; s < sends.size(); ++s) {
          if (r + 1 == receives.size() && s + 1 == sends.size() && capacity == 0) continue;  // neither would wait
          for (bool receiver_first : {true, false}) {
            Chan<int> chan(capacity);
            std::optional<int> got;
            WaitGroup group;
            auto receive = [&] { got = receives[r](chan); };
            auto send = [&] { sends[s](chan, 7); };
            group.Go(receiver_first ? std::function<void()>(receive) : send);
            Sleep(50us);
            group.Go(receiver_first ? std::function<void()>(send) : receive);
            group.Wait();
            EXPECT_EQ(got, 7) << "receive " << r << ", send " << s << ", capacity " << capacity;
          }
        }
      }
    }
  });
}

// Behaviour group 57. However one asks, a closed channel answers at once: first what is left, then that there is
// nothing; and refuses every send.
TEST_P(ChannelProgramsTest, AClosedChannelAnswersEveryKindOfRequest) {
  OnCaller([] {
    const std::vector<std::function<std::optional<int>(const Chan<int>&)>> receives = {
        [](const Chan<int>& c) { return c.Recv(); },
        [](const Chan<int>& c) {
          std::optional<int> got = -1;
          EXPECT_TRUE(c.TryRecv(got));
          return got;
        },
        [](const Chan<int>& c) {
          std::optional<int> got = -1;
          Select(OnRecv(c, got));
          return got;
        },
        [](const Chan<int>& c) {
          std::optional<int> got = -1;
          EXPECT_EQ(Select(OnRecv(c, got), OnDefault()), 0u);
          return got;
        },
        [](const Chan<int>& c) {
          std::optional<int> got = -1;
          EXPECT_EQ(Select(OnRecv(Chan<int>()), OnRecv(c, got)), 1u);
          return got;
        },
    };
    const std::vector<std::function<void(const Chan<int>&)>> sends = {
        [](const Chan<int>& c) { c.Send(2); },
        [](const Chan<int>& c) { c.TrySend(2); },
        [](const Chan<int>& c) { Select(OnSend(c, 2)); },
        [](const Chan<int>& c) { Select(OnSend(c, 2), OnDefault()); },
        [](const Chan<int>& c) { Select(OnRecv(Chan<int>()), OnSend(c, 2)); },
    };
    for (std::size_t capacity : {0u, 1u, 2u}) {
      for (std::size_t r = 0; r < receives.size(); ++r) {
        Chan<int> chan(capacity);
        if (capacity > 0) chan.Send(1);
        chan.Close();
        if (capacity > 0) {
          EXPECT_EQ(receives[r](chan), 1) << "receive " << r;
        }
        for (int i = 0; i < 10; ++i) EXPECT_EQ(receives[r](chan), std::nullopt) << "receive " << r;
        for (const auto& send : sends) EXPECT_EQ(PanicOf([&] { send(chan); }), "send on closed channel");
        EXPECT_EQ(PanicOf([&] { chan.Close(); }), "close of closed channel");
        EXPECT_EQ(receives[r](chan), std::nullopt);
      }
    }
  });
}

// Behaviour group 57. Values without a size still count.
TEST_P(ChannelProgramsTest, ValuesWithoutASizeAreCounted) {
  OnCaller([] {
    struct Nothing {};
    Chan<Nothing> tokens(3);
    EXPECT_EQ(tokens.Cap(), 3u);
    for (int i = 0; i < 3; ++i) tokens.Send({});
    EXPECT_EQ(tokens.Len(), 3u);
    EXPECT_EQ(Select(OnSend(tokens, Nothing{}), OnDefault()), 1u);
    Chan<Nothing> unbuffered(0);
    WaitGroup group;
    group.Go([=] {
      for (int i = 0; i < 100; ++i) unbuffered.Send({});
      unbuffered.Close();
    });
    int count = 0;
    while (unbuffered.Recv()) ++count;
    group.Wait();
    EXPECT_EQ(count, 100);
  });
}

// Behaviour group 57. Each Select leaves a waiter in the channel that never comes: it must take it out again.
TEST_P(ChannelProgramsTest, SelectingOverAndOverUsesNoMemory) {
  if (internal::kThreadSanitizer || internal::kAddressSanitizer) GTEST_SKIP() << "mallinfo2 knows nothing there";
  OnCaller([] {
    constexpr int kSelects = 20'000;
    Chan<int> values(0), never(0);
    WaitGroup group;
    group.Go([=] {
      for (int i = 0; i < kSelects; ++i) Select(OnSend(values, i), OnRecv(never));
      values.Close();
    });
    for (int i = 0; i < 1000; ++i) values.Recv();
    const std::size_t before = mallinfo2().uordblks;
    bool open = true;
    while (open) Select(OnRecv(never), OnRecv(values, [&](std::optional<int> value) { open = value.has_value(); }));
    EXPECT_LT(mallinfo2().uordblks, before + kSelects * 32) << "less than a waiter for each";
    group.Wait();
  });
}

// Power series whose coefficients come out of channels on demand, as a function of goroutines per operation.
using Series = Chan<double>;

Series Stream(std::function<void(const Series&)> body) {
  Series out(0);
  Go([=] {
    try {
      body(out);
    } catch (const Panic&) {  // nobody wants more of it
    }
  });
  return out;
}

// Closes what a goroutine reads from when that goroutine ends: then its sources end, too.
struct Reading {
  Series series;
  ~Reading() {
    try {
      series.Close();
    } catch (const Panic&) {
    }
  }
  double Next() const { return series.Recv().value_or(0); }
};

Series Constant(double value) {
  return Stream([=](const Series& out) {
    for (;;) out.Send(value);
  });
}

Series Multiply(const Series& f, const Series& g) {
  return Stream([=](const Series& out) {
    Reading reading_f{f}, reading_g{g};
    std::vector<double> fs, gs;
    for (;;) {
      fs.push_back(reading_f.Next());
      gs.push_back(reading_g.Next());
      double sum = 0;
      for (std::size_t i = 0; i < fs.size(); ++i) sum += fs[i] * gs[gs.size() - 1 - i];
      out.Send(sum);
    }
  });
}

Series Integral(const Series& f, double constant) {
  return Stream([=](const Series& out) {
    Reading reading{f};
    out.Send(constant);
    for (double n = 1;; ++n) out.Send(reading.Next() / n);
  });
}

// Both get the same; the source is asked when one of them has had everything.
std::array<Series, 2> Split(const Series& f) {
  std::array<Series, 2> both{Series(0), Series(0)};
  Go([=] {
    Reading reading{f};
    std::array<std::deque<double>, 2> waiting;
    auto head = [&](std::size_t i) { return waiting[i].empty() ? 0 : waiting[i].front(); };
    auto open = [&](std::size_t i) { return waiting[i].empty() ? Series() : both[i]; };
    try {
      for (bool more = true; more;) {
        bool hungry = waiting[0].empty() || waiting[1].empty();
        Select(OnSend(open(0), head(0), [&] { waiting[0].pop_front(); }),
               OnSend(open(1), head(1), [&] { waiting[1].pop_front(); }),
               OnRecv(hungry ? f : Series(), [&](std::optional<double> value) {
                 more = value.has_value();
                 for (auto& queue : waiting) queue.push_back(value.value_or(0));
               }));
      }
    } catch (const Panic&) {
    }
    for (const Series& series : both) Reading{series};
  });
  return both;
}

// Behaviour group 57. exp is its own integral: its stream is fed back into itself.
TEST_P(ChannelProgramsTest, PowerSeries) {
  OnCaller([] {
    Series geometric = Multiply(Constant(1), Constant(1));  // 1 / (1 - x)^2
    for (int n = 1; n <= 12; ++n) EXPECT_EQ(geometric.Recv(), n);
    geometric.Close();

    Series feedback(0);
    auto [result, again] = Split(Integral(feedback, 1));
    Go([feedback, again = again] {
      Reading reading{again};
      try {
        for (;;) feedback.Send(reading.Next());
      } catch (const Panic&) {
      }
    });
    double factorial = 1;
    for (int n = 0; n < 12; ++n) {
      EXPECT_NEAR(result.Recv().value(), 1 / factorial, 1e-12) << n;
      factorial *= n + 1;
    }
    result.Close();
  });
}

// Behaviour group 58. Many take from one queue, yield and pass on: nothing is lost, and the end comes through.
TEST_P(ChannelProgramsTest, ManyWorkersBetweenOneProducerAndOneConsumer) {
  OnCaller([] {
    constexpr int kWorkers = 23;
    Chan<int> in(kWorkers), out(kWorkers);
    WaitGroup workers;
    for (int w = 0; w < kWorkers; ++w) {
      workers.Go([=] {
        for (int value : in) {
          if (value % (w + 2) == 0) Gosched();
          out.Send(value);
        }
      });
    }
    long expected = 0;
    Go([=] {
      for (int i = 0; i < kRounds; ++i) in.Send(i % 271);
      in.Close();
    });
    for (int i = 0; i < kRounds; ++i) expected += i % 271;
    Go([=, &workers] {
      workers.Wait();
      out.Close();
    });
    long sum = 0;
    int count = 0;
    for (int value : out) sum += value, ++count;
    EXPECT_EQ(count, kRounds);
    EXPECT_EQ(sum, expected);
  });
}

}  // namespace
}  // namespace gale
