// OutputBuffer: the bytes that a connection has to send.
//
// Responses are composed here, all responses to what one read brought behind each other, and leave by one write.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "gale/runtime/internal/span_memory.h"

namespace gale::http::internal {

// OutputBuffer grows as needed and keeps its memory, up to kKeep, for the next response. Not thread-safe.
class OutputBuffer {
 public:
  static constexpr std::size_t kKeep = 16 * 1024;

  OutputBuffer() : data_(gale::internal::AllocateSpanBytes(kKeep)), capacity_(kKeep) {}

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view View() const { return {data_.get(), size_}; }

  void Append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(Room(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void Append(char c) {
    *Room(1) = c;
    ++size_;
  }

  // Room makes place for `count` more bytes and returns where they go; Advance adds them.
  char* Room(std::size_t count) {
    if (capacity_ - size_ < count) Grow(count);
    return data_.get() + size_;
  }
  void Advance(std::size_t count) { size_ += count; }

  // Truncate takes back everything behind `size`.
  void Truncate(std::size_t size) { size_ = size; }

  // DropFront takes away the first `count` bytes.
  void DropFront(std::size_t count) {
    std::memmove(data_.get(), data_.get() + count, size_ - count);
    size_ -= count;
  }

  // Clear empties the buffer and gives back what exceeds kKeep.
  void Clear() {
    size_ = 0;
    if (capacity_ > kKeep) {
      data_ = gale::internal::AllocateSpanBytes(kKeep);
      capacity_ = kKeep;
    }
  }

 private:
  void Grow(std::size_t count) {
    std::size_t capacity = capacity_ * 2;
    while (capacity - size_ < count) capacity *= 2;
    gale::internal::SpanBytes data = gale::internal::AllocateSpanBytes(capacity);
    std::memcpy(data.get(), data_.get(), size_);
    data_ = std::move(data);
    capacity_ = capacity;
  }

  gale::internal::SpanBytes data_;
  std::size_t capacity_;
  std::size_t size_ = 0;
};

}  // namespace gale::http::internal
