#include "gale/net/internal/fd_mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "gale/runtime/go.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale::net::internal {
namespace {

using namespace std::chrono_literals;

TEST(FdMutexTest, SidesAreIndependent) {
  FdMutex mutex;
  EXPECT_TRUE(mutex.Lock(FdMutex::kRead));
  EXPECT_TRUE(mutex.Lock(FdMutex::kWrite));
  EXPECT_TRUE(mutex.Use());
  EXPECT_FALSE(mutex.Leave());
  EXPECT_FALSE(mutex.Unlock(FdMutex::kRead));
  EXPECT_FALSE(mutex.Unlock(FdMutex::kWrite));
}

TEST(FdMutexTest, TheLastUserAfterCloseIsTold) {
  FdMutex mutex;
  EXPECT_TRUE(mutex.Lock(FdMutex::kRead));
  EXPECT_TRUE(mutex.Use());
  EXPECT_TRUE(mutex.Close());
  EXPECT_FALSE(mutex.Close());
  EXPECT_FALSE(mutex.Use());
  EXPECT_FALSE(mutex.Lock(FdMutex::kRead));
  EXPECT_FALSE(mutex.Lock(FdMutex::kWrite));
  EXPECT_FALSE(mutex.Leave());
  EXPECT_FALSE(mutex.Unlock(FdMutex::kRead));
  EXPECT_TRUE(mutex.Leave());
}

TEST(FdMutexTest, CloseWithoutUsers) {
  FdMutex mutex;
  EXPECT_TRUE(mutex.Close());
  EXPECT_TRUE(mutex.Leave());
}

TEST(FdMutexTest, CloseWakesThoseWhoWaitForALock) {
  gale::Run([] {
    FdMutex mutex;
    EXPECT_TRUE(mutex.Lock(FdMutex::kRead));
    EXPECT_TRUE(mutex.Lock(FdMutex::kWrite));
    WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.Go([&mutex, i] { EXPECT_FALSE(mutex.Lock(i % 2 == 0 ? FdMutex::kRead : FdMutex::kWrite)); });
    }
    Sleep(5ms);
    EXPECT_TRUE(mutex.Close());
    group.Wait();
    EXPECT_FALSE(mutex.Leave());
    EXPECT_FALSE(mutex.Unlock(FdMutex::kRead));
    EXPECT_TRUE(mutex.Unlock(FdMutex::kWrite));
  });
}

TEST(FdMutexTest, WaitersAreServedInTheirOrder) {
  gale::Run([] {
    FdMutex mutex;
    EXPECT_TRUE(mutex.Lock(FdMutex::kWrite));
    std::atomic<int> next{0};
    WaitGroup group;
    for (int i = 0; i < 5; ++i) {
      group.Go([&mutex, &next, i] {
        EXPECT_TRUE(mutex.Lock(FdMutex::kWrite));
        EXPECT_EQ(next++, i);
        Sleep(1ms);  // nobody overtakes: all others have queued
        mutex.Unlock(FdMutex::kWrite);
      });
      Sleep(5ms);
    }
    mutex.Unlock(FdMutex::kWrite);
    group.Wait();
  });
}

// Many users of all kinds, and a Close at some time: the locks exclude, and exactly one is the last.
TEST(FdMutexTest, Hammer) {
  gale::Run([] {
    for (int round = 0; round < 100; ++round) {
      FdMutex mutex;
      std::atomic<int> last{0};
      std::atomic<int> users{0};
      int counters[2] = {0, 0};  // each guarded by its lock
      std::atomic<int> locked[2]{};
      WaitGroup group;
      for (int i = 0; i < 8; ++i) {
        group.Go([&, i] {
          const FdMutex::Side side = i % 2 == 0 ? FdMutex::kRead : FdMutex::kWrite;
          while (mutex.Lock(side)) {
            ++users;
            EXPECT_EQ(locked[side]++, 0);
            ++counters[side];
            if (counters[side] % 8 == 0) Gosched();
            --locked[side];
            --users;
            if (mutex.Unlock(side)) ++last;
          }
        });
      }
      group.Go([&] {
        while (mutex.Use()) {
          Gosched();
          if (mutex.Leave()) ++last;
        }
      });
      for (int i = 0; i < round; ++i) Gosched();
      EXPECT_TRUE(mutex.Close());
      if (mutex.Leave()) ++last;
      group.Wait();
      EXPECT_EQ(last, 1);
      EXPECT_EQ(users, 0);
    }
  });
}

}  // namespace
}  // namespace gale::net::internal
