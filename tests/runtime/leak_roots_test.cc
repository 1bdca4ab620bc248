// Under AddressSanitizer, what goroutines hold that still wait when the process ends is no leak.
#include "gale/runtime/internal/leak_roots.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using LeakRootsDeathTest = ::testing::Test;

void EndWithParkedGoroutines(int count) {
  Run([count] {
    WaitGroup started;
    started.Add(count);
    for (int i = 0; i < count; ++i) {
      Go([&started, i] {
        auto held = std::make_unique<int>(i);
        Chan<int> never(0);
        started.Done();
        (void)never.Recv();
      });
    }
    started.Wait();
    std::exit(7);
  });
}

TEST(LeakRootsDeathTest, WhatAWaitingGoroutineHoldsIsNoLeak) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(EndWithParkedGoroutines(100), ::testing::ExitedWithCode(7), "");
  EXPECT_EXIT(EndWithParkedGoroutines(1500), ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace gale
