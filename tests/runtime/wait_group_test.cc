#include "gale/runtime/wait_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

std::string PanicOf(const std::function<void()>& function) {
  try {
    function();
  } catch (const Panic& panic) {
    return panic.what();
  }
  return "no panic";
}

// What a WaitGroupTest does, it does on the main goroutine of Run and on a plain thread.
class WaitGroupTest : public testing::TestWithParam<bool> {
 protected:
  void OnCaller(const std::function<void()>& body) {
    if (GetParam()) {
      gale::Run(body);
    } else {
      body();
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Callers, WaitGroupTest, testing::Values(true, false),
                         [](const auto& caller) { return caller.param ? "Goroutine" : "Thread"; });

TEST_P(WaitGroupTest, EmptyGroupDoesNotWait) {
  OnCaller([] {
    WaitGroup group;
    group.Wait();
    group.Add(0);
    group.Wait();
    group.Add(2);
    group.Done();
    group.Done();
    group.Wait();
  });
}

TEST_P(WaitGroupTest, SeesWhatWasDone) {
  OnCaller([] {
    std::vector<int> results(500, 0);  // not atomic: Wait orders
    WaitGroup group;
    for (int i = 0; i < 500; ++i) {
      group.Go([&results, i] {
        if (i % 7 == 0) Gosched();
        results[i] = i;
      });
    }
    group.Wait();
    for (int i = 0; i < 500; ++i) EXPECT_EQ(results[i], i);
  });
}

TEST_P(WaitGroupTest, AddOfSeveral) {
  OnCaller([] {
    WaitGroup group;
    std::atomic<int> done = 0;
    group.Add(100);
    for (int i = 0; i < 50; ++i) {
      Go([&] {
        ++done;
        group.Add(-2);
      });
    }
    group.Wait();
    EXPECT_EQ(done, 50);
  });
}

// Behaviour group 60.
TEST_P(WaitGroupTest, NegativeCounterPanics) {
  OnCaller([] {
    WaitGroup group;
    EXPECT_EQ(PanicOf([&] { group.Done(); }), "sync: negative WaitGroup counter");
    EXPECT_EQ(PanicOf([&] { group.Add(-5); }), "sync: negative WaitGroup counter");
    group.Add(2);
    EXPECT_EQ(PanicOf([&] { group.Add(-3); }), "sync: negative WaitGroup counter");
    group.Add(-2);
    group.Wait();  // a Panic leaves the counter as it was
  });
}

TEST_P(WaitGroupTest, UsedAgainAndAgain) {
  OnCaller([] {
    WaitGroup group;
    int counter = 0;
    for (int round = 0; round < 500; ++round) {
      group.Go([&] { ++counter; });
      group.Wait();
      EXPECT_EQ(counter, round + 1);
    }
  });
}

TEST_P(WaitGroupTest, SeveralWait) {
  OnCaller([] {
    for (int round = 0; round < 20; ++round) {
      WaitGroup group;
      WaitGroup waiters;
      std::atomic<bool> done = false;
      group.Add(1);
      for (int i = 0; i < 50; ++i) {
        waiters.Go([&] {
          group.Wait();
          EXPECT_TRUE(done);
        });
      }
      for (int i = 0; i < round; ++i) Gosched();
      done = true;
      group.Done();
      waiters.Wait();
    }
  });
}

TEST_P(WaitGroupTest, GoTakesMoveOnlyAndFunctionPointers) {
  OnCaller([] {
    WaitGroup group;
    int result = 0;
    group.Go([&result, number = std::make_unique<int>(5)] { result = *number; });
    group.Wait();
    EXPECT_EQ(result, 5);
    static std::atomic<int> calls;
    calls = 0;
    struct Local {
      static void Call() { ++calls; }
    };
    group.Go(Local::Call);
    group.Go(&Local::Call);
    auto mutable_closure = [count = 0]() mutable { calls += ++count; };
    group.Go(mutable_closure);
    group.Wait();
    EXPECT_EQ(calls, 3);
  });
}

TEST_P(WaitGroupTest, GoexitInside) {
  OnCaller([] {
    WaitGroup group;
    std::atomic<int> unwound = 0;
    struct Count {
      std::atomic<int>& counter;
      ~Count() { ++counter; }
    };
    for (int i = 0; i < 100; ++i) {
      group.Go([&unwound] {
        Count count{unwound};
        Goexit();
      });
    }
    group.Wait();
    EXPECT_EQ(unwound, 100);
  });
}

// A copy constructor that throws: nothing was started, so there is nothing to wait for.
struct ThrowsWhenCopied {
  ThrowsWhenCopied() = default;
  ThrowsWhenCopied(const ThrowsWhenCopied&) { throw std::runtime_error("copy"); }
  void operator()() const {}
};

TEST_P(WaitGroupTest, GoThatThrowsCountsNothing) {
  OnCaller([] {
    WaitGroup group;
    ThrowsWhenCopied function;
    EXPECT_THROW(group.Go(function), std::runtime_error);
    // If it did count, this Done makes Wait return all the same, and the test fails rather than hangs.
    EXPECT_EQ(PanicOf([&] { group.Done(); }), "sync: negative WaitGroup counter");
    group.Wait();
  });
}

TEST_P(WaitGroupTest, FunctionIsDestroyedBeforeWaitReturns) {
  OnCaller([] {
    for (int i = 0; i < 200; ++i) {
      auto shared = std::make_shared<int>(i);
      WaitGroup group;
      group.Go([shared] { Gosched(); });
      group.Go([shared] { Goexit(); });
      group.Wait();
      EXPECT_EQ(shared.use_count(), 1);
    }
  });
}

TEST_P(WaitGroupTest, DestroyedRightAfterWait) {
  OnCaller([] {
    for (int round = 0; round < 1000; ++round) {
      auto group = std::make_unique<WaitGroup>();
      for (int i = 0; i < 3; ++i) group->Go([] {});
      group->Wait();
      group.reset();  // ASan: nobody touches it any more
    }
  });
}

TEST(WaitGroupThreads, DestroyedRightAfterWaitOfThreads) {
  for (int round = 0; round < 200; ++round) {
    auto group = std::make_unique<WaitGroup>();
    group->Add(2);
    std::thread thread([raw = group.get()] { raw->Done(); });
    Go([raw = group.get()] { raw->Done(); });
    group->Wait();
    group.reset();
    thread.join();
  }
}

TEST(WaitGroupThreads, ThreadsAndGoroutinesWaitTogether) {
  for (int round = 0; round < 20; ++round) {
    WaitGroup group;
    WaitGroup goroutines;
    std::atomic<bool> done = false;
    group.Add(1);
    std::vector<std::thread> threads;
    auto wait = [&] {
      group.Wait();
      EXPECT_TRUE(done);
    };
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back(wait);
      goroutines.Go(wait);
    }
    if (round % 2 == 0) std::this_thread::sleep_for(500us);
    Go([&] {
      done = true;
      group.Done();
    });
    for (std::thread& thread : threads) thread.join();
    goroutines.Wait();
  }
}

TEST_P(WaitGroupTest, TreeOfGroups) {
  OnCaller([] {
    std::atomic<int> leaves = 0;
    std::function<void(int)> grow = [&](int depth) {
      if (depth == 0) {
        ++leaves;
        return;
      }
      WaitGroup group;
      for (int i = 0; i < 3; ++i) group.Go([&grow, depth] { grow(depth - 1); });
      group.Wait();
    };
    grow(6);
    EXPECT_EQ(leaves, 729);
  });
}

}  // namespace
}  // namespace gale
