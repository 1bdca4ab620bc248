// Exceptions and goroutines: the C++ runtime keeps the exceptions in flight per thread, goroutines share threads and
// change them. Whatever a goroutine has thrown or caught must stay its own across every park.

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

[[gnu::noinline]] int ThreadId() { return gettid(); }

// Migrate parks the goroutine so that it probably goes on on another thread: its own is kept busy meanwhile. Returns
// whether it worked; with one P it cannot.
bool Migrate() {
  if (GOMAXPROCS() == 1) return false;
  int before = ThreadId();
  auto resumed = std::make_shared<std::atomic<bool>>(false);
  Go([resumed] {
    auto limit = std::chrono::steady_clock::now() + 2ms;
    while (!resumed->load() && std::chrono::steady_clock::now() < limit) {
    }
  });
  Gosched();
  resumed->store(true);
  return ThreadId() != before;
}

// The ways to park that the tests go through.
struct ParkRow {
  const char* name;
  void (*park)();
};

void ParkOnChannel() {
  Chan<int> chan(0);
  Go([chan] { chan.Send(1); });
  chan.Recv();
}

void ParkOnMutex() {
  auto mutex = std::make_shared<Mutex>();
  mutex->Lock();
  Go([mutex] { mutex->Unlock(); });
  mutex->Lock();
  mutex->Unlock();
}

void ParkOnWaitGroup() {
  WaitGroup group;
  group.Go([] { Gosched(); });
  group.Wait();
}

// Throws and catches on another goroutine, which parks in its own catch block before this one goes on.
void ParkWhileOtherCatches() {
  Chan<int> caught(0);
  Chan<int> leave(1);
  Go([caught, leave] {
    try {
      throw std::string("somebody else's exception, too long for the string itself");
    } catch (const std::string&) {
      caught.Send(1);
      leave.Recv();
    }
  });
  caught.Recv();
  leave.Send(1);
}

const ParkRow kParks[] = {
    {"Gosched", [] { Gosched(); }}, {"Sleep", [] { Sleep(100us); }}, {"Channel", &ParkOnChannel},
    {"Mutex", &ParkOnMutex},        {"WaitGroup", &ParkOnWaitGroup}, {"OtherCatches", &ParkWhileOtherCatches},
    {"Migrate", [] { Migrate(); }},
};

class ExceptionHazard : public testing::TestWithParam<ParkRow> {};

INSTANTIATE_TEST_SUITE_P(Parks, ExceptionHazard, testing::ValuesIn(kParks),
                         [](const testing::TestParamInfo<ParkRow>& row) { return row.param.name; });

// Counts the exception objects that are alive: none may be lost and none destroyed twice.
struct Counted {
  explicit Counted(int value) : number(value) { ++alive; }
  Counted(const Counted& other) : number(other.number) { ++alive; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }

  int number;
  static inline std::atomic<int> alive{0};
};

// Several goroutines run the body with different numbers, all at once.
template <typename Body>
void RunMany(int goroutines, Body body) {
  gale::Run([&] {
    WaitGroup group;
    for (int i = 0; i < goroutines; ++i) {
      group.Go([&body, i] {
        for (int round = 0; round < 5; ++round) body(i * 100 + round);
      });
    }
    group.Wait();
  });
}

TEST_P(ExceptionHazard, RethrowAfterParkInCatch) {
  RunMany(8, [](int number) {
    int rethrown = -1;
    try {
      try {
        throw Counted(number);
      } catch (const Counted& first) {
        EXPECT_EQ(first.number, number);
        GetParam().park();
        EXPECT_EQ(first.number, number);
        throw;
      }
    } catch (const Counted& second) {
      rethrown = second.number;
    }
    EXPECT_EQ(rethrown, number);
  });
  EXPECT_EQ(Counted::alive.load(), 0);
}

TEST_P(ExceptionHazard, CurrentExceptionStaysAcrossPark) {
  RunMany(8, [](int number) {
    EXPECT_EQ(std::current_exception(), nullptr);
    try {
      throw Counted(number);
    } catch (...) {
      std::exception_ptr before = std::current_exception();
      GetParam().park();
      EXPECT_EQ(std::current_exception(), before);
      EXPECT_EQ(std::uncaught_exceptions(), 0);
    }
    EXPECT_EQ(std::current_exception(), nullptr);
    GetParam().park();
    EXPECT_EQ(std::current_exception(), nullptr);
  });
  EXPECT_EQ(Counted::alive.load(), 0);
}

