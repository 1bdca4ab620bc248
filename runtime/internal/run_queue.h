// RunQueue: the runnable goroutines of one P.
//
// A ring with one producer and many consumers: the owner pushes at the tail and pops at the head, thieves take half
// from the head. Beside it `next`, the goroutine to run before all in the ring: what the running goroutine has just
// made runnable, so that a pair that hands values to and fro stays hot on one P and is not sent to the back.
// Source: Go's runqput, runqget, runqgrab.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "gale/runtime/internal/g.h"

namespace gale::internal {

#ifdef GALE_RUN_QUEUE_CAPACITY
inline constexpr std::uint32_t kRunQueueCapacity = GALE_RUN_QUEUE_CAPACITY;  // tests shrink it
#else
inline constexpr std::uint32_t kRunQueueCapacity = 256;
#endif

// GList is a singly linked list of Gs, through G::next. Not thread-safe.
struct GList {
  G* head = nullptr;
  G* tail = nullptr;
  std::size_t size = 0;

  void PushBack(G* g) {
    g->next = nullptr;
    (tail == nullptr ? head : tail->next) = g;
    tail = g;
    ++size;
  }
  void PushFront(G* g) {
    g->next = head;
    head = g;
    if (tail == nullptr) tail = g;
    ++size;
  }
  G* PopFront() {
    G* g = head;
    if (g == nullptr) return nullptr;
    head = g->next;
    if (head == nullptr) tail = nullptr;
    g->next = nullptr;
    --size;
    return g;
  }
};

template <std::uint32_t kCapacity>
class BasicRunQueue {
  static_assert(kCapacity >= 2 && (kCapacity & (kCapacity - 1)) == 0);

 public:
  // PushBack appends g. Owner only; may run in parallel with Steal(). When the ring is full, half of it and g go to
  // `overflow`, which the caller hands to the global queue, and the result is false.
  bool PushBack(G* g, GList& overflow) {
    for (;;) {
      // Acquire pairs with the release of the thieves' CAS: the slots that they emptied are free.
      std::uint32_t head = head_.load(std::memory_order_acquire);
      std::uint32_t tail = tail_.load(std::memory_order_relaxed);
      if (tail - head < kCapacity) {
        ring_[tail % kCapacity].store(g, std::memory_order_relaxed);
        // Release pairs with the acquire loads of tail_ in Steal(): a thief that sees the tail sees the slot.
        tail_.store(tail + 1, std::memory_order_release);
        return true;
      }
      if (MoveHalf(head, tail, overflow)) {
        overflow.PushBack(g);
        return false;
      }
    }
  }

  // PopFront takes the oldest goroutine of the ring, or null. Owner only; may run in parallel with Steal().
  G* PopFront() {
    // Acquire pairs with the release of the thieves' CAS, as in PushBack.
    std::uint32_t head = head_.load(std::memory_order_acquire);
    for (;;) {
      std::uint32_t tail = tail_.load(std::memory_order_relaxed);
      if (head == tail) return nullptr;
      G* g = ring_[head % kCapacity].load(std::memory_order_relaxed);
      // Release: this slot is read before the owner's next PushBack may overwrite it.
      if (head_.compare_exchange_weak(head, head + 1, std::memory_order_release, std::memory_order_acquire)) {
        if (tail - head > 1) __builtin_prefetch(ring_[(head + 1) % kCapacity].load(std::memory_order_relaxed), 1);
        return g;
      }
    }
  }

  // ExchangeNext puts g into the next slot and returns who was there, whom the caller appends. Owner only.
  // The exchange is sequentially consistent: it is also the fence of the submission protocol (scheduler.h).
  G* ExchangeNext(G* g) { return next_.exchange(g, std::memory_order_seq_cst); }

  // TakeNext empties the next slot. From any thread; the acquire side pairs with ExchangeNext.
  G* TakeNext() {
    if (next_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    return next_.exchange(nullptr, std::memory_order_acq_rel);
  }
  G* PeekNext() const { return next_.load(std::memory_order_relaxed); }

  // Steal moves the older half of `victim` (rounded up) into this queue and returns one of them to run at once, or
  // null. Owner of this queue only, and only while this ring is empty; the victim's owner and other thieves may be
  // at work.
  G* Steal(BasicRunQueue& victim) {
    std::uint32_t tail = tail_.load(std::memory_order_relaxed);
    std::uint32_t count = victim.Grab(ring_, tail);
    if (count == 0) return nullptr;
    --count;
    G* g = ring_[(tail + count) % kCapacity].load(std::memory_order_relaxed);
    // Release pairs with the acquire of tail_ by those who steal from us.
    if (count != 0) tail_.store(tail + count, std::memory_order_release);
    return g;
  }

  // Empty may be out of date when it returns, unless the caller has excluded pushes. `next` does not count.
  bool Empty() const { return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire); }
  std::uint32_t Size() const {
    std::uint32_t head = head_.load(std::memory_order_acquire);
    return tail_.load(std::memory_order_acquire) - head;
  }

 private:
  using Ring = std::array<std::atomic<G*>, kCapacity>;

  // MoveHalf takes half of a full ring out for the global queue. False: thieves came first and there is room now.
  bool MoveHalf(std::uint32_t head, std::uint32_t tail, GList& out) {
    std::uint32_t count = (tail - head) / 2;
    std::array<G*, kCapacity / 2> batch;
    for (std::uint32_t i = 0; i < count; ++i) batch[i] = ring_[(head + i) % kCapacity].load(std::memory_order_relaxed);
    // Release pairs with the acquire loads of head_: the slots were read before they count as free.
    if (!head_.compare_exchange_strong(head, head + count, std::memory_order_release, std::memory_order_relaxed)) {
      return false;
    }
    for (std::uint32_t i = 0; i < count; ++i) out.PushBack(batch[i]);
    return true;
  }

  // Grab copies the older half of this ring to `out` from position `at` on and returns how many were taken.
  std::uint32_t Grab(Ring& out, std::uint32_t at) {
    for (;;) {
      // Acquire on head_ pairs with other consumers' release, on tail_ with the owner's release in PushBack.
      std::uint32_t head = head_.load(std::memory_order_acquire);
      std::uint32_t tail = tail_.load(std::memory_order_acquire);
      std::uint32_t count = tail - head;
      count -= count / 2;
      if (count == 0) return 0;
      if (count > kCapacity / 2) continue;  // head and tail were read at different times
      for (std::uint32_t i = 0; i < count; ++i) {
        out[(at + i) % kCapacity].store(ring_[(head + i) % kCapacity].load(std::memory_order_relaxed),
                                        std::memory_order_relaxed);
      }
      if (head_.compare_exchange_weak(head, head + count, std::memory_order_acq_rel, std::memory_order_relaxed)) {
        return count;
      }
    }
  }

  alignas(64) std::atomic<std::uint32_t> head_{0};
  std::atomic<std::uint32_t> tail_{0};
  std::atomic<G*> next_{nullptr};
  Ring ring_{};
};

using RunQueue = BasicRunQueue<kRunQueueCapacity>;

}  // namespace gale::internal
