#include "gale/runtime/rw_mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/callers.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

class RWMutexTest : public CallerTest {};

INSTANTIATE_TEST_SUITE_P(Callers, RWMutexTest, testing::Values(true, false), CallerName);

TEST_P(RWMutexTest, ReadersShareAndWritersDoNot) {
  OnCaller([] {
    RWMutex mu;
    mu.RLock();
    mu.RLock();
    EXPECT_FALSE(mu.TryLock());
    EXPECT_TRUE(mu.TryRLock());
    mu.RUnlock();
    mu.RUnlock();
    mu.RUnlock();
    EXPECT_TRUE(mu.TryLock());
    EXPECT_FALSE(mu.TryLock());
    EXPECT_FALSE(mu.TryRLock());
    mu.Unlock();
    EXPECT_TRUE(mu.TryRLock());
    mu.RUnlock();
  });
}

TEST_P(RWMutexTest, StandardAndAnnotatedGuards) {
  OnCaller([] {
    RWMutex mu;
    {
      std::shared_lock first(mu);
      std::shared_lock second(mu, std::try_to_lock);
      EXPECT_TRUE(second.owns_lock());
      std::unique_lock writer(mu, std::try_to_lock);
      EXPECT_FALSE(writer.owns_lock());
    }
    {
      std::lock_guard writer(mu);
      std::shared_lock reader(mu, std::try_to_lock);
      EXPECT_FALSE(reader.owns_lock());
    }
    {
      ReaderLock reader(mu);
      EXPECT_FALSE(mu.TryLock());
      EXPECT_TRUE(mu.TryRLock());
      mu.RUnlock();
    }
    {
      WriterLock writer(mu);
      EXPECT_FALSE(mu.TryRLock());
    }
    EXPECT_TRUE(mu.TryLock());
    mu.Unlock();
  });
}

// All readers hold the lock at the same time: each waits for the others before it unlocks.
TEST_P(RWMutexTest, ReadersAreInTogether) {
  OnCaller([] {
    constexpr int kReaders = 30;
    RWMutex mu;
    WaitGroup all_in;
    all_in.Add(kReaders);
    Mix readers;
    readers.Start(kReaders, 10, [&](int) {
      ReaderLock reading(mu);
      all_in.Done();
      all_in.Wait();
    });
    readers.Join();
    EXPECT_TRUE(mu.TryLock());
    mu.Unlock();
  });
}

TEST_P(RWMutexTest, AWaitingWriterBlocksNewReaders) {
  OnCaller([] {
    RWMutex mu;
    WaitGroup others;
    std::atomic<bool> written{false};
    mu.RLock();
    GoUntilParked(others, WaitReason::kRWMutexLock, [&] {
      WriterLock writing(mu);
      written = true;
    });
    EXPECT_FALSE(mu.TryRLock());
    for (int i = 0; i < 3; ++i) {
      GoUntilParked(others, WaitReason::kRWMutexRLock, [&] {
        ReaderLock reading(mu);
        EXPECT_TRUE(written);
      });
    }
    EXPECT_FALSE(written);
    mu.RUnlock();
    others.Wait();
  });
}

TEST_P(RWMutexTest, AWriterLetsInTheReadersThatWaitBeforeTheNextWriter) {
  OnCaller([] {
    RWMutex mu;
    WaitGroup others;
    std::atomic<int> readers{0};
    mu.Lock();
    GoUntilParked(others, WaitReason::kMutexLock, [&] {
      WriterLock writing(mu);
      EXPECT_EQ(readers, 5);
    });
    for (int i = 0; i < 5; ++i) {
      GoUntilParked(others, WaitReason::kRWMutexRLock, [&] {
        ReaderLock reading(mu);
        ++readers;
      });
    }
    mu.Unlock();
    others.Wait();
  });
}

TEST_P(RWMutexTest, ExcludesWritersFromEverybody) {
  OnCaller([] {
    RWMutex mu;
    long value = 0;  // not atomic on purpose
    std::atomic<int> readers{0};
    std::atomic<int> writers{0};
    Mix mix;
    mix.Start(24, 6, [&](int i) {
      for (int k = 0; k < 100; ++k) {
        if ((i + k) % 4 == 0) {
          WriterLock writing(mu);
          EXPECT_EQ(++writers, 1);
          EXPECT_EQ(readers, 0);
          ++value;
          if (k % 16 == 0) Gosched();
          --writers;
        } else {
          ReaderLock reading(mu);
          ++readers;
          long seen = value;
          EXPECT_EQ(writers, 0);
          if (k % 16 == 0) Gosched();
          EXPECT_EQ(value, seen);
          --readers;
        }
      }
    });
    mix.Join();
    EXPECT_EQ(value, 600);
  });
}