struct ParksInDestructor {
  int expected;  // uncaught exceptions
  ~ParksInDestructor() {
    EXPECT_EQ(std::uncaught_exceptions(), expected);
    GetPark()();
    EXPECT_EQ(std::uncaught_exceptions(), expected);
  }
  static void (*GetPark())() { return ExceptionHazard::GetParam().park; }
};

TEST_P(ExceptionHazard, ParkInDestructorDuringUnwinding) {
  RunMany(8, [](int number) {
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    int caught = -1;
    try {
      ParksInDestructor outer{1};
      ParksInDestructor inner{1};
      throw Counted(number);
    } catch (const Counted& exception) {
      EXPECT_EQ(std::uncaught_exceptions(), 0);
      caught = exception.number;
    }
    EXPECT_EQ(caught, number);
    ParksInDestructor{0};
  });
  EXPECT_EQ(Counted::alive.load(), 0);
}

// Throws, parks and catches in a destructor that runs because of another exception.
struct ThrowsInDestructor {
  int number;
  ~ThrowsInDestructor() {
    EXPECT_EQ(std::uncaught_exceptions(), 1);
    int caught = -1;
    try {
      ParksInDestructor parks{2};
      throw Counted(number + 1);
    } catch (const Counted& exception) {
      ExceptionHazard::GetParam().park();
      caught = exception.number;
      EXPECT_EQ(std::uncaught_exceptions(), 1);
    }
    EXPECT_EQ(caught, number + 1);
    EXPECT_EQ(std::uncaught_exceptions(), 1);
  }
};

TEST_P(ExceptionHazard, ThrowAndCatchInDestructorDuringUnwinding) {
  RunMany(4, [](int number) {
    int caught = -1;
    try {
      ThrowsInDestructor throws{number};
      throw Counted(number);
    } catch (const Counted& exception) {
      caught = exception.number;
    }
    EXPECT_EQ(caught, number);
    EXPECT_EQ(std::uncaught_exceptions(), 0);
  });
  EXPECT_EQ(Counted::alive.load(), 0);
}

void CatchNested(int depth) {
  try {
    throw Counted(depth);
  } catch (const Counted& exception) {
    ExceptionHazard::GetParam().park();
    if (depth > 0) CatchNested(depth - 1);
    ExceptionHazard::GetParam().park();
    EXPECT_EQ(exception.number, depth);
    EXPECT_THROW(std::rethrow_exception(std::current_exception()), Counted);
    try {
      throw;
    } catch (const Counted& again) {
      EXPECT_EQ(&again, &exception);
    }
  }
}

TEST_P(ExceptionHazard, NestedCatchBlocks) {
  RunMany(4, [](int) { CatchNested(3); });
  EXPECT_EQ(Counted::alive.load(), 0);
}

TEST_P(ExceptionHazard, NestedExceptionsKeepTheirOrder) {
  RunMany(4, [](int number) {
    std::string messages;
    try {
      try {
        throw std::runtime_error("inner" + std::to_string(number));
      } catch (...) {
        GetParam().park();
        std::throw_with_nested(std::runtime_error("outer" + std::to_string(number)));
      }
    } catch (const std::exception& outer) {
      GetParam().park();
      messages = outer.what();
      try {
        std::rethrow_if_nested(outer);
      } catch (const std::exception& inner) {
        GetParam().park();
        messages += inner.what();
      }
    }
    EXPECT_EQ(messages, "outer" + std::to_string(number) + "inner" + std::to_string(number));
  });
}

// The catch blocks end in the order in which they began, not the other way round as on one stack.
TEST(ExceptionHazardTest, CatchBlocksOfGoroutinesOverlap) {
  gale::Run([] {
    constexpr int kGoroutines = 20;
    std::vector<Chan<int>> leave;
    for (int i = 0; i < kGoroutines; ++i) leave.emplace_back(0);
    Chan<int> inside(0);
    WaitGroup group;
    for (int i = 0; i < kGoroutines; ++i) {
      group.Go([&, i] {
        try {
          throw Counted(i);
        } catch (const Counted&) {
          inside.Send(i);
          leave[i].Recv();
          try {
            throw;
          } catch (const Counted& again) {
            EXPECT_EQ(again.number, i);
          }
        }
        EXPECT_EQ(std::current_exception(), nullptr);
        inside.Send(i);
      });
      EXPECT_EQ(inside.Recv(), i);
    }
    EXPECT_EQ(Counted::alive.load(), kGoroutines);
    for (int i = 0; i < kGoroutines; ++i) {
      leave[i].Send(i);
      EXPECT_EQ(inside.Recv(), i);
    }
    group.Wait();
  });
  EXPECT_EQ(Counted::alive.load(), 0);
}

