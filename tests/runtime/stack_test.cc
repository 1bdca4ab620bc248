#include "gale/runtime/internal/stack.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/wait_group.h"

namespace gale::internal {
namespace {

struct ClassCase {
  const char* name;
  StackSize size;
  StackClass stack_class;
};

constexpr ClassCase kClasses[] = {{"Default", StackSize::kDefault, StackClass::kDefault},
                                  {"Small", StackSize::kSmall, StackClass::kSmall}};

class StackClassTest : public testing::TestWithParam<ClassCase> {};

INSTANTIATE_TEST_SUITE_P(Classes, StackClassTest, testing::ValuesIn(kClasses),
                         [](const auto& row) { return row.param.name; });

std::uintptr_t Address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

TEST_P(StackClassTest, EveryAddressOfASlotLeadsToItsG) {
  Scheduler::Get();
  bool small = GetParam().stack_class == StackClass::kSmall;
  std::uintptr_t slot_size = std::uintptr_t{1} << SlotShift(GetParam().stack_class);
  std::uintptr_t begin = stack_region.Base() + (small ? stack_region.DefaultSize() : 0);
  std::uintptr_t end = stack_region.Base() + (small ? stack_region.Size() : stack_region.DefaultSize());
  ASSERT_EQ(begin % slot_size, 0u);
  ASSERT_EQ(end % slot_size, 0u);
  std::set<std::uintptr_t> distances;
  // The first 40 slots and the last 40.
  for (std::uintptr_t i = 0; i < 80; ++i) {
    std::uintptr_t low = i < 40 ? begin + i * slot_size : end - (i - 39) * slot_size;
    std::uintptr_t g = Address(GoroutineOfStack(low));
    ASSERT_EQ(g % alignof(G), 0u);
    ASSERT_GE(g, low + slot_size - kPageSize) << "the G must lie in the slot's top page";
    ASSERT_LE(g + sizeof(G), low + slot_size);
    for (std::uintptr_t offset : {std::uintptr_t{1}, kPageSize - 1, kPageSize, slot_size / 2, slot_size - kPageSize,
                                  g - low - 1, g - low, g - low + sizeof(G) - 1, slot_size - 1}) {
      ASSERT_EQ(Address(GoroutineOfStack(low + offset)), g) << offset;
      ASSERT_EQ(InGuardPage(low + offset), offset < kPageSize) << offset;
    }
    distances.insert(low + slot_size - g);
  }
  EXPECT_EQ(distances.size(), kColours);
}

TEST(StackRegionTest, AddressesOutsideBelongToNobody) {
  Scheduler::Get();
  int local = 0;
  std::uintptr_t outside[] = {0,
                              1,
                              Address(&local),
                              Address(&outside),
                              stack_region.Base() - 1,
                              stack_region.Base() + stack_region.Size(),
                              UINTPTR_MAX};
  for (std::uintptr_t address : outside) {
    EXPECT_EQ(GoroutineOfStack(address), nullptr) << address;
    EXPECT_FALSE(InGuardPage(address)) << address;
  }
  EXPECT_EQ(CurrentGoroutine(), nullptr) << "this is a plain thread";
}

[[gnu::noinline]] void ExpectBracketed(G* g) {
  char local = 0;
  char* address = &local;
  asm volatile("" : "+r"(address));
  auto sp = reinterpret_cast<char*>(StackPointer());
  EXPECT_GE(sp, g->stack_low);
  EXPECT_LT(sp, g->stack_high);
  if (kAddressSanitizer) return;  // locals may lie in a fake stack
  EXPECT_GE(address, g->stack_low);
  EXPECT_LT(address, g->stack_high);
  EXPECT_EQ(GoroutineOfStack(Address(address)), g);
}

// Goroutines are started until every colour has been seen, all of them alive at once.
TEST_P(StackClassTest, GoroutinesOfAllColoursKnowThemselves) {
  gale::Run([this] {
    constexpr int kBatch = 32;
    std::size_t slot_size = std::size_t{1} << SlotShift(GetParam().stack_class);
    std::set<std::uintptr_t> colours;
    std::set<G*> distinct;
    std::vector<G*> found(kBatch);
    Chan<bool> end(0);
    WaitGroup ended;
    for (int batch = 0; batch < 64 && colours.size() < kColours; ++batch) {
      Chan<bool> published(0);
      for (int i = 0; i < kBatch; ++i) {
        ended.Add(1);
        Go(GetParam().size, [&found, &ended, end, published, i] {
          G* g = CurrentGoroutine();
          found[static_cast<std::size_t>(i)] = g;
          ExpectBracketed(g);
          published.Send(true);
          end.Recv();
          EXPECT_EQ(CurrentGoroutine(), g) << "after it was parked";
          ExpectBracketed(g);
          ended.Done();
        });
      }
      for (int i = 0; i < kBatch; ++i) published.Recv();
      for (G* g : found) {
        ASSERT_TRUE(distinct.insert(g).second) << "two goroutines share a G";
        ASSERT_EQ(g->stack_class, GetParam().stack_class);
        ASSERT_EQ(g->kind, GKind::kGoroutine);
        ASSERT_EQ(Address(g->stack_high), Address(g));
        std::uintptr_t slot_low = Address(g->stack_low) - kPageSize;
        ASSERT_EQ(slot_low % slot_size, 0u);
        ASSERT_TRUE(InGuardPage(slot_low));
        ASSERT_FALSE(InGuardPage(Address(g->stack_low)));
        ASSERT_EQ(GoroutineOfStack(slot_low), g);
        colours.insert((slot_low + slot_size - Address(g) - kGReserve) / kColourSize);
      }
    }
    EXPECT_EQ(colours.size(), kColours);
    EXPECT_LT(*colours.rbegin(), kColours);
    EXPECT_GE(SlotsCarved(GetParam().stack_class), distinct.size());
    end.Close();
    ended.Wait();
  });
}

TEST_P(StackClassTest, NestedGoroutinesKnowThemselves) {
  gale::Run([this] {
    G* outer = CurrentGoroutine();
    std::uint64_t outer_id = outer->id;
    Chan<bool> done(0);
    Go(GetParam().size, [=] {
      EXPECT_NE(CurrentGoroutine(), outer);
      EXPECT_EQ(CurrentGoroutine()->parent_id, outer_id);
      EXPECT_NE(CurrentGoroutine()->id, outer_id);
      done.Send(true);
    });
    done.Recv();
    EXPECT_EQ(CurrentGoroutine(), outer);
  });
}

// Most of a stack is usable, down to its lowest byte.
TEST_P(StackClassTest, AllOfTheStackIsUsable) {
  if (kAddressSanitizer) GTEST_SKIP() << "ASan's frames and marks are its own";
  gale::Run([this] {
    WaitGroup group;
    group.Add(1);
    Go(GetParam().size, [&group] {
      G* g = CurrentGoroutine();
      volatile char* low = g->stack_low;
      char before = low[0];
      low[0] = 1;
      low[0] = before;
      Gosched();
      group.Done();
    });
    group.Wait();
  });
}

// Overflows. Each runs in a process of its own, whose guard is chosen before the runtime starts.

[[gnu::noinline]] int Recurse(int depth) {
  volatile char frame[256];
  frame[0] = static_cast<char>(depth);
  int below = depth == 0 ? 0 : Recurse(depth - 1);
  return below + frame[0];
}

// Deep enough for every stack, not so deep that it leaves the region's first slot far behind.
void RecurseDeeply() {
  volatile int depth = 1 << 14;
  if (Recurse(depth) == 42) std::abort();
}

// TouchBelow writes one cache line of the guard page, its top one.
[[gnu::noinline]] void TouchBelow() {
  volatile char* low = CurrentGoroutine()->stack_low;
  for (int i = 1; i <= 64; ++i) low[-i] = 1;
}

[[gnu::noinline]] void TouchOneByteBelow() {
  volatile char* low = CurrentGoroutine()->stack_low;
  low[-1] = 1;
}

[[gnu::noinline]] void TouchLowestByteOfTheSlot() {
  volatile char* low = CurrentGoroutine()->stack_low;
  low[-static_cast<std::ptrdiff_t>(kPageSize)] = 1;
}

bool MadviseGuardsHere() {
  static bool works = [] {
    GuardKind kind = (Scheduler::Get(), GuardInUse());
    return std::getenv("GALE_STACK_GUARD") != nullptr || kind == GuardKind::kMadvise;
  }();
  return works;
}

// InGoroutine runs `crash` in a goroutine under the guard, lets it park and end, and exits with 0 if it survives.
[[noreturn]] void InGoroutine(const char* guard, StackSize size, void (*crash)()) {
  setenv("GALE_STACK_GUARD", guard, 1);
  gale::Run([&] {
    // Slots below: an overflow found late must not hit the main goroutine's.
    WaitGroup first;
    for (int i = 0; i < 4; ++i) first.Go([] { Gosched(); });
    first.Wait();
    WaitGroup group;
    group.Add(1);
    Go(size, [&] {
      crash();
      Chan<int> never(0);
      Go([never] { never.Send(1); });
      never.Recv();
      group.Done();
    });
    group.Wait();
  });
  std::_Exit(0);
}

struct GuardCase {
  const char* name;
  const char* guard;
  StackSize size;
};

class StackGuardDeathTest : public testing::TestWithParam<GuardCase> {
 protected:
  void SetUp() override {
    if (kAddressSanitizer) GTEST_SKIP() << "ASan handles faults itself";
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }

