#include "gale/http/internal/arena.h"

#include <cstring>

namespace gale::http::internal {

std::string_view Arena::Copy(std::string_view text) {
  if (text.empty()) return {};
  char* copy = Allocate(text.size());
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

void Arena::Reset() {
  large_.clear();
  if (blocks_.empty()) return;
  blocks_.erase(blocks_.begin() + 1, blocks_.end());
  next_ = blocks_.front().get();
  remaining_ = kBlockSize;
}

char* Arena::AllocateSlow(std::size_t size) {
  if (size > kBlockSize / 4) {
    large_.push_back(gale::internal::AllocateSpanBytes(size));
    return large_.back().get();
  }
  blocks_.push_back(gale::internal::AllocateSpanBytes(kBlockSize));
  next_ = blocks_.back().get() + size;
  remaining_ = kBlockSize - size;
  return blocks_.back().get();
}

}  // namespace gale::http::internal
