// Clock and Now: the time, as the calling goroutine sees it.
//
//   auto start = gale::Clock::now();
//   Work();
//   gale::Printf("took %v, and ended at %v\n", gale::Clock::now() - start, gale::Now());
//
// In a bubble of testing/synctest.h both follow the bubble's own clock, as Sleep and timers do. Code that takes its
// time from here, not from std::chrono, can be tested there without waiting.
#pragma once

#include <chrono>

namespace gale {

// Clock is std::chrono::steady_clock, or the clock of the caller's bubble; their time points are of one type. It is a
// Clock in the standard's sense. From any goroutine or thread; some 20 ns.
struct Clock {
  using duration = std::chrono::steady_clock::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr bool is_steady = true;

  static time_point now() noexcept;
};

// Now is the time of day (Go: time.Now). A bubble starts at midnight UTC, 1 January 2000.
std::chrono::system_clock::time_point Now() noexcept;

}  // namespace gale
