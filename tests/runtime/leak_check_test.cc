// LeakCheck finds goroutines that were left behind, and only those.

#include "gale/runtime/testing/leak_check.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {

// Not in the unnamed namespace: the report must show this name.
[[gnu::noinline]] void WaitForNobody(const Chan<int>& values) {
  values.Recv();
  asm volatile("");
}

namespace {

using namespace std::chrono_literals;

TEST(LeakCheckTest, FindsAGoroutineThatWaitsForNobody) {
  gale::Run([] {
    Chan<int> values(0);
    WaitGroup done;
    testing::LeakCheck leaks;
    done.Go([&] { WaitForNobody(values); });
    std::string report = leaks.Find(50ms);
    EXPECT_EQ(report.find("1 goroutine was left behind:\n\ngoroutine "), 0u) << report;
    EXPECT_NE(report.find("[chan receive]:\n"), std::string::npos) << report;
    EXPECT_NE(report.find("gale::WaitForNobody(gale::Chan<int> const&)\n"), std::string::npos) << report;
    EXPECT_NE(report.find("\ncreated by "), std::string::npos) << report;
    values.Close();
    done.Wait();
    EXPECT_EQ(leaks.Find(30s), "");
  });
}

TEST(LeakCheckTest, WaitsForGoroutinesThatAreAboutToEnd) {
  testing::LeakCheck leaks;
  for (int i = 0; i < 10; ++i) Go([] { Sleep(20ms); });
  EXPECT_EQ(leaks.Find(30s), "");
}

TEST(LeakCheckTest, LeavesOutWhatWasThereBefore) {
  gale::Run([] {
    Chan<int> values(0);
    WaitGroup done;
    done.Go([&] { WaitForNobody(values); });
    testing::LeakCheck leaks;
    EXPECT_EQ(leaks.Find(0s), "");
    values.Close();
    done.Wait();
  });
}

TEST(LeakCheckTest, LeavesOutWhatIsToBeIgnored) {
  gale::Run([] {
    Chan<int> values(0);
    WaitGroup done;
    testing::LeakCheck leaks;
    done.Go([&] { WaitForNobody(values); });
    done.Go([&] { WaitForNobody(values); });
    EXPECT_EQ(leaks.Find(20ms).find("2 goroutines were left behind:"), 0u);
    leaks.Ignore("WaitForNobody");
    EXPECT_EQ(leaks.Find(30s), "");
    values.Close();
    done.Wait();
  });
}

}  // namespace
}  // namespace gale
