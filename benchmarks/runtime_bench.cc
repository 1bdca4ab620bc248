// Micro-benchmarks of the runtime: what targets of Gale's design are stated in. Go's side is benchmarks/go.
//
//   GALE_MAXPROCS=1 build/release/benchmarks/runtime_bench --benchmark_filter=Chan
//
// Each benchmark's loop runs on a goroutine; main itself is one.
#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/span_memory.h"
#include "gale/runtime/internal/spin_lock.h"
#include "gale/runtime/runtime.h"

namespace {

using namespace std::chrono_literals;

// Two goroutines yield to each other; one iteration is one yield: a switch through the run queue.
void BM_Yield(benchmark::State& state) {
  std::atomic<bool> done = false;
  gale::WaitGroup other;
  other.Go([&] {
    while (!done.load(std::memory_order_relaxed)) gale::Gosched();
  });
  gale::Gosched();
  while (state.KeepRunningBatch(2)) gale::Gosched();  // and the other one's
  done = true;
  other.Wait();
}

// A goroutine is started and ends. They come by the hundred, so that neither side waits for every single one.
void BM_SpawnExit(benchmark::State& state) {
  constexpr int kBatch = 100;
  gale::WaitGroup ended;
  while (state.KeepRunningBatch(kBatch)) {
    ended.Add(kBatch);
    for (int i = 0; i < kBatch; ++i) gale::Go([&ended] { ended.Done(); });
    ended.Wait();
  }
}

// A round trip over two unbuffered channels.
void BM_ChanPingPong(benchmark::State& state) {
  gale::Chan<int> ping(0), pong(0);
  gale::Go([=] {
    for (int value : ping) pong.Send(value);
    pong.Close();
  });
  for (auto _ : state) {
    ping.Send(1);
    benchmark::DoNotOptimize(pong.Recv());
  }
  ping.Close();
  (void)pong.Recv();
}

// A producer and a consumer, per item.
void BM_ChanBuffered(benchmark::State& state) {
  gale::Chan<int> chan(128);
  gale::WaitGroup consumer;
  consumer.Go([=] {
    for (int value : chan) benchmark::DoNotOptimize(value);
  });
  for (auto _ : state) chan.Send(1);
  chan.Close();
  consumer.Wait();
}

// One goroutine sends to itself.
void BM_ChanUncontended(benchmark::State& state) {
  gale::Chan<int> chan(1);
  for (auto _ : state) {
    chan.Send(1);
    benchmark::DoNotOptimize(chan.Recv());
  }
}

// A goroutine selects over two unbuffered channels on which its partner sends in turns; per value.
void BM_Select2(benchmark::State& state) {
  gale::Chan<int> left(0), right(0);
  std::atomic<bool> done = false;
  gale::Go([=, &done] {
    while (!done.load(std::memory_order_relaxed)) {
      left.Send(1);
      right.Send(2);
    }
    left.Close();
    right.Close();
  });
  std::optional<int> value;
  auto select = [&] { gale::Select(gale::OnRecv(left, value), gale::OnRecv(right, value)); };
  for (auto _ : state) {
    select();
    benchmark::DoNotOptimize(value);
  }
  done = true;
  while (value) select();
}

// Two goroutines make each other ready: per park and wake-up.
void BM_Park(benchmark::State& state) {
  gale::internal::SpinLock lock;
  gale::internal::G* parked = nullptr;
  bool done = false;
  // Returns false when the other one has ended.
  auto change_over = [&](bool end) {
    lock.lock();
    bool ended = std::exchange(done, end || done);
    gale::internal::G* other = std::exchange(parked, end || ended ? nullptr : gale::internal::CurrentG());
    if (other != nullptr) gale::internal::Ready(other);
    if (end || ended) {
      lock.unlock();
    } else {
      gale::internal::ParkUnlock(lock, gale::WaitReason::kChanReceive);
    }
    return !ended;
  };
  gale::WaitGroup partner;
  partner.Go([&] {
    while (change_over(false)) continue;
  });
  while (state.KeepRunningBatch(2)) change_over(false);  // and the other one's
  change_over(true);
  partner.Wait();
}

void BM_Mutex(benchmark::State& state) {
  gale::Mutex mutex;
  for (auto _ : state) {
    mutex.Lock();
    mutex.Unlock();
  }
}

// A timeout that is set and does not happen.
void BM_TimerStop(benchmark::State& state) {
  for (auto _ : state) {
    gale::Timer timer = gale::AfterFunc(1h, [] {});
    benchmark::DoNotOptimize(timer.Stop());
  }
}

// Memory is allocated and freed, `range` bytes: 16 pieces at a time, which is more than malloc caches per thread.
template <void* (*allocate)(std::size_t), void (*release)(void*, std::size_t)>
void AllocateAndFree(benchmark::State& state) {
  constexpr int kPieces = 16;
  auto size = static_cast<std::size_t>(state.range());
  void* pieces[kPieces];
  while (state.KeepRunningBatch(kPieces)) {
    for (void*& piece : pieces) benchmark::DoNotOptimize(piece = allocate(size));
    for (void* piece : pieces) release(piece, size);
  }
}

void BM_Span(benchmark::State& state) {
  AllocateAndFree<gale::internal::AllocateSpan, gale::internal::FreeSpan>(state);
}

void* New(std::size_t size) { return ::operator new(size); }
void Delete(void* memory, std::size_t size) { ::operator delete(memory, size); }

void BM_SpanByMalloc(benchmark::State& state) { AllocateAndFree<New, Delete>(state); }

// One goroutine allocates, another frees, mostly on another thread; per piece.
template <void* (*allocate)(std::size_t), void (*release)(void*, std::size_t)>
void AllocateHereFreeThere(benchmark::State& state) {
  auto size = static_cast<std::size_t>(state.range());
  gale::Chan<void*> pieces(128);
  gale::WaitGroup consumer;
  consumer.Go([=] {
    for (void* piece : pieces) release(piece, size);
  });
  for (auto _ : state) pieces.Send(allocate(size));
  pieces.Close();
  consumer.Wait();
}

void BM_SpanAway(benchmark::State& state) {
  AllocateHereFreeThere<gale::internal::AllocateSpan, gale::internal::FreeSpan>(state);
}
void BM_SpanAwayByMalloc(benchmark::State& state) { AllocateHereFreeThere<New, Delete>(state); }

void Skynet(gale::Chan<std::int64_t> parent, std::int64_t number, int size) {
  if (size == 1) return parent.Send(number);
  gale::Chan<std::int64_t> children(0);
  for (int i = 0; i < 10; ++i) {
    gale::Go([=] { Skynet(children, number + i * (size / 10), size / 10); });
  }
  std::int64_t sum = 0;
  for (int i = 0; i < 10; ++i) sum += *children.Recv();
  parent.Send(sum);
}

// A tree of 1 111 111 goroutines, each of which sends to its parent.
void BM_Skynet(benchmark::State& state) {
  for (auto _ : state) {
    gale::Chan<std::int64_t> result(0);
    gale::Go([=] { Skynet(result, 0, 1'000'000); });
    if (*result.Recv() != 499'999'500'000) state.SkipWithError("wrong sum");
  }
}

// OccupiedBytes is the memory that the process occupies, page tables included.
double OccupiedBytes() {
  std::ifstream lines("/proc/self/status");
  double kilobytes = 0;
  for (std::string word; lines >> word;) {
    if (word != "VmRSS:" && word != "VmPTE:") continue;
    double value = 0;
    lines >> value;
    kilobytes += value;
  }
  return kilobytes * 1024;
}

// A million goroutines park on a channel and are woken again. One iteration is one goroutine; bytes_each is what each
// costs while it is parked, if no other benchmark has used the stacks before.
void BM_ParkedMillion(benchmark::State& state) {
  constexpr int kCount = 1'000'000;
  double before = OccupiedBytes();
  while (state.KeepRunningBatch(kCount)) {
    gale::Chan<int> gate(0);
    gale::WaitGroup ended;
    ended.Add(kCount);
    for (int i = 0; i < kCount; ++i) {
      gale::Go([&ended, gate] {
        (void)gate.Recv();
        ended.Done();
      });
      if (i % 128 == 0) gale::Gosched();
    }
    gale::Gosched();
    state.counters["bytes_each"] = (OccupiedBytes() - before) / kCount;
    gate.Close();
    ended.Wait();
  }
}

BENCHMARK(BM_Yield)->UseRealTime();
BENCHMARK(BM_SpawnExit)->UseRealTime();
BENCHMARK(BM_ChanPingPong)->UseRealTime();
BENCHMARK(BM_ChanBuffered)->UseRealTime();
BENCHMARK(BM_ChanUncontended)->UseRealTime();
BENCHMARK(BM_Select2)->UseRealTime();
BENCHMARK(BM_Park)->UseRealTime();
BENCHMARK(BM_Mutex)->UseRealTime();
BENCHMARK(BM_TimerStop)->UseRealTime();
BENCHMARK(BM_Span)->Arg(64)->Arg(512)->Arg(2048)->Arg(16384)->UseRealTime();
BENCHMARK(BM_SpanByMalloc)->Arg(64)->Arg(512)->Arg(2048)->Arg(16384)->UseRealTime();
BENCHMARK(BM_SpanAway)->Arg(64)->Arg(2048)->UseRealTime();
BENCHMARK(BM_SpanAwayByMalloc)->Arg(64)->Arg(2048)->UseRealTime();
// Long enough for several iterations: the first one pays for pages that were never touched.
BENCHMARK(BM_Skynet)->UseRealTime()->Unit(benchmark::kMillisecond)->MinTime(2);
// Needs 4.5 GiB. Last, because it fills the pools of stacks; for bytes_each run it alone.
BENCHMARK(BM_ParkedMillion)->UseRealTime()->Iterations(1'000'000);

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  gale::Run([] { benchmark::RunSpecifiedBenchmarks(); });
}
