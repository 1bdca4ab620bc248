#include "gale/runtime/internal/size_class.h"

#include <gtest/gtest.h>

#include <cstddef>

namespace gale::internal {
namespace {

TEST(SizeClassTest, EverySizeFitsTheSmallestClassThatHoldsIt) {
  EXPECT_EQ(SizeClass(0), 0);
  for (std::size_t size = 1; size <= kMostSmallSize; ++size) {
    int index = SizeClass(size);
    ASSERT_GE(index, 0);
    ASSERT_LT(index, kSizeClasses);
    ASSERT_GE(InfoOf(index).size, size);
    ASSERT_TRUE(index == 0 || InfoOf(index - 1).size < size) << size;
  }
}

TEST(SizeClassTest, RoundingLosesLessThanAFifth) {
  for (std::size_t size = 128; size <= kMostSmallSize; ++size) {
    std::size_t lost = InfoOf(SizeClass(size)).size - size;
    ASSERT_LT(lost * 5, InfoOf(SizeClass(size)).size) << size;
  }
}

TEST(SizeClassTest, MultiplesOfAnAlignmentStaySo) {
  for (std::size_t alignment = 16; alignment <= kSpanPageSize; alignment *= 2) {
    for (std::size_t size = alignment; size <= kMostSmallSize; size += alignment) {
      ASSERT_EQ(InfoOf(SizeClass(size)).size % alignment, 0u) << size;
    }
  }
}

TEST(SizeClassTest, SpansWasteLittleAndBatchesFitTheCaches) {
  for (const SizeClassInfo& info : kSizeClassInfo) {
    std::size_t bytes = info.pages * kSpanPageSize;
    EXPECT_EQ(bytes / info.size, info.objects);
    EXPECT_LE(bytes % info.size * 8, bytes) << info.size;
    EXPECT_GE(info.batch, 1);
    EXPECT_LE(info.batch, info.most);
    EXPECT_LE(std::size_t{info.batch} * info.size, 32u * 1024);
  }
}

}  // namespace
}  // namespace gale::internal
