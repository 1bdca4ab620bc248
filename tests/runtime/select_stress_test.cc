// Selects against each other, in both directions and against closes: nothing is lost, doubled or stuck.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/select.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

constexpr int kRounds = internal::kThreadSanitizer ? 300 : internal::kAddressSanitizer ? 1000 : 5000;

// Tally counts how often each value was received.
class Tally {
 public:
  explicit Tally(std::size_t values) : counts_(values) {}
  void Count(int value) { counts_[static_cast<std::size_t>(value)].fetch_add(1, std::memory_order_relaxed); }
  void ExpectEachOnce() const {
    for (std::size_t i = 0; i < counts_.size(); ++i) ASSERT_EQ(counts_[i].load(), 1) << "value " << i;
  }

 private:
  std::vector<std::atomic<int>> counts_;
};

// Behaviour group 58. Go: TestSelectStress: plain and selecting senders and receivers on the same four channels.
TEST(SelectStress, PlainAndSelectingPartnersOnTheSameChannels) {
  gale::Run([] {
    std::array<Chan<int>, 4> chans{Chan<int>(0), Chan<int>(0), Chan<int>(2), Chan<int>(3)};
    Tally tally(8 * kRounds);
    WaitGroup group;
    for (int k = 0; k < 4; ++k) {
      group.Go([&, k] {
        for (int i = 0; i < kRounds; ++i) chans[static_cast<std::size_t>(k)].Send(2 * k * kRounds + i);
      });
      group.Go([&, k] {
        for (int i = 0; i < kRounds; ++i) tally.Count(chans[static_cast<std::size_t>(k)].Recv().value());
      });
    }
    group.Go([&] {
      std::array<int, 4> sent{};
      auto value = [&](std::size_t k) { return (2 * static_cast<int>(k) + 1) * kRounds + sent[k]; };
      auto open = [&](std::size_t k) { return sent[k] < kRounds ? chans[k] : Chan<int>(); };
      for (int i = 0; i < 4 * kRounds; ++i) {
        ++sent[Select(OnSend(open(0), value(0)), OnSend(open(1), value(1)), OnSend(open(2), value(2)),
                      OnSend(open(3), value(3)))];
      }
    });
    group.Go([&] {
      std::array<Chan<int>, 4> open = chans;
      std::array<int, 4> received{};
      std::optional<int> got;
      for (int i = 0; i < 4 * kRounds; ++i) {
        std::size_t k = Select(OnRecv(open[0], got), OnRecv(open[1], got), OnRecv(open[2], got), OnRecv(open[3], got));
        tally.Count(got.value());
        if (++received[k] == kRounds) open[k] = {};
      }
    });
    group.Wait();
    tally.ExpectEachOnce();
  });
}

// Everybody sends and receives on the same channels, so that a Select's partner is mostly another Select.
TEST(SelectStress, SelectsInBothDirections) {
  gale::Run([] {
    for (std::size_t capacity : {0u, 1u}) {
      constexpr int kGoroutines = 16;
      const int values = kRounds / 4;
      Chan<int> a(capacity), b(0), c(capacity);
      Tally tally(static_cast<std::size_t>(kGoroutines * values));
      std::atomic<int> left = kGoroutines * values;
      Chan<int> all_received(0);
      WaitGroup group;
      for (int g = 0; g < kGoroutines; ++g) {
        group.Go([&, g] {
          int next = g * values;
          const int end = next + values;
          auto receive = [&](std::optional<int> value) {
            tally.Count(value.value());
            if (left.fetch_sub(1) == 1) all_received.Close();
          };
          auto send = [&] { ++next; };
          for (bool running = true; running;) {
            const Chan<int> nil;
            bool more = next < end;
            Select(OnSend(more ? a : nil, next, send), OnRecv(b, receive), OnSend(more ? b : nil, next, send),
                   OnRecv(c, receive), OnRecv(a, receive), OnSend(more ? c : nil, next, send),
                   OnRecv(all_received, [&] { running = false; }));
          }
        });
      }
      group.Wait();
      tally.ExpectEachOnce();
    }
  });
}