  bool Unsupported() const { return std::string(GetParam().guard) == "madvise" && !MadviseGuardsHere(); }
  bool Canary() const { return std::string(GetParam().guard) == "canary"; }
};

constexpr char kOverflow[] = "stack overflow: goroutine [0-9]+ ";

TEST_P(StackGuardDeathTest, TouchingBelowTheStackIsFound) {
  if (Unsupported()) GTEST_SKIP() << "this kernel has no MADV_GUARD_INSTALL";
  EXPECT_DEATH(InGoroutine(GetParam().guard, GetParam().size, &TouchBelow), kOverflow);
}

TEST_P(StackGuardDeathTest, TheHighestByteOfTheGuardIsFound) {
  if (Unsupported()) GTEST_SKIP() << "this kernel has no MADV_GUARD_INSTALL";
  EXPECT_DEATH(InGoroutine(GetParam().guard, GetParam().size, &TouchOneByteBelow), kOverflow);
}

TEST_P(StackGuardDeathTest, TheLowestByteOfTheGuardIsFound) {
  if (Unsupported()) GTEST_SKIP() << "this kernel has no MADV_GUARD_INSTALL";
  EXPECT_DEATH(InGoroutine(GetParam().guard, GetParam().size, &TouchLowestByteOfTheSlot), kOverflow);
}

// Behaviour group 59.
TEST_P(StackGuardDeathTest, DeepRecursionIsFound) {
  if (Unsupported()) GTEST_SKIP() << "this kernel has no MADV_GUARD_INSTALL";
  if (Canary()) GTEST_SKIP() << "a canary lets it go on into its neighbours";
  EXPECT_DEATH(InGoroutine(GetParam().guard, GetParam().size, &RecurseDeeply), kOverflow);
}

TEST_P(StackGuardDeathTest, AGoodGoroutineIsLeftInPeace) {
  if (Unsupported()) GTEST_SKIP() << "this kernel has no MADV_GUARD_INSTALL";
  EXPECT_EXIT(InGoroutine(GetParam().guard, GetParam().size, [] {}), testing::ExitedWithCode(0), "");
}

INSTANTIATE_TEST_SUITE_P(Guards, StackGuardDeathTest,
                         testing::Values(GuardCase{"MadviseDefault", "madvise", StackSize::kDefault},
                                         GuardCase{"MadviseSmall", "madvise", StackSize::kSmall},
                                         GuardCase{"MprotectDefault", "mprotect", StackSize::kDefault},
                                         GuardCase{"MprotectSmall", "mprotect", StackSize::kSmall},
                                         GuardCase{"CanaryDefault", "canary", StackSize::kDefault},
                                         GuardCase{"CanarySmall", "canary", StackSize::kSmall}),
                         [](const auto& row) { return row.param.name; });

TEST(StackGuardSettingDeathTest, UnknownGuardIsNamed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(InGoroutine("fence", StackSize::kDefault, [] {}), "GALE_STACK_GUARD=fence: want madvise, mprotect");
}

TEST(StackGuardSettingDeathTest, ForcedGuardIsInUse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto code = [](const char* guard) {
    setenv("GALE_STACK_GUARD", guard, 1);
    Scheduler::Get();
    std::_Exit(10 + static_cast<int>(GuardInUse()));
  };
  EXPECT_EXIT(code("mprotect"), testing::ExitedWithCode(10 + static_cast<int>(GuardKind::kMprotect)), "");
  EXPECT_EXIT(code("canary"), testing::ExitedWithCode(10 + static_cast<int>(GuardKind::kCanary)), "");
}

// Hazard: VMA exhaustion. When mprotect runs out of mappings, fresh slots get canaries, beside those that are
// protected: both kinds of goroutine must be able to park and to end.
TEST(VmaExhaustionHazardDeathTest, CanariesBesideProtectedSlots) {
  if (kAddressSanitizer || kThreadSanitizer) GTEST_SKIP() << "too many stacks for a sanitizer";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto play = [] {
    setenv("GALE_STACK_GUARD", "mprotect", 1);
    gale::Run([] {
      Chan<bool> end(0);
      WaitGroup group;
      for (int i = 0; i < 40'000 && GuardInUse() == GuardKind::kMprotect; ++i) {
        group.Add(1);
        Go(StackSize::kSmall, [end, &group] {
          end.Recv();
          Gosched();
          group.Done();
        });
        if (i % 100 == 0) Gosched();
      }
      bool mixed = GuardInUse() == GuardKind::kCanary;
      for (int i = 0; i < 100; ++i) {
        group.Go([end] { end.Recv(); });
      }
      Gosched();
      end.Close();
      group.Wait();
      std::_Exit(mixed ? 0 : 7);  // 7: vm.max_map_count is so large here that the case did not arise
    });
  };
  EXPECT_EXIT(
      play(), [](int status) { return WIFEXITED(status) && (WEXITSTATUS(status) % 7) == 0; }, "");
}

}  // namespace
}  // namespace gale::internal
