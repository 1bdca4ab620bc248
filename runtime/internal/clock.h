// Clocks of the runtime: one for deadlines, one that costs next to nothing for deciding whether time has passed.
#pragma once

#include <cstdint>
#include <ctime>

namespace gale::internal {

// kForever is the time of a timer that never fires.
inline constexpr std::int64_t kForever = INT64_MAX;

// MonotonicNanos is CLOCK_MONOTONIC in nanoseconds, the clock of std::chrono::steady_clock. Some 20 ns.
inline std::int64_t MonotonicNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// CycleCount is the CPU's time-stamp counter: for comparing short spans on the scheduler's paths, where a clock call
// would show. Its rate is CyclesPerMicrosecond.
inline std::uint64_t CycleCount() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  std::uint64_t count;
  asm volatile("mrs %0, cntvct_el0" : "=r"(count));
  return count;
#endif
}

// CyclesPerMicrosecond is measured once, when the runtime starts; before that 1000.
extern std::uint64_t cycles_per_microsecond;
void CalibrateCycles();

}  // namespace gale::internal
