// How a process ends that has no way on: a deadlock, a panic that meets another one or a Goexit. Every statement runs
// in a process of its own.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/poll_desc.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/lock_os_thread.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/select.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

class ProcessEndDeathTest : public testing::Test {
 protected:
  ProcessEndDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

class DeadlockEndDeathTest : public ProcessEndDeathTest {
 protected:
  void SetUp() override {
    if (internal::kThreadSanitizer) GTEST_SKIP() << "TSan's own thread might wake anybody";
  }
};

constexpr char kDeadlock[] = "fatal error: all goroutines are asleep - deadlock!";

// Behaviour group 59.
TEST_F(DeadlockEndDeathTest, MainLockedToItsThread) {
  auto stick = [] {
    gale::Run([] {
      LockOSThread();
      Select();
    });
  };
  EXPECT_EXIT(stick(), testing::ExitedWithCode(2), kDeadlock);
}

// Behaviour group 59.
TEST_F(DeadlockEndDeathTest, MainAndAnotherLockedToTheirThreads) {
  auto stick = [] {
    gale::Run([] {
      Go([] {
        LockOSThread();
        Select();
      });
      Sleep(1ms);
      LockOSThread();
      Select();
    });
  };
  EXPECT_EXIT(stick(), testing::ExitedWithCode(2), kDeadlock);
}

// Behaviour group 59. A poller that has been used, and even has a descriptor, wakes nobody by itself.
TEST_F(DeadlockEndDeathTest, APollerThatNobodyWaitsForHidesNothing) {
  auto stick = [] {
    gale::Run([] {
      int ends[2];
      if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) std::_Exit(1);
      auto desc = internal::PollDesc::Open(ends[0]);
      if (!desc) std::_Exit(1);
      Chan<int>(0).Recv();
    });
  };
  EXPECT_EXIT(stick(), testing::ExitedWithCode(2), kDeadlock);
}

// Behaviour group 59. Goexit in Run's function makes Run return; whoever then waits for goroutines that wait is stuck.
TEST_F(DeadlockEndDeathTest, AfterGoexitOfMain) {
  auto stick = [] {
    Chan<int> nobody_sends(0);
    gale::Run([=] {
      Go([=] { nobody_sends.Recv(); });
      Goexit();
    });
    nobody_sends.Recv();
  };
  EXPECT_EXIT(stick(), testing::ExitedWithCode(2), kDeadlock);
}

// Runs the function on a goroutine of its own and waits for longer than it needs to end the process.
void OnAGoroutine(void (*function)()) {
  gale::Run([=] {
    Go(function);
    Sleep(20s);
  });
}

struct ThrowsAtItsEnd {
  ~ThrowsAtItsEnd() noexcept(false) { throw Panic("second"); }
};

struct ExitsAtItsEnd {
  ~ExitsAtItsEnd() noexcept(false) { Goexit(); }
};

// Behaviour group 59. C++ cannot hold two exceptions that both unwind.
TEST_F(ProcessEndDeathTest, APanicWhileAnotherUnwinds) {
  auto panic = [] {
    try {
      ThrowsAtItsEnd second;
      throw Panic("first");
    } catch (const Panic&) {
    }
  };
  EXPECT_DEATH(OnAGoroutine(panic), "panic: .*goroutine [0-9]+ ");
}

// Behaviour group 59. A panic in the place of another one, which has been caught.
TEST_F(ProcessEndDeathTest, APanicInTheHandlerOfAnother) {
  auto panic = [] {
    try {
      throw Panic("first");
    } catch (const Panic& first) {
      Gosched();
      throw Panic(std::string("after ") + first.what());
    }
  };
  EXPECT_DEATH(OnAGoroutine(panic), "panic: gale::Panic: after first.*goroutine [0-9]+ ");
}

// Behaviour group 59.
TEST_F(ProcessEndDeathTest, GoexitWhileAPanicUnwinds) {
  auto panic = [] {
    ExitsAtItsEnd goexit;
    throw Panic("first");
  };
  EXPECT_DEATH(OnAGoroutine(panic), "goroutine [0-9]+ ");
}

// Behaviour group 59.
TEST_F(ProcessEndDeathTest, APanicWhileGoexitUnwinds) {
  auto panic = [] {
    ThrowsAtItsEnd second;
    Goexit();
  };
  EXPECT_DEATH(OnAGoroutine(panic), "goroutine [0-9]+ ");
}

// Behaviour group 59. The greatest number of Ps, on any machine.
TEST_F(ProcessEndDeathTest, AThousandPs) {
  auto run = [] {
    setenv("GALE_MAXPROCS", "1024", 1);
    gale::Run([] {
      if (GOMAXPROCS() != 1024) std::_Exit(1);
      WaitGroup group;
      for (int i = 0; i < 2000; ++i) group.Go([] { Gosched(); });
      group.Wait();
    });
    std::_Exit(0);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace gale