TEST_P(RWMutexTest, TryLocksExcludeToo) {
  OnCaller([] {
    RWMutex mu;
    int value = 0;
    Mix mix;
    mix.Start(12, 6, [&](int i) {
      for (int k = 0; k < 50; ++k) {
        if (i % 3 == 0) {
          while (!mu.TryLock()) Gosched();
          ++value;
          mu.Unlock();
        } else {
          while (!mu.TryRLock()) Gosched();
          EXPECT_LE(value, 200);
          mu.RUnlock();
        }
      }
    });
    mix.Join();
    EXPECT_EQ(value, 200);
  });
}

// Readers that overlap all the time would never leave a gap.
TEST_P(RWMutexTest, WritersAreNotStarvedByReaders) {
  OnCaller([] {
    RWMutex mu;
    std::atomic<bool> stop{false};
    Mix readers;
    readers.Start(6, 3, [&](int) {
      while (!stop) {
        ReaderLock reading(mu);
        Sleep(50us);
      }
    });
    for (int i = 0; i < 20; ++i) {
      WriterLock writing(mu);
      Gosched();
    }
    stop = true;
  });
}

TEST_P(RWMutexTest, ReadersAreNotStarvedByWriters) {
  OnCaller([] {
    RWMutex mu;
    std::atomic<bool> stop{false};
    Mix writers;
    writers.Start(4, 2, [&](int) {
      while (!stop) {
        WriterLock writing(mu);
        Sleep(50us);
      }
    });
    for (int i = 0; i < 20; ++i) {
      ReaderLock reading(mu);
      Gosched();
    }
    stop = true;
  });
}

TEST_P(RWMutexTest, UnlockedByAnotherGoroutine) {
  OnCaller([] {
    RWMutex mu;
    for (int i = 0; i < 50; ++i) {
      mu.Lock();
      Go([&mu] { mu.Unlock(); });
      mu.RLock();
      Go([&mu] { mu.RUnlock(); });
    }
    WriterLock last(mu);
  });
}

TEST_P(RWMutexTest, ReleasedByGoexitAndByExceptions) {
  OnCaller([] {
    RWMutex mu;
    WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.Go([&] {
        ReaderLock reading(mu);
        Goexit();
      });
      group.Go([&] {
        try {
          WriterLock writing(mu);
          throw 1;
        } catch (int) {
        }
      });
    }
    group.Wait();
    EXPECT_TRUE(mu.TryLock());
    mu.Unlock();
  });
}

class RWMutexDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// Behaviour group 60.
TEST_F(RWMutexDeathTest, MisuseEndsTheProcessWithGoesWords) {
  EXPECT_DEATH(RWMutex().Unlock(), "fatal error: sync: Unlock of unlocked RWMutex");
  EXPECT_DEATH(RWMutex().RUnlock(), "fatal error: sync: RUnlock of unlocked RWMutex");
  EXPECT_DEATH(
      {
        RWMutex mu;
        mu.RLock();
        mu.Unlock();
      },
      "fatal error: sync: Unlock of unlocked RWMutex");
  EXPECT_DEATH(
      {
        RWMutex mu;
        mu.Lock();
        mu.RUnlock();
      },
      "fatal error: sync: RUnlock of unlocked RWMutex");
  EXPECT_DEATH(
      {
        RWMutex mu;
        mu.Lock();
        mu.Unlock();
        mu.Unlock();
      },
      "fatal error: sync: Unlock of unlocked RWMutex");
}

TEST_F(RWMutexDeathTest, MisuseOnAGoroutineCannotBeCaught) {
  EXPECT_DEATH(gale::Run([] {
                 try {
                   RWMutex().RUnlock();
                 } catch (...) {
                 }
               }),
               "sync: RUnlock of unlocked RWMutex");
}

}  // namespace
}  // namespace gale
