// Synctest: tests of concurrent code with a clock of their own.
//
//   TEST(Cache, ForgetsAfterAnHour) {
//     gale::testing::Synctest([] {
//       Cache cache(/*lifetime=*/1h);            // starts a goroutine that sleeps
//       cache.Put("key", "value");
//       gale::Sleep(59min);                      // takes no time
//       gale::testing::Wait();                   // until everybody else waits for something
//       EXPECT_TRUE(cache.Get("key"));
//       gale::Sleep(2min);
//       EXPECT_FALSE(cache.Get("key"));
//     });
//   }
//
// The function and all goroutines that it starts, directly or not, are a bubble. In it, Sleep, timers, tickers,
// deadlines of contexts, gale::Clock and gale::Now follow a clock that starts at midnight UTC, 1 January 2000, and
// moves only when every goroutine of the bubble is durably blocked: then it jumps to the next timer. So an hour of
// timeouts is tested in microseconds, and what the test sees at a given time does not depend on the machine's load.
//
// Durably blocked is what only the bubble itself can end: channel operations on channels made in the bubble (or nil),
// a select over such, Sleep, Cond::Wait, WaitGroup::Wait (if the bubble called Add), Wait. Not a Mutex, I/O or a system
// call: while a goroutine waits there, time stands still. A channel made in a bubble throws gale::Panic when it is used
// from outside.
//
// With a seed, the goroutines of the bubble run one at a time, in an order that the seed draws; so a test can try many
// interleavings, and run the one that failed again:
//
//   gale::testing::Synctest(TransfersKeepTheSum, {.runs = 1000, .failed = [] { return HasFailure(); }});
//
//   synctest: failed with seed 417 (run 417 of 1000); GALE_SYNCTEST_SEED=417 runs it again
//
// Source: Go 1.25's testing/synctest; seeds are Gale's.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>

namespace gale::testing {

struct SynctestOptions {
  // Draws the order in which goroutines run: whenever one waits, yields or ends, and, half of the times, at operations
  // of channels, Mutex and WaitGroup and wherever Gosched is called. Also what Select chooses. The order is the same
  // for the same seed as long as the function does nothing that depends on the outside (I/O, the real time, addresses).
  // None: goroutines run in parallel, in any order. The environment variable GALE_SYNCTEST_SEED overrides it, for all
  // bubbles of the process, and sets runs to 1.
  std::optional<std::uint64_t> seed = {};

  // How often to run the function, each time in a new bubble: with seed, seed + 1, and so on. More than 1 without a
  // seed begins at seed 1. The first run that fails ends the series. Default 1.
  int runs = 1;

  // Called after each run; true: it failed. For frameworks whose failures are not exceptions. Default: never.
  std::function<bool()> failed = {};
};

namespace internal {
void RunInBubble(void (*function)(void*), void* argument, const SynctestOptions& options);
}

// Synctest runs function() in a new bubble, and returns when it and all goroutines of the bubble have ended. From a
// goroutine or a plain thread; any number of bubbles may run at the same time, but not one inside another
// (gale::Panic).
//
// An exception that leaves the function is rethrown, once the other goroutines have ended or block. Throws gale::Panic
// with Go's words when the bubble can not go on: "deadlock: all goroutines in bubble are blocked", or "deadlock: main
// bubble goroutine has exited but blocked goroutines remain" (time stops when the function returns). What was blocked
// is lost then, with what it had on its stack. If a seeded run fails, its seed is written to standard error; also when
// an exception in another goroutine ends the process.
template <std::invocable Function>
void Synctest(Function&& function, const SynctestOptions& options = {}) {
  auto call = [&function] { function(); };
  internal::RunInBubble([](void* argument) { (*static_cast<decltype(call)*>(argument))(); }, &call, options);
}

// Wait returns when all other goroutines of the caller's bubble are durably blocked. Time does not move meanwhile.
// Throws gale::Panic outside a bubble, and if another goroutine of the bubble is in Wait.
void Wait();

// SynctestSeed is the seed of the caller's bubble; none outside and in a bubble without one.
std::optional<std::uint64_t> SynctestSeed();

}  // namespace gale::testing
