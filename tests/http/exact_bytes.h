// ExactBytes: input whose every byte that does not belong to it is poison to ASan.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace gale::http {

// ExactBytes is a heap block of exactly the given bytes, of which only a prefix may have "arrived" yet: a parser that
// looks behind what it was given is caught, though the rest is in memory.
class ExactBytes {
 public:
  explicit ExactBytes(std::string_view bytes)
      : block_(std::make_unique_for_overwrite<char[]>(bytes.size())), size_(bytes.size()) {
    std::memcpy(block_.get(), bytes.data(), bytes.size());
  }
  ~ExactBytes() { Prefix(size_); }
  ExactBytes(const ExactBytes&) = delete;
  ExactBytes& operator=(const ExactBytes&) = delete;

  std::string_view All() { return Prefix(size_); }

  // Prefix is the first `size` bytes; the others must not be touched until the next call.
  std::string_view Prefix(std::size_t size) {
#if defined(__SANITIZE_ADDRESS__)
    ASAN_UNPOISON_MEMORY_REGION(block_.get(), size_);
    ASAN_POISON_MEMORY_REGION(block_.get() + size, size_ - size);
#endif
    return {block_.get(), size};
  }

 private:
  std::unique_ptr<char[]> block_;
  std::size_t size_;
};

}  // namespace gale::http
