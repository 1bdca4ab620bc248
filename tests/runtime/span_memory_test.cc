// Span memory as its users see it: from goroutines with and without a P, and from plain threads.

#include "gale/runtime/internal/span_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "gale/runtime/blocking.h"
#include "gale/runtime/chan.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/memory.h"
#include "gale/runtime/metrics.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/runtime/process_memory.h"

namespace gale::internal {
namespace {

using namespace std::chrono_literals;

struct Piece {
  char* memory;
  std::size_t size;
  char mark;
};

Piece Allocate(std::size_t size, char mark) {
  auto* memory = static_cast<char*>(AllocateSpan(size));
  std::memset(memory, mark, size);
  return {memory, size, mark};
}

// Free returns whether the piece is as it was allocated.
bool Free(const Piece& piece) {
  bool whole = std::all_of(piece.memory, piece.memory + piece.size, [&](char c) { return c == piece.mark; });
  FreeSpan(piece.memory, piece.size);
  return whole;
}

std::size_t SomeSize(std::mt19937& random) {
  return random() % 50 == 0 ? random() % 100'000 : std::size_t{1} << random() % 12 | random() % 64;
}

TEST(SpanMemoryTest, AllSizesAreAlignedAsTheyPermit) {
  for (std::size_t size : {1, 8, 16, 24, 48, 64, 192, 320, 576, 2048, 4096, 12288, 32768, 32769, 65536, 1000000}) {
    std::size_t alignment = std::clamp<std::size_t>(size & (~size + 1), 16, 4096);
    Piece piece = Allocate(size, 'x');
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(piece.memory) % alignment, 0u) << size;
    EXPECT_TRUE(Free(piece));
  }
  FreeSpan(nullptr, 10);
}

TEST(SpanMemoryTest, TooMuchIsBadAlloc) {
  if (!kAddressSanitizer) {  // which ends the process instead
    EXPECT_THROW(AllocateSpan(std::size_t{1} << 62), std::bad_alloc);
  }
  EXPECT_THROW(SpanAllocator<long>().allocate(static_cast<std::size_t>(-1) / 4), std::bad_alloc);
}

TEST(SpanMemoryTest, ClassesAndContainersMayLiveInIt) {
  struct alignas(64) Shape : SpanStored {
    virtual ~Shape() = default;
    char fill[100] = {};
  };
  struct Large final : Shape {
    char more[500] = {};
  };
  std::unique_ptr<Shape> shape = std::make_unique<Large>();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(shape.get()) % 64, 0u);
  auto shared = std::allocate_shared<int>(SpanAllocator<int>(), 7);
  EXPECT_EQ(*shared, 7);
  std::vector<int, SpanAllocator<int>> numbers;
  for (int i = 0; i < 100'000; ++i) numbers.push_back(i);
  EXPECT_EQ(numbers[99'999], 99'999);
  SpanBytes bytes = AllocateSpanBytes(100);
  std::memset(bytes.get(), 1, 100);
}

// What goroutines on all Ps allocate, others free; some without a P, some on plain threads.
TEST(SpanMemoryTest, EverybodyFreesWhatOthersAllocated) {
  const int rounds = kThreadSanitizer ? 300 : 5000;
  std::atomic<int> whole{0};
  std::atomic<int> freed{0};
  Chan<Piece> pieces(64);
  auto take = [&](int count) {
    for (int i = 0; i < count; ++i) {
      std::optional<Piece> piece = pieces.Recv();
      if (!piece) return;
      if (Free(*piece)) ++whole;
      ++freed;
    }
  };
  auto make = [&, pieces](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < rounds; ++i) {
      pieces.Send(Allocate(SomeSize(random), static_cast<char>(i)));
      if (i % 16 == 0) Gosched();
    }
  };
  gale::Run([&] {
    WaitGroup makers, takers;
    for (unsigned i = 0; i < 4; ++i) makers.Go([&, i] { make(i); });
    makers.Go([&] {
      for (int i = 0; i < rounds; ++i) {
        Piece piece{};
        Blocking([&] { piece = Allocate(100, static_cast<char>(i)); });
        pieces.Send(piece);
      }
    });
    for (int i = 0; i < 4; ++i) takers.Go([&] { take(1 << 30); });
    std::thread maker(make, 77u);
    std::thread taker(take, rounds / 2);
    makers.Wait();
    Blocking([&] { maker.join(); });
    pieces.Close();
    takers.Wait();
    Blocking([&] { taker.join(); });
  });
  EXPECT_EQ(freed.load(), 6 * rounds);
  EXPECT_EQ(whole.load(), 6 * rounds);
}

// While goroutines allocate, the scavenger takes what is free; it must not take more.
TEST(SpanMemoryTest, TheScavengerTakesOnlyWhatIsFree) {
  const int rounds = kThreadSanitizer ? 30 : 300;
  std::atomic<bool> stop{false};
  std::atomic<int> broken{0};
  gale::Run([&] {
    WaitGroup scavenging, workers;
    scavenging.Go([&] {
      while (!stop) FreeOSMemory();
    });
    for (unsigned w = 0; w < 8; ++w) {
      workers.Go([&, w] {
        std::mt19937 random(w);
        std::vector<Piece> pieces;
        for (int i = 0; i < rounds; ++i) {
          for (int k = 0; k < 20; ++k) pieces.push_back(Allocate(SomeSize(random), static_cast<char>(k + i)));
          Gosched();
          while (pieces.size() > 10) {
            std::swap(pieces[random() % pieces.size()], pieces.back());
            if (!Free(pieces.back())) ++broken;
            pieces.pop_back();
          }
        }
        for (const Piece& piece : pieces) {
          if (!Free(piece)) ++broken;
        }
      });
    }
    workers.Wait();
    stop = true;
    scavenging.Wait();
  });
  EXPECT_EQ(broken.load(), 0);
}

class SpanMetricsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (kAddressSanitizer) GTEST_SKIP() << "span memory is malloc's here";
  }
  static constexpr std::size_t kPieces = 1000;
  static constexpr std::size_t kSize = 10'000;
};

