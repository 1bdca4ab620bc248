#include "gale/runtime/go.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gale/runtime/chan.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

// OnEnd counts in its destructor: it tells whether a stack has been unwound.
class OnEnd {
 public:
  explicit OnEnd(std::atomic<int>& counter) : counter_(counter) {}
  OnEnd(const OnEnd&) = delete;
  OnEnd& operator=(const OnEnd&) = delete;
  ~OnEnd() {
    // A destructor uses the stack below the frame that is unwound, and may need exceptions of its own.
    volatile char scratch[16 * 1024];
    std::memset(const_cast<char*>(scratch), 0xA5, sizeof(scratch));
    try {
      throw scratch[100];
    } catch (char) {
      ++counter_;
    }
  }

 private:
  std::atomic<int>& counter_;
};

// AwaitGoroutines waits until there are no more goroutines than before: an ended one counts until its stack is left.
void AwaitGoroutines(int count) {
  while (NumGoroutine() > count) Sleep(100us);
}

// What a GoTest does, it does on the main goroutine of Run and on a plain thread.
class GoTest : public testing::TestWithParam<bool> {
 protected:
  void OnCaller(const std::function<void()>& body) {
    if (GetParam()) {
      gale::Run(body);
    } else {
      body();
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Callers, GoTest, testing::Values(true, false),
                         [](const auto& caller) { return caller.param ? "Goroutine" : "Thread"; });

// Go.

TEST_P(GoTest, RunsEachFunctionOnce) {
  OnCaller([] {
    std::array<std::atomic<int>, 2000> calls{};
    WaitGroup group;
    group.Add(calls.size());
    for (auto& call : calls) {
      Go([&call, &group] {
        ++call;
        group.Done();
      });
    }
    group.Wait();
    for (auto& call : calls) EXPECT_EQ(call, 1);
  });
}

TEST_P(GoTest, BothStackSizes) {
  OnCaller([] {
    for (StackSize size : {StackSize::kDefault, StackSize::kSmall}) {
      WaitGroup group;
      std::atomic<int> sum = 0;
      group.Add(100);
      for (int i = 0; i < 100; ++i) {
        Go(size, [&, i] {
          volatile char page[24 * 1024];
          std::memset(const_cast<char*>(page), i, sizeof(page));
          Gosched();
          sum += page[20'000];
          group.Done();
        });
      }
      group.Wait();
      EXPECT_EQ(sum, 4950);
    }
  });
}

// Closures of every size, each with a pattern that shows whether it came over whole.
template <std::size_t kSize, std::size_t kAlignment>
struct Closure {
  alignas(kAlignment) std::array<unsigned char, kSize> bytes;
  WaitGroup* group;
  std::atomic<int>* good;

  void operator()() const {
    bool whole = reinterpret_cast<std::uintptr_t>(this) % kAlignment == 0;
    for (std::size_t i = 0; i < kSize; ++i) whole = whole && bytes[i] == static_cast<unsigned char>(i * 7);
    Gosched();
    for (std::size_t i = 0; i < kSize; ++i) whole = whole && bytes[i] == static_cast<unsigned char>(i * 7);
    if (whole) ++*good;
    group->Done();
  }
};

template <std::size_t kSize, std::size_t kAlignment>
void RunClosures() {
  WaitGroup group;
  std::atomic<int> good = 0;
  Closure<kSize, kAlignment> closure{{}, &group, &good};
  for (std::size_t i = 0; i < kSize; ++i) closure.bytes[i] = static_cast<unsigned char>(i * 7);
  group.Add(20);
  for (int i = 0; i < 10; ++i) Go(closure);
  for (int i = 0; i < 10; ++i) Go(StackSize::kSmall, closure);
  group.Wait();
  EXPECT_EQ(good, 20) << kSize << " bytes, alignment " << kAlignment;
}

TEST_P(GoTest, ClosuresOfEverySizeAndAlignment) {
  OnCaller([] {
    RunClosures<1, 1>();
    RunClosures<100, 16>();
    RunClosures<1000, 8>();
    RunClosures<1008, 8>();  // with its pointers the largest that is kept on the stack
    RunClosures<1009, 8>();
    RunClosures<20'000, 8>();
    RunClosures<60'000, 64>();
    RunClosures<64, 64>();
    RunClosures<128, 128>();
    RunClosures<2048, 128>();
    RunClosures<4096, 4096>();
  });
}

TEST_P(GoTest, MoveOnlyClosure) {
  OnCaller([] {
    Chan<int> result(0);
    auto number = std::make_unique<int>(42);
    Go([result, number = std::move(number)] { result.Send(*number); });
    EXPECT_EQ(result.Recv(), 42);
    std::move_only_function<void()> erased = [result, number = std::make_unique<int>(43)] { result.Send(*number); };
    Go(std::move(erased));
    EXPECT_EQ(result.Recv(), 43);
    std::array<char, 5000> large{};
    large[4999] = 44;
    Go([result, large, number = std::make_unique<int>(0)] { result.Send(large[4999] + *number); });
    EXPECT_EQ(result.Recv(), 44);
  });
}

TEST_P(GoTest, ClosureIsDestroyedOnceAndOnItsGoroutine) {
  OnCaller([] {
    for (bool goexit : {false, true}) {
      auto shared = std::make_shared<int>(1);
      std::array<char, 3000> large{};
      WaitGroup group;
      group.Add(2);
      Go([shared, &group, goexit] {
        group.Done();
        if (goexit) Goexit();
      });
      Go([shared, &group, goexit, large] {
        if (large[0] == 0) group.Done();
        if (goexit) Goexit();
      });
      group.Wait();
      while (shared.use_count() != 1) Sleep(100us);
    }
  });
}

struct ThrowsWhenCopied {
  ThrowsWhenCopied() = default;
  ThrowsWhenCopied(const ThrowsWhenCopied&) { throw std::runtime_error("no copy"); }
  void operator()() const { ADD_FAILURE() << "was called"; }
  std::array<char, 16> bytes{};
};
struct LargeThrowsWhenCopied : ThrowsWhenCopied {
  std::array<char, 4000> more{};
};

TEST_P(GoTest, CopyThatThrowsStartsNothing) {
  OnCaller([] {
    Sleep(2ms);
    int before = NumGoroutine();
    ThrowsWhenCopied small;
    LargeThrowsWhenCopied large;
    for (int i = 0; i < 300; ++i) {
      EXPECT_THROW(Go(small), std::runtime_error);
      EXPECT_THROW(Go(StackSize::kSmall, small), std::runtime_error);
      EXPECT_THROW(Go(large), std::runtime_error);
    }
    EXPECT_LE(NumGoroutine(), before);  // less if a goroutine of a former test has ended meanwhile
    std::atomic<int> calls = 0;
    WaitGroup group;
    for (int i = 0; i < 300; ++i) group.Go([&] { ++calls; });
    group.Wait();
    EXPECT_EQ(calls, 300);
  });
}

struct ParksWhenCopied {
  explicit ParksWhenCopied(WaitGroup* to_finish) : group(to_finish) {}
  ParksWhenCopied(const ParksWhenCopied& other) : group(other.group) {
    Gosched();
    Sleep(1ms);
  }
  void operator()() const { group->Done(); }
  WaitGroup* group;
};

TEST_P(GoTest, CopyThatParks) {
  OnCaller([] {
    WaitGroup group;
    ParksWhenCopied function(&group);
    group.Add(20);
    for (int i = 0; i < 20; ++i) Go(function);
    group.Wait();
  });
}

TEST(Go, StartsTheRuntimeFromAPlainThread) {
  std::atomic<bool> called = false;
  std::thread([&] { Go([&] { called = true; }); }).join();
  while (!called) std::this_thread::yield();
}

TEST(Go, FromManyThreads) {
  std::atomic<int> calls = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        Go([&] { ++calls; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (calls != 1600) Sleep(100us);
}

// Gosched.

TEST(Gosched, TakesTurnsOnOneP) {
  if (GOMAXPROCS() != 1) GTEST_SKIP() << "the order is certain only with one P";
  gale::Run([] {
    std::string order;
    WaitGroup group;
    for (char name : {'a', 'b', 'c'}) {
      group.Go([&order, name] {
        for (int i = 0; i < 3; ++i) {
          order += name;
          Gosched();
        }
      });
    }
    group.Wait();
    ASSERT_EQ(order.size(), 9u);
    // Whoever was first, between two of its letters everybody else had a turn.
    for (std::size_t i = 3; i < 9; ++i) EXPECT_EQ(order[i], order[i - 3]) << order;
  });
}

// Run.

TEST(Run, ReturnsWhenItsFunctionHasEnded) {
  for (int i = 0; i < 300; ++i) {
    int result = 0;
    gale::Run([&] {
      if (i % 3 == 1) Gosched();
      if (i % 3 == 2) Sleep(50us);
      result = i;
    });
    EXPECT_EQ(result, i);
  }
}

TEST(Run, DoesNotWaitForOthers) {
  static std::atomic<bool> release;
  static std::atomic<bool> ended;
  release = ended = false;
  gale::Run([] {
    Go([] {
      while (!release) Sleep(100us);
      ended = true;
    });
  });
  EXPECT_FALSE(ended);
  release = true;
  while (!ended) std::this_thread::yield();  // goes on after Run
}

TEST(Run, NestedJustCalls) {
  gale::Run([] {
    int depth = 0;
    gale::Run([&] {
      gale::Run([&] { depth = 2; });
      EXPECT_EQ(depth, 2);
      depth = 1;
    });
    EXPECT_EQ(depth, 1);
    WaitGroup group;
    group.Go([] {
      bool called = false;
      gale::Run([&] { called = true; });
      EXPECT_TRUE(called);
      EXPECT_THROW(gale::Run([] { throw 1; }), int);
    });
    group.Wait();
  });
}

TEST(Run, RethrowsWhatItsFunctionThrows) {
  for (int i = 0; i < 100; ++i) {
    try {
      gale::Run([&] {
        Sleep(10us);
        throw std::runtime_error("number " + std::to_string(i));
      });
      ADD_FAILURE() << "no exception";
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(error.what(), "number " + std::to_string(i));
    }
  }
  EXPECT_THROW(gale::Run([] { throw 7; }), int);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

TEST(Run, InsideACatchBlock) {
  try {
    throw std::runtime_error("outer");
  } catch (const std::runtime_error& outer) {
    EXPECT_THROW(gale::Run([] {
                   Sleep(100us);
                   throw 3;
                 }),
                 int);
    int result = 0;
    gale::Run([&] {
      EXPECT_EQ(std::current_exception(), nullptr);  // the goroutine's exceptions are its own
      result = 1;
    });
    EXPECT_EQ(result, 1);
    EXPECT_STREQ(outer.what(), "outer");
    try {
      throw;
    } catch (const std::runtime_error& again) {
      EXPECT_STREQ(again.what(), "outer");
    }
  }
}

TEST(Run, FromManyThreadsAtTheSameTime) {
  std::atomic<int> sum = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 12; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        int result = 0;
        gale::Run([&] {
          Chan<int> numbers(0);
          Go([numbers, i] { numbers.Send(i); });
          if ((t + i) % 5 == 0) Sleep(20us);
          if ((t + i) % 7 == 0) Gosched();
          result = *numbers.Recv();
        });
        EXPECT_EQ(result, i);
        sum += result;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, 12 * 1225);
}

TEST(Run, ThreadsThatMeetInside) {
  // All of them wait for each other: more Runs than Ps must be possible.
  constexpr int kThreads = 12;
  WaitGroup all;
  all.Add(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      gale::Run([&] {
        all.Done();
        all.Wait();
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Run, ExceptionsAndGoexitsFromManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 50; ++i) {
        if ((i + t) % 2 == 0) {
          EXPECT_THROW(gale::Run([] { throw std::string("text"); }), std::string);
        } else {
          gale::Run([] { Goexit(); });
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Run, WhileAllPsAreBusy) {
  // Busy goroutines that never park, on all Ps; they yield, so everybody gets a turn.
  std::atomic<bool> stop = false;
  WaitGroup group;
  for (int i = 0; i < GOMAXPROCS() * 2; ++i) {
    group.Go([&] {
      while (!stop) Gosched();
    });
  }
  for (int i = 0; i < 20; ++i) {
    int result = 0;
    gale::Run([&] { result = 1; });
    EXPECT_EQ(result, 1);
    EXPECT_THROW(gale::Run([] { throw 1; }), int);
  }
  stop = true;
  group.Wait();
}

// Goexit.

// Behaviour group 59.
TEST(Goexit, InMainMakesRunReturn) {
  for (int i = 0; i < 50; ++i) {
    std::atomic<int> unwound = 0;
    gale::Run([&] {
      OnEnd first(unwound);
      if (i % 2 == 1) Sleep(10us);
      OnEnd second(unwound);
      Goexit();
    });
    EXPECT_EQ(unwound, 2);
  }
}

TEST(Goexit, InNestedRunEndsTheGoroutine) {
  std::atomic<int> unwound = 0;
  bool after = false;
  gale::Run([&] {
    OnEnd outer(unwound);
    gale::Run([&] {
      OnEnd inner(unwound);
      Goexit();
    });
    after = true;
  });
  EXPECT_EQ(unwound, 2);
  EXPECT_FALSE(after);
}

TEST(Goexit, OnAPlainThreadPanics) {
  EXPECT_THROW(Goexit(), Panic);
  std::thread([] { EXPECT_THROW(Goexit(), Panic); }).join();
}

// ExitFrom ends a goroutine from kDepth frames, each with a destructor.
template <int kDepth>
[[gnu::noinline]] void ExitFrom(std::atomic<int>& unwound) {
  OnEnd end(unwound);
  if constexpr (kDepth == 1) {
    Goexit();
  } else {
    ExitFrom<kDepth - 1>(unwound);
  }
}

struct GoexitRow {
  const char* name;
  void (*body)(std::atomic<int>& unwound, std::atomic<int>& caught);
  int unwound;
  int caught;
};

const GoexitRow kGoexitRows[] = {
    {"at the top", [](auto& unwound, auto&) { ExitFrom<1>(unwound); }, 1, 0},
    {"deep", [](auto& unwound, auto&) { ExitFrom<21>(unwound); }, 21, 0},
    {"through a handler that swallows",
     [](auto& unwound, auto& caught) {
       OnEnd end(unwound);
       try {
         ExitFrom<2>(unwound);
       } catch (...) {
         ++caught;
       }
       ADD_FAILURE() << "went on";
     },
     3, 1},
    {"through a handler that uses the stack",
     [](auto& unwound, auto& caught) {
       try {
         ExitFrom<2>(unwound);
       } catch (...) {
         OnEnd end(caught);
       }
       ADD_FAILURE() << "went on";
     },
     2, 1},
    {"through a handler that rethrows",
     [](auto& unwound, auto& caught) {
       OnEnd end(unwound);
       try {
         ExitFrom<2>(unwound);
       } catch (...) {
         ++caught;
         throw;
       }
       ADD_FAILURE() << "went on";
     },
     3, 1},
    {"through a handler that parks",
     [](auto& unwound, auto& caught) {
       try {
         ExitFrom<2>(unwound);
       } catch (...) {
         Sleep(100us);
         Gosched();
         ++caught;
       }
       ADD_FAILURE() << "went on";
     },
     2, 1},
    {"through three handlers",
     [](auto& unwound, auto& caught) {
       try {
         try {
           try {
             ExitFrom<1>(unwound);
           } catch (...) {
             ++caught;
           }
         } catch (...) {
           ++caught;
           throw;
         }
       } catch (...) {
         ++caught;
       }
       ADD_FAILURE() << "went on";
     },
     1, 3},
    {"inside a catch block",
     [](auto& unwound, auto&) {
       OnEnd end(unwound);
       try {
         throw std::runtime_error("caught");
       } catch (const std::exception&) {
         ExitFrom<2>(unwound);
       }
       ADD_FAILURE() << "went on";
     },
     3, 0},
    {"inside a catch block, with a handler around",
     [](auto& unwound, auto& caught) {
       try {
         try {
           throw std::runtime_error("caught");
         } catch (const std::exception&) {
           ExitFrom<2>(unwound);
         }
       } catch (...) {
         ++caught;
       }
       ADD_FAILURE() << "went on";
     },
     2, 1},
    {"with destructors that park",
     [](auto& unwound, auto&) {
       struct Parks {
         std::atomic<int>& counter;
         ~Parks() {
           Sleep(50us);
           Gosched();
           ++counter;
         }
       };
       Parks first{unwound};
       Parks second{unwound};
       ExitFrom<2>(unwound);
     },
     4, 0},
};

TEST_P(GoTest, GoexitUnwinds) {
  OnCaller([] {
    for (const GoexitRow& row : kGoexitRows) {
      std::atomic<int> unwound = 0;
      std::atomic<int> caught = 0;
      WaitGroup group;
      for (int i = 0; i < 3; ++i) group.Go([&] { row.body(unwound, caught); });
      group.Wait();
      EXPECT_EQ(unwound, 3 * row.unwound) << row.name;
      EXPECT_EQ(caught, 3 * row.caught) << row.name;
    }
  });
}

TEST(Goexit, UnwindsRunsMain) {
  for (const GoexitRow& row : kGoexitRows) {
    std::atomic<int> unwound = 0;
    std::atomic<int> caught = 0;
    gale::Run([&] { row.body(unwound, caught); });
    EXPECT_EQ(unwound, row.unwound) << row.name;
    EXPECT_EQ(caught, row.caught) << row.name;
  }
}

// A catch (...) inside a catch block that has an exception in hand: the C++ runtime cannot hold both there.
TEST(Goexit, ThroughAHandlerWithinACatchBlock) {
  std::atomic<int> caught = 0;
  gale::Run([&] {
    try {
      throw 1;
    } catch (int) {
      try {
        Goexit();
      } catch (...) {
        ++caught;
      }
      ADD_FAILURE() << "went on";
    }
  });
  EXPECT_EQ(caught, 1);
}

TEST(Goexit, InARunWithinACatchBlock) {
  bool after = false;
  gale::Run([&] {
    try {
      throw 1;
    } catch (int) {
      gale::Run([] { Goexit(); });
      after = true;
    }
  });
  EXPECT_FALSE(after);
}

TEST_P(GoTest, GoexitOfManyLeavesNothing) {
  OnCaller([] {
    Sleep(2ms);
    int before = NumGoroutine();
    std::atomic<int> unwound = 0;
    WaitGroup group;
    for (int i = 0; i < 1000; ++i) group.Go([&] { ExitFrom<3>(unwound); });
    group.Wait();
    EXPECT_EQ(unwound, 3000);
    AwaitGoroutines(before);
  });
}

// Exceptions.

TEST_P(GoTest, ExceptionsStayWithTheirGoroutine) {
  OnCaller([] {
    WaitGroup group;
    for (int i = 0; i < 100; ++i) {
      group.Go([i] {
        try {
          throw i;
        } catch (int outer) {
          Sleep(100us);  // everybody has an exception in hand, and wakes up wherever there is room
          try {
            throw std::to_string(i);
          } catch (const std::string& inner) {
            Gosched();
            EXPECT_EQ(inner, std::to_string(i));
          }
          try {
            throw;
          } catch (int again) {
            EXPECT_EQ(again, i);
          }
          EXPECT_EQ(outer, i);
        }
        EXPECT_EQ(std::current_exception(), nullptr);
      });
    }
    group.Wait();
  });
}

TEST_P(GoTest, UncaughtExceptionsAreCountedPerGoroutine) {
  OnCaller([] {
    struct Parks {
      ~Parks() {
        EXPECT_EQ(std::uncaught_exceptions(), 1);
        Sleep(100us);
        Gosched();
        EXPECT_EQ(std::uncaught_exceptions(), 1);
      }
    };
    WaitGroup group;
    for (int i = 0; i < 50; ++i) {
      group.Go([] {
        EXPECT_EQ(std::uncaught_exceptions(), 0);
        try {
          Parks parks;
          throw 1;
        } catch (int) {
        }
        EXPECT_EQ(std::uncaught_exceptions(), 0);
      });
      group.Go([] {
        for (int k = 0; k < 3; ++k) {
          EXPECT_EQ(std::uncaught_exceptions(), 0);
          Gosched();
        }
      });
    }
    group.Wait();
  });
}

class GoDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(GoDeathTest, UncaughtExceptionEndsTheProcess) {
  EXPECT_DEATH(gale::Run([] {
                 Go([] { throw std::runtime_error("nobody catches this"); });
                 Sleep(10s);
               }),
               "panic: std::runtime_error: nobody catches this");
  EXPECT_DEATH(gale::Run([] {
                 Go([] { throw Panic("misuse"); });
                 Sleep(10s);
               }),
               "panic: gale::Panic: misuse");
}

TEST_F(GoDeathTest, GoexitWithNoexceptInTheWay) {
  EXPECT_DEATH(gale::Run([] { []() noexcept { Goexit(); }(); }), "");
}

// NumGoroutine.

TEST_P(GoTest, NumGoroutineCounts) {
  OnCaller([] {
    Sleep(5ms);
    int before = NumGoroutine();
    Chan<int> release(0);
    for (int i = 0; i < 50; ++i) Go([release] { release.Recv(); });
    for (int i = 0; i < 50; ++i) Go(StackSize::kSmall, [release] { release.Recv(); });
    EXPECT_EQ(NumGoroutine(), before + 100);
    Sleep(1ms);
    EXPECT_EQ(NumGoroutine(), before + 100);
    release.Close();
    AwaitGoroutines(before);
  });
}

TEST(NumGoroutine, CountsRunsMain) {
  Sleep(5ms);
  int before = NumGoroutine();
  gale::Run([&] { EXPECT_EQ(NumGoroutine(), before + 1); });
  AwaitGoroutines(before);
}

// GOMAXPROCS.

}  // namespace
}  // namespace gale
