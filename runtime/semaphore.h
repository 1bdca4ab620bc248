// Semaphore: a limited number of something, of which everybody takes as much as needed.
//
//   gale::Semaphore megabytes(64);
//   if (gale::Error error = megabytes.Acquire(context, 8)) return error;   // waits for 8, or until the context is done
//   Work();
//   megabytes.Release(8);
#pragma once

#include <cstdint>

#include "gale/runtime/context.h"
#include "gale/runtime/error.h"
#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/linked_list.h"
#include "gale/runtime/internal/spin_lock.h"

namespace gale {

// Semaphore serves those who wait in the order in which they came: a small request does not overtake a large one, which
// therefore is not starved. From goroutines and plain threads; who releases need not be who acquired. Must not be
// destroyed while somebody waits. Source: golang.org/x/sync/semaphore.
class Semaphore {
 public:
  // All of `size` is free at first. Counts must not be negative.
  explicit Semaphore(std::int64_t size) : size_(size) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // Acquire takes `count`, waiting until that much is free. Without a context it waits for ever for more than there is.
  void Acquire(std::int64_t count = 1);

  // Acquire with a context returns its Err if that is done before; nothing is taken then.
  Error Acquire(const Context& context, std::int64_t count = 1);

  // TryAcquire takes `count` if that needs no waiting, and returns whether it did.
  [[nodiscard]] bool TryAcquire(std::int64_t count = 1);

  // Release gives back. Throws Panic "semaphore: released more than held".
  void Release(std::int64_t count = 1);

 private:
  struct Waiter;

  bool TakeNow(std::int64_t count);
  Waiter* GrantWaiters();
  static void ReadyAll(Waiter* granted);
  void GiveUp(Waiter* waiter);

  const internal::BubbleTag bubble_;
  const std::int64_t size_;
  internal::SpinLock lock_;  // guards what follows
  std::int64_t taken_ = 0;
  internal::LinkedList<Waiter> waiters_;
};

}  // namespace gale
