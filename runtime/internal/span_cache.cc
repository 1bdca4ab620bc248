#include "gale/runtime/internal/span_cache.h"

#include <sys/resource.h>

#include <algorithm>

#include "gale/runtime/internal/sanitizer.h"

namespace gale::internal {

namespace {

// MostBytes leaves a process whose address space is limited most of it.
std::size_t MostBytes() {
  constexpr std::size_t kMost = std::size_t{1} << (kThreadSanitizer ? 33 : 36);
  rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kMost;
  return std::clamp(static_cast<std::size_t>(limit.rlim_cur) / 8, std::size_t{1} << 24, kMost);
}

}  // namespace

SpanHeap& TheSpanHeap() {
  static auto* heap = new SpanHeap(MostBytes());
  return *heap;
}

void* SpanCache::Refill(int size_class) {
  SpanCentral::Objects objects = heap_.central.Take(size_class, InfoOf(size_class).batch);
  if (objects.count == 0) {
    // What is cached of other classes may fill whole spans.
    Flush();
    objects = heap_.central.Take(size_class, 1);
    if (objects.count == 0) return nullptr;
  }
  List& list = lists_[static_cast<std::size_t>(size_class)];
  list.first = NextFree(objects.first);
  list.size.store(static_cast<std::uint16_t>(objects.count - 1), std::memory_order_relaxed);
  list.unused = 0;
  return objects.first;
}

void SpanCache::GiveBack(int size_class, std::size_t count) {
  if (count == 0) return;
  List& list = lists_[static_cast<std::size_t>(size_class)];
  void* first = list.first;
  void* last = first;
  for (std::size_t i = 1; i < count; ++i) last = NextFree(last);
  list.first = NextFree(last);
  NextFree(last) = nullptr;
  list.size.store(static_cast<std::uint16_t>(list.Size() - count), std::memory_order_relaxed);
  list.unused = std::min(list.unused, list.Size());
  heap_.central.Give(size_class, first);
}

void SpanCache::GiveUpUnused() {
  for (int i = 0; i < kSizeClasses; ++i) {
    List& list = lists_[static_cast<std::size_t>(i)];
    GiveBack(i, list.unused);
    list.unused = list.Size();
  }
}

void SpanCache::Flush() {
  for (int i = 0; i < kSizeClasses; ++i) GiveBack(i, lists_[static_cast<std::size_t>(i)].Size());
}

std::size_t SpanCache::CachedBytes() const {
  std::size_t bytes = 0;
  for (int i = 0; i < kSizeClasses; ++i) bytes += lists_[static_cast<std::size_t>(i)].Size() * InfoOf(i).size;
  return bytes;
}

}  // namespace gale::internal