// Behaviour group 58.
// Go: TestSelfSelect: two Selects that both send and receive on one channel must meet each other, not themselves. A
// meeting is one round of each.
TEST(SelectStress, SelfSelect) {
  gale::Run([] {
    for (std::size_t capacity : {0u, 10u}) {
      Chan<int> chan(capacity);
      WaitGroup group;
      for (int self : {0, 1}) {
        group.Go([=] {
          auto receive = [=](std::optional<int> value) { EXPECT_TRUE(capacity != 0 || value != self); };
          for (int i = 0; i < kRounds; ++i) {
            if (self == 0 || i % 2 == 0) {
              Select(OnSend(chan, self), OnRecv(chan, receive));
            } else {
              Select(OnRecv(chan, receive), OnSend(chan, self));
            }
          }
        });
      }
      group.Wait();
    }
  });
}

// Behaviour group 58.
// Go: TestNonblockSelectRace: at every moment one of the channels is ready, so the default must not be taken.
TEST(SelectStress, NonblockingSelectSeesAllChannelsAtOnce) {
  gale::Run([] {
    Chan<bool> done(1);
    for (int i = 0; i < 2 * kRounds; ++i) {
      const bool by_close = i % 2 == 0;  // Go: TestNonblockSelectRace2
      Chan<int> first(1), second(1);
      first.Send(1);
      Go([=] { done.Send(Select(OnRecv(first), OnRecv(second), OnDefault()) != 2); });
      by_close ? second.Close() : second.Send(1);
      Select(OnRecv(first), OnDefault());
      ASSERT_TRUE(done.Recv().value()) << "no channel was ready";
    }
  });
}

// A value that a Select has sent is received, one whose Select threw is not.
TEST(SelectStress, CloseRacesWithSelects) {
  gale::Run([] {
    for (int round = 0; round < kRounds / 25; ++round) {
      Chan<int> a(static_cast<std::size_t>(round % 3)), b(0);
      std::atomic<int> sent = 0, received = 0;
      WaitGroup group;
      for (int g = 0; g < 4; ++g) {
        group.Go([&] {
          try {
            for (;;) Select(OnSend(a, 1, [&] { ++sent; }), OnSend(b, 1, [&] { ++sent; }));
          } catch (const Panic&) {
          }
        });
        group.Go([&] {
          Chan<int> from_a = a, from_b = b;
          auto receive = [&](Chan<int>& from) {
            return [&](std::optional<int> value) { value ? (void)++received : (void)(from = {}); };
          };
          while (from_a != nullptr || from_b != nullptr) {
            Select(OnRecv(from_a, receive(from_a)), OnRecv(from_b, receive(from_b)));
          }
        });
      }
      for (int i = 0; i < round % 16; ++i) Gosched();
      a.Close();
      Gosched();
      b.Close();
      group.Wait();
      ASSERT_EQ(sent, received);
    }
  });
}

TEST(SelectStress, PlainThreadsAndGoroutines) {
  constexpr int kValues = kRounds / 5;
  Chan<int> a(0), b(1), done(0);
  Tally tally(4 * kValues);
  std::atomic<int> left = 4 * kValues;
  auto send = [=](int first) {
    for (int i = first; i < first + kValues; ++i) Select(OnSend(a, i), OnSend(b, i));
  };
  auto receive = [&] {
    auto count = [&](std::optional<int> value) {
      tally.Count(value.value());
      if (left.fetch_sub(1) == 1) done.Close();
    };
    while (Select(OnRecv(a, count), OnRecv(done), OnRecv(b, count)) != 1) continue;
  };
  WaitGroup group;
  std::vector<std::jthread> threads;
  for (int g = 0; g < 2; ++g) {
    threads.emplace_back([=] { send(g * kValues); });
    threads.emplace_back(receive);
    group.Go([=] { send((g + 2) * kValues); });
    group.Go(receive);
  }
  threads.clear();
  group.Wait();
  tally.ExpectEachOnce();
}

// Thousands wait on one channel that never comes, as for a context's end: leaving its queue must not cost a search.
TEST(SelectStress, ManyWaitOnOneChannelThatStaysSilent) {
  gale::Run([] {
    constexpr int kGoroutines = internal::kThreadSanitizer ? 300 : 5000;
    Chan<int> silent(0), work(0);
    std::atomic<int> done = 0;
    WaitGroup group;
    for (int g = 0; g < kGoroutines; ++g) {
      group.Go([&] {
        while (Select(OnRecv(silent), OnRecv(work)) != 0) ++done;
      });
    }
    for (int i = 0; i < 4 * kGoroutines; ++i) work.Send(i);
    silent.Close();
    group.Wait();
    EXPECT_EQ(done, 4 * kGoroutines);
  });
}

}  // namespace
}  // namespace gale
