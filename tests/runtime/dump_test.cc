// DumpGoroutines: every goroutine with its state, its stack and who created it, while all the others run on.

#include "gale/runtime/dump.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/coarse_clock.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/goroutine_text.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/lock_os_thread.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {

// Not in the unnamed namespace: the dump must show these names.
[[gnu::noinline]] void WaitHereForTheEnd(const Chan<int>& end) {
  end.Recv();
  asm volatile("");
}

[[gnu::noinline]] void CallDeeply(int depth, const Chan<int>& end) {
  if (depth > 0) {
    CallDeeply(depth - 1, end);
  } else {
    WaitHereForTheEnd(end);
  }
  asm volatile("");
}

[[gnu::noinline]] void StartTheWaiter(const Chan<int>& end) {
  Go([end] { WaitHereForTheEnd(end); });
  asm volatile("");
}

// A frame that realigns its stack has rules of its own.
[[gnu::noinline]] void WaitWithAlignedFrame(const Chan<int>& end) {
  alignas(256) volatile char buffer[1024];
  buffer[0] = 1;
  asm volatile("" : : "r"(buffer));
  WaitHereForTheEnd(end);
  buffer[1] = buffer[0];
}

[[gnu::noinline]] void ComputeUntil(const std::atomic<bool>& stop) {
  while (!stop.load(std::memory_order_relaxed)) asm volatile("");
  asm volatile("");
}

