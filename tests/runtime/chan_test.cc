#include "gale/runtime/chan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gale/runtime/go.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

// Tracked counts how many objects exist, and how often one was copied.
class Tracked {
 public:
  explicit Tracked(int number) : number_(number) { ++alive; }
  Tracked(const Tracked& other) : number_(other.number_) { ++alive, ++copies; }
  Tracked(Tracked&& other) noexcept : number_(std::exchange(other.number_, -1)) { ++alive; }
  Tracked& operator=(const Tracked&) = delete;
  Tracked& operator=(Tracked&& other) noexcept {
    if (number_ >= 0) ++ended;
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  ~Tracked() {
    --alive;
    if (number_ >= 0) ++ended;
  }

  int number() const { return number_; }

  static void Reset() { alive = 0, copies = 0, ended = 0; }

  static inline std::atomic<int> alive{0};
  static inline std::atomic<int> copies{0};
  static inline std::atomic<int> ended{0};  // values destroyed; moved-from objects do not count

 private:
  int number_;
};

std::string PanicOf(const std::function<void()>& function) {
  try {
    function();
  } catch (const Panic& panic) {
    return panic.what();
  }
  return "no panic";
}

// Await waits until the condition holds; the tests that use it hang rather than fail on a slow machine.
void Await(const std::function<bool()>& condition) {
  while (!condition()) Sleep(100us);
}

// What a ChanTest does, it does on the main goroutine of Run and on a plain thread.
class ChanTest : public testing::TestWithParam<bool> {
 protected:
  void OnCaller(const std::function<void()>& body) {
    if (GetParam()) {
      gale::Run(body);
    } else {
      body();
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Callers, ChanTest, testing::Values(true, false),
                         [](const auto& caller) { return caller.param ? "Goroutine" : "Thread"; });

// Behaviour group 57.
TEST_P(ChanTest, UnbufferedHandsOverInOrder) {
  OnCaller([] {
    Chan<int> numbers(0);
    Go([numbers] {
      for (int i = 0; i < 1000; ++i) numbers.Send(i);
      numbers.Close();
    });
    int expected = 0;
    for (int number : numbers) EXPECT_EQ(number, expected++);
    EXPECT_EQ(expected, 1000);
  });
}

// Behaviour group 58.
TEST_P(ChanTest, UnbufferedSendWaitsForTheReceive) {
  OnCaller([] {
    Chan<int> numbers(0);
    std::atomic<bool> sent = false;
    WaitGroup group;
    group.Go([&] {
      numbers.Send(7);
      sent = true;
    });
    Sleep(2ms);
    EXPECT_FALSE(sent);
    EXPECT_EQ(numbers.Recv(), 7);
    group.Wait();
    EXPECT_TRUE(sent);
  });
}

// Behaviour group 57.
TEST_P(ChanTest, BufferTakesAsManyAsItsCapacity) {
  OnCaller([] {
    for (std::size_t capacity : {1u, 2u, 3u, 7u, 64u}) {
      Chan<int> numbers(capacity);
      EXPECT_EQ(numbers.Cap(), capacity);
      // Several rounds with an offset: the ring's ends do not matter.
      for (int round = 0; round < 5; ++round) {
        for (std::size_t i = 0; i < capacity; ++i) {
          EXPECT_EQ(numbers.Len(), i);
          EXPECT_TRUE(numbers.TrySend(static_cast<int>(i)));
        }
        EXPECT_FALSE(numbers.TrySend(99));
        EXPECT_EQ(numbers.Len(), capacity);
        for (std::size_t i = 0; i < capacity; ++i) EXPECT_EQ(numbers.Recv(), static_cast<int>(i));
        numbers.Send(round);
        EXPECT_EQ(numbers.Recv(), round);
      }
    }
  });
}

// Behaviour group 57.
TEST_P(ChanTest, BufferedKeepsOrderAcrossWaitingSenders) {
  OnCaller([] {
    Chan<int> numbers(3);
    Go([numbers] {
      for (int i = 0; i < 2000; ++i) numbers.Send(i);
      numbers.Close();
    });
    for (int i = 0; i < 2000; ++i) {
      if (i % 64 == 0) Gosched();
      EXPECT_EQ(numbers.Recv(), i);
    }
    EXPECT_EQ(numbers.Recv(), std::nullopt);
  });
}

// Behaviour group 57.
TEST_P(ChanTest, CloseLeavesTheBuffer) {
  OnCaller([] {
    Chan<std::string> words(2);
    words.Send("one");
    words.Send("two");
    words.Close();
    EXPECT_EQ(words.Len(), 2u);
    EXPECT_EQ(words.Recv(), "one");
    std::optional<std::string> word;
    EXPECT_TRUE(words.TryRecv(word));
    EXPECT_EQ(word, "two");
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(words.Recv(), std::nullopt);
      word = "old";
      EXPECT_TRUE(words.TryRecv(word));
      EXPECT_EQ(word, std::nullopt);
    }
    for (const std::string& none : words) ADD_FAILURE() << none;
  });
}

// Behaviour group 58.
TEST_P(ChanTest, CloseWakesEveryReceiver) {
  OnCaller([] {
    Chan<int> numbers(0);
    std::atomic<int> woken = 0;
    WaitGroup group;
    for (int i = 0; i < 100; ++i) {
      group.Go([&] {
        if (!numbers.Recv()) ++woken;
      });
    }
    Sleep(2ms);
    numbers.Close();
    group.Wait();
    EXPECT_EQ(woken, 100);
  });
}

TEST_P(ChanTest, CloseMakesWaitingSendersPanic) {
  OnCaller([] {
    Tracked::Reset();
    {
      Chan<Tracked> values(1);
      values.Send(Tracked(100));
      std::atomic<int> panics = 0;
      std::atomic<int> started = 0;
      WaitGroup group;
      for (int i = 0; i < 50; ++i) {
        group.Go([&, i] {
          ++started;
          if (PanicOf([&] { values.Send(Tracked(i)); }) == "send on closed channel") ++panics;
        });
      }
      Await([&] { return started == 50; });
      Sleep(1ms);
      values.Close();
      group.Wait();
      EXPECT_EQ(panics, 50);
      EXPECT_EQ(Tracked::ended, 50);
      EXPECT_EQ(values.Recv()->number(), 100);
      EXPECT_FALSE(values.Recv());
    }
    EXPECT_EQ(Tracked::alive, 0);
    EXPECT_EQ(Tracked::ended, 51);
  });
}

// Behaviour group 57.
TEST_P(ChanTest, MisusePanicsInGosWords) {
  OnCaller([] {
    Chan<int> closed(1);
    closed.Close();
    Chan<int> nil;
    struct Row {
      const char* name;
      std::function<void()> misuse;
      const char* message;
    };
    const Row rows[] = {
        {"Send", [&] { closed.Send(1); }, "send on closed channel"},
        {"TrySend", [&] { closed.TrySend(1); }, "send on closed channel"},
        {"Close", [&] { closed.Close(); }, "close of closed channel"},
        {"CloseNil", [&] { nil.Close(); }, "close of nil channel"},
        {"MakeNegative", [] { Chan<int>(static_cast<std::size_t>(-1)); }, "makechan: size out of range"},
        {"MakeTooLarge", [] { Chan<std::array<char, 4096>>(std::size_t{1} << 40); }, "makechan: size out of range"},
    };
    for (int round = 0; round < 2; ++round) {  // a Panic leaves the channel usable: its lock is free again
      for (const Row& row : rows) EXPECT_EQ(PanicOf(row.misuse), row.message) << row.name;
    }
    EXPECT_EQ(closed.Recv(), std::nullopt);
  });
}

// Behaviour group 57.
TEST_P(ChanTest, NilChannel) {
  OnCaller([] {
    Chan<int> nil;
    EXPECT_TRUE(nil == nullptr);
    EXPECT_EQ(nil.Len(), 0u);
    EXPECT_EQ(nil.Cap(), 0u);
    EXPECT_FALSE(nil.TrySend(1));
    std::optional<int> value = 3;
    EXPECT_FALSE(nil.TryRecv(value));
    EXPECT_EQ(value, std::nullopt);
    EXPECT_TRUE(nil == Chan<int>());
  });
}

// Behaviour group 57.
TEST_P(ChanTest, NilChannelParksForEver) {
  OnCaller([] {
    int before = NumGoroutine();
    std::atomic<int> entered = 0;
    static std::atomic<int> returned = 0;
    Go(StackSize::kSmall, [&entered] {
      ++entered;
      Chan<int>().Send(1);
      ++returned;
    });
    Go(StackSize::kSmall, [&entered] {
      ++entered;
      Chan<int>().Recv();
      ++returned;
    });
    Await([&] { return entered == 2; });
    Sleep(2ms);
    EXPECT_EQ(returned, 0);
    EXPECT_GE(NumGoroutine(), before);
  });
}

TEST_P(ChanTest, HandlesAreTheSameChannel) {
  OnCaller([] {
    Chan<int> first(2);
    Chan<int> second = first;
    Chan<int> other(2);
    EXPECT_TRUE(first == second);
    EXPECT_FALSE(first == other);
    EXPECT_FALSE(first == nullptr);
    first.Send(1);
    EXPECT_EQ(second.Len(), 1u);
    first = other;
    EXPECT_EQ(second.Recv(), 1);
    second.Close();
    other.Send(2);
    EXPECT_EQ(first.Recv(), 2);
    Chan<int> moved = std::move(first);
    EXPECT_TRUE(moved == other);
  });
}

TEST_P(ChanTest, HandleMayGoWhileOthersWait) {
  OnCaller([] {
    std::atomic<int> received = 0;
    WaitGroup group;
    {
      Chan<std::unique_ptr<int>> numbers(0);
      group.Go([numbers, &received] { received = **numbers.Recv(); });
      group.Go([numbers] { numbers.Send(std::make_unique<int>(5)); });
    }
    group.Wait();
    EXPECT_EQ(received, 5);
  });
}

// Enters waiters one by one, each only when the one before surely waits: the buffer's state cannot tell, so a pause.
void EnterOneByOne(WaitGroup& group, int count, const std::function<void(int)>& wait) {
  for (int i = 0; i < count; ++i) {
    std::atomic<bool> entered = false;
    group.Go([&entered, wait, i] {
      entered = true;
      wait(i);
    });
    Await([&] { return entered.load(); });
    Sleep(1ms);
  }
}

// The pause between two waiters is no guarantee on a busy machine, but with one P it is: the waiter parks before
// anybody else runs. So order is asserted only there, and otherwise that nobody is lost.
bool OrderIsCertain(bool goroutine) { return goroutine && GOMAXPROCS() == 1; }

TEST_P(ChanTest, WaitingSendersAreServedInOrder) {
  OnCaller([] {
    for (std::size_t capacity : {0u, 2u}) {
      Chan<int> numbers(capacity);
      for (std::size_t i = 0; i < capacity; ++i) numbers.Send(-1);
      WaitGroup group;
      EnterOneByOne(group, 10, [numbers](int i) { numbers.Send(i); });
      for (std::size_t i = 0; i < capacity; ++i) EXPECT_EQ(numbers.Recv(), -1);
      std::vector<int> received;
      for (int i = 0; i < 10; ++i) received.push_back(*numbers.Recv());
      group.Wait();
      if (!OrderIsCertain(GetParam())) std::sort(received.begin(), received.end());
      for (int i = 0; i < 10; ++i) EXPECT_EQ(received[i], i) << "capacity " << capacity;
    }
  });
}

// Behaviour group 58.
TEST_P(ChanTest, WaitingReceiversAreServedInOrder) {
  OnCaller([] {
    Chan<int> numbers(4);
    std::vector<int> received(10, -1);
    WaitGroup group;
    EnterOneByOne(group, 10, [numbers, &received](int i) { received[i] = *numbers.Recv(); });
    for (int i = 0; i < 10; ++i) {
      // Past the buffer: somebody waits.
      EXPECT_TRUE(numbers.TrySend(i));
      EXPECT_TRUE(!OrderIsCertain(GetParam()) || numbers.Len() == 0);
    }
    group.Wait();
    if (!OrderIsCertain(GetParam())) std::sort(received.begin(), received.end());
    for (int i = 0; i < 10; ++i) EXPECT_EQ(received[i], i);
  });
}

TEST_P(ChanTest, ValuesAreMovedNotCopied) {
  OnCaller([] {
    for (std::size_t capacity : {0u, 1u, 5u}) {
      Tracked::Reset();
      {
        Chan<Tracked> values(capacity);
        Go([values] {
          for (int i = 0; i < 20; ++i) values.Send(Tracked(i));
          values.Close();
        });
        int expected = 0;
        for (Tracked& value : values) EXPECT_EQ(value.number(), expected++);
        EXPECT_EQ(expected, 20);
      }
      EXPECT_EQ(Tracked::copies, 0);
      EXPECT_EQ(Tracked::ended, 20);
      Await([] { return Tracked::alive == 0; });  // the sender's last temporary
    }
  });
}

TEST_P(ChanTest, MoveOnlyValues) {
  OnCaller([] {
    Chan<std::unique_ptr<int>> numbers(1);
    numbers.Send(std::make_unique<int>(1));
    auto second = std::make_unique<int>(2);
    EXPECT_FALSE(numbers.TrySend(std::move(second)));
    ASSERT_NE(second, nullptr);  // only a send that succeeds moves
    EXPECT_EQ(**numbers.Recv(), 1);
    EXPECT_TRUE(numbers.TrySend(std::move(second)));
    EXPECT_EQ(second, nullptr);
    std::optional<std::unique_ptr<int>> received;
    EXPECT_TRUE(numbers.TryRecv(received));
    EXPECT_EQ(**received, 2);
    EXPECT_FALSE(numbers.TryRecv(received));
    EXPECT_EQ(received, std::nullopt);
  });
}

TEST_P(ChanTest, UndeliveredValuesAreDestroyedOnce) {
  OnCaller([] {
    for (int taken = 0; taken <= 5; ++taken) {
      Tracked::Reset();
      {
        Chan<Tracked> values(5);
        values.Send(Tracked(0));
        values.Recv();  // so that the ring does not begin at slot 0
        for (int i = 1; i <= 5; ++i) values.Send(Tracked(i));
        for (int i = 1; i <= taken; ++i) EXPECT_EQ(values.Recv()->number(), i);
        EXPECT_EQ(Tracked::alive, 5 - taken);
        if (taken % 2 == 0) values.Close();
      }
      EXPECT_EQ(Tracked::alive, 0);
      EXPECT_EQ(Tracked::ended, 6);
      EXPECT_EQ(Tracked::copies, 0);
    }
  });
}

TEST_P(ChanTest, RefusedValuesAreDestroyedOnce) {
  OnCaller([] {
    Tracked::Reset();
    {
      Chan<Tracked> values(1);
      Tracked copied(1);
      EXPECT_TRUE(values.TrySend(copied));
      EXPECT_FALSE(values.TrySend(copied));
      EXPECT_FALSE(values.TrySend(Tracked(2)));
      EXPECT_EQ(copied.number(), 1);
      values.Close();
      EXPECT_EQ(PanicOf([&] { values.Send(Tracked(3)); }), "send on closed channel");
      EXPECT_EQ(PanicOf([&] { values.TrySend(copied); }), "send on closed channel");
    }
    EXPECT_EQ(Tracked::alive, 0);
  });
}

struct Aligned {
  alignas(64) char bytes[64] = {};
  int number = 0;
};

// Behaviour group 57.
TEST_P(ChanTest, AlignedAndEmptyTypes) {
  OnCaller([] {
    Chan<Aligned> aligned(3);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(aligned.TrySend(Aligned{{}, i}));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(aligned.Recv()->number, i);
    struct Empty {};
    Chan<Empty> empty(2);
    empty.Send({});
    EXPECT_TRUE(empty.TrySend(Empty{}));
    EXPECT_FALSE(empty.TrySend(Empty{}));
    EXPECT_TRUE(empty.Recv());
    empty.Close();
    EXPECT_TRUE(empty.Recv());
    EXPECT_FALSE(empty.Recv());
  });
}

TEST_P(ChanTest, TryOperationsMeetWaiters) {
  OnCaller([] {
    Chan<int> numbers(0);
    EXPECT_FALSE(numbers.TrySend(1));
    std::optional<int> received;
    EXPECT_FALSE(numbers.TryRecv(received));
    WaitGroup group;
    std::atomic<int> got = 0;
    group.Go([&] { got = *numbers.Recv(); });
    Await([&] { return numbers.TrySend(4); });
    group.Wait();
    EXPECT_EQ(got, 4);
    group.Go([&] { numbers.Send(5); });
    Await([&] { return numbers.TryRecv(received); });
    EXPECT_EQ(received, 5);
    group.Wait();
  });
}

TEST_P(ChanTest, RangeForStopsEarlyAndGoesOn) {
  OnCaller([] {
    Chan<int> numbers(10);
    for (int i = 0; i < 10; ++i) numbers.Send(i);
    numbers.Close();
    for (int number : numbers) {
      if (number == 3) break;
    }
    EXPECT_EQ(numbers.Recv(), 4);
    int sum = 0;
    for (int number : numbers) sum += number;
    EXPECT_EQ(sum, 5 + 6 + 7 + 8 + 9);
  });
}

TEST_P(ChanTest, ChannelOfChannels) {
  OnCaller([] {
    Chan<Chan<int>> requests(0);
    Go([requests] {
      int served = 0;
      for (Chan<int>& answer : requests) answer.Send(served++);
    });
    for (int i = 0; i < 100; ++i) {
      Chan<int> answer(0);
      requests.Send(answer);
      EXPECT_EQ(answer.Recv(), i);
    }
    requests.Close();
  });
}

// Behaviour group 57.
TEST_P(ChanTest, PrimeSieve) {
  OnCaller([] {
    Chan<int> first(0);
    Go([first] {
      try {
        for (int i = 2;; ++i) first.Send(i);
      } catch (const Panic&) {
      }
    });
    Chan<int> source = first;
    std::vector<Chan<int>> stages = {first};
    std::vector<int> primes;
    for (int n = 0; n < 60; ++n) {
      int prime = *source.Recv();
      primes.push_back(prime);
      Chan<int> filtered(0);
      Go([source, filtered, prime] {
        try {
          for (int number : source) {
            if (number % prime != 0) filtered.Send(number);
          }
        } catch (const Panic&) {
        }
      });
      source = filtered;
      stages.push_back(filtered);
    }
    EXPECT_EQ(primes.back(), 281);
    for (Chan<int>& stage : stages) stage.Close();
  });
}

// Sum hands numbers from `producers` to `consumers` and checks that each has arrived once.
void Sum(std::size_t capacity, int producers, int consumers, int each, bool threads) {
  Chan<std::uint64_t> numbers(capacity);
  std::atomic<std::uint64_t> sum = 0;
  std::atomic<std::uint64_t> squares = 0;
  std::atomic<int> count = 0;
  std::vector<std::thread> plain;
  WaitGroup sending;
  WaitGroup receiving;
  auto start = [&](WaitGroup& group, int index, auto body) {
    if (!threads || index % 2 == 0) return group.Go(body);
    group.Add(1);
    plain.emplace_back([&group, body]() mutable {
      body();
      group.Done();
    });
  };
  for (int i = 0; i < producers; ++i) {
    start(sending, i, [&, i] {
      for (int k = 0; k < each; ++k) numbers.Send(static_cast<std::uint64_t>(i) * each + k);
    });
  }
  for (int i = 0; i < consumers; ++i) {
    start(receiving, i, [&] {
      std::uint64_t own = 0;
      for (std::uint64_t number : numbers) {
        own += number;
        squares += number * number;
        ++count;
      }
      sum += own;
    });
  }
  sending.Wait();
  numbers.Close();
  receiving.Wait();
  for (std::thread& thread : plain) thread.join();
  std::uint64_t n = static_cast<std::uint64_t>(producers) * each;
  EXPECT_EQ(static_cast<std::uint64_t>(count.load()), n);
  EXPECT_EQ(sum, n * (n - 1) / 2);
  EXPECT_EQ(squares, (n - 1) * n * (2 * n - 1) / 6);
}

struct SumRow {
  const char* name;
  std::size_t capacity;
  int producers;
  int consumers;
  int each;
  bool threads;
};

constexpr SumRow kSumRows[] = {
    {"one to one", 0, 1, 1, 5000, false},       {"one to many", 0, 1, 20, 2000, false},
    {"many to one", 0, 20, 1, 100, false},      {"many to many", 0, 30, 30, 100, false},
    {"buffer of one", 1, 30, 30, 100, false},   {"buffer", 16, 30, 30, 100, false},
    {"large buffer", 1024, 200, 10, 20, false}, {"threads, unbuffered", 0, 8, 8, 100, true},
    {"threads, buffered", 4, 8, 8, 100, true},
};

// Behaviour group 58.
TEST_P(ChanTest, ManyProducersAndConsumers) {
  OnCaller([] {
    for (const SumRow& row : kSumRows) {
      Sum(row.capacity, row.producers, row.consumers, row.each, row.threads);
      if (HasFailure()) FAIL() << row.name;
    }
  });
}

TEST_P(ChanTest, CloseRacesWithSendersAndReceivers) {
  OnCaller([] {
    for (int round = 0; round < 20; ++round) {
      Tracked::Reset();
      {
        Chan<Tracked> values(round % 3);
        std::atomic<int> sent = 0;
        std::atomic<int> received = 0;
        WaitGroup group;
        for (int i = 0; i < 4; ++i) {
          group.Go([&] {
            try {
              for (;;) values.Send(Tracked(1)), ++sent;
            } catch (const Panic&) {
            }
          });
          group.Go([&] {
            while (values.Recv()) ++received;
          });
        }
        for (int i = 0; i < round; ++i) Gosched();
        values.Close();
        group.Wait();
        EXPECT_EQ(sent, received);
      }
      EXPECT_EQ(Tracked::alive, 0);
    }
  });
}

TEST_P(ChanTest, MutualExclusionByToken) {
  OnCaller([] {
    Chan<int> token(1);
    int counter = 0;  // guarded by the token: TSan looks at this
    WaitGroup group;
    token.Send(0);
    for (int i = 0; i < 50; ++i) {
      group.Go([&] {
        for (int k = 0; k < 20; ++k) {
          int value = *token.Recv();
          ++counter;
          token.Send(value + 1);
        }
      });
    }
    group.Wait();
    EXPECT_EQ(token.Recv(), 1000);
    EXPECT_EQ(counter, 1000);
  });
}

TEST(ChanThreads, PingPongBetweenPlainThreads) {
  Chan<int> there(0);
  Chan<int> back(0);
  std::thread other([&] {
    for (int number : there) back.Send(number + 1);
  });
  for (int i = 0; i < 500; ++i) {
    there.Send(i);
    EXPECT_EQ(back.Recv(), i + 1);
  }
  there.Close();
  other.join();
}

TEST(ChanThreads, ThreadMayEndRightAfterItsOperation) {
  for (int i = 0; i < 100; ++i) {
    Chan<int> numbers(0);
    std::thread sender([numbers] { numbers.Send(1); });
    Go([numbers] { numbers.Send(2); });
    EXPECT_EQ(*numbers.Recv() + *numbers.Recv(), 3);
    sender.join();
  }
}

TEST(ChanGoroutines, ManyParkedReceivers) {
  gale::Run([] {
    constexpr int kCount = 1500;  // within what TSan can bear
    Chan<int> numbers(0);
    std::atomic<int> sum = 0;
    WaitGroup group;
    for (int i = 0; i < kCount; ++i) group.Go([&] { sum += *numbers.Recv(); });
    for (int i = 0; i < kCount; ++i) numbers.Send(1);
    group.Wait();
    EXPECT_EQ(sum, kCount);
  });
}

}  // namespace
}  // namespace gale
