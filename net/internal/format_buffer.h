// FormatBuffer: where formatted text gathers before it is written in one piece.
//
// The first half kilobyte lies in the object, on the caller's stack, so that an ordinary Fprintf allocates nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace gale::internal {

// FormatBuffer is a growing text. Not thread-safe.
class FormatBuffer {
 public:
  FormatBuffer() = default;
  FormatBuffer(const FormatBuffer&) = delete;
  FormatBuffer& operator=(const FormatBuffer&) = delete;

  void Append(char c) {
    Reserve(1);
    data_[size_++] = c;
  }
  void Append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(Extend(text.size()), text.data(), text.size());
  }
  void Append(std::size_t count, char c) {
    if (count > 0) std::memset(Extend(count), c, count);
  }

  // Extend makes room for `count` more bytes, counts them as written and returns where they go.
  char* Extend(std::size_t count) {
    Reserve(count);
    size_ += count;
    return data_ + size_ - count;
  }

  // Truncate drops what was written after the first `size` bytes.
  void Truncate(std::size_t size) { size_ = size; }

  std::size_t size() const { return size_; }
  std::string_view View() const { return {data_, size_}; }

 private:
  void Reserve(std::size_t more) {
    if (more > capacity_ - size_) Grow(more);
  }

  void Grow(std::size_t more) {
    capacity_ = std::max(capacity_ * 2, size_ + more);
    auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
    std::memcpy(larger.get(), data_, size_);
    heap_ = std::move(larger);
    data_ = heap_.get();
  }

  std::array<char, 512> inline_;
  char* data_ = inline_.data();
  std::size_t size_ = 0;
  std::size_t capacity_ = inline_.size();
  std::unique_ptr<char[]> heap_;
};

}  // namespace gale::internal
