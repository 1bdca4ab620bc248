// Many goroutines doing everything at once, and the promises of fairness that the scheduler makes. Meant to be run
// under the sanitizers, with 1, 2 and 8 Ps, and with run queues of 4.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadSanitizer = true;  // knows no more than some thousand fibers
#else
constexpr bool kThreadSanitizer = false;
#endif

constexpr auto kBudget = 400ms;      // how long the open-ended tests go on
constexpr auto kNeverReached = 20s;  // after which something counts as not having happened

// TimeBox is open until its time is up.
class TimeBox {
 public:
  explicit TimeBox(SteadyClock::duration budget) : end_(SteadyClock::now() + budget) {}
  bool Open() const { return SteadyClock::now() < end_; }

 private:
  SteadyClock::time_point end_;
};

// SpinUntil computes, without ever parking, until the condition holds. False: it never did.
template <typename Condition>
bool SpinUntil(Condition condition) {
  TimeBox patience(kNeverReached);
  while (!condition()) {
    if (!patience.Open()) return false;
  }
  return true;
}

[[gnu::noinline]] int ThreadId() { return gettid(); }

// Exceptions.

struct Numbered {
  int number;
  std::string text = "long enough to be allocated, so that the sanitizers see it";
};

void ThrowThroughFrames(int depth, int number) {
  std::vector<int> local(static_cast<std::size_t>(depth) + 1, number);
  if (depth == 0) throw Numbered{number};
  ThrowThroughFrames(depth - 1, number + local.front() - number);
}

TEST(StressTest, ThrowCatchAndParkWhileMigrating) {
  std::atomic<std::uint64_t> caught{0};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<int> migrations{0};
  gale::Run([&] {
    TimeBox box(kBudget);
    WaitGroup group;
    for (int i = 0; i < 64; ++i) {
      group.Go([&, i] {
        std::minstd_rand random(static_cast<unsigned>(i + 1));
        for (int round = 0; box.Open(); ++round) {
          int thread = ThreadId();
          int number = i * 1'000'000 + round;
          try {
            try {
              ThrowThroughFrames(static_cast<int>(random() % 8), number);
            } catch (const Numbered& first) {
              if (random() % 16 == 0) {
                Sleep(std::chrono::microseconds(random() % 100));
              } else {
                Gosched();
              }
              if (first.number != number) ++wrong;
              throw;
            }
          } catch (const Numbered& second) {
            Gosched();
            if (second.number != number) ++wrong;
            ++caught;
          }
          if (std::uncaught_exceptions() != 0 || std::current_exception() != nullptr) ++wrong;
          if (ThreadId() != thread) ++migrations;
        }
      });
    }
    group.Wait();
  });
  EXPECT_EQ(wrong.load(), 0u);
  EXPECT_GT(caught.load(), 0u);
  if (GOMAXPROCS() > 1) {
    EXPECT_GT(migrations.load(), 0);
  }
}

// Large numbers.

constexpr int kCrowd = kThreadSanitizer ? 2000 : 100'000;

// Starts the crowd and returns once everybody waits on the channel, or is just about to.
void ParkCrowd(const Chan<int>& chan, WaitGroup& group, std::atomic<std::int64_t>& sum) {
  auto arrived = std::make_shared<std::atomic<int>>(0);
  for (int i = 0; i < kCrowd; ++i) {
    group.Go([chan, arrived, &sum] {
      ++*arrived;
      sum += chan.Recv().value_or(1);
    });
  }
  while (arrived->load() < kCrowd) Gosched();
}

TEST(StressTest, CrowdParksOnOneChannelTwice) {
  gale::Run([] {
    WaitGroup group;
    std::atomic<std::int64_t> sum{0};

    Chan<int> closed(0);
    ParkCrowd(closed, group, sum);
    EXPECT_GE(NumGoroutine(), kCrowd);
    closed.Close();
    group.Wait();
    EXPECT_EQ(sum.load(), kCrowd);

    Chan<int> sent(0);
    ParkCrowd(sent, group, sum);
    for (int i = 0; i < kCrowd; ++i) sent.Send(2);
    group.Wait();
    EXPECT_EQ(sum.load(), 3 * kCrowd);
  });
}

