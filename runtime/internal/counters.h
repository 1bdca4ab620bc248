// Counters: what the scheduler counts for metrics.h. One set per P.
//
// A set is written by the P's owner only, so counting is a load and a store, no read-modify-write; readers on other
// threads add the sets up. All is relaxed: a sum may be a moment old, and its parts from different moments.
//
// Scheduling latency is sampled, one in kLatencySample: a goroutine that is made runnable for the 64th time, its start
// included, is stamped with the cycle counter, and whoever switches to it records the difference. The other 63 times
// cost an increment in the G's first cache line, and the switch nothing: it tests the byte in which the stamp is noted
// anyhow.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "gale/runtime/internal/clock.h"
#include "gale/runtime/internal/g.h"

namespace gale::internal {

// LatencyBuckets count spans by the bit width of their nanoseconds: bucket i has those from 2^(i-1) to 2^i - 1 ns.
inline constexpr std::size_t kLatencyBuckets = 40;

using Counter = std::atomic<std::uint64_t>;

inline void Increment(Counter& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

struct SchedulerCounters {
  Counter switches{0};
  Counter steals{0};
  std::array<Counter, kLatencyBuckets> latency{};
};

// Rare events, written by any thread with fetch_add.
struct SharedCounters {
  Counter wake_ups{0};
  Counter thread_starts{0};
};
extern constinit SharedCounters shared_counters;

inline void IncrementShared(Counter& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

inline constexpr std::uint32_t kLatencySample = 64;

// StampNow notes in g that it is made runnable now.
[[gnu::noinline]] void StampNow(G* g);

// StampStart and StampReady are called by who makes g runnable, before it can be found. The number of a goroutine
// decides when its first sample is due, so that goroutines that live shortly are sampled alike.
[[gnu::always_inline]] inline void StampReady(G* g) {
  if (++g->eh.times_ready % kLatencySample == 0) [[unlikely]]
    StampNow(g);
}
[[gnu::always_inline]] inline void StampStart(G* g) {
  g->eh.times_ready = static_cast<std::uint32_t>(g->id);
  StampReady(g);
}

// RecordLatency ends the sample of a goroutine that begins to run and was stamped. counters may be null: then the
// sample is dropped.
void RecordLatency(G* g, SchedulerCounters* counters);

}  // namespace gale::internal