namespace {

using namespace std::chrono_literals;

// Paragraphs are the goroutines of a dump.
std::vector<std::string> Paragraphs(const std::string& dump) {
  std::vector<std::string> result;
  for (std::size_t at = 0; at < dump.size();) {
    std::size_t end = dump.find("\n\n", at);
    if (end == std::string::npos) end = dump.size();
    result.push_back(dump.substr(at, end - at));
    at = end + 2;
  }
  return result;
}

// The paragraph that contains a text, or an empty one.
std::string ParagraphWith(const std::string& dump, const std::string& text) {
  for (const std::string& paragraph : Paragraphs(dump)) {
    if (paragraph.find(text) != std::string::npos) return paragraph;
  }
  return "";
}

// DumpUntil dumps until a goroutine's paragraph has both texts.
std::string DumpUntil(const std::string& function, const std::string& state) {
  for (;;) {
    std::string paragraph = ParagraphWith(DumpGoroutines(), function);
    if (paragraph.find(state) != std::string::npos) return paragraph;
    Sleep(1ms);
  }
}

TEST(DumpTest, ShowsWhereAParkedGoroutineWaits) {
  gale::Run([] {
    Chan<int> end(0);
    StartTheWaiter(end);
    std::string text = DumpUntil("WaitHereForTheEnd", "[chan receive]");
    EXPECT_EQ(text.find("goroutine "), 0u) << text;
    EXPECT_NE(text.find("\ncreated by gale::StartTheWaiter(gale::Chan<int> const&) in goroutine "), std::string::npos)
        << text;
    EXPECT_NE(text.find("_test+0x"), std::string::npos) << text;
    // The closure is the outermost frame: how it was entered is left out.
    EXPECT_EQ(text.find("gale_goroutine_main"), std::string::npos) << text;
    end.Close();
  });
}

TEST(DumpTest, WalksThroughAFrameThatRealignsTheStack) {
  gale::Run([] {
    Chan<int> end(0);
    Go([end] { WaitWithAlignedFrame(end); });
    std::string text = DumpUntil("WaitWithAlignedFrame", "[chan receive]");
    EXPECT_LT(text.find("WaitHereForTheEnd"), text.find("WaitWithAlignedFrame")) << text;
    EXPECT_NE(text.find("created by "), std::string::npos) << text;
    end.Close();
  });
}

TEST(DumpTest, ShowsBothEndsOfADeepStack) {
  gale::Run([] {
    Chan<int> end(0);
    Go([end] { CallDeeply(500, end); });
    std::string text = DumpUntil("CallDeeply", "[chan receive]");
    EXPECT_NE(text.find("WaitHereForTheEnd"), std::string::npos) << text;
    EXPECT_NE(text.find(" frames elided...\n"), std::string::npos) << text;
    EXPECT_NE(text.find("operator()"), std::string::npos) << text;
    end.Close();
  });
}

TEST(DumpTest, BeginsWithTheCaller) {
  gale::Run([] {
    std::string text = Paragraphs(DumpGoroutines()).front();
    EXPECT_NE(text.find(" [running]:\n"), std::string::npos) << text;
    EXPECT_NE(text.find("gale::DumpGoroutines"), std::string::npos) << text;
    EXPECT_NE(text.find("BeginsWithTheCaller"), std::string::npos) << text;
  });
}

TEST(DumpTest, ShowsTheStackOfAGoroutineThatRunsOnAnotherThread) {
  if (internal::kThreadSanitizer) GTEST_SKIP() << "TSan delays signals";
  std::atomic<bool> stop = false;
  std::atomic<bool> runs = false;
  WaitGroup done;
  done.Go([&] {
    runs = true;
    ComputeUntil(stop);
  });
  while (!runs) std::this_thread::yield();
  // From a thread that is no goroutine: also with one P.
  std::string text;
  for (int i = 0; i < 100 && text.empty(); ++i) text = ParagraphWith(DumpGoroutines(), "ComputeUntil");
  EXPECT_NE(text.find(" [running]:\n"), std::string::npos) << text;
  stop = true;
  done.Wait();
}

TEST(DumpTest, TellsWhoIsLockedToItsThread) {
  gale::Run([] {
    LockOSThread();
    std::string text = Paragraphs(DumpGoroutines()).front();
    EXPECT_NE(text.find(" [running, locked to thread]:\n"), std::string::npos) << text;
    UnlockOSThread();
    text = Paragraphs(DumpGoroutines()).front();
    EXPECT_NE(text.find(" [running]:\n"), std::string::npos) << text;
  });
}

TEST(DumpTest, LeavesOutGoroutinesThatHaveEnded) {
  gale::Run([] {
    Chan<int> end(0);
    WaitGroup done;
    done.Go([end] { WaitHereForTheEnd(end); });
    DumpUntil("WaitHereForTheEnd", "[chan receive]");
    end.Close();
    done.Wait();
    for (int i = 0; i < 1000 && !ParagraphWith(DumpGoroutines(), "WaitHereForTheEnd").empty(); ++i) Sleep(1ms);
    EXPECT_EQ(ParagraphWith(DumpGoroutines(), "WaitHereForTheEnd"), "");
  });
}

TEST(DumpTest, WritesTheSameToADescriptor) {
  gale::Run([] {
    Chan<int> end(0);
    Go([end] { WaitHereForTheEnd(end); });
    DumpUntil("WaitHereForTheEnd", "[chan receive]");
    char path[] = "/tmp/gale-dump-XXXXXX";
    int fd = mkstemp(path);
    ASSERT_GE(fd, 0);
    unlink(path);
    EXPECT_EQ(DumpGoroutines(fd), 0);
    std::string text(100'000, '\0');
    ssize_t size = pread(fd, text.data(), text.size(), 0);
    ASSERT_GT(size, 0);
    text.resize(static_cast<std::size_t>(size));
    EXPECT_NE(ParagraphWith(text, "WaitHereForTheEnd").find("[chan receive]:"), std::string::npos) << text;
    close(fd);
    EXPECT_EQ(DumpGoroutines(fd), EBADF);
    end.Close();
  });
}

// Hazard: what is dumped runs meanwhile.
TEST(DumpTest, MayRunWhileGoroutinesRunParkStartAndEnd) {
  gale::Run([] {
    std::atomic<bool> stop = false;
    WaitGroup done;
    Chan<int> there(0);
    Chan<int> back(1);
    Mutex mutex;
    for (int i = 0; i < 4; ++i) {
      done.Go([&] {
        while (!stop) {
          WaitGroup child;
          child.Go([&] {
            mutex.Lock();
            Gosched();
            mutex.Unlock();
          });
          child.Wait();
        }
      });
      done.Go([&] {
        while (there.Recv()) back.Send(1);
      });
      done.Go([&] {
        while (!stop) {
          there.Send(1);
          back.Recv();
          Sleep(1us);
        }
      });
    }
    int dumps = internal::kThreadSanitizer ? 20 : 300;
    for (int i = 0; i < dumps; ++i) {
      EXPECT_NE(DumpGoroutines().find("MayRunWhile"), std::string::npos);
      Gosched();
    }
    stop = true;
    Sleep(10ms);
    there.Close();
    done.Wait();
  });
}

TEST(GoroutineTextTest, TellsTheMinutesOfAWait) {
  internal::GoroutineRecord record;
  record.id = 7;
  record.status = internal::GStatus::kWaiting;
  record.reason = WaitReason::kChanReceive;
  record.waiting_nanos = 59'999'999'999;
  EXPECT_EQ(internal::GoroutineHeader(record), "goroutine 7 [chan receive]:");
  record.waiting_nanos = 3 * 60'000'000'000 + 1;
  EXPECT_EQ(internal::GoroutineHeader(record), "goroutine 7 [chan receive, 3 minutes]:");
  record.locked = true;
  EXPECT_EQ(internal::GoroutineHeader(record), "goroutine 7 [chan receive, 3 minutes, locked to thread]:");
}

TEST(CoarseClockTest, FollowsTheClock) {
  gale::Run([] {
    // The clock may be late by sysmon's longest nap and what the machine adds, but never ahead.
    for (int i = 0; i < 20; ++i) {
      Sleep(5ms);
      auto now = static_cast<std::uint32_t>(internal::MonotonicNanos() >> internal::kCoarseTimeShift);
      auto late = static_cast<std::int32_t>(now - internal::CoarseTime());
      EXPECT_GE(late, 0);
      EXPECT_LT(late, 600) << "more than ten seconds behind";
    }
  });
}

TEST(CoarseClockTest, CountsAcrossItsOverflow) {
  auto now = static_cast<std::uint32_t>(internal::MonotonicNanos() >> internal::kCoarseTimeShift);
  EXPECT_GE(internal::NanosSince(now - 100), 100ll << internal::kCoarseTimeShift);
  EXPECT_EQ(internal::NanosSince(now + 100), 0);
}

}  // namespace
}  // namespace gale
