// Hand-over of a P from a goroutine that keeps its thread; Blocking; LockOSThread.

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gale/runtime/blocking.h"
#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/lock_os_thread.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

// Spinners compute without any call of the runtime until they are stopped.
class Spinners {
 public:
  explicit Spinners(int count) {
    for (int i = 0; i < count; ++i) {
      group_.Go([this] {
        ++started_;
        while (!stop_) asm volatile("");
      });
    }
    while (started_ < count) Sleep(100us);
  }
  ~Spinners() {
    stop_ = true;
    group_.Wait();
  }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<int> started_{0};
  WaitGroup group_;
};

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(ends_), 0); }
  ~Pipe() {
    close(ends_[0]);
    close(ends_[1]);
  }
  char Read() {
    char byte = 0;
    EXPECT_EQ(read(ends_[0], &byte, 1), 1);
    return byte;
  }
  void Write(char byte) { EXPECT_EQ(write(ends_[1], &byte, 1), 1); }

 private:
  int ends_[2];
};

// Behaviour group 59.
TEST(HandoverTest, GoroutinesThatComputeDoNotStopTheOthers) {
  gale::Run([] {
    Spinners spinners(GOMAXPROCS() + 1);
    // With all Ps kept, none of this would ever end.
    for (int i = 0; i < 5; ++i) {
      Chan<int> answers(0);
      Go([=] {
        Sleep(1ms);
        answers.Send(i);
      });
      EXPECT_EQ(answers.Recv(), i);
    }
  });
}

TEST(HandoverTest, AComputingGoroutineThatComesBackGoesOn) {
  gale::Run([] {
    WaitGroup group;
    std::atomic<int> done{0};
    for (int i = 0; i < GOMAXPROCS() * 2; ++i) {
      group.Go([&] {
        for (int k = 0; k < 3; ++k) {
          auto end = std::chrono::steady_clock::now() + 25ms;
          while (std::chrono::steady_clock::now() < end) asm volatile("");
          WaitGroup inner;  // Go and park without a P
          inner.Go([&] { ++done; });
          inner.Wait();
        }
      });
    }
    group.Wait();
    EXPECT_EQ(done, GOMAXPROCS() * 2 * 3);
  });
}

TEST(HandoverTest, WithoutAPTheWholeRuntimeCanBeUsed) {
  gale::Run([] {
    WaitGroup group;
    Mutex mutex;
    int counter = 0;
    Chan<int> values(1);
    for (int i = 0; i < 4; ++i) {
      group.Go([&] {
        Blocking([&] {
          // In here the goroutine has no P.
          for (int k = 0; k < 20; ++k) {
            std::lock_guard guard(mutex);
            ++counter;
          }
          WaitGroup inner;
          inner.Go([] { Sleep(100us); });
          inner.Wait();
          Gosched();
          Sleep(100us);
          values.Send(1);
          auto timer = AfterFunc(1ms, [] {});
          timer.Stop();
        });
      });
      group.Go([&] { EXPECT_EQ(values.Recv(), 1); });
    }
    group.Wait();
    EXPECT_EQ(counter, 80);
  });
}

// Behaviour group 59.
TEST(HandoverTest, BlockedSystemCallsDoNotStopTheOthers) {
  gale::Run([] {
    constexpr int kReaders = 64;
    Pipe pipe;
    WaitGroup group;
    std::atomic<int> sum{0};
    for (int i = 0; i < kReaders; ++i) group.Go([&] { sum += pipe.Read(); });
    for (int i = 0; i < kReaders; ++i) {
      Sleep(100us);
      pipe.Write(1);
    }
    group.Wait();
    EXPECT_EQ(sum, kReaders);
  });
}

TEST(BlockingTest, ReturnsWhatTheFunctionReturns) {
  gale::Run([] {
    EXPECT_EQ(Blocking([] { return 7; }), 7);
    auto text = std::make_unique<std::string>("moved");
    EXPECT_EQ(*Blocking([&] { return std::move(text); }), "moved");
    int number = 1;
    int& reference = Blocking([&]() -> int& { return number; });
    EXPECT_EQ(&reference, &number);
  });
}

TEST(BlockingTest, OnAPlainThreadItJustCalls) {
  EXPECT_EQ(Blocking([] { return 7; }), 7);
}

TEST(BlockingTest, PassesExceptionsOn) {
  gale::Run([] {
    for (int i = 0; i < 50; ++i) {
      try {
        Blocking([] { throw std::runtime_error("it broke"); });
        ADD_FAILURE();
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "it broke");
        EXPECT_EQ(std::uncaught_exceptions(), 0);
        Gosched();
      }
    }
  });
}

TEST(BlockingTest, GoexitWithinIsLikeAnywhere) {
  gale::Run([] {
    WaitGroup group;
    group.Go([] { Blocking([] { Goexit(); }); });
    group.Wait();
  });
}

TEST(BlockingTest, LetsOthersRunAtOnce) {
  gale::Run([] {
    Pipe pipe;
    WaitGroup group;
    // More blocked ones than Ps, and they wait for goroutines that come after them.
    for (int i = 0; i < GOMAXPROCS() + 2; ++i) {
      group.Go([&] { EXPECT_EQ(Blocking([&] { return pipe.Read(); }), 'x'); });
    }
    for (int i = 0; i < GOMAXPROCS() + 2; ++i) group.Go([&] { pipe.Write('x'); });
    group.Wait();
  });
}

