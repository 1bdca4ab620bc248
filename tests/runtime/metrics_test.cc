#include "gale/runtime/metrics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/counters.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/memory.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

TEST(MetricsTest, ParkedGoroutinesAreCounted) {
  gale::Run([] {
    Metrics before = ReadMetrics();
    Chan<int> gate(0);
    WaitGroup ended;
    for (int i = 0; i < 100; ++i) ended.Go([gate] { gate.Recv(); });
    Metrics during = ReadMetrics();
    EXPECT_GE(during.goroutines, before.goroutines + 90);  // others of earlier tests may just end
    EXPECT_GE(during.stacks, 100u);
    gate.Close();
    ended.Wait();
  });
}

TEST(MetricsTest, SwitchesGrowWithWork) {
  gale::Run([] {
    constexpr std::uint64_t kYields = 1000;
    Metrics before = ReadMetrics();
    WaitGroup ended;
    for (int i = 0; i < 2; ++i) {
      ended.Go([] {
        for (std::uint64_t k = 0; k < kYields; ++k) Gosched();
      });
    }
    ended.Wait();
    EXPECT_GE(ReadMetrics().switches, before.switches + kYields);
  });
}

TEST(MetricsTest, OneReadySixtyFourthIsASample) {
  gale::Run([] {
    constexpr int kRounds = 6400;
    std::uint64_t before = ReadMetrics().schedule_latency.Count();
    Chan<int> ping(0), pong(0);
    Go([=] {
      while (ping.Recv()) pong.Send(1);
    });
    for (int i = 0; i < kRounds; ++i) {
      ping.Send(1);
      pong.Recv();
    }
    ping.Close();
    std::uint64_t samples = ReadMetrics().schedule_latency.Count() - before;
    EXPECT_GE(samples, 50u);  // a round makes somebody runnable twice or so
    EXPECT_LE(samples, 2u * kRounds);
  });
}

// The samples' times are those that goroutines waited: here at least a millisecond each, behind one that computes.
TEST(MetricsTest, AGoroutineThatWaitsLongShowsInTheHistogram) {
  gale::Run([] {
    auto longer_than_half_a_millisecond = [] {
      LatencyHistogram histogram = ReadMetrics().schedule_latency;
      std::uint64_t count = 0;
      for (std::size_t i = 0; i < LatencyHistogram::kBuckets; ++i) {
        if (LatencyHistogram::UpperBound(i) > 500us) count += histogram.counts[i];
      }
      return count;
    };
    std::uint64_t before = longer_than_half_a_millisecond();
    // As many starts as have a sample among them, all behind the next 10 ms. On a busy machine it may be just the
    // sampled ones that run early: then again.
    for (int attempt = 0; attempt < 50 && longer_than_half_a_millisecond() == before; ++attempt) {
      WaitGroup ended;
      for (int p = 0; p < 4 * GOMAXPROCS(); ++p) {
        ended.Go([] {
          auto end = std::chrono::steady_clock::now() + 10ms;
          while (std::chrono::steady_clock::now() < end) {
          }
        });
      }
      for (int i = 0; i < 128; ++i) ended.Go([] {});
      ended.Wait();
    }
    EXPECT_GT(longer_than_half_a_millisecond(), before);
  });
}

TEST(MetricsTest, StacksMoveFromPoolsToTheKernel) {
  gale::Run([] {
    Chan<int> gate(0);
    WaitGroup ended;
    for (int i = 0; i < 300; ++i) ended.Go([gate] { gate.Recv(); });
    gate.Close();
    ended.Wait();
    FreeOSMemory();
    Metrics after = ReadMetrics();
    EXPECT_GE(after.stacks_bare, 150u);
    EXPECT_LE(after.stacks_bare, after.stacks);
    EXPECT_GT(after.stack_released_bytes, 150u * 4096);
    EXPECT_GT(after.stack_deepest_bytes, 0u);
    EXPECT_LE(after.stack_deepest_bytes, 256u * 1024);
  });
}

TEST(MetricsTest, TheProcessIsDescribed) {
  Metrics now = ReadMetrics();
  EXPECT_GT(now.resident_bytes, std::uint64_t{1} << 20);
  EXPECT_GE(now.threads, 1);
  int before = now.threads;
  Chan<int> gate(0);
  std::thread another([gate] { gate.Recv(); });
  EXPECT_GE(ReadMetrics().threads, before + 1);
  gate.Close();
  another.join();
  EXPECT_GT((now.user_time + now.system_time).count(), 0);
}

TEST(MetricsTest, TheRuntimeIsDescribed) {
  gale::Run([] {
    Metrics now = ReadMetrics();
    EXPECT_EQ(now.ps, GOMAXPROCS());
    EXPECT_GE(now.idle_ps, 0);
    EXPECT_LT(now.idle_ps, now.ps) << "this goroutine runs on one";
    EXPECT_GE(now.goroutines, 1u);
    EXPECT_GT(now.switches, 0u);
  });
}

TEST(LatencyHistogramTest, QuantilesAreUpperBounds) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), 0ns);
  histogram.counts[10] = 90;
  histogram.counts[20] = 10;
  EXPECT_EQ(histogram.Count(), 100u);
  EXPECT_EQ(histogram.Quantile(0), 1024ns);
  EXPECT_EQ(histogram.Quantile(0.5), 1024ns);
  EXPECT_EQ(histogram.Quantile(0.95), LatencyHistogram::UpperBound(20));
  EXPECT_EQ(histogram.Quantile(1), LatencyHistogram::UpperBound(20));
}

TEST(LatencySampleTest, ASpanFallsIntoItsBucket) {
  constexpr std::uint64_t kEightSeconds = 8'000'000;  // in microseconds; 2^33 ns is 8.6 s
  internal::SchedulerCounters counters;
  internal::G g;
  g.ready_cycles = internal::CycleCount() - kEightSeconds * internal::cycles_per_microsecond;
  internal::RecordLatency(&g, &counters);
  EXPECT_EQ(counters.latency[33].load(), 1u);
}

}  // namespace
}  // namespace gale