TEST_F(SpanMetricsTest, MetricsFollowWhatIsAllocatedAndFreed) {
  gale::Run([] {
    FreeOSMemory();
    Metrics before = ReadMetrics();
    std::vector<SpanBytes> pieces;
    for (std::size_t i = 0; i < kPieces; ++i) pieces.push_back(AllocateSpanBytes(kSize));
    Metrics during = ReadMetrics();
    EXPECT_GE(during.span_object_bytes, before.span_object_bytes + kPieces * kSize);
    EXPECT_LE(during.span_object_bytes, before.span_object_bytes + kPieces * kSize * 5 / 4);
    EXPECT_GE(during.span_bytes, during.span_object_bytes + during.span_cached_bytes);
    EXPECT_GT(during.spans, before.spans);
    pieces.clear();
    Metrics after = ReadMetrics();
    EXPECT_LT(after.span_object_bytes, before.span_object_bytes + kSize);
    EXPECT_GT(after.span_cached_bytes, 0u);
    EXPECT_GE(after.span_idle_bytes, kPieces * kSize / 2);
    FreeOSMemory();
    Metrics at_last = ReadMetrics();
    EXPECT_LT(at_last.span_idle_bytes, kPieces * kSize / 10);
    EXPECT_GE(at_last.span_returned_bytes, kPieces * kSize / 10 * 9);
    EXPECT_LT(at_last.span_bytes, before.span_bytes + kPieces * kSize / 10);
  });
}

TEST_F(SpanMetricsTest, FreeOSMemoryShrinksTheProcess) {
  if (kThreadSanitizer) GTEST_SKIP() << "the sanitizer's own memory is in the way";
  gale::Run([] {
    std::vector<SpanBytes> pieces;
    for (std::size_t i = 0; i < kPieces; ++i) {
      pieces.push_back(AllocateSpanBytes(kSize));
      std::memset(pieces.back().get(), 1, kSize);
    }
    std::size_t before = ResidentBytes();
    pieces.clear();
    FreeOSMemory();
    EXPECT_LT(ResidentBytes() + kPieces * kSize / 2, before);
  });
}

TEST_F(SpanMetricsTest, TheScavengerComesByItself) {
  gale::Run([] {
    std::vector<SpanBytes> pieces;
    for (std::size_t i = 0; i < kPieces; ++i) pieces.push_back(AllocateSpanBytes(kSize));
    std::uint64_t returned_before = ReadMetrics().span_returned_bytes;
    pieces.clear();
    for (int i = 0; i < 600; ++i) {
      if (ReadMetrics().span_returned_bytes > returned_before + kPieces * kSize / 2) break;
      Sleep(50ms);
    }
    EXPECT_GT(ReadMetrics().span_returned_bytes, returned_before + kPieces * kSize / 2);
  });
}

}  // namespace
}  // namespace gale::internal