// A plain thread's exceptions, too: Run runs goroutines on the caller's thread.
TEST(ExceptionHazardTest, RunInsideACatchBlockOfAPlainThread) {
  std::string caught;
  try {
    try {
      throw std::runtime_error("the thread's own");
    } catch (const std::exception&) {
      gale::Run([] {
        EXPECT_EQ(std::current_exception(), nullptr);
        EXPECT_EQ(std::uncaught_exceptions(), 0);
        EXPECT_THROW(throw Counted(1), Counted);
        for (int i = 0; i < 5; ++i) Migrate();
      });
      throw;
    }
  } catch (const std::exception& exception) {
    caught = exception.what();
  }
  EXPECT_EQ(caught, "the thread's own");
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(ExceptionHazardTest, NewGoroutinesInheritNothing) {
  gale::Run([] {
    WaitGroup group;
    auto expect_clean = [] {
      EXPECT_EQ(std::current_exception(), nullptr);
      EXPECT_EQ(std::uncaught_exceptions(), 0);
    };
    struct StartsInDestructor {
      WaitGroup& started;
      ~StartsInDestructor() {
        started.Go([] { EXPECT_EQ(std::uncaught_exceptions(), 0); });
        Gosched();
        EXPECT_EQ(std::uncaught_exceptions(), 1);
      }
    };
    try {
      StartsInDestructor starts{group};
      throw Counted(1);
    } catch (const Counted&) {
      group.Go(expect_clean);
      group.Wait();
      EXPECT_NE(std::current_exception(), nullptr);
    }
  });
}

TEST(ExceptionHazardTest, GoexitInACatchBlockLeavesNothingBehind) {
  gale::Run([] {
    for (int i = 0; i < 50; ++i) {
      WaitGroup group;
      group.Go([i] {
        try {
          throw Counted(i);
        } catch (const Counted&) {
          Gosched();
          Goexit();
        }
      });
      group.Wait();
      // Probably on the stack of the one that has just ended.
      group.Go([] {
        EXPECT_EQ(std::current_exception(), nullptr);
        EXPECT_EQ(std::uncaught_exceptions(), 0);
      });
      group.Wait();
    }
  });
  EXPECT_EQ(Counted::alive.load(), 0);
}

TEST(ExceptionHazardTest, GoexitThroughDestructorsThatPark) {
  std::atomic<int> destroyed{0};
  struct Parks {
    std::atomic<int>& count;
    ~Parks() {
      if (!Migrate()) Gosched();
      EXPECT_THROW(throw Counted(1), Counted);
      ++count;
    }
  };
  gale::Run([&] {
    WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.Go([&] {
        Parks outer{destroyed};
        Parks inner{destroyed};
        Goexit();
      });
    }
    group.Wait();
  });
  EXPECT_EQ(destroyed.load(), 40);
  EXPECT_EQ(Counted::alive.load(), 0);
}

TEST(ExceptionHazardTest, GoexitThroughCatchAllThatParks) {
  std::atomic<int> passed{0};
  std::atomic<int> behind{0};
  gale::Run([&] {
    WaitGroup group;
    for (int i = 0; i < 20; ++i) {
      group.Go([&] {
        try {
          Goexit();
        } catch (...) {
          ++passed;
          if (!Migrate()) Gosched();
          throw;
        }
        ++behind;
      });
      group.Go([] {
        try {
          throw Counted(1);
        } catch (const Counted&) {
          Gosched();
          EXPECT_THROW(throw, Counted);
        }
      });
    }
    group.Wait();
  });
  EXPECT_EQ(passed.load(), 20);
  EXPECT_EQ(behind.load(), 0);
  EXPECT_EQ(Counted::alive.load(), 0);
}

TEST(ExceptionHazardTest, ExceptionPointersTravelBetweenGoroutines) {
  gale::Run([] {
    constexpr int kReceivers = 16;
    Chan<std::exception_ptr> errors(4);
    WaitGroup group;
    std::atomic<int> sum{0};
    for (int i = 0; i < kReceivers; ++i) {
      group.Go([&] {
        for (const std::exception_ptr& error : errors) {
          try {
            std::rethrow_exception(error);
          } catch (const Counted& counted) {
            Gosched();
            EXPECT_EQ(std::current_exception(), error);
            sum += counted.number;
          }
        }
      });
    }
    int sent = 0;
    for (int i = 0; i < 200; ++i) {
      std::exception_ptr error = std::make_exception_ptr(Counted(i));
      // The same object is in flight on two goroutines at once.
      errors.Send(error);
      errors.Send(std::move(error));
      sent += 2 * i;
    }
    errors.Close();
    group.Wait();
    EXPECT_EQ(sum.load(), sent);
  });
  EXPECT_EQ(Counted::alive.load(), 0);
}

