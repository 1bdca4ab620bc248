// The scheduler's state as GALEDEBUG=schedtrace prints it.

#include "gale/runtime/internal/schedtrace.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/time.h"

namespace gale::internal {
namespace {

using namespace std::chrono_literals;

TEST(SchedTraceTest, HasGosLine) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto print = [] {
    GOMAXPROCS(2);
    std::string text = SchedTraceText(Scheduler::Get(), 1009, /*detail=*/false);
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    _exit(0);
  };
  EXPECT_EXIT(print(), testing::ExitedWithCode(0),
              "SCHED 1009ms: gomaxprocs=2 idleprocs=2 threads=[0-9]+ spinningthreads=0 needspinning=0 idlethreads=0 "
              "runqueue=0 \\[0 0\\]\n");
}

TEST(SchedTraceTest, DetailsPsMsAndGs) {
  Chan<int> end(0);
  gale::Run([end] {
    Go([end] { end.Recv(); });
    Sleep(10ms);
    std::string text = SchedTraceText(Scheduler::Get(), 5, /*detail=*/true);
    EXPECT_NE(text.find("SCHED 5ms: gomaxprocs="), std::string::npos) << text;
    EXPECT_NE(text.find(" gcwaiting=false nmidlelocked=0 stopwait=0 sysmonwait=false\n"), std::string::npos) << text;
    EXPECT_NE(text.find("\n  P0: status="), std::string::npos) << text;
    EXPECT_NE(text.find(" runqsize="), std::string::npos) << text;
    EXPECT_NE(text.find(" mallocing=0 throwing=0 preemptoff= locks=0 dying=0 spinning=false blocked=false lockedg=nil"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find(": status=4(chan receive) m=nil lockedm=nil\n"), std::string::npos) << text;
    std::string self = "  G" + std::to_string(CurrentGoroutine()->id) + ": status=2() m=";
    EXPECT_NE(text.find(self), std::string::npos) << text;
    EXPECT_NE(text.find(" curg=" + std::to_string(CurrentGoroutine()->id) + " "), std::string::npos) << text;
    end.Close();
  });
}

TEST(SchedTraceTest, IsPrintedAgainAndAgainIfAskedFor) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto run = [] {
    setenv("GALEDEBUG", "schedtrace=10,scheddetail=1", 1);
    GOMAXPROCS();
    std::this_thread::sleep_for(1s);
    _exit(0);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "SCHED [0-9]+ms: (.|\n)*P0: (.|\n)*SCHED [0-9]+ms: (.|\n)*P0: ");
}

}  // namespace
}  // namespace gale::internal
