#include "gale/runtime/internal/span_central.h"

#include <mutex>

#include "gale/runtime/internal/fatal.h"

namespace gale::internal {

SpanCentral::Objects SpanCentral::Take(int size_class, std::size_t most) {
  Shelf& shelf = shelves_[static_cast<std::size_t>(size_class)];
  const SizeClassInfo& info = InfoOf(size_class);
  Objects objects;
  {
    std::lock_guard guard(shelf.lock);
    TakeFrom(shelf, info, most, objects);
  }
  if (objects.count != 0) return objects;
  Span* span = NewSpan(size_class);
  if (span == nullptr) return objects;
  std::lock_guard guard(shelf.lock);
  ++shelf.span_count;
  shelf.spans.PushBack(span);
  TakeFrom(shelf, info, most, objects);
  return objects;
}

// TakeFrom and TakeBack run under the shelf's lock.
void SpanCentral::TakeFrom(Shelf& shelf, const SizeClassInfo& info, std::size_t most, Objects& objects) {
  while (objects.count < most) {
    Span* span = shelf.spans.Front();
    if (span == nullptr) break;
    void* object = span->free;
    if (object != nullptr) {
      span->free = NextFree(object);
    } else {
      object = span->start + std::size_t{span->carved++} * info.size;
    }
    NextFree(object) = objects.first;
    objects.first = object;
    ++objects.count;
    if (++span->allocated == info.objects) shelf.spans.Remove(span);
  }
  shelf.taken += objects.count;
}

void SpanCentral::Give(int size_class, void* first) {
  Shelf& shelf = shelves_[static_cast<std::size_t>(size_class)];
  LinkedList<Span> empty;
  {
    std::lock_guard guard(shelf.lock);
    while (first != nullptr) {
      void* object = first;
      first = NextFree(object);
      TakeBack(shelf, size_class, object, empty);
    }
  }
  while (Span* span = empty.PopFront()) heap_.Free(span);
}

void SpanCentral::TakeBack(Shelf& shelf, int size_class, void* object, LinkedList<Span>& empty) {
  Span* span = heap_.Find(object);
  if (span == nullptr || span->size_class != size_class || span->allocated == 0) {
    Fatal("spans: %p was freed that is no object of %u bytes, or twice", object, InfoOf(size_class).size);
  }
  NextFree(object) = span->free;
  span->free = object;
  --shelf.taken;
  if (span->allocated-- == InfoOf(size_class).objects) shelf.spans.PushBack(span);
  if (span->allocated != 0) return;
  shelf.spans.Remove(span);
  --shelf.span_count;
  empty.PushBack(span);
}

Span* SpanCentral::NewSpan(int size_class) {
  std::size_t pages = InfoOf(size_class).pages;
  Span* span = heap_.Allocate(pages);
  if (span == nullptr) return nullptr;
  for (std::size_t i = 1; i < pages; ++i) span[i].first = span->first;
  span->size_class = static_cast<std::int8_t>(size_class);
  span->start = heap_.Start(span);
  span->free = nullptr;
  span->allocated = span->carved = 0;
  return span;
}

SpanCentral::Statistics SpanCentral::Read() {
  Statistics statistics;
  for (int i = 0; i < kSizeClasses; ++i) {
    Shelf& shelf = shelves_[static_cast<std::size_t>(i)];
    const SizeClassInfo& info = InfoOf(i);
    std::lock_guard guard(shelf.lock);
    statistics.span_bytes += shelf.span_count * info.pages * kSpanPageSize;
    statistics.taken_bytes += shelf.taken * info.size;
  }
  return statistics;
}

}  // namespace gale::internal