TEST(StressTest, SpawnStorm) {
  constexpr int kSpawners = 4;
  constexpr int kChildren = kThreadSanitizer ? 200 : 4000;
  std::atomic<int> ran{0};
  WaitGroup group;
  auto storm = [&] {
    for (int i = 0; i < kChildren; ++i) {
      StackSize size = i % 2 == 0 ? StackSize::kDefault : StackSize::kSmall;
      group.Add(1);
      Go(size, [&] {
        if (ran.fetch_add(1) % 3 == 0) Gosched();
        group.Done();
      });
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kSpawners; ++i) threads.emplace_back(storm);
  gale::Run([&] {
    for (int i = 0; i < kSpawners; ++i) group.Go(storm);
    // The goroutines' children count themselves before their parents are done.
    group.Wait();
  });
  for (std::thread& thread : threads) thread.join();
  group.Wait();
  EXPECT_EQ(ran.load(), 2 * kSpawners * kChildren);
}

// A tree of goroutines, each of which waits for its children.
int CountTree(int depth) {
  if (depth == 0) return 1;
  std::atomic<int> leaves{0};
  WaitGroup group;
  for (int i = 0; i < 3; ++i) {
    group.Go([&leaves, depth] { leaves += CountTree(depth - 1); });
  }
  group.Wait();
  return leaves.load();
}

TEST(StressTest, TreesOfGoroutines) {
  gale::Run([] {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(CountTree(6), 729);
  });
}

// Several plain threads in Run at the same time, more than there are Ps; each becomes an M and ends as one.
TEST(StressTest, ManyThreadsInRun) {
  std::atomic<int> sum{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&sum] {
      for (int round = 0; round < 50; ++round) {
        gale::Run([&sum] {
          WaitGroup group;
          for (int k = 0; k < 4; ++k) {
            group.Go([&sum] {
              Gosched();
              ++sum;
            });
          }
          group.Wait();
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum.load(), 6 * 50 * 4);
}

// Communication.

TEST(StressTest, RingsOfChannels) {
  constexpr int kRings = 10;
  constexpr int kStations = 50;
  constexpr int kLaps = kThreadSanitizer ? 20 : 100;
  std::atomic<int> total{0};
  gale::Run([&] {
    WaitGroup group;
    for (int ring = 0; ring < kRings; ++ring) {
      std::vector<Chan<int>> chans;
      for (int i = 0; i < kStations; ++i) chans.emplace_back(static_cast<std::size_t>(ring % 3));
      for (int i = 0; i + 1 < kStations; ++i) {
        group.Go([in = chans[i], out = chans[i + 1]] {
          for (int token : in) out.Send(token + 1);
          out.Close();
        });
      }
      group.Go([&total, first = chans.front(), last = chans.back()] {
        int token = 0;
        for (int lap = 0; lap < kLaps; ++lap) {
          first.Send(token);
          token = *last.Recv();
        }
        total += token;
        first.Close();
      });
    }
    group.Wait();
  });
  EXPECT_EQ(total.load(), kRings * kLaps * (kStations - 1));
}

// One group's shared state in the mix below.
struct Party {
  explicit Party(std::size_t capacity) : chan(capacity) {}
  Chan<std::uint64_t> chan;
  Mutex mutex;
  std::uint64_t guarded = 0;
  std::atomic<std::uint64_t> received{0};
};

// Something that takes time, of a kind that the dice choose.
void Dawdle(std::minstd_rand& random, Party& party) {
  switch (random() % 8) {
    case 0: Gosched(); break;
    case 1: Sleep(std::chrono::microseconds(random() % 50)); break;
    case 2: {
      std::lock_guard guard(party.mutex);
      std::uint64_t seen = party.guarded;
      if (random() % 4 == 0) Gosched();
      party.guarded = seen + 1;
      return;
    }
    case 3: {
      WaitGroup group;
      group.Go([] { Gosched(); });
      group.Go([] {});
      group.Wait();
      break;
    }
    case 4: {
      Timer timer = AfterFunc(std::chrono::microseconds(random() % 100), [] {});
      if (random() % 2 == 0) timer.Stop();
      break;
    }
    case 5: EXPECT_THROW(ThrowThroughFrames(2, 1), Numbered); break;
    default: return;
  }
  std::lock_guard guard(party.mutex);
  ++party.guarded;
}

TEST(StressTest, RandomMixHasTheRightChecksum) {
  constexpr int kParties = 8;
  constexpr int kPairs = 6;
  constexpr int kSteps = kThreadSanitizer ? 40 : 200;
  constexpr unsigned kSeed = 20240229;
  std::vector<std::unique_ptr<Party>> parties;
  for (std::size_t i = 0; i < kParties; ++i) parties.push_back(std::make_unique<Party>(i % 4));
  std::uint64_t expected = 0;
  for (std::uint64_t i = 0; i < kPairs * kSteps; ++i) expected += i;
  gale::Run([&] {
    WaitGroup group;
    for (unsigned p = 0; p < kParties; ++p) {
      for (unsigned pair = 0; pair < kPairs; ++pair) {
        Party& party = *parties[p];
        unsigned seed = kSeed + p * 100 + pair;
        group.Go([&, seed, pair] {
          std::minstd_rand random(seed);
          for (unsigned step = 0; step < kSteps; ++step) {
            Dawdle(random, party);
            party.chan.Send(pair * kSteps + step);
          }
        });
        group.Go([&, seed] {
          std::minstd_rand random(seed + 50);
          for (int step = 0; step < kSteps; ++step) {
            party.received += *party.chan.Recv();
            Dawdle(random, party);
          }
        });
      }
    }
    group.Wait();
  });
  for (const auto& party : parties) {
    EXPECT_EQ(party->received.load(), expected);
    EXPECT_GT(party->guarded, 0u);
  }
}

TEST(StressTest, PlainThreadsAndGoroutinesShareChannels) {
  constexpr int kValues = 2000;
  Chan<int> there(2);
  Chan<int> back(0);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([=] {
      for (int value : there) back.Send(value + 1);
    });
  }
  for (int i = 0; i < 3; ++i) {
    Go([=] {
      for (int value : there) back.Send(value + 1);
    });
  }
  std::int64_t sum = 0;
  std::thread sender([=] {
    for (int i = 0; i < kValues; ++i) there.Send(i);
    there.Close();
  });
  for (int i = 0; i < kValues; ++i) sum += *back.Recv();
  sender.join();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, std::int64_t{kValues} * (kValues + 1) / 2);
}

// Wake-ups that come just when everybody falls asleep.
TEST(StressTest, NoWakeUpOfAnIdleProcessIsLost) {
  Chan<int> request(0);
  Chan<int> reply(0);
  Go([=] {
    for (int value : request) {
      if (value % 3 == 0) Sleep(10us);
      Go([=] { reply.Send(value); });
    }
  });
  std::minstd_rand random(7);
  TimeBox box(kBudget);
  for (int i = 0; box.Open(); ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 200));
    request.Send(i);
    EXPECT_EQ(reply.Recv(), i);
  }
  request.Close();
}

