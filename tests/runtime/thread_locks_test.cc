// Hazard: a lock of the thread held across a park. In builds that check, the process says which, with both stacks.

#include "gale/runtime/internal/thread_locks.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "gale/runtime/chan.h"
#include "gale/runtime/dump.h"
#include "gale/runtime/go.h"
#include "gale/runtime/lock_os_thread.h"
#include "gale/runtime/time.h"

namespace gale {

// Not in the unnamed namespace: the reports must show these names.
[[gnu::noinline]] void TakeTheLock(std::mutex& mutex) {
  mutex.lock();
  asm volatile("");
}

[[gnu::noinline]] void SleepWithTheLock() {
  Sleep(std::chrono::milliseconds(1));
  asm volatile("");
}

namespace {

using namespace std::chrono_literals;

class ThreadLocksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    if (!internal::kChecksThreadLocks) GTEST_SKIP() << "built without GALE_CHECK_THREAD_LOCKS";
  }
};

using ThreadLocksDeathTest = ThreadLocksTest;

void ParkWithAMutex() {
  gale::Run([] {
    std::mutex mutex;
    TakeTheLock(mutex);
    SleepWithTheLock();
    mutex.unlock();
  });
}

TEST_F(ThreadLocksDeathTest, AMutexHeldAcrossAParkIsReportedWithBothStacks) {
  EXPECT_DEATH(ParkWithAMutex(),
               "fatal error: goroutine [0-9]+ waits \\(sleep\\) with a lock of its thread held: 0x[0-9a-f]+\n\n"
               "goroutine [0-9]+ \\[running\\]:\n(.|\n)*gale::SleepWithTheLock\\(\\)(.|\n)*"
               "the lock was taken at:\n(.|\n)*gale::TakeTheLock\\(");
}

TEST_F(ThreadLocksDeathTest, AReadersLockIsReported) {
  auto park = [] {
    gale::Run([] {
      std::shared_mutex mutex;
      std::shared_lock lock(mutex);
      Gosched();
    });
  };
  EXPECT_DEATH(park(), "gives way to others with a lock of its thread held");
}

TEST_F(ThreadLocksDeathTest, ASpinLockIsReported) {
  auto park = [] {
    gale::Run([] {
      pthread_spinlock_t lock;
      pthread_spin_init(&lock, 0);
      pthread_spin_lock(&lock);
      Chan<int>(0).Recv();
    });
  };
  EXPECT_DEATH(park(), "waits \\(chan receive\\) with a lock of its thread held");
}

TEST_F(ThreadLocksDeathTest, AWarningIsEnoughIfWanted) {
  auto park = [] {
    setenv("GALEDEBUG", "threadlocks=warn", 1);
    ParkWithAMutex();
    _exit(0);
  };
  EXPECT_EXIT(park(), ::testing::ExitedWithCode(0), "warning: goroutine [0-9]+ waits \\(sleep\\)");
}

TEST_F(ThreadLocksDeathTest, NothingIsSaidIfNotWanted) {
  auto park = [] {
    setenv("GALEDEBUG", "threadlocks=off", 1);
    ParkWithAMutex();
    _exit(0);
  };
  EXPECT_EXIT(park(), ::testing::ExitedWithCode(0), "^[^w]*$");
}

TEST_F(ThreadLocksTest, ALockThatWasReleasedInTimeIsNoFault) {
  gale::Run([] {
    std::mutex first;
    std::mutex second;
    std::shared_mutex shared;
    for (int i = 0; i < 100; ++i) {
      {
        std::scoped_lock lock(first, second);
        std::shared_lock reader(shared);
      }
      if (first.try_lock()) first.unlock();
      Gosched();
    }
  });
}

TEST_F(ThreadLocksTest, ThreadsMayHoldTheirLocksInAWait) {
  std::mutex mutex;
  std::lock_guard lock(mutex);
  Chan<int> values(0);
  Go([=] { values.Send(1); });
  EXPECT_EQ(values.Recv(), 1);
}

TEST_F(ThreadLocksTest, AGoroutineThatIsLockedToItsThreadMayKeepALock) {
  gale::Run([] {
    LockOSThread();
    std::mutex mutex;
    TakeTheLock(mutex);
    SleepWithTheLock();
    mutex.unlock();
    UnlockOSThread();
    Sleep(1ms);
  });
}

TEST_F(ThreadLocksTest, AConditionVariableIsNoFault) {
  gale::Run([] {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    std::thread thread([&] {
      std::lock_guard lock(mutex);
      done = true;
      changed.notify_one();
    });
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return done; });
    }
    thread.join();
    Sleep(1ms);
  });
}

TEST_F(ThreadLocksTest, TheRuntimesOwnLocksAreNoFault) {
  gale::Run([] {
    for (int i = 0; i < 5; ++i) {
      EXPECT_FALSE(DumpGoroutines().empty());
      Sleep(1ms);
    }
  });
}

}  // namespace
}  // namespace gale
