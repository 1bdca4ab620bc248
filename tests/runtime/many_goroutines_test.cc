// A million goroutines at the kernel's default limits: what they cost while they are parked, and that every one of
// them runs again. In an executable of its own, which runs only in builds without sanitizers.
//
// Each statement runs in a process of its own, because the kind of stack guard is chosen when the runtime starts.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/stack.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/process_memory.h"

namespace gale {
namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

// Parks `count` goroutines on a channel and wakes them again. Ends the process: 0 if all were woken and the parked ones
// cost at most `most_bytes`.
[[noreturn]] void ParkAndWake(const char* guard, StackSize size, int count, std::size_t most_bytes) {
  if (guard != nullptr) setenv("GALE_STACK_GUARD", guard, 1);
  gale::Run([=] {
    std::size_t before = ResidentBytes();
    Chan<int> gate(0);
    std::atomic<int> arrived{0};
    std::atomic<int> woken{0};
    WaitGroup ended;
    for (int i = 0; i < count; ++i) {
      ended.Add(1);
      Go(size, [&, gate] {
        arrived.fetch_add(1, std::memory_order_relaxed);
        if (!gate.Recv()) woken.fetch_add(1, std::memory_order_relaxed);
        ended.Done();
      });
      if (i % 128 == 0) Gosched();
    }
    while (arrived.load(std::memory_order_relaxed) != count) Gosched();
    std::size_t used = ResidentBytes() - before;
    std::fprintf(stderr, "%d parked goroutines: %zu MiB, %zu B each\n", count, used / kMebibyte,
                 used / static_cast<std::size_t>(count));
    gate.Close();
    ended.Wait();
    if (woken.load() != count) {
      std::fprintf(stderr, "only %d were woken\n", woken.load());
      std::_Exit(1);
    }
    if (used > most_bytes) {
      std::fprintf(stderr, "more than %zu MiB\n", most_bytes / kMebibyte);
      std::_Exit(2);
    }
    std::_Exit(0);
  });
  std::abort();
}

class ManyGoroutinesTest : public testing::Test {
 protected:
  ManyGoroutinesTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  static bool Possible(std::size_t bytes) {
    return !internal::kAddressSanitizer && !internal::kThreadSanitizer && AvailableBytes() > bytes;
  }
};

constexpr int kMillion = 1'000'000;

TEST_F(ManyGoroutinesTest, AMillionParkedInFourAndAHalfGibibytes) {
  if (!Possible(6144 * kMebibyte)) GTEST_SKIP() << "needs 6 GiB of free memory and no sanitizer";
  EXPECT_EXIT(ParkAndWake(nullptr, StackSize::kDefault, kMillion, 4608 * kMebibyte), testing::ExitedWithCode(0), "");
}

// Without MADV_GUARD_INSTALL: mprotect until 60 % of vm.max_map_count are used up, then canaries, each of which costs a
// page table entry when it is checked, and no memory.
TEST_F(ManyGoroutinesTest, ManyMoreThanMprotectCanGuard) {
  if (!Possible(2048 * kMebibyte)) GTEST_SKIP() << "needs 2 GiB of free memory and no sanitizer";
  EXPECT_EXIT(ParkAndWake("mprotect", StackSize::kDefault, 200'000, 922 * kMebibyte), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace gale
