// Time: sleeping, and doing something later.
//
//   gale::Sleep(10ms);
//   gale::Timer timer = gale::AfterFunc(5s, [] { std::puts("too late"); });
//   timer.Stop();
#pragma once

#include <chrono>
#include <cstdint>

#include "gale/runtime/internal/duration.h"
#include "gale/runtime/ticker.h"
#include "gale/runtime/timer.h"

namespace gale {

namespace internal {
void SleepNanos(std::int64_t nanos);
}

// Sleep parks the goroutine (or the thread) for at least the duration. Zero or less returns at once.
template <typename Rep, typename Period>
void Sleep(std::chrono::duration<Rep, Period> duration) {
  internal::SleepNanos(internal::Nanos(duration));
}

}  // namespace gale
