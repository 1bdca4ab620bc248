// PageHeap: the pages behind the span cache, in one reservation of address space.
//
// Pages are handed out in spans (span.h). Spans that come back are joined with their free neighbours and kept on three
// shelves: those that became free since the scavenger's last pass, those that were free already then, and those whose
// memory was given back to the kernel. Allocation looks at them in this order, each time for the smallest that is
// large enough, so that what is warm is used again and what is cold stays so. Each pass of the scavenger gives back
// what is on the second shelf, which then changes places with the first. So pages go after having been free for one to
// two passes.
//
// Joining only within a shelf is what keeps a small span that comes and goes from renewing the age of a large one
// beside it. When nothing fits any more, all is given back, and thereby joined, before an allocation fails.
//
// The reservation is without rights until it is used (16 MiB at a time), so a core holds only what was in use, a wild
// pointer faults, and a process that counts its memory strictly (vm.overcommit_memory=2) is charged for no more.
// No huge pages: one under each few KiB would make the heap's resident size unpredictable.
// Rejected: munmap instead of MADV_DONTNEED (a mapping per span); a bitmap per page, as Go has it (it finds free runs
// faster in heaps much larger than this one, which holds buffers and bookkeeping, not the program's data).
// Source: Go's runtime/mheap.go and mgcscavenge.go.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gale/runtime/internal/size_class.h"
#include "gale/runtime/internal/span.h"
#include "gale/runtime/internal/spin_lock.h"

namespace gale::internal {

// PageHeap is thread-safe. Spans must come back before it is destroyed.
class PageHeap {
 public:
  // Reserves `bytes` of address space, a multiple of 16 MiB, or, if there is not so much, half of that and so on.
  explicit PageHeap(std::size_t bytes);
  PageHeap(const PageHeap&) = delete;
  PageHeap& operator=(const PageHeap&) = delete;
  ~PageHeap();

  // Allocate returns a span of that many pages, or null if there is none, even after all free pages were joined. Its
  // memory is uninitialised, its descriptor that of a large object.
  Span* Allocate(std::size_t pages);
  void Free(Span* span);

  // Release gives the memory of free spans back to the kernel, at least `most` bytes if there are so many: of those
  // that were free at the last EndPass, or of all. Returns how many bytes it were. EndPass begins the next pass, and
  // returns whether there are pages left to give back. Both are called by the scavenger; Release also by who finds no
  // memory.
  std::size_t Release(std::size_t most, bool all);
  bool EndPass();

  char* Start(const Span* span) const { return pages_ + span->first * kSpanPageSize; }
  // Find is the span of a small object, or of a large one that starts there; null for what is not of this heap.
  Span* Find(const void* object) const;

  struct Statistics {
    std::size_t spans = 0;           // handed out
    std::size_t span_bytes = 0;      // in these
    std::size_t idle_bytes = 0;      // in free spans that have memory
    std::size_t returned_bytes = 0;  // in free spans whose memory was given back
  };
  Statistics Read();

 private:
  static constexpr std::size_t kReturned = 2;  // the shelf; 0 and 1 take turns
  static constexpr std::size_t kLengths = 64;  // spans of 1 to 63 pages have lists of their own
  struct Shelf {
    std::uint64_t filled = 0;  // bit i: lists[i] is not empty
    std::size_t bytes = 0;
    std::array<LinkedList<Span>, kLengths> lists;  // by number of pages; 0: 64 and more
  };

  Span* TakeFree(std::size_t pages);
  Span* TakeFitting(Shelf& shelf, std::size_t pages);
  Span* TakeForRelease(bool all);
  Span* Grow(std::size_t pages);
  bool Commit(std::size_t pages);
  void PutFree(Span* span, std::size_t shelf);
  void Shelve(Span* span);
  void Unshelve(Span* span);
  void SetBounds(Span* span, std::size_t pages, SpanState state);

  void* reservation_ = nullptr;
  std::size_t reserved_bytes_ = 0;
  Span* descriptors_ = nullptr;  // by page
  char* pages_ = nullptr;
  std::size_t capacity_ = 0;  // pages
  std::size_t kernel_page_;

  SpinLock lock_;              // guards what follows, and the descriptors of free spans
  std::size_t committed_ = 0;  // pages with rights
  std::size_t carved_ = 0;     // pages that were ever handed out
  std::size_t releasing_ = 0;  // spans that are on their way to kReturned, and on no shelf
  std::size_t young_ = 0;      // the shelf of those that became free since the last EndPass
  std::array<Shelf, 3> shelves_;
  Statistics statistics_;  // spans and span_bytes
};

}  // namespace gale::internal