TEST(BlockingTest, Nests) {
  gale::Run([] { EXPECT_EQ(Blocking([] { return Blocking([] { return 1; }) + 1; }), 2); });
}

TEST(BlockingTest, ManyAtOnce) {
  gale::Run([] {
    WaitGroup group;
    std::atomic<int> done{0};
    for (int i = 0; i < 20; ++i) {
      group.Go([&] {
        for (int k = 0; k < 50; ++k) done += Blocking([] { return 1; });
      });
    }
    group.Wait();
    EXPECT_EQ(done, 1000);
  });
}

// Behaviour group 59.
TEST(LockOSThreadTest, StaysOnItsThread) {
  gale::Run([] {
    WaitGroup group;
    for (int i = 0; i < 4; ++i) {
      group.Go([] {
        LockOSThread();
        const pid_t thread = gettid();
        for (int k = 0; k < 20; ++k) {
          Gosched();
          EXPECT_EQ(gettid(), thread);
          Sleep(20us);
          EXPECT_EQ(gettid(), thread);
          Blocking([] {});
          EXPECT_EQ(gettid(), thread);
        }
        UnlockOSThread();
      });
    }
    group.Wait();
  });
}

TEST(LockOSThreadTest, NobodyElseRunsThere) {
  gale::Run([] {
    Chan<pid_t> locked(0);
    Chan<int> end(0);
    Go([=] {
      LockOSThread();
      locked.Send(gettid());
      end.Recv();
      UnlockOSThread();
      end.Close();
    });
    const pid_t thread = *locked.Recv();
    WaitGroup group;
    for (int i = 0; i < 50; ++i) {
      group.Go([=] {
        for (int k = 0; k < 5; ++k) {
          EXPECT_NE(gettid(), thread);
          Gosched();
        }
      });
    }
    group.Wait();
    end.Send(1);
    end.Recv();
  });
}

// Behaviour group 59.
TEST(LockOSThreadTest, Nests) {
  gale::Run([] {
    WaitGroup group;
    group.Go([] {
      LockOSThread();
      LockOSThread();
      UnlockOSThread();
      const pid_t thread = gettid();
      for (int k = 0; k < 20; ++k) {
        Sleep(20us);
        EXPECT_EQ(gettid(), thread);
      }
      UnlockOSThread();
      UnlockOSThread();  // one too many does nothing
      Sleep(20us);
    });
    group.Wait();
  });
}

// Behaviour group 59.
TEST(LockOSThreadTest, EndingLockedEndsTheThread) {
  gale::Run([] {
    Chan<pid_t> ended(1);
    Go([=] {
      LockOSThread();
      ended.Send(gettid());
    });
    const std::string path = "/proc/self/task/" + std::to_string(*ended.Recv());
    while (access(path.c_str(), F_OK) == 0) Sleep(1ms);
  });
}

TEST(LockOSThreadTest, MainGoroutineStaysOnTheCallersThread) {
  for (int i = 0; i < 20; ++i) {
    const pid_t caller = gettid();
    gale::Run([=] {
      if (gettid() != caller) ADD_FAILURE() << "Run's main goroutine did not start on the calling thread";
      LockOSThread();
      for (int k = 0; k < 10; ++k) {
        Sleep(10us);
        EXPECT_EQ(gettid(), caller);
      }
    });
  }
}

TEST(LockOSThreadTest, RunReturnsAlthoughAnotherOneIsLocked) {
  Chan<int> end(0);
  for (int i = 0; i < 10; ++i) {
    gale::Run([=] {
      WaitGroup locked;
      locked.Add(4);
      for (int k = 0; k < 4; ++k) {
        Go([=, &locked] {
          LockOSThread();
          locked.Done();
          Chan<int> waits = end;
          waits.Recv();
        });
      }
      locked.Wait();
    });
  }
  end.Close();
}

TEST(LockOSThreadTest, OnAPlainThreadItDoesNothing) {
  LockOSThread();
  UnlockOSThread();
}

TEST(LockOSThreadTest, LockedOnesTalkToEachOther) {
  gale::Run([] {
    Chan<int> there(0), back(0);
    WaitGroup group;
    group.Go([=] {
      LockOSThread();
      for (int value : there) back.Send(value + 1);
    });
    LockOSThread();
    for (int i = 0; i < 100; ++i) {
      there.Send(i);
      EXPECT_EQ(back.Recv(), i + 1);
    }
    UnlockOSThread();
    there.Close();
    group.Wait();
  });
}

// Behaviour group 59.
TEST(ThreadLimitDeathTest, TooManyBlockedThreadsEndTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto exhaust = [] {
    SetMaxThreads(12);
    gale::Run([] {
      Pipe pipe;
      WaitGroup group;
      for (int i = 0; i < 40; ++i) group.Go([&] { Blocking([&] { pipe.Read(); }); });
      group.Wait();
    });
  };
  EXPECT_DEATH(exhaust(), "thread exhaustion: program exceeds 12-thread limit");
}

TEST(ThreadLimitTest, ReturnsTheFormerOne) {
  EXPECT_EQ(SetMaxThreads(20'000), 10'000);
  EXPECT_EQ(SetMaxThreads(10'000), 20'000);
  EXPECT_THROW(SetMaxThreads(0), Panic);
}

}  // namespace
}  // namespace gale
