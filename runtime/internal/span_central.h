// SpanCentral: the spans of small objects, by size class, which all Ps share.
//
// Objects come and go in batches. A span all of whose objects are back goes to the page heap. Objects are taken from
// the span that has been waiting longest with some to spare until it has none, so that the others may become empty.
// Source: Go's runtime/mcentral.go. There a P takes a whole span and its objects come back to that; here objects are
// freed one by one, mostly by the P that allocated them, so it is lists of objects that move.
#pragma once

#include <array>
#include <cstddef>

#include "gale/runtime/internal/page_heap.h"
#include "gale/runtime/internal/spin_lock.h"

namespace gale::internal {

// SpanCentral is thread-safe. Objects are passed as lists, linked by NextFree, the last one with null.
class SpanCentral {
 public:
  explicit SpanCentral(PageHeap& heap) : heap_(heap) {}

  struct Objects {
    void* first = nullptr;
    std::size_t count = 0;
  };
  // Take returns one to `most` objects, or none if memory is exhausted.
  Objects Take(int size_class, std::size_t most);
  // Give takes objects of one class back. Fatal for what was not allocated as such.
  void Give(int size_class, void* first);

  struct Statistics {
    std::size_t span_bytes = 0;   // of the spans
    std::size_t taken_bytes = 0;  // of the objects that were taken from them
  };
  Statistics Read();

 private:
  struct alignas(64) Shelf {
    SpinLock lock;
    LinkedList<Span> spans;  // those that have objects to spare
    std::size_t span_count = 0;
    std::size_t taken = 0;
  };

  static void TakeFrom(Shelf& shelf, const SizeClassInfo& info, std::size_t most, Objects& objects);
  void TakeBack(Shelf& shelf, int size_class, void* object, LinkedList<Span>& empty);
  Span* NewSpan(int size_class);

  PageHeap& heap_;
  std::array<Shelf, kSizeClasses> shelves_;
};

}  // namespace gale::internal
