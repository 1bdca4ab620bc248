#include "gale/runtime/metrics.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "gale/runtime/go.h"
#include "gale/runtime/internal/counters.h"
#include "gale/runtime/internal/g_pool.h"
#include "gale/runtime/internal/poll_desc.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/span_cache.h"
#include "gale/runtime/internal/stack.h"
#include "gale/runtime/internal/stack_trim.h"

namespace gale {

static_assert(LatencyHistogram::kBuckets == internal::kLatencyBuckets);

std::uint64_t LatencyHistogram::Count() const {
  std::uint64_t count = 0;
  for (std::uint64_t bucket : counts) count += bucket;
  return count;
}

std::chrono::nanoseconds LatencyHistogram::Quantile(double part) const {
  std::uint64_t all = Count();
  if (all == 0) return std::chrono::nanoseconds(0);
  auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(part * static_cast<double>(all)));
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < kBuckets && (seen += counts[bucket]) < wanted) ++bucket;
  return UpperBound(bucket);
}

namespace {

std::uint64_t Read(const internal::Counter& counter) { return counter.load(std::memory_order_relaxed); }

void ReadScheduler(internal::Scheduler& scheduler, Metrics& metrics) {
  metrics.goroutines = static_cast<std::uint64_t>(std::max(0, NumGoroutine()));
  metrics.detached_waits = static_cast<std::uint64_t>(internal::PollDesc::DetachedWaits());
  metrics.ps = scheduler.PCount();
  metrics.idle_ps = scheduler.Idle().Count();
  for (const auto& p : scheduler.Ps()) {
    metrics.switches += Read(p->counters.switches);
    metrics.steals += Read(p->counters.steals);
    for (std::size_t i = 0; i < LatencyHistogram::kBuckets; ++i) {
      metrics.schedule_latency.counts[i] += Read(p->counters.latency[i]);
    }
    metrics.stacks_pooled += p->pooled.load(std::memory_order_relaxed);
  }
  metrics.hand_overs = scheduler.HandOvers();
  metrics.wake_ups = Read(internal::shared_counters.wake_ups);
  metrics.thread_starts = Read(internal::shared_counters.thread_starts);
}

void ReadStacks(Metrics& metrics) {
  metrics.stacks = internal::SlotsCarved(internal::StackClass::kDefault);
  metrics.stacks += internal::SlotsCarved(internal::StackClass::kSmall);
  internal::PoolSizes depot = internal::DepotSizes();
  metrics.stacks_pooled += depot.pooled;
  metrics.stacks_bare = depot.bare;
  metrics.stack_released_bytes = Read(internal::trim_statistics.released_bytes);
  metrics.stack_deepest_bytes = internal::trim_statistics.deepest_bytes.load(std::memory_order_relaxed);
}

void ReadSpans(internal::Scheduler& scheduler, Metrics& metrics) {
  internal::PageHeap::Statistics pages = internal::TheSpanHeap().pages.Read();
  internal::SpanCentral::Statistics small = internal::TheSpanHeap().central.Read();
  metrics.spans = pages.spans;
  metrics.span_bytes = pages.span_bytes;
  metrics.span_idle_bytes = pages.idle_bytes;
  metrics.span_returned_bytes = pages.returned_bytes;
  for (const auto& p : scheduler.Ps()) metrics.span_cached_bytes += p->spans.CachedBytes();
  // These were not read at the same moment.
  std::uint64_t large = pages.span_bytes - std::min(pages.span_bytes, small.span_bytes);
  metrics.span_object_bytes = large + small.taken_bytes - std::min(metrics.span_cached_bytes, small.taken_bytes);
}

// ReadField is the number at `index` (from 0) of a file of numbers in /proc/self, or 0.
std::uint64_t ReadField(const char* file, int index) {
  char text[1024];
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t size = read(fd, text, sizeof(text) - 1);
  close(fd);
  if (size <= 0) return 0;
  text[size] = '\0';
  // The program's name in /proc/self/stat stands in parentheses and may hold anything.
  const char* at = std::strrchr(text, ')');
  at = at == nullptr ? text : at + 2;
  for (; index > 0 && at != nullptr; --index) {
    at = std::strchr(at, ' ');
    if (at != nullptr) ++at;
  }
  unsigned long long value = 0;
  return at != nullptr && std::sscanf(at, "%llu", &value) == 1 ? value : 0;
}

std::chrono::nanoseconds Nanoseconds(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

void ReadProcess(Metrics& metrics) {
  metrics.resident_bytes = ReadField("/proc/self/statm", 1) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  constexpr int kThreadsAfterName = 17;  // num_threads is field 20 of stat, the name field 2
  metrics.threads = static_cast<int>(ReadField("/proc/self/stat", kThreadsAfterName));
  rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return;
  metrics.user_time = Nanoseconds(usage.ru_utime);
  metrics.system_time = Nanoseconds(usage.ru_stime);
}

}  // namespace

Metrics ReadMetrics() {
  Metrics metrics;
  if (internal::Scheduler* scheduler = internal::Scheduler::IfStarted()) {
    ReadScheduler(*scheduler, metrics);
    ReadStacks(metrics);
    ReadSpans(*scheduler, metrics);
  }
  ReadProcess(metrics);
  return metrics;
}

}  // namespace gale
