// GOMAXPROCS(n) while the runtime runs.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

class GomaxprocsTest : public testing::Test {
 protected:
  ~GomaxprocsTest() override { GOMAXPROCS(former_); }
  int former_ = GOMAXPROCS();
};

// MostAtOnce is how many of `count` goroutines, which yield and sleep all the time, were between two calls of the
// runtime at the same moment.
int MostAtOnce(int count) {
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  WaitGroup group;
  for (int i = 0; i < count; ++i) {
    group.Go([&, i] {
      for (int k = 0; k < 300; ++k) {
        int now = ++running;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        for (int spin = 0; spin < 200; ++spin) asm volatile("");
        --running;
        if ((k + i) % 50 == 0) {
          Sleep(10us);
        } else {
          Gosched();
        }
      }
    });
  }
  group.Wait();
  return most;
}

TEST_F(GomaxprocsTest, ReturnsTheFormerNumber) {
  GOMAXPROCS(3);
  EXPECT_EQ(GOMAXPROCS(5), 3);
  EXPECT_EQ(GOMAXPROCS(), 5);
}

TEST_F(GomaxprocsTest, LessThanOneChangesNothing) {
  GOMAXPROCS(3);
  EXPECT_EQ(GOMAXPROCS(0), 3);
  EXPECT_EQ(GOMAXPROCS(-1), 3);
  EXPECT_EQ(GOMAXPROCS(), 3);
}

// Behaviour group 59.
TEST_F(GomaxprocsTest, TooManyPanic) {
  EXPECT_THROW(GOMAXPROCS(1025), Panic);
  EXPECT_EQ(GOMAXPROCS(), former_);
}

// Whether no more than `most` run at once, in one of many attempts: where the machine lets a thread wait for 10 ms, its
// P is handed over, and the goroutine runs on beside the others.
bool AtMostAtOnce(int most) {
  for (int attempt = 0; attempt < 30; ++attempt) {
    if (MostAtOnce(20) <= most) return true;
  }
  return false;
}

TEST_F(GomaxprocsTest, OneMeansOneAtATime) {
  gale::Run([] {
    GOMAXPROCS(4);
    EXPECT_TRUE(AtMostAtOnce(4));
    GOMAXPROCS(1);
    EXPECT_TRUE(AtMostAtOnce(1));
  });
}

TEST_F(GomaxprocsTest, MoreGoroutinesRunAtOnceAfterGrowing) {
  gale::Run([] {
    GOMAXPROCS(1);
    GOMAXPROCS(3);
    // Each waits for the others without yielding: with fewer than three Ps they would never meet.
    std::atomic<int> arrived{0};
    WaitGroup group;
    for (int i = 0; i < 3; ++i) {
      group.Go([&] {
        ++arrived;
        while (arrived < 3) std::this_thread::yield();
      });
    }
    group.Wait();
    EXPECT_EQ(arrived, 3);
  });
}

TEST_F(GomaxprocsTest, TimersOfAPThatGoesStillFire) {
  gale::Run([] {
    GOMAXPROCS(8);
    WaitGroup group;
    for (int i = 0; i < 64; ++i) {
      group.Go([i] {
        for (int k = 0; k < 4; ++k) Sleep(std::chrono::microseconds(500 + 100 * i));
      });
    }
    Sleep(1ms);
    GOMAXPROCS(1);
    group.Wait();
  });
}

TEST_F(GomaxprocsTest, ChangesWhileGoroutinesWork) {
  gale::Run([] {
    std::atomic<bool> stop{false};
    std::atomic<std::int64_t> received{0};
    std::int64_t sent = 0;
    WaitGroup group;
    Chan<int> values(2);
    for (int i = 0; i < 8; ++i) {
      group.Go([&] {
        for (int value : values) received += value;
      });
      group.Go([&] {
        while (!stop) {
          Sleep(20us);
          Gosched();
        }
      });
    }
    for (int i = 0; i < 60; ++i) {
      GOMAXPROCS(1 + i * 7 % 9);
      for (int k = 0; k < 50; ++k) {
        values.Send(k);
        sent += k;
      }
    }
    stop = true;
    values.Close();
    group.Wait();
    EXPECT_EQ(received, sent);
  });
}

TEST_F(GomaxprocsTest, FromManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 30; ++k) {
        GOMAXPROCS(1 + (i + k) % 6);
        WaitGroup group;
        for (int n = 0; n < 5; ++n) group.Go([&] { ++done; });
        group.Wait();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done, 4 * 30 * 5);
}

TEST_F(GomaxprocsTest, AGoroutineThatComputesIsMovedAside) {
  gale::Run([] {
    GOMAXPROCS(2);
    std::atomic<bool> stop{false};
    std::atomic<bool> started{false};
    WaitGroup group;
    group.Go([&] {
      started = true;
      while (!stop) asm volatile("");
    });
    while (!started) Gosched();
    GOMAXPROCS(1);  // returns although the other one never calls the runtime
    Sleep(1ms);
    stop = true;
    group.Wait();
  });
}

}  // namespace
}  // namespace gale
