#include "gale/runtime/internal/page_heap.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <new>

#include "gale/runtime/internal/fatal.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

namespace gale::internal {

namespace {

// Pages get their rights by the granule; so do their descriptors, which fill 128 KiB: whole pages on every kernel.
constexpr std::size_t kGranuleBytes = std::size_t{16} << 20;
constexpr std::size_t kGranule = kGranuleBytes / kSpanPageSize;
constexpr std::size_t kAlignment = 64 * 1024;  // the largest page of a kernel

bool Allow(void* memory, std::size_t bytes) { return mprotect(memory, bytes, PROT_READ | PROT_WRITE) == 0; }

}  // namespace

PageHeap::PageHeap(std::size_t bytes) : kernel_page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
  for (capacity_ = bytes / kGranuleBytes * kGranule; capacity_ >= kGranule; capacity_ /= 2) {
    std::size_t table = capacity_ * sizeof(Span);
    reserved_bytes_ = capacity_ * kSpanPageSize + table + kAlignment;
    reservation_ = mmap(nullptr, reserved_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reservation_ == MAP_FAILED) continue;
    madvise(reservation_, reserved_bytes_, MADV_NOHUGEPAGE);
    prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, reservation_, reserved_bytes_, "gale spans");
    auto base = (reinterpret_cast<std::uintptr_t>(reservation_) + kAlignment - 1) & ~(kAlignment - 1);
    descriptors_ = reinterpret_cast<Span*>(base);
    pages_ = reinterpret_cast<char*>(base + table);
    return;
  }
  Fatal("spans: cannot reserve %zu MiB of address space: %s (is RLIMIT_AS set?)", kGranuleBytes >> 20,
        std::strerror(errno));
}

PageHeap::~PageHeap() { munmap(reservation_, reserved_bytes_); }

Span* PageHeap::Allocate(std::size_t pages) {
  if (pages > capacity_) return nullptr;
  for (bool joined = false;; joined = true) {
    {
      std::lock_guard guard(lock_);
      Span* span = TakeFree(pages);
      if (span == nullptr) span = Grow(pages);
      if (span != nullptr) {
        span->size_class = kLargeObject;
        ++statistics_.spans;
        statistics_.span_bytes += pages * kSpanPageSize;
        return span;
      }
      if (joined && releasing_ == 0) return nullptr;
    }
    // Others who release may hold what would fit.
    if (joined) sched_yield();
    Release(capacity_ * kSpanPageSize, /*all=*/true);
  }
}

void PageHeap::Free(Span* span) {
  std::lock_guard guard(lock_);
  --statistics_.spans;
  statistics_.span_bytes -= span->pages * kSpanPageSize;
  PutFree(span, young_);
}

Span* PageHeap::Find(const void* object) const {
  auto offset = static_cast<std::size_t>(static_cast<const char*>(object) - pages_);
  if (offset >= capacity_ * kSpanPageSize) return nullptr;
  return &descriptors_[descriptors_[offset / kSpanPageSize].first];
}

PageHeap::Statistics PageHeap::Read() {
  std::lock_guard guard(lock_);
  Statistics statistics = statistics_;
  statistics.idle_bytes = shelves_[0].bytes + shelves_[1].bytes;
  statistics.returned_bytes = shelves_[kReturned].bytes;
  return statistics;
}

// TakeFree and what it calls run under the lock, as does everything below that does not say otherwise.
Span* PageHeap::TakeFree(std::size_t pages) {
  for (std::size_t shelf : {young_, 1 - young_, kReturned}) {
    Span* span = TakeFitting(shelves_[shelf], pages);
    if (span == nullptr) continue;
    std::size_t rest_pages = span->pages - pages;
    SetBounds(span, pages, SpanState::kInUse);
    if (rest_pages != 0) {
      Span* rest = span + pages;
      SetBounds(rest, rest_pages, SpanState::kInUse);
      PutFree(rest, shelf);
    }
    return span;
  }
  return nullptr;
}

Span* PageHeap::TakeFitting(Shelf& shelf, std::size_t pages) {
  Span* best = nullptr;
  std::uint64_t fitting = pages < kLengths ? shelf.filled & ~std::uint64_t{1} & ~std::uint64_t{0} << pages : 0;
  if (fitting != 0) {
    best = shelf.lists[static_cast<std::size_t>(std::countr_zero(fitting))].Front();
  } else {
    for (Span* span = shelf.lists[0].Front(); span != nullptr; span = shelf.lists[0].Next(span)) {
      if (span->pages >= pages && (best == nullptr || span->pages < best->pages)) best = span;
    }
  }
  if (best != nullptr) Unshelve(best);
  return best;
}

