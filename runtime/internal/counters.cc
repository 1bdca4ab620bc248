#include "gale/runtime/internal/counters.h"

#include <algorithm>
#include <bit>

namespace gale::internal {

constinit SharedCounters shared_counters;

void StampNow(G* g) {
  StackAge age = g->stack_age.load(std::memory_order_relaxed);
  if (age == StackAge::kClaimed) return;  // the scavenger counts on finding its claim as it left it
  g->ready_cycles = CycleCount();
  auto stamped = static_cast<StackAge>(static_cast<std::uint8_t>(age) | kReadyStamp);
  // If this fails, the scavenger was faster, and there is one sample less. Relaxed: the queue that hands g over orders
  // the stamp.
  g->stack_age.compare_exchange_strong(age, stamped, std::memory_order_relaxed);
}

// Not instrumented by TSan: it is called amid a switch (switch.cc).
[[gnu::no_sanitize("thread")]] void RecordLatency(G* g, SchedulerCounters* counters) {
  std::uint64_t now = CycleCount();
  // The counters of two CPUs may differ a little.
  std::uint64_t cycles = now > g->ready_cycles ? now - g->ready_cycles : 0;
  if (counters == nullptr) return;
  auto width = static_cast<std::size_t>(std::bit_width(cycles * 1000 / cycles_per_microsecond));
  Increment(counters->latency[std::min(width, kLatencyBuckets - 1)]);
}

}  // namespace gale::internal
