#include "gale/runtime/internal/page_heap.h"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

namespace gale::internal {
namespace {

constexpr std::size_t kHeapBytes = std::size_t{16} << 20;
constexpr std::size_t kHeapPages = kHeapBytes / kSpanPageSize;

// ResidentIn is how many bytes of a span the process occupies.
std::size_t ResidentIn(const PageHeap& heap, const Span* span) {
  auto kernel_page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::size_t bytes = span->pages * kSpanPageSize;
  std::vector<unsigned char> resident((bytes + kernel_page - 1) / kernel_page);
  if (mincore(heap.Start(span), bytes, resident.data()) != 0) ADD_FAILURE() << "mincore";
  std::size_t count = 0;
  for (unsigned char page : resident) count += page & 1u;
  return count * kernel_page;
}

class PageHeapTest : public testing::Test {
 protected:
  // A span whose pages have all been written to.
  Span* Touched(std::size_t pages) {
    Span* span = heap_.Allocate(pages);
    if (span != nullptr) std::memset(heap_.Start(span), 0x5A, pages * kSpanPageSize);
    return span;
  }

  PageHeap heap_{kHeapBytes};
};

TEST_F(PageHeapTest, SpansDoNotOverlap) {
  std::vector<std::pair<Span*, unsigned char>> spans;
  for (unsigned char i = 1; i <= 100; ++i) {
    Span* span = heap_.Allocate(i % 9 + 1u);
    ASSERT_NE(span, nullptr);
    EXPECT_EQ(span->pages, i % 9 + 1u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(heap_.Start(span)) % kSpanPageSize, 0u);
    std::memset(heap_.Start(span), i, span->pages * kSpanPageSize);
    spans.emplace_back(span, i);
  }
  for (auto [span, mark] : spans) {
    const char* start = heap_.Start(span);
    for (std::size_t at = 0; at < span->pages * kSpanPageSize; at += 512) {
      ASSERT_EQ(static_cast<unsigned char>(start[at]), mark);
    }
    heap_.Free(span);
  }
  EXPECT_EQ(heap_.Read().spans, 0u);
  EXPECT_EQ(heap_.Read().span_bytes, 0u);
}

TEST_F(PageHeapTest, FreeNeighboursAreJoined) {
  std::vector<Span*> spans;
  for (int i = 0; i < 4; ++i) spans.push_back(heap_.Allocate(10));
  char* start = heap_.Start(spans[0]);
  for (int i : {1, 3, 0, 2}) heap_.Free(spans[static_cast<std::size_t>(i)]);
  Span* all = heap_.Allocate(40);
  EXPECT_EQ(heap_.Start(all), start);
  heap_.Free(all);
}

TEST_F(PageHeapTest, TheSmallestThatFitsIsUsed) {
  Span* large = heap_.Allocate(20);
  Span* between = heap_.Allocate(1);
  Span* small = heap_.Allocate(5);
  Span* end = heap_.Allocate(1);
  char* start = heap_.Start(small);
  heap_.Free(small);
  heap_.Free(large);
  Span* again = heap_.Allocate(4);
  EXPECT_EQ(heap_.Start(again), start);
  heap_.Free(again);
  heap_.Free(between);
  heap_.Free(end);
}

TEST_F(PageHeapTest, WhatWasFreeForAPassGoesBackAndWhatWasNotStays) {
  Span* cold = Touched(8);
  Span* between = Touched(1);
  Span* warm = Touched(8);
  heap_.Free(cold);
  EXPECT_EQ(heap_.Release(kHeapBytes, false), 0u) << "free for less than a pass";
  EXPECT_TRUE(heap_.EndPass());
  heap_.Free(warm);
  EXPECT_EQ(heap_.Release(kHeapBytes, false), 8 * kSpanPageSize);
  EXPECT_EQ(ResidentIn(heap_, cold), 0u);
  EXPECT_EQ(ResidentIn(heap_, between), kSpanPageSize);
  EXPECT_EQ(ResidentIn(heap_, warm), 8 * kSpanPageSize);
  PageHeap::Statistics statistics = heap_.Read();
  EXPECT_EQ(statistics.idle_bytes, 8 * kSpanPageSize);
  EXPECT_EQ(statistics.returned_bytes, 8 * kSpanPageSize);
  EXPECT_TRUE(heap_.EndPass());
  EXPECT_EQ(heap_.Release(kHeapBytes, false), 8 * kSpanPageSize);
  EXPECT_FALSE(heap_.EndPass());
  heap_.Free(between);
}

TEST_F(PageHeapTest, WhatIsUsedAndFreedInEachPassStaysAndKeepsNothingElse) {
  Span* hot = Touched(1);
  Span* cold = Touched(30);
  heap_.Free(hot);
  heap_.Free(cold);
  heap_.EndPass();
  for (int pass = 0; pass < 3; ++pass) {
    hot = Touched(1);
    heap_.Free(hot);
    heap_.Release(kHeapBytes, false);
    heap_.EndPass();
    EXPECT_EQ(heap_.Read().idle_bytes, kSpanPageSize);
  }
  EXPECT_EQ(heap_.Read().returned_bytes, 30 * kSpanPageSize);
}

TEST_F(PageHeapTest, ReturnedPagesAreUsableAgain) {
  heap_.Free(Touched(8));
  EXPECT_EQ(heap_.Release(kHeapBytes, true), 8 * kSpanPageSize);
  Span* again = heap_.Allocate(8);
  EXPECT_EQ(heap_.Start(again)[100], 0);
  std::memset(heap_.Start(again), 1, 8 * kSpanPageSize);
  EXPECT_EQ(heap_.Read().returned_bytes, 0u);
  heap_.Free(again);
}

TEST_F(PageHeapTest, ExhaustionLosesNothing) {
  EXPECT_EQ(heap_.Allocate(kHeapPages + 1), nullptr);
  std::vector<Span*> spans;
  while (Span* span = heap_.Allocate(7)) spans.push_back(span);
  EXPECT_EQ(spans.size(), kHeapPages / 7);
  EXPECT_EQ(heap_.Allocate(kHeapPages % 7 + 1), nullptr);
  spans.push_back(heap_.Allocate(kHeapPages % 7));
  ASSERT_NE(spans.back(), nullptr);
  for (Span* span : spans) heap_.Free(span);
  Span* all = heap_.Allocate(kHeapPages);
  EXPECT_NE(all, nullptr);
  heap_.Free(all);
}

// Free pages on different shelves are not joined, unless nothing else is left.
TEST_F(PageHeapTest, PagesOfAllAgesAreJoinedBeforeAllocationFails) {
  Span* first = heap_.Allocate(kHeapPages / 2);
  Span* second = heap_.Allocate(kHeapPages / 4);
  Span* third = heap_.Allocate(kHeapPages / 4);
  heap_.Free(first);
  heap_.Release(kHeapBytes, true);
  heap_.Free(second);
  heap_.EndPass();
  heap_.Free(third);
  Span* all = heap_.Allocate(kHeapPages);
  ASSERT_NE(all, nullptr);
  heap_.Free(all);
}

TEST_F(PageHeapTest, RandomUseKeepsTheBooks) {
  std::mt19937 random(7);
  heap_.Free(heap_.Allocate(kHeapPages));
  std::vector<Span*> spans;
  std::size_t used = 0;
  for (int i = 0; i < 20000; ++i) {
    if (random() % 2 == 0) {
      Span* span = heap_.Allocate(random() % 8 == 0 ? random() % 200 + 1 : random() % 6 + 1);
      if (span == nullptr) continue;
      for (std::size_t page = 1; page < span->pages; ++page) span[page].first = span->first;
      used += span->pages;
      spans.push_back(span);
    } else if (!spans.empty()) {
      std::swap(spans[random() % spans.size()], spans.back());
      used -= spans.back()->pages;
      heap_.Free(spans.back());
      spans.pop_back();
    }
    if (i % 100 == 0) {
      heap_.Release(random() % 2 * 64 * kSpanPageSize, random() % 4 == 0);
      heap_.EndPass();
    }
    ASSERT_EQ(heap_.Read().span_bytes, used * kSpanPageSize);
  }
  for (Span* span : spans) heap_.Free(span);
  Span* all = heap_.Allocate(kHeapPages);
  ASSERT_NE(all, nullptr);
  heap_.Free(all);
}

}  // namespace
}  // namespace gale::internal
