// How a process that has got stuck is made to say so: SIGQUIT, and the report that all goroutines are asleep. Every
// statement runs in a process of its own.

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/debug_variables.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {

// Not in the unnamed namespace: the dumps must show these names.
[[gnu::noinline]] void WaitForAValueThatNeverComes() {
  Chan<int>(0).Recv();
  asm volatile("");
}

[[gnu::noinline]] void ComputeForEver() {
  for (;;) asm volatile("");
}

namespace {

using namespace std::chrono_literals;

class AsleepDeathTest : public testing::Test {
 protected:
  AsleepDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

class DeadlockDeathTest : public testing::TestWithParam<int> {
 protected:
  DeadlockDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
  void SetUp() override {
    if (internal::kThreadSanitizer) GTEST_SKIP() << "TSan's own thread might wake anybody";
  }
};

INSTANTIATE_TEST_SUITE_P(Ps, DeadlockDeathTest, testing::Values(1, 2, 8));

// Behaviour group 59.
TEST_P(DeadlockDeathTest, IsReportedWhenMainWaitsInRun) {
  auto stick = [] {
    GOMAXPROCS(GetParam());
    gale::Run([] {
      Go([] { WaitForAValueThatNeverComes(); });
      Mutex mutex;
      mutex.Lock();
      mutex.Lock();
    });
  };
  EXPECT_EXIT(stick(), testing::ExitedWithCode(2),
              "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \\[sync.Mutex.Lock\\]:(.|\n)*"
              "\\[chan receive\\]:\n(.|\n)*gale::WaitForAValueThatNeverComes\\(\\)(.|\n)*created by ");
}

TEST_P(DeadlockDeathTest, IsReportedWhenAPlainThreadWaits) {
  auto stick = [] {
    GOMAXPROCS(GetParam());
    Go([] { WaitForAValueThatNeverComes(); });
    Chan<int> nobody_sends(0);
    nobody_sends.Recv();
  };
  EXPECT_EXIT(stick(), testing::ExitedWithCode(2), "all goroutines are asleep - deadlock!(.|\n)*1 thread waits");
}

TEST_P(DeadlockDeathTest, IsReportedWhenTheLastThreadFallsAsleepLate) {
  auto stick = [] {
    GOMAXPROCS(GetParam());
    Chan<int> nobody_sends(0);
    Go([=] { nobody_sends.Recv(); });
    std::this_thread::sleep_for(1500ms);  // sysmon sleeps by now
    nobody_sends.Recv();
  };
  EXPECT_EXIT(stick(), testing::ExitedWithCode(2), "all goroutines are asleep - deadlock!");
}

TEST_P(DeadlockDeathTest, IsReportedForOneThatComesAfterMuchWork) {
  auto stick = [] {
    GOMAXPROCS(GetParam());
    gale::Run([] {
      Chan<int> values(0);
      Go([=] {
        for (int i = 0; i < 1000; ++i) {
          values.Send(i);
          if (i % 100 == 0) Sleep(1ms);
        }
      });
      for (;;) values.Recv();
    });
  };
  EXPECT_EXIT(stick(), testing::ExitedWithCode(2), "all goroutines are asleep - deadlock!");
}

// What must not be reported ends with status 0 after a while.
void EndsWell(void (*body)()) {
  body();
  _exit(0);
}

TEST_P(DeadlockDeathTest, IsNotReportedWhileATimerRuns) {
  auto wait = [] {
    GOMAXPROCS(GetParam());
    gale::Run([] {
      Chan<int> c(0);
      AfterFunc(1200ms, [=] { c.Send(1); });
      c.Recv();
    });
  };
  EXPECT_EXIT(EndsWell(+wait), testing::ExitedWithCode(0), "");
}

TEST_P(DeadlockDeathTest, IsNotReportedWhileAThreadMightWakeSomebody) {
  auto wait = [] {
    GOMAXPROCS(GetParam());
    Chan<int> c(0);
    std::thread waker([c] {
      std::this_thread::sleep_for(1200ms);
      c.Send(1);
    });
    gale::Run([c] { c.Recv(); });
    waker.join();
  };
  EXPECT_EXIT(EndsWell(+wait), testing::ExitedWithCode(0), "");
}

TEST_P(DeadlockDeathTest, IsNotReportedWhenRunHasReturned) {
  auto wait = [] {
    GOMAXPROCS(GetParam());
    gale::Run([] { Go([] { WaitForAValueThatNeverComes(); }); });
    std::this_thread::sleep_for(1200ms);
  };
  EXPECT_EXIT(EndsWell(+wait), testing::ExitedWithCode(0), "");
}

TEST_P(DeadlockDeathTest, IsNotReportedWhileThreadsAndGoroutinesPlayPingPong) {
  auto wait = [] {
    GOMAXPROCS(GetParam());
    Chan<int> there(0);
    Chan<int> back(0);
    Go([=] {
      for (int value : there) back.Send(value);
    });
    auto end = std::chrono::steady_clock::now() + 500ms;
    while (std::chrono::steady_clock::now() < end) {
      there.Send(1);
      back.Recv();
    }
  };
  EXPECT_EXIT(EndsWell(+wait), testing::ExitedWithCode(0), "");
}

TEST_P(DeadlockDeathTest, IsNotReportedIfSwitchedOff) {
  auto wait = [] {
    setenv("GALEDEBUG", "deadlock=0", 1);
    GOMAXPROCS(GetParam());
    signal(SIGALRM, [](int) { _exit(0); });
    alarm(1);
    gale::Run([] { WaitForAValueThatNeverComes(); });
  };
  EXPECT_EXIT(wait(), testing::ExitedWithCode(0), "");
}

void StartSomeGoroutines() {
  GOMAXPROCS(2);
  Go([] { WaitForAValueThatNeverComes(); });
  Go([] { ComputeForEver(); });
  std::this_thread::sleep_for(50ms);
}

TEST_F(AsleepDeathTest, SigquitDumpsAllGoroutinesAndEnds) {
  auto quit = [] {
    StartSomeGoroutines();
    kill(getpid(), SIGQUIT);
    std::this_thread::sleep_for(60s);
  };
  EXPECT_EXIT(quit(), testing::ExitedWithCode(2),
              "SIGQUIT: quit\n\ngoroutine (.|\n)*chan receive(.|\n)*gale::WaitForAValueThatNeverComes\\(\\)");
}

TEST_F(AsleepDeathTest, SigquitShowsWhatRuns) {
  if (internal::kThreadSanitizer) GTEST_SKIP() << "TSan delays signals";
  auto quit = [] {
    StartSomeGoroutines();
    kill(getpid(), SIGQUIT);
    std::this_thread::sleep_for(60s);
  };
  EXPECT_EXIT(quit(), testing::ExitedWithCode(2), "\\[running\\]:\ngale::ComputeForEver\\(\\)");
}

TEST_F(AsleepDeathTest, SigquitLetsTheProcessLiveOnIfAskedTo) {
  auto quit = [] {
    setenv("GALEDEBUG", "sigquit=continue", 1);
    StartSomeGoroutines();
    kill(getpid(), SIGQUIT);
    std::this_thread::sleep_for(internal::kThreadSanitizer ? 5s : 1s);
    kill(getpid(), SIGQUIT);
    std::this_thread::sleep_for(internal::kThreadSanitizer ? 5s : 1s);
    _exit(7);
  };
  EXPECT_EXIT(quit(), testing::ExitedWithCode(7), "SIGQUIT: quit\n(.|\n)*SIGQUIT: quit\n");
}

TEST_F(AsleepDeathTest, SigquitIsLeftToTheProgramsOwnHandler) {
  auto quit = [] {
    signal(SIGQUIT, [](int) { _exit(9); });
    StartSomeGoroutines();
    kill(getpid(), SIGQUIT);
    std::this_thread::sleep_for(60s);
  };
  EXPECT_EXIT(quit(), testing::ExitedWithCode(9), "");
}

TEST_F(AsleepDeathTest, SigquitCanBeSwitchedOff) {
  auto quit = [] {
    setenv("GALEDEBUG", "schedtrace=0,sigquit=off", 1);
    StartSomeGoroutines();
    kill(getpid(), SIGQUIT);
    std::this_thread::sleep_for(60s);
  };
  EXPECT_EXIT(quit(), testing::KilledBySignal(SIGQUIT), "");
}

TEST(DebugVariablesTest, FindsTheLastValueOfAName) {
  using internal::FindDebugVariable;
  EXPECT_EQ(FindDebugVariable("", "a"), "");
  EXPECT_EQ(FindDebugVariable("a=1,b=2", "b"), "2");
  EXPECT_EQ(FindDebugVariable("a=1,b=2,a=3", "a"), "3");
  EXPECT_EQ(FindDebugVariable("aa=1,,a=x=y,", "a"), "x=y");
  EXPECT_EQ(FindDebugVariable("a,b=1", "a"), "");
}

}  // namespace
}  // namespace gale
