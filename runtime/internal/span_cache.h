// SpanCache: a P's free objects, by size class, in front of the lists that all Ps share (span_central.h).
//
// Taking and putting touch no lock and nothing atomic but a plain counter, which others read. What one P allocated
// another may free: the object then belongs to that one's cache. A cache that is empty, or too full, exchanges a batch
// with the shared lists. What it did not need from one pass of the scavenger to the next goes back there
// (GiveUpUnused). Source: Go's runtime/mcache.go.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "gale/runtime/internal/size_class.h"
#include "gale/runtime/internal/span_central.h"

namespace gale::internal {

// SpanHeap is what all caches share.
struct SpanHeap {
  explicit SpanHeap(std::size_t bytes) : pages(bytes), central(pages) {}
  PageHeap pages;
  SpanCentral central;
};

// TheSpanHeap is the process's. Never destroyed.
SpanHeap& TheSpanHeap();

// SpanCache is its owner's alone, but for CachedBytes.
class SpanCache {
 public:
  explicit SpanCache(SpanHeap& heap) : heap_(heap) {}
  SpanCache(const SpanCache&) = delete;
  SpanCache& operator=(const SpanCache&) = delete;
  ~SpanCache() { Flush(); }

  // Take returns an object of that class, uninitialised, or null if memory is exhausted.
  void* Take(int size_class) {
    List& list = lists_[static_cast<std::size_t>(size_class)];
    void* object = list.first;
    if (object == nullptr) [[unlikely]]
      return Refill(size_class);
    list.first = NextFree(object);
    std::uint16_t size = list.Size() - 1;
    list.size.store(size, std::memory_order_relaxed);
    if (size < list.unused) list.unused = size;
    return object;
  }

  void Put(int size_class, void* object) {
    List& list = lists_[static_cast<std::size_t>(size_class)];
    NextFree(object) = list.first;
    list.first = object;
    std::uint16_t size = list.Size() + 1;
    list.size.store(size, std::memory_order_relaxed);
    if (size > InfoOf(size_class).most) [[unlikely]]
      GiveBack(size_class, InfoOf(size_class).batch);
  }

  // GiveUpUnused gives back what was not needed since it was called last.
  void GiveUpUnused();
  // Flush gives everything back.
  void Flush();

  // CachedBytes may be called from everywhere.
  std::size_t CachedBytes() const;

 private:
  struct List {
    std::uint16_t Size() const { return size.load(std::memory_order_relaxed); }

    void* first = nullptr;
    std::atomic<std::uint16_t> size{0};  // written by the owner; relaxed, being a statistic for others
    std::uint16_t unused = 0;            // the smallest size since GiveUpUnused
  };

  void* Refill(int size_class);
  void GiveBack(int size_class, std::size_t count);

  SpanHeap& heap_;
  std::array<List, kSizeClasses> lists_;
};

}  // namespace gale::internal
