// InputBuffer: the bytes that a connection has received and not yet used.
//
// Heads are parsed in place, and the request's fields are views into this buffer. So while a request is being
// answered its head must stay where it is: Pin marks the bytes that Refill must not move or overwrite.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "gale/runtime/internal/span_memory.h"

namespace gale::http::internal {

// InputBuffer is [begin_, end_) of an array that grows by doubling. Not thread-safe.
class InputBuffer {
 public:
  static constexpr std::size_t kInitial = 4096;

  InputBuffer() : data_(gale::internal::AllocateSpanBytes(kInitial)), capacity_(kInitial) {}

  std::string_view Unread() const { return {data_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  // Consume drops the first `count` unread bytes.
  void Consume(std::size_t count) { begin_ += count; }

  // Pin keeps everything before the unread bytes in place until Unpin.
  void Pin() { pinned_ = begin_; }
  void Unpin() { pinned_ = 0; }

  // FreeSpace is where the next bytes may be received. It is made by moving the unread bytes behind the pinned ones,
  // or, while nothing is pinned, by growing; so without a pin there is always some. Pinned and full, it is empty.
  std::span<char> FreeSpace() {
    if (end_ == capacity_ || begin_ == end_) MakeSpace();
    return {data_.get() + end_, capacity_ - end_};
  }
  void Received(std::size_t count) { end_ += count; }

  // Prepend puts bytes that were received elsewhere before the unread ones. Not while pinned.
  void Prepend(std::string_view bytes) {
    std::size_t total = bytes.size() + size();
    std::size_t capacity = capacity_;
    while (capacity < total) capacity *= 2;
    gale::internal::SpanBytes data = gale::internal::AllocateSpanBytes(capacity);
    std::memcpy(data.get(), bytes.data(), bytes.size());
    std::memcpy(data.get() + bytes.size(), Unread().data(), size());
    data_ = std::move(data);
    capacity_ = capacity;
    begin_ = 0;
    end_ = total;
  }

  // Clear forgets everything and gives back what exceeds kInitial.
  void Clear() {
    begin_ = end_ = pinned_ = 0;
    if (capacity_ > kInitial) {
      data_ = gale::internal::AllocateSpanBytes(kInitial);
      capacity_ = kInitial;
    }
  }

 private:
  void MakeSpace() {
    if (begin_ > pinned_) {
      std::memmove(data_.get() + pinned_, data_.get() + begin_, end_ - begin_);
      end_ -= begin_ - pinned_;
      begin_ = pinned_;
    } else if (end_ == capacity_ && pinned_ == 0) {
      gale::internal::SpanBytes data = gale::internal::AllocateSpanBytes(capacity_ * 2);
      std::memcpy(data.get(), data_.get(), end_);
      data_ = std::move(data);
      capacity_ *= 2;
    }
  }

  gale::internal::SpanBytes data_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t pinned_ = 0;
};

}  // namespace gale::http::internal