TEST(StressTest, TimersFireOrAreStoppedNeverBoth) {
  constexpr int kTimers = 2000;
  std::atomic<int> fired{0};
  int stopped = 0;
  gale::Run([&] {
    std::minstd_rand random(11);
    std::vector<Timer> timers;
    for (int i = 0; i < kTimers; ++i) {
      // The closure's destructor wakes somebody, which must not happen under the timers' lock.
      auto released = std::shared_ptr<void>(nullptr, [](void*) { Go([] {}); });
      timers.push_back(AfterFunc(std::chrono::microseconds(random() % 3000), [&fired, released] { ++fired; }));
      if (i % 50 == 0) Sleep(10us);
    }
    for (Timer& timer : timers) stopped += timer.Stop() ? 1 : 0;
    TimeBox patience(kNeverReached);
    while (fired.load() + stopped < kTimers && patience.Open()) Sleep(1ms);
    Sleep(5ms);
  });
  EXPECT_EQ(fired.load() + stopped, kTimers);
}

// Fairness. A pair of goroutines that keep making each other runnable, while something else has to get its turn.

void TurnByYielding(std::atomic<bool>& done) {
  Go([&done] {
    for (int i = 0; i < 200; ++i) Gosched();
    done = true;
  });
}

void TurnBySleeping(std::atomic<bool>& done) {
  Go([&done] {
    for (int i = 0; i < 5; ++i) Sleep(1ms);
    done = true;
  });
}

