// The coarse clock: what time it was a moment ago, for the price of a load.
//
// Every park notes when it began (dumps say "chan receive, 3 minutes"). Asking a clock, even the cycle counter, would
// show in the cost of a switch; so sysmon, which wakes every few milliseconds anyway, keeps the time in a word.
// While sysmon sleeps, because all Ps are idle, the time stands still; the first P to leave its idle state updates it.
#pragma once

#include <atomic>
#include <cstdint>

#include "gale/runtime/internal/clock.h"

namespace gale::internal {

// One unit is 2^24 ns, 16.8 ms: 32 bits last for 2.3 years, and differences are right beyond that.
inline constexpr int kCoarseTimeShift = 24;

// Relaxed: the time orders nothing. On a cache line of its own, which all CPUs share between two updates.
alignas(64) inline constinit std::atomic<std::uint32_t> coarse_time{0};

inline std::uint32_t CoarseTime() { return coarse_time.load(std::memory_order_relaxed); }

inline void UpdateCoarseTime() {
  coarse_time.store(static_cast<std::uint32_t>(MonotonicNanos() >> kCoarseTimeShift), std::memory_order_relaxed);
}

// NanosSince is how long ago a coarse time was.
inline std::int64_t NanosSince(std::uint32_t since) {
  auto now = static_cast<std::uint32_t>(MonotonicNanos() >> kCoarseTimeShift);
  auto passed = static_cast<std::int32_t>(now - since);
  return passed > 0 ? std::int64_t{passed} << kCoarseTimeShift : 0;
}

}  // namespace gale::internal