TEST(ExceptionHazardTest, RethrowAfterMigration) {
  gale::Run([] {
    if (GOMAXPROCS() == 1) return;
    int migrations = 0;
    for (int i = 0; i < 200 && migrations < 20; ++i) {
      try {
        try {
          throw Counted(i);
        } catch (const Counted&) {
          if (Migrate()) ++migrations;
          throw;
        }
      } catch (const Counted& again) {
        EXPECT_EQ(again.number, i);
      }
      EXPECT_EQ(std::current_exception(), nullptr);
    }
    EXPECT_GT(migrations, 0);
  });
  EXPECT_EQ(Counted::alive.load(), 0);
}

// An exception that leaves a goroutine.

struct OwnException {
  int number = 0;
};

[[gnu::noinline]] void ThrowRuntimeError() { throw std::runtime_error("the pump is broken"); }
[[gnu::noinline]] void ThrowInt() { throw 4711; }
[[gnu::noinline]] void ThrowOwnException() { throw OwnException{}; }
[[gnu::noinline]] void ThrowString() { throw std::string("just a text"); }
[[gnu::noinline]] void ThrowPanic() { throw Panic("nobody is to blame"); }
[[gnu::noinline]] void ThrowAfterPark() {
  Migrate();
  throw std::runtime_error("thrown after a park");
}
[[gnu::noinline]] void ThrowAgain() {
  try {
    throw std::runtime_error("thrown twice");
  } catch (...) {
    Gosched();
    throw;
  }
}

struct UncaughtRow {
  const char* name;
  void (*function)();
  const char* message;  // with the thrower's name in the stack
};

const UncaughtRow kUncaught[] = {
    {"RuntimeError", &ThrowRuntimeError,
     "std::runtime_error: the pump is broken.*goroutine [0-9]+ .*ThrowRuntimeError"},
    {"Int", &ThrowInt, "int.*4711.*goroutine [0-9]+ .*ThrowInt"},
    {"OwnException", &ThrowOwnException, "OwnException.*goroutine [0-9]+ .*ThrowOwnException"},
    {"String", &ThrowString, "just a text.*goroutine [0-9]+ .*ThrowString"},
    {"Panic", &ThrowPanic, "gale::Panic: nobody is to blame.*goroutine [0-9]+ .*ThrowPanic"},
    {"AfterPark", &ThrowAfterPark, "thrown after a park.*goroutine [0-9]+ .*ThrowAfterPark"},
    {"Again", &ThrowAgain, "thrown twice.*goroutine [0-9]+ .*ThrowAgain"},
};

class UncaughtException : public testing::TestWithParam<UncaughtRow> {
 protected:
  UncaughtException() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

INSTANTIATE_TEST_SUITE_P(Types, UncaughtException, testing::ValuesIn(kUncaught),
                         [](const testing::TestParamInfo<UncaughtRow>& row) { return row.param.name; });

void RunToItsDeath(void (*function)()) {
  gale::Run([function] {
    Go([function] { function(); });
    Sleep(20s);
  });
}

TEST_P(UncaughtException, EndsTheProcess) { EXPECT_DEATH(RunToItsDeath(GetParam().function), GetParam().message); }

TEST_P(UncaughtException, EndsTheProcessFromAfterFunc) {
  auto run = [] {
    Timer timer = AfterFunc(1ms, GetParam().function);
    std::this_thread::sleep_for(20s);
  };
  EXPECT_DEATH(run(), GetParam().message);
}

TEST_P(UncaughtException, OfTheMainGoroutineLeavesRun) {
  EXPECT_ANY_THROW(gale::Run(GetParam().function));
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(UncaughtExceptionTest, InANoexceptFunctionEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto function = [] { []() noexcept { ThrowRuntimeError(); }(); };
  EXPECT_DEATH(RunToItsDeath(function), "the pump is broken.*goroutine [0-9]+ .*ThrowRuntimeError");
}

TEST(UncaughtExceptionTest, NamesTheGoroutineThatStartedIt) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(RunToItsDeath(&ThrowRuntimeError), "ThrowRuntimeError.*created in goroutine 1\n");
}

}  // namespace
}  // namespace gale
