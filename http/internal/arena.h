// Arena: bump allocation for what lives as long as one request.
//
//   Arena arena;
//   std::string_view kept = arena.Copy(name);   // valid until Reset
//   arena.Reset();                              // keeps one block for the next request
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "gale/runtime/internal/span_memory.h"

namespace gale::http::internal {

// Arena hands out memory that is freed all at once. Not thread-safe. Addresses are stable until Reset. An arena
// that was never used owns no memory.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Allocate returns `size` bytes of uninitialised memory, aligned for char only. For size 0 the result is a
  // pointer that must not be read.
  char* Allocate(std::size_t size) {
    if (size > remaining_) return AllocateSlow(size);
    char* result = next_;
    next_ += size;
    remaining_ -= size;
    return result;
  }
  // Copy keeps a copy of text.
  std::string_view Copy(std::string_view text);
  // Reset frees everything at once, but keeps one block of kBlockSize for reuse.
  void Reset();

 private:
  static constexpr std::size_t kBlockSize = 2048;

  char* AllocateSlow(std::size_t size);

  // Blocks of kBlockSize that are bumped through, the current one last, and blocks of their own for what is
  // large, so that a large piece does not waste the rest of the current block.
  std::vector<gale::internal::SpanBytes> blocks_;
  std::vector<gale::internal::SpanBytes> large_;
  char* next_ = nullptr;
  std::size_t remaining_ = 0;
};

}  // namespace gale::http::internal
