#include "gale/runtime/internal/span_memory.h"

#include <algorithm>

#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/handover.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/span_cache.h"

#if defined(__SANITIZE_THREAD__)
extern "C" void __tsan_write_range(void* memory, unsigned long size);
#endif

namespace gale::internal {

namespace {

std::size_t PagesFor(std::size_t size) { return size / kSpanPageSize + (size % kSpanPageSize != 0); }

// Alignment is what AllocateSpan promises.
std::align_val_t Alignment(std::size_t size) {
  return std::align_val_t(std::clamp<std::size_t>(size & (~size + 1), 16, 4096));
}

[[gnu::noinline]] void* AllocateShared(int size_class) {
  if (PinnedP p; p) return p->spans.Take(size_class);
  return TheSpanHeap().central.Take(size_class, 1).first;
}

[[gnu::noinline]] void FreeShared(int size_class, void* object) {
  if (PinnedP p; p) return p->spans.Put(size_class, object);
  NextFree(object) = nullptr;
  TheSpanHeap().central.Give(size_class, object);
}

// PinnedCache is PinnedP for a goroutine, in half the instructions: entering twice does no harm, and the outer one
// leaves.
class PinnedCache {
 public:
  explicit PinnedCache(M* m) : m_(m), outer_(m->in_runtime.load(std::memory_order_relaxed)), p_(EnterRuntime(m)) {}
  PinnedCache(const PinnedCache&) = delete;
  PinnedCache& operator=(const PinnedCache&) = delete;
  // Release as in LeaveRuntime.
  ~PinnedCache() { m_->in_runtime.store(outer_, std::memory_order_release); }
  SpanCache* Get() const { return p_ == nullptr ? nullptr : &p_->spans; }

 private:
  M* m_;
  bool outer_;
  P* p_;
};

void* AllocateSmall(int size_class) {
  if (G* g = CurrentGoroutine()) [[likely]] {
    PinnedCache pinned(g->m);
    if (SpanCache* cache = pinned.Get()) [[likely]]
      return cache->Take(size_class);
  }
  return AllocateShared(size_class);
}

void FreeSmall(int size_class, void* object) {
  if (G* g = CurrentGoroutine()) [[likely]] {
    PinnedCache pinned(g->m);
    if (SpanCache* cache = pinned.Get()) [[likely]]
      return cache->Put(size_class, object);
  }
  FreeShared(size_class, object);
}

[[gnu::noinline]] void* AllocateLarge(std::size_t size) {
  PageHeap& heap = TheSpanHeap().pages;
  Span* span = heap.Allocate(PagesFor(size));
  return span == nullptr ? nullptr : heap.Start(span);
}

[[gnu::noinline]] void FreeLarge(void* object, std::size_t size) {
  PageHeap& heap = TheSpanHeap().pages;
  Span* span = heap.Find(object);
  if (span == nullptr || span->state != SpanState::kInUse || span->size_class != kLargeObject ||
      heap.Start(span) != object || span->pages != PagesFor(size)) {
    Fatal("spans: %p was freed that is no object of %zu bytes, or twice", object, size);
  }
  heap.Free(span);
}

}  // namespace

void* AllocateSpan(std::size_t size) {
  if constexpr (kAddressSanitizer) return ::operator new(size, Alignment(size));
  void* object = size <= kMostSmallSize ? AllocateSmall(SizeClass(size)) : AllocateLarge(size);
  if (object == nullptr) [[unlikely]]
    throw std::bad_alloc();
  return object;
}

void FreeSpan(void* memory, std::size_t size) noexcept {
  if (memory == nullptr) return;
  if constexpr (kAddressSanitizer) return ::operator delete(memory, Alignment(size));
#if defined(__SANITIZE_THREAD__)
  __tsan_write_range(memory, size);
#endif
  size <= kMostSmallSize ? FreeSmall(SizeClass(size), memory) : FreeLarge(memory, size);
}

}  // namespace gale::internal
