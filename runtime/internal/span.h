// Span: a run of pages of the page heap that serves one purpose.
//
// It is free, or it holds objects of one size class, or one large object. There is a descriptor for every page of the
// heap, of 64 bytes, in a table beside the pages. That of a span's first page describes the span; that of its last
// page, and of all its pages if it holds small objects, leads to the first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gale/runtime/internal/linked_list.h"

namespace gale::internal {

enum class SpanState : std::uint8_t {
  kInUse,  // or nobody's, being given back to the kernel
  kFree,
};

inline constexpr std::int8_t kLargeObject = -1;  // instead of a size class

struct alignas(64) Span : Linked {
  std::uint32_t first = 0;  // number of the span's first page; valid in the first and the last one's descriptor
  std::uint32_t pages = 0;
  SpanState state = SpanState::kInUse;
  std::uint8_t shelf = 0;  // if free: see page_heap.h
  std::int8_t size_class = kLargeObject;
  // Of a span with small objects, under its class's lock (span_central.h).
  std::uint16_t allocated = 0;  // objects that are not here
  std::uint16_t carved = 0;     // objects that were ever handed out: the others' memory was not touched yet
  void* free = nullptr;         // objects that came back, linked by NextFree
  char* start = nullptr;
};

static_assert(sizeof(Span) == 64);

// NextFree is the link of a list of free objects: their first words.
inline void*& NextFree(void* object) { return *static_cast<void**>(object); }

}  // namespace gale::internal
