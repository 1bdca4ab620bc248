// GDeque: a queue of pointers to goroutines, in blocks.
//
// Unlike GList it does not run through the Gs themselves. Each G lies in a page of its own, and after a burst most are
// not in any cache: following links from G to G would cost a cache and a TLB miss each, one after the other.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "gale/runtime/internal/g.h"

namespace gale::internal {

// GDeque is a FIFO. Not thread-safe.
class GDeque {
 public:
  GDeque() = default;
  GDeque(const GDeque&) = delete;
  GDeque& operator=(const GDeque&) = delete;
  ~GDeque() {
    for (Block* block = first_; block != nullptr;) delete std::exchange(block, block->next);
    delete spare_;
  }

  std::size_t size() const { return size_; }

  void PushBack(G* g) {
    if (last_ == nullptr || end_ == kBlockSize) AddBlock();
    last_->items[end_++] = g;
    ++size_;
  }

  // PopFront returns the oldest, or null.
  G* PopFront() {
    if (size_ == 0) return nullptr;
    G* g = first_->items[begin_++];
    --size_;
    if (begin_ == kBlockSize || size_ == 0) DropBlock();
    return g;
  }

 private:
  static constexpr std::size_t kBlockSize = 510;
  struct Block {
    std::array<G*, kBlockSize> items;
    Block* next = nullptr;
  };

  void AddBlock() {
    Block* block = spare_ != nullptr ? std::exchange(spare_, nullptr) : new Block;
    block->next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = block;
    last_ = block;
    end_ = 0;
  }

  // One empty block is kept: a queue that is filled and emptied in turn allocates nothing.
  void DropBlock() {
    Block* block = first_;
    first_ = block->next;
    if (first_ == nullptr) last_ = nullptr;
    begin_ = 0;
    if (spare_ == nullptr) {
      spare_ = block;
    } else {
      delete block;
    }
  }

  Block* first_ = nullptr;
  Block* last_ = nullptr;
  Block* spare_ = nullptr;
  std::size_t begin_ = 0;  // in *first_
  std::size_t end_ = 0;    // in *last_
  std::size_t size_ = 0;
};

}  // namespace gale::internal
