// Size classes: the sizes in which the span cache (span_memory.h) hands out memory.
//
// Up to 128 bytes they are 16 apart, then four per doubling, up to 32 KiB; so less than a fifth of an object is lost to
// rounding. A size that is a multiple of a power of two A (up to kSpanPageSize) has a class whose size is one too: as
// spans begin on a page, every object is aligned as its size permits, which for C++ types is as they need.
// Source: Go's runtime/sizeclasses.go, which has 68 classes found by search; these follow from arithmetic.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace gale::internal {

inline constexpr std::size_t kSpanPageSize = 8192;
inline constexpr std::size_t kMostSmallSize = 32 * 1024;  // beyond, objects have spans of their own
inline constexpr int kSizeClasses = 40;

// SizeClass is the class of the smallest objects that hold `size` bytes, which is at most kMostSmallSize.
constexpr int SizeClass(std::size_t size) {
  if (size <= 128) return static_cast<int>((std::max<std::size_t>(size, 1) - 1) / 16);
  int width = std::bit_width(size - 1);  // 8: 129 to 256 bytes
  return 8 + (width - 8) * 4 + static_cast<int>((size - 1) >> (width - 3)) - 4;
}

struct SizeClassInfo {
  std::uint32_t size;     // of an object, in bytes
  std::uint16_t pages;    // of a span
  std::uint16_t objects;  // in a span
  std::uint16_t batch;    // how many move between a P's cache and the central lists at a time
  std::uint16_t most;     // how many a P's cache keeps
};

constexpr SizeClassInfo MakeSizeClass(int index) {
  constexpr std::size_t kMostBatchBytes = 32 * 1024;
  std::size_t size = index < 8 ? 16 * (static_cast<std::size_t>(index) + 1)
                               : (5 + static_cast<std::size_t>(index) % 4) << (5 + (index - 8) / 4);
  std::size_t pages = 1;
  while (pages * kSpanPageSize < size || pages * kSpanPageSize % size * 8 > pages * kSpanPageSize) ++pages;
  std::size_t batch = std::clamp<std::size_t>(kMostBatchBytes / size, 1, 32);
  return {static_cast<std::uint32_t>(size), static_cast<std::uint16_t>(pages),
          static_cast<std::uint16_t>(pages * kSpanPageSize / size), static_cast<std::uint16_t>(batch),
          static_cast<std::uint16_t>(2 * batch)};
}

inline constexpr std::array<SizeClassInfo, kSizeClasses> kSizeClassInfo = [] {
  std::array<SizeClassInfo, kSizeClasses> all{};
  for (int i = 0; i < kSizeClasses; ++i) all[static_cast<std::size_t>(i)] = MakeSizeClass(i);
  return all;
}();

constexpr const SizeClassInfo& InfoOf(int size_class) { return kSizeClassInfo[static_cast<std::size_t>(size_class)]; }

static_assert(SizeClass(kMostSmallSize) == kSizeClasses - 1 && InfoOf(kSizeClasses - 1).size == kMostSmallSize);

}  // namespace gale::internal