Span* PageHeap::Grow(std::size_t pages) {
  if (pages > capacity_ - carved_ || !Commit(carved_ + pages)) return nullptr;
  Span* span = &descriptors_[carved_];
  for (std::size_t i = 0; i < pages; ++i) new (span + i) Span;
  carved_ += pages;
  SetBounds(span, pages, SpanState::kInUse);
  return span;
}

bool PageHeap::Commit(std::size_t pages) {
  if (pages <= committed_) return true;
  std::size_t wanted = (pages + kGranule - 1) / kGranule * kGranule;  // not more than the capacity: whole granules
  std::size_t added = wanted - committed_;
  if (!Allow(descriptors_ + committed_, added * sizeof(Span))) return false;
  if (!Allow(pages_ + committed_ * kSpanPageSize, added * kSpanPageSize)) return false;
  committed_ = wanted;
  return true;
}

// PutFree joins a span that nobody uses with its neighbours on the same shelf, and puts it there.
void PageHeap::PutFree(Span* span, std::size_t shelf) {
  std::size_t first = span->first;
  std::size_t end = first + span->pages;
  auto joins = [shelf](const Span& other) { return other.state == SpanState::kFree && other.shelf == shelf; };
  if (end < carved_ && joins(descriptors_[end])) {
    Span* after = &descriptors_[end];
    Unshelve(after);
    end += after->pages;
  }
  if (first > 0 && joins(descriptors_[first - 1])) {
    Span* before = &descriptors_[descriptors_[first - 1].first];
    Unshelve(before);
    first = before->first;
  }
  Span* joined = &descriptors_[first];
  SetBounds(joined, end - first, SpanState::kFree);
  joined->shelf = descriptors_[end - 1].shelf = static_cast<std::uint8_t>(shelf);
  Shelve(joined);
}

// SetBounds makes the descriptors of the first and the last page say what the neighbours ask of them.
void PageHeap::SetBounds(Span* span, std::size_t pages, SpanState state) {
  auto first = static_cast<std::uint32_t>(span - descriptors_);
  span->pages = static_cast<std::uint32_t>(pages);
  Span& last = descriptors_[first + pages - 1];
  span->first = last.first = first;
  span->state = last.state = state;
}

void PageHeap::Shelve(Span* span) {
  Shelf& shelf = shelves_[span->shelf];
  std::size_t list = span->pages < kLengths ? span->pages : 0;
  shelf.lists[list].PushBack(span);
  shelf.filled |= std::uint64_t{1} << list;
  shelf.bytes += span->pages * kSpanPageSize;
}

void PageHeap::Unshelve(Span* span) {
  Shelf& shelf = shelves_[span->shelf];
  std::size_t list = span->pages < kLengths ? span->pages : 0;
  shelf.lists[list].Remove(span);
  if (shelf.lists[list].Empty()) shelf.filled &= ~(std::uint64_t{1} << list);
  shelf.bytes -= span->pages * kSpanPageSize;
  // Nobody joins it while it is on no shelf.
  SetBounds(span, span->pages, SpanState::kInUse);
}

Span* PageHeap::TakeForRelease(bool all) {
  for (std::size_t shelf : {1 - young_, young_}) {
    if (shelf == young_ && !all) break;
    if (std::uint64_t filled = shelves_[shelf].filled; filled != 0) {
      Span* span = shelves_[shelf].lists[static_cast<std::size_t>(std::countr_zero(filled))].Front();
      Unshelve(span);
      ++releasing_;
      return span;
    }
  }
  return nullptr;
}

// Takes the lock only between the calls of the kernel.
std::size_t PageHeap::Release(std::size_t most, bool all) {
  std::size_t released = 0;
  while (released < most) {
    Span* span = nullptr;
    {
      std::lock_guard guard(lock_);
      span = TakeForRelease(all);
    }
    if (span == nullptr) break;
    std::size_t bytes = span->pages * kSpanPageSize;
    // Where the kernel's pages are larger than ours, those at the ends may have other users.
    auto start = (reinterpret_cast<std::uintptr_t>(Start(span)) + kernel_page_ - 1) & ~(kernel_page_ - 1);
    auto end = reinterpret_cast<std::uintptr_t>(Start(span) + bytes) & ~(kernel_page_ - 1);
    if (start < end) madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
    released += bytes;
    std::lock_guard guard(lock_);
    --releasing_;
    PutFree(span, kReturned);
  }
  return released;
}

bool PageHeap::EndPass() {
  std::lock_guard guard(lock_);
  young_ = 1 - young_;
  return shelves_[0].bytes + shelves_[1].bytes != 0;
}

}  // namespace gale::internal