void TurnByTimer(std::atomic<bool>& done) {
  AfterFunc(2ms, [&done] { done = true; });
}

void TurnFromThread(std::atomic<bool>& done) {
  std::thread([&done] {
    std::this_thread::sleep_for(2ms);
    Go([&done] {
      Gosched();
      done = true;
    });
  }).detach();
}

struct FairnessRow {
  const char* name;
  void (*start)(std::atomic<bool>& done);
};

const FairnessRow kTurns[] = {
    {"Yielding", &TurnByYielding},
    {"Sleeping", &TurnBySleeping},
    {"Timer", &TurnByTimer},
    {"FromThread", &TurnFromThread},
};

class FairnessTest : public testing::TestWithParam<FairnessRow> {};

INSTANTIATE_TEST_SUITE_P(Turns, FairnessTest, testing::ValuesIn(kTurns),
                         [](const testing::TestParamInfo<FairnessRow>& row) { return row.param.name; });

// Behaviour group 59.
TEST_P(FairnessTest, PingPongPairDoesNotStarveOthers) {
  std::atomic<bool> done{false};
  gale::Run([&done] {
    Chan<int> there(0);
    Chan<int> back(0);
    WaitGroup group;
    group.Go([=] {
      for (int value : there) back.Send(value);
    });
    group.Go([=, &done] {
      TimeBox patience(kNeverReached);
      while (!done.load() && patience.Open()) {
        there.Send(1);
        back.Recv();
      }
      there.Close();
    });
    GetParam().start(done);
    group.Wait();
    EXPECT_TRUE(done.load());
    while (!done.load()) Sleep(1ms);
  });
}

TEST_P(FairnessTest, YieldingCrowdDoesNotStarveOthers) {
  std::atomic<bool> done{false};
  gale::Run([&done] {
    WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.Go([&done] {
        TimeBox patience(kNeverReached);
        while (!done.load() && patience.Open()) Gosched();
      });
    }
    GetParam().start(done);
    group.Wait();
    EXPECT_TRUE(done.load());
    while (!done.load()) Sleep(1ms);
  });
}

// A goroutine that starts its successor and ends, over and over.
void Relay(std::atomic<bool>& done, WaitGroup& group, const TimeBox& patience) {
  if (done.load() || !patience.Open()) return;
  group.Go([&] { Relay(done, group, patience); });
}

TEST_P(FairnessTest, RelayDoesNotStarveOthers) {
  std::atomic<bool> done{false};
  gale::Run([&done] {
    WaitGroup group;
    TimeBox patience(kNeverReached);
    Relay(done, group, patience);
    GetParam().start(done);
    group.Wait();
    EXPECT_TRUE(done.load());
    while (!done.load()) Sleep(1ms);
  });
}

// Hogs. A goroutine that computes makes work for others; with a free P they need not wait for it.

struct HogRow {
  const char* name;
  int goroutines;
  void (*make_ready)(int goroutines, std::atomic<int>& finished);  // called by the hog, returns at once
};

void ReadyByGo(int goroutines, std::atomic<int>& finished) {
  for (int i = 0; i < goroutines; ++i) {
    Go([&finished] { ++finished; });
  }
}

void ReadyByClose(int goroutines, std::atomic<int>& finished) {
  Chan<int> chan(0);
  auto arrived = std::make_shared<std::atomic<int>>(0);
  for (int i = 0; i < goroutines; ++i) {
    Go([chan, arrived, &finished] {
      ++*arrived;
      chan.Recv();
      ++finished;
    });
  }
  while (arrived->load() < goroutines) Gosched();
  chan.Close();
}

void ReadyByUnlock(int goroutines, std::atomic<int>& finished) {
  auto mutex = std::make_shared<Mutex>();
  mutex->Lock();
  for (int i = 0; i < goroutines; ++i) {
    Go([mutex, &finished] {
      mutex->Lock();
      ++finished;
      mutex->Unlock();
    });
  }
  Gosched();
  mutex->Unlock();
}

