// Metrics: how the runtime is doing.
//
//   gale::Metrics now = gale::ReadMetrics();
//   std::printf("%llu goroutines on %d Ps, median wait for a P below %lld ns\n",
//               now.goroutines, now.ps, now.schedule_latency.Quantile(0.5).count());
//
// The counters (numbers of events since the start) only grow: a rate is the difference of two reads. Everything is
// read while the program runs on, so values that belong together may be from slightly different moments.
// Source: Go's runtime/metrics; the names of its metrics are given where there is one.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gale {

// LatencyHistogram counts spans of time in buckets whose bounds are powers of two.
struct LatencyHistogram {
  static constexpr std::size_t kBuckets = 40;

  // counts[i]: spans shorter than UpperBound(i) and not shorter than UpperBound(i - 1). The last one has all that are
  // longer.
  std::array<std::uint64_t, kBuckets> counts{};

  static constexpr std::chrono::nanoseconds UpperBound(std::size_t bucket) {
    return std::chrono::nanoseconds(std::int64_t{1} << bucket);
  }
  std::uint64_t Count() const;
  // Quantile is the upper bound of the bucket in which the given part (0 to 1) of all spans is reached; 0 if there
  // are none.
  std::chrono::nanoseconds Quantile(double part) const;
};

// Metrics is one reading. All fields are 0 before the runtime has started, except those of the process.
struct Metrics {
  // Goroutines that exist, parked ones included (/sched/goroutines).
  std::uint64_t goroutines = 0;
  // Waits for I/O without a goroutine: idle connections, mostly (net::Conn::GoWhenReadable).
  std::uint64_t detached_waits = 0;
  // Ps: how many goroutines can run at the same time (/sched/gomaxprocs), and how many of them have nothing to do.
  int ps = 0;
  int idle_ps = 0;
  // Threads of the process, the program's own included (/sched/threads/total).
  int threads = 0;

  // Events since the start:
  std::uint64_t switches = 0;       // a thread went from one stack to another
  std::uint64_t steals = 0;         // a P took goroutines from another's queue
  std::uint64_t hand_overs = 0;     // a P was taken from a thread that computed or blocked for long
  std::uint64_t wake_ups = 0;       // a sleeping thread was woken to run goroutines
  std::uint64_t thread_starts = 0;  // a thread was started to run goroutines

  // How long goroutines were runnable before they ran (/sched/latencies). A sample: one in 64.
  LatencyHistogram schedule_latency;

  // Stacks, in slots of 256 or 64 KiB of address space, of which memory is used as it is touched:
  std::uint64_t stacks = 0;         // slots that were ever used
  std::uint64_t stacks_pooled = 0;  // of these, kept with their memory; of each P as it was when it last slept
  std::uint64_t stacks_bare = 0;    // of these, given back to the kernel
  // Bytes of stacks that were given back since the start, those of parked goroutines and of dead ones.
  std::uint64_t stack_released_bytes = 0;
  // High-water mark: the most bytes that any goroutine was found to have touched of its stack. It is looked at when
  // memory is given back, so a goroutine that lived only briefly may have gone deeper.
  std::uint64_t stack_deepest_bytes = 0;

  // Spans: memory of the runtime's own objects and of HTTP requests (/memory/classes/heap). With
  // AddressSanitizer that is malloc's, and these stay at 0.
  std::uint64_t spans = 0;                // runs of pages in use
  std::uint64_t span_bytes = 0;           // in these: objects in use, cached ones, and what is free in between
  std::uint64_t span_object_bytes = 0;    // of these, in objects that are in use (objects)
  std::uint64_t span_cached_bytes = 0;    // of these, in free objects that Ps keep for themselves
  std::uint64_t span_idle_bytes = 0;      // in free pages that the process still occupies (free)
  std::uint64_t span_returned_bytes = 0;  // in free pages whose memory was given back to the kernel (released)

  // The process: bytes of memory it occupies, without page tables; CPU time it has used.
  std::uint64_t resident_bytes = 0;
  std::chrono::nanoseconds user_time{0};
  std::chrono::nanoseconds system_time{0};
};

// ReadMetrics takes some 10 us. From goroutines and plain threads; it does not start the runtime.
Metrics ReadMetrics();

}  // namespace gale
