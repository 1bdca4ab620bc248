// IdleMask: which Ps are idle, a bit for each. Low numbers are claimed first, so that at low load work stays on few
// threads.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>

namespace gale::internal {

// IdleMask is safe from any thread. Orders: the protocols in scheduler.h put seq_cst fences around Set and Any;
// the read-modify-writes themselves are acq_rel, so that the claimer of a bit sees what its setter did before.
class IdleMask {
 public:
  explicit IdleMask(int size) : IdleMask(size, size) {}
  // With room to Grow to `capacity`.
  IdleMask(int size, int capacity)
      : words_((size + 63) / 64), bits_(new std::atomic<std::uint64_t>[(capacity + 63) / 64]) {
    for (int i = 0; i < (capacity + 63) / 64; ++i) bits_[i].store(0, std::memory_order_relaxed);
  }

  // Grow makes room for more indices, before the first of them is set. Never shrinks.
  void Grow(int size) {
    if ((size + 63) / 64 > words_.load(std::memory_order_relaxed))
      words_.store((size + 63) / 64, std::memory_order_seq_cst);
  }

  void Set(int index) { bits_[index / 64].fetch_or(Bit(index), std::memory_order_acq_rel); }

  // Clear returns whether the bit was set.
  bool Clear(int index) {
    return (bits_[index / 64].fetch_and(~Bit(index), std::memory_order_acq_rel) & Bit(index)) != 0;
  }

  bool Test(int index) const { return (bits_[index / 64].load(std::memory_order_acquire) & Bit(index)) != 0; }

  bool Any() const {
    for (int i = 0; i < Words(); ++i) {
      if (bits_[i].load(std::memory_order_relaxed) != 0) return true;
    }
    return false;
  }

  int Count() const {
    int count = 0;
    for (int i = 0; i < Words(); ++i) count += std::popcount(bits_[i].load(std::memory_order_relaxed));
    return count;
  }

  // Claim clears the lowest bit and returns its index, or -1.
  int Claim() {
    for (int i = 0; i < Words(); ++i) {
      std::uint64_t seen = bits_[i].load(std::memory_order_relaxed);
      while (seen != 0) {
        // Clearing the lowest set bit.
        if (bits_[i].compare_exchange_weak(seen, seen & (seen - 1), std::memory_order_acq_rel,
                                           std::memory_order_relaxed)) {
          return i * 64 + std::countr_zero(seen);
        }
      }
    }
    return -1;
  }

 private:
  int Words() const { return words_.load(std::memory_order_relaxed); }
  static std::uint64_t Bit(int index) { return std::uint64_t{1} << (index % 64); }

  std::atomic<int> words_;  // in use; whoever misses the newest word misses bits that were just set
  std::unique_ptr<std::atomic<std::uint64_t>[]> bits_;
};

}  // namespace gale::internal
