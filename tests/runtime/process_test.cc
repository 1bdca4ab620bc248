// What can be seen of the runtime only from outside a process, or only in a fresh one: how it ends, what it costs when
// it has nothing to do, and what can be set before it starts. Every statement below runs in a process of its own
// ("threadsafe" death tests run the test program again).

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

class ProcessTest : public testing::Test {
 protected:
  ProcessTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// Static objects, which goroutines still use while exit() destroys them, have to be trivial to destroy.
std::atomic<std::uint64_t> work_done{0};

void StartRunning(int count) {
  for (int i = 0; i < count; ++i) {
    Go([] {
      for (;;) {
        for (int k = 0; k < 1000; ++k) ++work_done;
        Gosched();
      }
    });
  }
}

void StartComputing() {
  Go([] {
    for (;;) ++work_done;
  });
}

void StartSleeping(int count) {
  for (int i = 0; i < count; ++i) {
    Go([i] {
      for (;;) Sleep(std::chrono::microseconds(100 * (i + 1)));
    });
  }
}

void StartParked(int count) {
  Chan<int> nobody_sends(0);
  auto nobody_unlocks = std::make_shared<Mutex>();
  nobody_unlocks->Lock();
  for (int i = 0; i < count; ++i) {
    Go([nobody_sends] { nobody_sends.Recv(); });
    Go([nobody_unlocks] { nobody_unlocks->Lock(); });
    Go([] { Chan<int>().Recv(); });
  }
}

void StartPingPong() {
  Chan<int> there(0);
  Chan<int> back(0);
  Go([=] {
    for (;;) back.Send(*there.Recv());
  });
  Go([=] {
    for (;;) {
      there.Send(1);
      back.Recv();
    }
  });
}

void StartThrowing() {
  Go([] {
    for (;;) {
      try {
        throw std::string("caught at once, but perhaps not before the process ends");
      } catch (const std::string& text) {
        work_done += text.size();
        Gosched();
      }
    }
  });
}

void StartEverything() {
  StartRunning(5);
  StartSleeping(5);
  StartParked(5);
  StartPingPong();
  StartThrowing();
  AfterFunc(1h, [] { std::abort(); });
  AfterFunc(1ms, [] { StartRunning(1); });
}

struct ExitRow {
  const char* name;
  int ps;
  void (*start)();
};

const ExitRow kExits[] = {
    {"Nothing", 4, [] { GOMAXPROCS(); }},      {"Running", 4, [] { StartRunning(10); }},
    {"Computing", 4, &StartComputing},         {"Sleeping", 4, [] { StartSleeping(10); }},
    {"Parked", 4, [] { StartParked(10); }},    {"PingPong", 4, &StartPingPong},
    {"Throwing", 4, &StartThrowing},           {"Everything", 4, &StartEverything},
    {"EverythingOnOneP", 1, &StartEverything},
};

class ExitTest : public testing::TestWithParam<ExitRow> {
 protected:
  ExitTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

INSTANTIATE_TEST_SUITE_P(Goroutines, ExitTest, testing::ValuesIn(kExits),
                         [](const testing::TestParamInfo<ExitRow>& row) { return row.param.name; });

// exit() is what follows a return from main.
[[noreturn]] void ExitFromThread(const ExitRow& row) {
  GOMAXPROCS(row.ps);
  row.start();
  std::this_thread::sleep_for(5ms);
  std::exit(0);
}

[[noreturn]] void ExitAfterRun(const ExitRow& row) {
  GOMAXPROCS(row.ps);
  gale::Run([&row] {
    row.start();
    Sleep(5ms);
  });
  std::exit(0);
}

[[noreturn]] void ExitFromGoroutine(const ExitRow& row) {
  GOMAXPROCS(row.ps);
  gale::Run([&row] {
    row.start();
    Gosched();
    std::exit(0);
  });
  std::abort();
}

// How often each row ends in each way. ThreadSanitizer lets every process sleep for a second when it ends.
#if defined(__SANITIZE_THREAD__)
constexpr int kRepetitions = 1;
#else
constexpr int kRepetitions = 4;
#endif

TEST_P(ExitTest, FromThread) {
  for (int i = 0; i < kRepetitions; ++i) EXPECT_EXIT(ExitFromThread(GetParam()), testing::ExitedWithCode(0), "");
}

TEST_P(ExitTest, AfterRun) {
  // Run cannot return while its own thread runs a goroutine that never parks.
  if (GetParam().start == &StartComputing) GTEST_SKIP() << "goroutines are not preempted";
  for (int i = 0; i < kRepetitions; ++i) EXPECT_EXIT(ExitAfterRun(GetParam()), testing::ExitedWithCode(0), "");
}

TEST_P(ExitTest, FromGoroutine) {
  for (int i = 0; i < kRepetitions; ++i) EXPECT_EXIT(ExitFromGoroutine(GetParam()), testing::ExitedWithCode(0), "");
}

// Hazard: static destructors while goroutines run. The runtime is never destroyed, so that even destructors may use it.
struct UsesTheRuntimeAtTheEnd {
  Chan<int> chan{0};
  Mutex mutex;
  ~UsesTheRuntimeAtTheEnd() {
    WaitGroup group;
    for (int i = 0; i < 4; ++i) {
      group.Go([this, i] {
        std::lock_guard guard(mutex);
        Sleep(100us);
        chan.Send(i);
      });
    }
    int sum = 0;
    for (int i = 0; i < 4; ++i) sum += *chan.Recv();
    group.Wait();
    std::fprintf(stderr, "the sum is %d\n", sum);
  }
};

template <typename Exit>
void ExitWithSuchAnObject(Exit exit) {
  static UsesTheRuntimeAtTheEnd object;
  exit(ExitRow{"", 4, &StartEverything});
}

TEST_F(ProcessTest, StaticDestructorHazardDestructorsMayUseTheRuntime) {
  EXPECT_EXIT(ExitWithSuchAnObject(&ExitFromThread), testing::ExitedWithCode(0), "the sum is 6");
  EXPECT_EXIT(ExitWithSuchAnObject(&ExitAfterRun), testing::ExitedWithCode(0), "the sum is 6");
  EXPECT_EXIT(ExitWithSuchAnObject(&ExitFromGoroutine), testing::ExitedWithCode(0), "the sum is 6");
}

TEST_F(ProcessTest, ReturnsFromMainThirtyTimes) {
  const ExitRow everything{"", 4, &StartEverything};
  for (int i = 0; i < 30; ++i) EXPECT_EXIT(ExitAfterRun(everything), testing::ExitedWithCode(0), "");
}

// Idle processes.

std::chrono::microseconds CpuTime() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto micros = [](const timeval& time) { return std::chrono::microseconds(time.tv_sec * 1'000'000 + time.tv_usec); };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

// Ends the process with 0 if it uses no CPU worth mentioning once it has settled, for which a busy machine may take
// long.
template <typename Wait>
[[noreturn]] void ExitIfIdle(Wait wait) {
  wait(500ms);
  for (int i = 0; i < 6; ++i) {
    auto before = CpuTime();
    wait(1500ms);
    auto used = CpuTime() - before;
    std::fprintf(stderr, "used %ld us of CPU\n", static_cast<long>(used.count()));
    if (used < 30ms) std::_Exit(0);
  }
  std::_Exit(1);
}

void StartIdle() {
  StartParked(500);
  for (int i = 0; i < 100; ++i) Go([] { Sleep(1h); });
  static Timer far = AfterFunc(1h, [] {});
  // Every P has had something to do.
  WaitGroup group;
  for (int i = 0; i < 1000; ++i) {
    group.Go([] {
      for (int k = 0; k < 10; ++k) Gosched();
    });
  }
  group.Wait();
}

[[noreturn]] void IdleWithoutRun() {
  GOMAXPROCS(4);
  StartIdle();
  ExitIfIdle([](auto duration) { std::this_thread::sleep_for(duration); });
}

[[noreturn]] void IdleInRun() {
  GOMAXPROCS(4);
  gale::Run([] {
    StartIdle();
    ExitIfIdle([](auto duration) { Sleep(duration); });
  });
  std::abort();
}

TEST_F(ProcessTest, IdleUsesNoCpu) { EXPECT_EXIT(IdleWithoutRun(), testing::ExitedWithCode(0), ""); }

TEST_F(ProcessTest, IdleInRunUsesNoCpu) { EXPECT_EXIT(IdleInRun(), testing::ExitedWithCode(0), ""); }

// The process still wakes up after it was idle for long.
[[noreturn]] void WakeAfterIdle() {
  GOMAXPROCS(4);
  Chan<int> numbers(0);
  Go([numbers] {
    for (int i = 0; i < 3; ++i) numbers.Send(i);
  });
  numbers.Recv();
  std::this_thread::sleep_for(1500ms);
  numbers.Recv();
  gale::Run([&] {
    numbers.Recv();
    WaitGroup group;
    for (int i = 0; i < 100; ++i) group.Go([] { Sleep(1ms); });
    group.Wait();
  });
  std::_Exit(0);
}

// Behaviour group 59.
TEST_F(ProcessTest, WakesAfterIdle) { EXPECT_EXIT(WakeAfterIdle(), testing::ExitedWithCode(0), ""); }

// GOMAXPROCS and GALE_MAXPROCS.

// Runs function() and ends the process: with 0, or with 1 after printing what the gale::Panic says.
template <typename Function>
[[noreturn]] void ExitWithPanic(Function function) {
  try {
    function();
  } catch (const Panic& panic) {
    std::fprintf(stderr, "Panic: %s\n", panic.what());
    std::_Exit(1);
  }
  std::_Exit(0);
}

struct SetRow {
  const char* name;
  int n;
};

class GomaxprocsTest : public testing::TestWithParam<SetRow> {
 protected:
  GomaxprocsTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

const SetRow kSettings[] = {{"One", 1}, {"Two", 2}, {"Five", 5}, {"SixtyFour", 64}, {"SixtyFive", 65}, {"All", 1024}};

INSTANTIATE_TEST_SUITE_P(Numbers, GomaxprocsTest, testing::ValuesIn(kSettings),
                         [](const testing::TestParamInfo<SetRow>& row) { return row.param.name; });

[[noreturn]] void SetAndRun(int n) {
  unsetenv("GALE_MAXPROCS");
  if (GOMAXPROCS(n) != 0) std::_Exit(2);
  if (GOMAXPROCS(n) != n) std::_Exit(3);
  if (GOMAXPROCS() != n) std::_Exit(4);
  std::atomic<int> sum{0};
  gale::Run([&] {
    WaitGroup group;
    for (int i = 0; i < 2000; ++i) {
      group.Go([&] {
        Gosched();
        ++sum;
      });
    }
    group.Wait();
  });
  std::_Exit(sum.load() == 2000 && GOMAXPROCS() == n ? 0 : 5);
}

TEST_P(GomaxprocsTest, SetsTheNumberOfPs) { EXPECT_EXIT(SetAndRun(GetParam().n), testing::ExitedWithCode(0), ""); }

TEST_F(ProcessTest, GomaxprocsOutOfRangePanics) {
  for (int n : {1025, 1'000'000}) {
    EXPECT_EXIT(ExitWithPanic([n] { GOMAXPROCS(n); }), testing::ExitedWithCode(1), "Panic: .*GOMAXPROCS");
  }
}

TEST_F(ProcessTest, EnvironmentVariableSetsTheNumberOfPs) {
  auto use = [](const char* value) {
    setenv("GALE_MAXPROCS", value, 1);
    std::_Exit(GOMAXPROCS() == std::atoi(value) ? 0 : 1);
  };
  EXPECT_EXIT(use("3"), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(use("1"), testing::ExitedWithCode(0), "");
}

TEST_F(ProcessTest, WrongEnvironmentVariableIsFatal) {
  auto use = [](const char* value) {
    setenv("GALE_MAXPROCS", value, 1);
    GOMAXPROCS();
    std::_Exit(0);
  };
  for (const char* value : {"0", "-3", "1025", "many", "2x"}) EXPECT_DEATH(use(value), "GALE_MAXPROCS");
}

}  // namespace
}  // namespace gale