void ReadyBySleep(int goroutines, std::atomic<int>& finished) {
  for (int i = 0; i < goroutines; ++i) {
    Go([&finished] {
      Sleep(1ms);
      ++finished;
    });
  }
  Gosched();
}

void ReadyByAfterFunc(int goroutines, std::atomic<int>& finished) {
  for (int i = 0; i < goroutines; ++i) AfterFunc(1ms, [&finished] { ++finished; });
}

void ReadyByThread(int goroutines, std::atomic<int>& finished) {
  std::thread([goroutines, &finished] { ReadyByGo(goroutines, finished); }).detach();
}

const HogRow kHogs[] = {
    {"GoOne", 1, &ReadyByGo},
    {"GoTwo", 2, &ReadyByGo},
    {"GoMany", 600, &ReadyByGo},
    {"CloseOne", 1, &ReadyByClose},
    {"CloseMany", 600, &ReadyByClose},
    {"UnlockOne", 1, &ReadyByUnlock},
    {"UnlockMany", 20, &ReadyByUnlock},
    {"SleepOne", 1, &ReadyBySleep},
    {"SleepMany", 300, &ReadyBySleep},
    {"AfterFuncOne", 1, &ReadyByAfterFunc},
    {"AfterFuncMany", 300, &ReadyByAfterFunc},
    {"ThreadOne", 1, &ReadyByThread},
    {"ThreadMany", 300, &ReadyByThread},
};

class HogTest : public testing::TestWithParam<HogRow> {
 protected:
  void SetUp() override {
    if (GOMAXPROCS() == 1) GTEST_SKIP() << "nobody else is there with one P";
  }

  // Keeps `others` more Ps busy while the hog works.
  static void Hog(int others) {
    std::atomic<int> finished{0};
    std::atomic<int> hogs{0};
    std::atomic<bool> stop{false};
    gale::Run([&] {
      WaitGroup group;
      for (int i = 0; i < others; ++i) {
        group.Go([&] {
          ++hogs;
          SpinUntil([&stop] { return stop.load(); });
        });
      }
      TimeBox patience(kNeverReached);
      while (hogs.load() < others && patience.Open()) Gosched();
      GetParam().make_ready(GetParam().goroutines, finished);
      EXPECT_TRUE(SpinUntil([&finished] { return finished.load() == GetParam().goroutines; }))
          << finished.load() << " of " << GetParam().goroutines << " while the hog computed";
      stop = true;
      group.Wait();
      // They refer to variables of this function.
      while (finished.load() < GetParam().goroutines) Sleep(1ms);
    });
  }
};

INSTANTIATE_TEST_SUITE_P(Ready, HogTest, testing::ValuesIn(kHogs),
                         [](const testing::TestParamInfo<HogRow>& row) { return row.param.name; });

// Behaviour group 59.
TEST_P(HogTest, OneHogKeepsNobodyWaiting) { Hog(0); }

TEST_P(HogTest, OneFreePIsEnough) { Hog(GOMAXPROCS() - 2); }

// The hog's own timers keep going off, again and again.
TEST(TimerOfABusyPTest, IsRunByOthers) {
  if (GOMAXPROCS() == 1) GTEST_SKIP() << "nobody else is there with one P";
  std::atomic<int> ticks{0};
  gale::Run([&ticks] {
    WaitGroup group;
    group.Go([&ticks] {
      for (int i = 0; i < 20; ++i) {
        Sleep(1ms);
        ++ticks;
      }
    });
    Gosched();
    EXPECT_TRUE(SpinUntil([&ticks] { return ticks.load() == 20; })) << ticks.load() << " ticks";
    group.Wait();
  });
}

// Every goroutine computes for a while; together they take as long as their sum divided by the Ps, in any order.
TEST(StressTest, ComputingGoroutinesAllFinish) {
  std::atomic<int> finished{0};
  gale::Run([&finished] {
    WaitGroup group;
    for (int i = 0; i < 40; ++i) {
      group.Go([&finished] {
        TimeBox box(5ms);
        while (box.Open()) {
        }
        ++finished;
      });
    }
    group.Wait();
  });
  EXPECT_EQ(finished.load(), 40);
}

}  // namespace
}  // namespace gale
