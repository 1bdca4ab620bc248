#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/testing/synctest.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;
using gale::testing::Synctest;
using gale::testing::SynctestOptions;

// Interleaving is the order in which three goroutines take their steps under the seed: through a channel, a mutex,
// timers and yields.
std::string Interleaving(std::uint64_t seed) {
  std::string steps;
  Synctest(
      [&] {
        Chan<int> chan(2);
        Mutex mu;
        WaitGroup group;
        for (char name : {'a', 'b', 'c'}) {
          group.Go([&, name] {
            for (int i = 0; i < 5; ++i) {
              steps += name;
              chan.Send(i);
              mu.Lock();
              steps += name;
              mu.Unlock();
              Gosched();
              if (i % 2 == 0) Sleep(1ms);
              steps += name;
              (void)chan.Recv();
            }
          });
        }
        group.Wait();
      },
      {.seed = seed});
  return steps;
}

TEST(SynctestSeedTest, ASeedFixesTheInterleaving) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::string first = Interleaving(seed);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(Interleaving(seed), first) << seed;
    seen.insert(first);
  }
  EXPECT_GE(seen.size(), 18u);
}

TEST(SynctestSeedTest, OneGoroutineRunsAtATime) {
  Synctest(
      [] {
        int running = 0;
        WaitGroup group;
        for (int i = 0; i < 10; ++i) {
          group.Go([&] {
            for (int j = 0; j < 100; ++j) {
              EXPECT_EQ(++running, 1);  // unguarded: under TSan a data race if two ran
              --running;
              Gosched();
            }
          });
        }
        group.Wait();
      },
      {.seed = 1});
}

TEST(SynctestSeedTest, TheSeedIsKnownInTheBubble) {
  EXPECT_EQ(gale::testing::SynctestSeed(), std::nullopt);
  Synctest([] { EXPECT_EQ(gale::testing::SynctestSeed(), std::nullopt); });
  std::vector<std::uint64_t> seeds;
  Synctest([&] { seeds.push_back(*gale::testing::SynctestSeed()); }, {.seed = 40, .runs = 3});
  EXPECT_EQ(seeds, (std::vector<std::uint64_t>{40, 41, 42}));
}

// Account has the classic fault: what was checked under the lock may no longer hold when it is acted upon.
struct Account {
  Mutex mu;
  int balance = 100;

  int Balance() {
    mu.Lock();
    int result = balance;
    mu.Unlock();
    return result;
  }
  void Withdraw(int amount) {
    if (Balance() < amount) return;
    mu.Lock();
    balance -= amount;
    mu.Unlock();
  }
};

void WithdrawTwice() {
  Account account;
  WaitGroup group;
  group.Go([&] { account.Withdraw(80); });
  group.Go([&] { account.Withdraw(80); });
  group.Wait();
  if (account.balance < 0) throw std::runtime_error("overdrawn");
}

TEST(SynctestSeedTest, FindsARaceAndRepeatsIt) {
  std::uint64_t failing = 0;
  auto test = [&] {
    failing = *gale::testing::SynctestSeed();
    WithdrawTwice();
  };
  ::testing::internal::CaptureStderr();
  EXPECT_THROW(Synctest(test, {.runs = 1000}), std::runtime_error);
  std::string printed = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(printed.find("synctest: failed with seed " + std::to_string(failing) + " "), std::string::npos) << printed;
  EXPECT_NE(printed.find("GALE_SYNCTEST_SEED=" + std::to_string(failing)), std::string::npos) << printed;
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 10; ++i) EXPECT_THROW(Synctest(test, {.seed = failing}), std::runtime_error);
  (void)::testing::internal::GetCapturedStderr();
}

TEST(SynctestSeedTest, SomeSeedsPass) {
  int passed = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    ::testing::internal::CaptureStderr();
    try {
      Synctest(WithdrawTwice, {.seed = seed});
      ++passed;
    } catch (const std::runtime_error&) {
    }
    (void)::testing::internal::GetCapturedStderr();
  }
  EXPECT_GT(passed, 0);
  EXPECT_LT(passed, 50);
}

TEST(SynctestSeedTest, AFailedRunEndsTheSeries) {
  int runs = 0;
  ::testing::internal::CaptureStderr();
  Synctest([&] { ++runs; }, {.runs = 100, .failed = [&] { return runs == 7; }});
  std::string printed = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(runs, 7);
  EXPECT_EQ(printed, "synctest: failed with seed 7 (run 7 of 100); GALE_SYNCTEST_SEED=7 runs it again\n");
}

TEST(SynctestSeedTest, TheEnvironmentChoosesTheSeed) {
  setenv("GALE_SYNCTEST_SEED", "417", 1);
  int runs = 0;
  std::optional<std::uint64_t> seed;
  Synctest(
      [&] {
        ++runs;
        seed = gale::testing::SynctestSeed();
      },
      {.runs = 1000});
  unsetenv("GALE_SYNCTEST_SEED");
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(seed, 417u);
}

TEST(SynctestSeedTest, ADeadlockIsFoundAndNamesItsSeed) {
  ::testing::internal::CaptureStderr();
  try {
    Synctest(
        [] {
          // Two channels as locks, taken in opposite orders.
          Chan<int> a(1), b(1);
          auto both = [](Chan<int> first, Chan<int> second) {
            first.Send(1);
            second.Send(1);
            (void)second.Recv();
            (void)first.Recv();
          };
          WaitGroup group;
          group.Go([=] { both(a, b); });
          group.Go([=] { both(b, a); });
          group.Wait();
        },
        {.runs = 1000});
    FAIL() << "no seed leads to the deadlock";
  } catch (const Panic& panic) {
    EXPECT_STREQ(panic.what(), "deadlock: all goroutines in bubble are blocked");
  }
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("synctest: failed with seed "), std::string::npos);
}

using SynctestSeedDeathTest = ::testing::Test;

TEST(SynctestSeedDeathTest, AnExceptionInAnotherGoroutineNamesTheSeed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto test = [] {
    Go([] { throw std::runtime_error("of another"); });
    Sleep(1s);
  };
  EXPECT_DEATH(Synctest(test, {.seed = 23}), "of another\n\nsynctest: failed with seed 23; GALE_SYNCTEST_SEED=23 runs");
}

TEST(SynctestSeedTest, TimeMovesInASeededBubble) {
  Synctest(
      [] {
        auto start = Clock::now();
        Chan<int> done(0);
        AfterFunc(1h, [done] { done.Send(1); });
        (void)done.Recv();
        EXPECT_EQ(Clock::now() - start, 1h);
        Sleep(1h);
        gale::testing::Wait();
        EXPECT_EQ(Clock::now() - start, 2h);
      },
      {.runs = 20});
}

}  // namespace
}  // namespace gale
