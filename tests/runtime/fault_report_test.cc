// What a process prints when it dies of a bad memory access: which goroutine, its stack's bounds, its trace. Each fault
// is a real one, in a process of its own.

#include "gale/runtime/internal/fault_report.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <thread>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/stack.h"

namespace gale::internal {

// Not in the unnamed namespace: their names are looked for in the traces.

[[gnu::noinline]] int RecurseWithoutEnd(int depth) {
  volatile char frame[256];
  frame[0] = static_cast<char>(depth);
  int below = depth == 1 << 20 ? 0 : RecurseWithoutEnd(depth + 1);
  return below + frame[0];
}

[[gnu::noinline]] void WriteTo(volatile int* address) { *address = 1; }

[[gnu::noinline]] void OverflowTheStack() {
  if (RecurseWithoutEnd(0) == 42) std::abort();
}

[[gnu::noinline]] void DereferenceNull() {
  volatile int* null = nullptr;
  asm volatile("" : "+r"(null));
  WriteTo(null);
  asm volatile("");  // no tail call, which would leave this function out of the trace
}

[[gnu::noinline]] void TouchBelowOwnStack() {
  volatile char* low = CurrentGoroutine()->stack_low;
  low[-1] = 1;
}

namespace {

class FaultReportDeathTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (kAddressSanitizer || kThreadSanitizer) GTEST_SKIP() << "sanitizers handle faults themselves";
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    if (std::string(GetParam()) == "madvise" && !MadviseWorks()) GTEST_SKIP() << "no MADV_GUARD_INSTALL here";
  }

  static bool MadviseWorks() {
    Scheduler::Get();
    return std::getenv("GALE_STACK_GUARD") != nullptr || GuardInUse() == GuardKind::kMadvise;
  }
};

// Runs `crash` on a goroutine that was started by a goroutine, and lets it park and end.
void CrashInGoroutine(const char* guard, StackSize size, void (*crash)()) {
  setenv("GALE_STACK_GUARD", guard, 1);
  gale::Run([=] {
    Chan<bool> done(0);
    Go(size, [=] {
      crash();
      done.Send(true);
    });
    done.Recv();
  });
  std::_Exit(0);
}

constexpr char kBounds[] = "\\[0x[0-9a-f]+, 0x[0-9a-f]+\\)";

// Matches the parts in this order, with anything between them.
std::string InOrder(std::initializer_list<std::string> parts) {
  std::string pattern;
  for (const std::string& part : parts) pattern += (pattern.empty() ? "" : "(.|\n)*") + part;
  return pattern;
}

TEST_P(FaultReportDeathTest, AnOverflowNamesTheGoroutineItsStackAndItsTrace) {
  std::string wanted = InOrder({std::string("stack overflow: goroutine [0-9]+ went below its stack ") + kBounds,
                                "goroutine [0-9]+ \\[running\\]:", "RecurseWithoutEnd", "more frames",
                                "RecurseWithoutEnd", "OverflowTheStack", "created in goroutine [0-9]+"});
  EXPECT_EXIT(CrashInGoroutine(GetParam(), StackSize::kDefault, &OverflowTheStack), testing::KilledBySignal(SIGABRT),
              wanted);
  EXPECT_EXIT(CrashInGoroutine(GetParam(), StackSize::kSmall, &OverflowTheStack), testing::KilledBySignal(SIGABRT),
              wanted);
}

TEST_P(FaultReportDeathTest, ANullDereferenceNamesTheGoroutineItsStackAndItsTrace) {
  std::string wanted = InOrder({"null pointer dereference", "SIGSEGV", "addr=0x0 ",
                                std::string("goroutine [0-9]+ has the stack ") + kBounds,
                                "goroutine [0-9]+ \\[running\\]:", "WriteTo", "DereferenceNull", "created in"});
  EXPECT_EXIT(CrashInGoroutine(GetParam(), StackSize::kDefault, &DereferenceNull), testing::KilledBySignal(SIGSEGV),
              wanted);
}

INSTANTIATE_TEST_SUITE_P(Guards, FaultReportDeathTest, testing::Values("madvise", "mprotect"),
                         [](const auto& row) { return std::string(row.param); });

class FaultDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    if (kAddressSanitizer || kThreadSanitizer) GTEST_SKIP() << "sanitizers handle faults themselves";
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }
};

// The canary is looked at when the goroutine parks; the trace shows where.
TEST_F(FaultDeathTest, ADestroyedCanaryIsReportedWithTheGoroutinesOwnTrace) {
  EXPECT_EXIT(CrashInGoroutine("canary", StackSize::kDefault, &TouchBelowOwnStack), testing::KilledBySignal(SIGABRT),
              InOrder({"stack overflow: goroutine [0-9]+ went below its stack",
                       "goroutine [0-9]+ \\[running\\]:", "gale_goroutine_main", "created in goroutine"}));
}

TEST_F(FaultDeathTest, AWildPointerIntoAnothersGuardIsNoOverflow) {
  auto crash = [] {
    Chan<char*> published(0);
    Chan<bool> never(0);
    Go([=] {
      published.Send(CurrentGoroutine()->stack_low - kPageSize);
      never.Recv();
    });
    WriteTo(reinterpret_cast<int*>(*published.Recv()));
  };
  EXPECT_EXIT(CrashInGoroutine("mprotect", StackSize::kDefault, crash), testing::KilledBySignal(SIGSEGV),
              InOrder({"invalid memory address", "lies in the guard page of goroutine [0-9]+", "WriteTo"}));
}

TEST_F(FaultDeathTest, ABusErrorIsReported) {
  auto crash = [] {
    std::FILE* file = std::tmpfile();
    void* memory = mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    WriteTo(static_cast<int*>(memory));  // the file has no such page
  };
  EXPECT_EXIT(CrashInGoroutine("mprotect", StackSize::kDefault, crash), testing::KilledBySignal(SIGBUS),
              InOrder({"SIGBUS", "WriteTo"}));
}

TEST_F(FaultDeathTest, ACallOfNullIsReported) {
  auto crash = [] {
    void (*nowhere)() = nullptr;
    asm volatile("" : "+r"(nowhere));
    nowhere();
  };
  EXPECT_EXIT(CrashInGoroutine("mprotect", StackSize::kDefault, crash), testing::KilledBySignal(SIGSEGV),
              InOrder({"null pointer dereference", "pc=0x0 ", "goroutine [0-9]+ \\[running\\]:"}));
}

// What a program decided to do about its faults before it used the runtime stays in force.
TEST_F(FaultDeathTest, AHandlerInstalledBeforeIsCalled) {
  auto crash = [] {
    struct sigaction action {};
    action.sa_handler = [](int) { _exit(43); };
    sigaction(SIGSEGV, &action, nullptr);
    CrashInGoroutine("mprotect", StackSize::kDefault, &DereferenceNull);
  };
  EXPECT_EXIT(crash(), testing::ExitedWithCode(43), "^$");
}

TEST_F(FaultDeathTest, AThreadThatRunsNoGoroutineDiesInSilence) {
  auto crash = [] {
    Go([] {});
    std::thread(&DereferenceNull).join();
  };
  EXPECT_EXIT(crash(), testing::KilledBySignal(SIGSEGV), "^$");
}

}  // namespace
}  // namespace gale::internal
