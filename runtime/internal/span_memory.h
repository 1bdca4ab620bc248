// Span memory: for objects of the runtime and the server, and for what a request needs while it is answered.
//
//   SpanBytes buffer = AllocateSpanBytes(16 * 1024);   // freed with it
//
//   struct Timer : SpanStored { ... };                 // new Timer and delete take span memory
//
// It is what malloc is for the program: a P's cache of free objects (span_cache.h), lists that all Ps share
// (span_central.h), pages from one reservation (page_heap.h), as Go's mcache, mcentral and mheap. What malloc does
// not do: memory that is not needed goes back to the kernel within seconds wherever it lies, it does not depend on
// which thread frees, and ReadMetrics tells what there is.
//
// It pays for what is larger than a kibibyte, comes in numbers, or is freed by other threads than it was allocated by:
// 16 pieces of 2 KiB cost 8 ns each where malloc takes 31 (runtime_bench, BM_Span). Single small objects it does not:
// malloc serves a few of each size from a list of the thread, without asking which P it has. So timers, contexts and
// channels are malloc's: BM_TimerStop took 123 ns instead of 108 with span memory.
//
// With AddressSanitizer all this is malloc's. Poisoning what is free would find less: malloc also has red zones between
// objects, keeps what was freed from being used again soon, tells who freed it, and finds leaks. With ThreadSanitizer
// freeing counts as a write to the whole object, so a use that is not ordered before it is reported as a race.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace gale::internal {

// AllocateSpan returns `size` bytes, uninitialised. The address is a multiple of each power of two up to 4096 of which
// `size` is one, and at least of 16. Throws std::bad_alloc. From goroutines and plain threads; does not wait, except
// for locks that are held for a moment.
void* AllocateSpan(std::size_t size);

// FreeSpan takes that back: `size` must be the same. Everybody may. Null is ignored.
void FreeSpan(void* memory, std::size_t size) noexcept;

struct SpanDeleter {
  std::size_t size = 0;
  void operator()(char* memory) const noexcept { FreeSpan(memory, size); }
};

// SpanBytes owns an array of span memory.
using SpanBytes = std::unique_ptr<char[], SpanDeleter>;
inline SpanBytes AllocateSpanBytes(std::size_t size) {
  return SpanBytes(static_cast<char*>(AllocateSpan(size)), SpanDeleter{size});
}

// SpanStored is the base of what is allocated in span memory by new. Derived from that: only with a virtual destructor.
struct SpanStored {
  static void* operator new(std::size_t size) { return AllocateSpan(size); }
  static void* operator new(std::size_t, void* place) noexcept { return place; }
  static void operator delete(void* memory, std::size_t size) noexcept { FreeSpan(memory, size); }
};

// SpanAllocator is for the standard library.
template <typename T>
struct SpanAllocator {
  using value_type = T;
  SpanAllocator() = default;
  template <typename U>
  SpanAllocator(const SpanAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(AllocateSpan(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) noexcept { FreeSpan(memory, count * sizeof(T)); }
  template <typename U>
  bool operator==(const SpanAllocator<U>&) const noexcept {
    return true;
  }
};

}  // namespace gale::internal
