#include "gale/runtime/internal/span_cache.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <set>
#include <vector>

namespace gale::internal {
namespace {

constexpr std::size_t kHeapBytes = std::size_t{16} << 20;

class SpanCacheTest : public testing::Test {
 protected:
  // ~SpanCache has given everything back, and no span is left.
  void ExpectNothingLost() {
    EXPECT_EQ(heap_.pages.Read().spans, 0u);
    EXPECT_EQ(heap_.central.Read().taken_bytes, 0u);
    EXPECT_EQ(heap_.central.Read().span_bytes, 0u);
  }

  SpanHeap heap_{kHeapBytes};
};

TEST_F(SpanCacheTest, ObjectsOfAllClassesAreApartAndAligned) {
  {
    SpanCache cache(heap_);
    for (int index = 0; index < kSizeClasses; ++index) {
      std::size_t size = InfoOf(index).size;
      std::size_t alignment = std::min(size & (~size + 1), kSpanPageSize);
      std::set<char*> objects;
      for (int i = 0; i < 2 * InfoOf(index).objects + 1; ++i) {
        auto* object = static_cast<char*>(cache.Take(index));
        ASSERT_NE(object, nullptr);
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(object) % alignment, 0u) << size;
        std::memset(object, 0x5A, size);
        objects.insert(object);
      }
      ASSERT_EQ(objects.size(), 2u * InfoOf(index).objects + 1);
      char* former = nullptr;
      for (char* object : objects) {
        ASSERT_TRUE(former == nullptr || former + size <= object);
        former = object;
      }
      for (char* object : objects) cache.Put(index, object);
    }
  }
  ExpectNothingLost();
}

TEST_F(SpanCacheTest, WhatWasFreedLastIsUsedFirst) {
  SpanCache cache(heap_);
  void* object = cache.Take(3);
  cache.Put(3, object);
  EXPECT_EQ(cache.Take(3), object);
  cache.Put(3, object);
}

TEST_F(SpanCacheTest, ACacheKeepsNoMoreThanItsMost) {
  {
    SpanCache cache(heap_);
    int index = SizeClass(1024);
    std::vector<void*> objects;
    for (int i = 0; i < 1000; ++i) objects.push_back(cache.Take(index));
    for (void* object : objects) cache.Put(index, object);
    EXPECT_LE(cache.CachedBytes(), std::size_t{InfoOf(index).most} * 1024);
    EXPECT_GT(cache.CachedBytes(), 0u);
    EXPECT_EQ(heap_.central.Read().taken_bytes, cache.CachedBytes());
  }
  ExpectNothingLost();
}

TEST_F(SpanCacheTest, OneAllocatesAndAnotherFrees) {
  {
    SpanCache producer(heap_);
    SpanCache consumer(heap_);
    for (int i = 0; i < 10000; ++i) {
      int index = i % kSizeClasses;
      void* object = producer.Take(index);
      ASSERT_NE(object, nullptr);
      std::memset(object, i, InfoOf(index).size);
      consumer.Put(index, object);
    }
    EXPECT_LT(heap_.pages.Read().span_bytes, kHeapBytes / 2) << "objects wander back through the shared lists";
  }
  ExpectNothingLost();
}

TEST_F(SpanCacheTest, WhatIsNotNeededIsGivenUpInTwoSteps) {
  SpanCache cache(heap_);
  std::vector<void*> objects;
  for (int i = 0; i < 20; ++i) objects.push_back(cache.Take(0));
  for (void* object : objects) cache.Put(0, object);
  std::size_t all = cache.CachedBytes();
  cache.GiveUpUnused();
  EXPECT_EQ(cache.CachedBytes(), all);
  objects = {cache.Take(0), cache.Take(0)};
  for (void* object : objects) cache.Put(0, object);
  cache.GiveUpUnused();
  EXPECT_EQ(cache.CachedBytes(), 2 * 16u) << "what was needed in between stays";
  cache.GiveUpUnused();
  EXPECT_EQ(cache.CachedBytes(), 0u);
  EXPECT_EQ(heap_.pages.Read().spans, 0u);
}

TEST_F(SpanCacheTest, ExhaustionLosesNothing) {
  for (int index : {0, 20, kSizeClasses - 1}) {
    {
      SpanCache cache(heap_);
      std::vector<void*> objects;
      while (void* object = cache.Take(index)) objects.push_back(object);
      EXPECT_GT(objects.size() * InfoOf(index).size, kHeapBytes / 10 * 8);
      EXPECT_EQ(cache.Take(index), nullptr);
      cache.Put(index, objects.back());
      EXPECT_EQ(cache.Take(index), objects.back());
      for (void* object : objects) cache.Put(index, object);
    }
    ExpectNothingLost();
  }
}

TEST_F(SpanCacheTest, WhatIsCachedOfOtherClassesIsUsedBeforeAllocationFails) {
  SpanCache cache(heap_);
  int index = SizeClass(16 * 1024);
  std::vector<void*> objects;
  while (void* object = cache.Take(index)) objects.push_back(object);
  // Enough for a span, and few enough to stay in the cache.
  for (int i = 0; i < InfoOf(index).most; ++i) {
    cache.Put(index, objects.back());
    objects.pop_back();
  }
  void* other = cache.Take(0);
  EXPECT_NE(other, nullptr);
  cache.Put(0, other);
  for (void* object : objects) cache.Put(index, object);
}

using SpanCacheDeathTest = SpanCacheTest;

TEST_F(SpanCacheDeathTest, ObjectsOfAnotherSizeOrFreedTwiceAreFatal) {
  SpanCache cache(heap_);
  void* object = cache.Take(5);
  NextFree(object) = nullptr;
  EXPECT_DEATH(heap_.central.Give(6, object), "was freed that is no object of 112 bytes");
  void* local = nullptr;
  EXPECT_DEATH(heap_.central.Give(0, &local), "was freed that is no object of 16 bytes");
  cache.Put(5, object);
}

}  // namespace
}  // namespace gale::internal
