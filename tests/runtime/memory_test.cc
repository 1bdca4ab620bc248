// Memory that is not needed goes back to the kernel, and what is needed stays whole.

#include "gale/runtime/memory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <thread>

#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/g_pool.h"
#include "gale/runtime/internal/process_barrier.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/scavenger.h"
#include "gale/runtime/internal/stack_trim.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/process_memory.h"

namespace gale {
namespace {

using namespace std::chrono_literals;

constexpr bool kSanitized = internal::kAddressSanitizer || internal::kThreadSanitizer;
constexpr std::size_t kDeep = 128 * 1024;

// Touches kDeep bytes of the calling goroutine's stack and returns to where it was.
[[gnu::noinline]] void GoDeep() {
  char frame[kDeep];
  for (std::size_t i = 0; i < kDeep; i += 512) frame[i] = static_cast<char>(i);
  asm volatile("" : : "r"(frame) : "memory");
}

// Fills part of the frame, waits, and returns whether it still has what was written.
[[gnu::noinline]] bool KeepsItsFrame(const Chan<int>& gate, int seed) {
  volatile unsigned char frame[3000];
  for (std::size_t i = 0; i < sizeof(frame); ++i) frame[i] = static_cast<unsigned char>(i * 7 + seed);
  gate.Recv();
  for (std::size_t i = 0; i < sizeof(frame); ++i) {
    if (frame[i] != static_cast<unsigned char>(i * 7 + seed)) return false;
  }
  return true;
}

class MemoryTest : public testing::Test {
 protected:
  // `count` goroutines that have been deep down their stacks, parked on gate.
  void StartDeep(int count, const Chan<int>& gate) {
    for (int i = 0; i < count; ++i) {
      ended_.Add(1);
      Go([this, gate, i] {
        GoDeep();
        ++deep_;
        if (KeepsItsFrame(gate, i)) ++whole_;
        ended_.Done();
      });
    }
    while (deep_.load() != count) Gosched();
    // The last ones have yet to park.
    for (int i = 0; i < 100; ++i) Gosched();
  }

  std::atomic<int> deep_{0};
  std::atomic<int> whole_{0};
  WaitGroup ended_;
};

TEST_F(MemoryTest, PagesBelowParkedGoroutinesGoBack) {
  if (!internal::ProcessBarrier()) GTEST_SKIP() << "no membarrier here";
  constexpr int kCount = 200;
  gale::Run([&] {
    FreeOSMemory();
    Chan<int> gate(0);
    StartDeep(kCount, gate);
    std::uint64_t released_before = internal::trim_statistics.released_bytes.load();
    std::size_t before = ResidentBytes();
    FreeOSMemory();
    std::size_t after = ResidentBytes();
    std::uint64_t released = internal::trim_statistics.released_bytes.load() - released_before;
    EXPECT_GE(released, kCount * (kDeep - 16 * 1024));
    if (!kSanitized) {
      EXPECT_LT(after + kCount * kDeep / 2, before);
    }
    EXPECT_GE(internal::trim_statistics.deepest_bytes.load(), kDeep);
    EXPECT_LE(internal::trim_statistics.deepest_bytes.load(), std::size_t{1} << internal::kDefaultSlotShift);
    gate.Close();
    ended_.Wait();
    EXPECT_EQ(whole_.load(), kCount) << "what lies above the stack pointer must stay";
  });
}

TEST_F(MemoryTest, TheScavengerComesByItself) {
  if (!internal::ProcessBarrier()) GTEST_SKIP() << "no membarrier here";
  constexpr int kCount = 50;
  gale::Run([&] {
    Chan<int> gate(0);
    std::uint64_t released_before = internal::trim_statistics.released_bytes.load();
    StartDeep(kCount, gate);
    for (int i = 0; i < 600; ++i) {
      if (internal::trim_statistics.released_bytes.load() - released_before >= kCount * (kDeep - 16 * 1024)) break;
      Sleep(50ms);
    }
    EXPECT_GE(internal::trim_statistics.released_bytes.load() - released_before, kCount * (kDeep - 16 * 1024));
    gate.Close();
    ended_.Wait();
    EXPECT_EQ(whole_.load(), kCount);
  });
}

TEST_F(MemoryTest, DeadGoroutinesStacksGoBackAndAreMadeAnew) {
  constexpr int kCount = internal::kThreadSanitizer ? 100 : 1000;  // TSan needs most of a millisecond for each
  gale::Run([&] {
    for (int round = 0; round < 3; ++round) {
      deep_ = 0;
      Chan<int> gate(0);
      StartDeep(kCount / 10, gate);
      for (int i = 0; i < kCount; ++i) ended_.Go([gate] { gate.Recv(); });
      gate.Close();
      ended_.Wait();
      std::size_t before = ResidentBytes();
      FreeOSMemory();
      std::size_t after = ResidentBytes();
      EXPECT_GE(internal::DepotSizes().bare, static_cast<std::size_t>(kCount) / 2);
      if (!kSanitized) {
        EXPECT_LT(after + kCount * 2048, before) << "round " << round;
      }
    }
  });
}

// Many goroutines that end at once, after which nothing happens any more: nothing wakes the scavenger again.
TEST_F(MemoryTest, DeadGoroutinesStacksGoBackByThemselves) {
  if (internal::kThreadSanitizer) GTEST_SKIP() << "the scavenger leaves them there";
  for (int round = 0; round < 3; ++round) {
    FreeOSMemory();
    for (int i = 0; i < 1000; ++i) ended_.Go([round] { Sleep(1100ms + round * 300ms); });
    ended_.Wait();
    for (int i = 0; i < 60; ++i) {
      std::this_thread::sleep_for(500ms);
      if (internal::DepotSizes().pooled == 0) break;
    }
    EXPECT_EQ(internal::DepotSizes().pooled, 0U) << "round " << round;
  }
}

TEST_F(MemoryTest, PlainThreadsMayAskToo) {
  Chan<int> gate(0);
  Go([=] { gate.Recv(); });
  std::uint64_t before = internal::ScavengerPasses();
  std::thread(&FreeOSMemory).join();
  FreeOSMemory();
  EXPECT_GE(internal::ScavengerPasses(), before + 2);
  gate.Close();
}

// Goroutines that park and are woken all the time while the scavenger works on them without a rest: none may lose what
// is on its stack, or be lost.
TEST_F(MemoryTest, WakingUpWhileTheScavengerWorks) {
  constexpr int kWorkers = 64;
  const int rounds = kSanitized ? 20 : 200;
  gale::Run([&] {
    std::atomic<bool> stop{false};
    WaitGroup scavenging;
    scavenging.Go([&] {
      while (!stop) FreeOSMemory();
    });
    WaitGroup workers;
    std::atomic<int> whole{0};
    for (int w = 0; w < kWorkers; ++w) {
      workers.Go([&, w] {
        for (int i = 0; i < rounds; ++i) {
          GoDeep();
          Chan<int> gate(0);
          Go([gate, i] {
            if (i % 4 == 0) Sleep(100us * (i % 32));
            gate.Send(1);
          });
          if (KeepsItsFrame(gate, w + i)) ++whole;
        }
      });
    }
    workers.Wait();
    stop = true;
    scavenging.Wait();
    EXPECT_EQ(whole.load(), kWorkers * rounds);
  });
}

}  // namespace
}  // namespace gale
