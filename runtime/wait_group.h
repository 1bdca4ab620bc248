// WaitGroup: wait until a number of goroutines have finished.
//
//   gale::WaitGroup group;
//   for (auto& part : parts) group.Go([&part] { part.Work(); });
//   group.Wait();
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "gale/runtime/go.h"
#include "gale/runtime/internal/semaphore.h"

namespace gale {

// WaitGroup counts what is still to be waited for. All methods may run in parallel, from goroutines and plain threads,
// but an Add that raises the counter from zero must happen before the Wait that shall see it. May be used again once
// all Waits have returned. Source: Go's sync.WaitGroup.
class WaitGroup {
 public:
  WaitGroup() = default;
  WaitGroup(const WaitGroup&) = delete;
  WaitGroup& operator=(const WaitGroup&) = delete;

  // Add changes the counter by delta. Throws gale::Panic if it would become negative ("sync: negative WaitGroup
  // counter"), or is raised from zero while Waits are being woken ("sync: WaitGroup misuse: Add called concurrently
  // with Wait"). A Panic leaves the counter as it was.
  void Add(int delta);
  void Done() { Add(-1); }

  // Wait returns once the counter is zero. What was done before the Done calls is visible then.
  void Wait();

  // Go counts one, and calls function() on a goroutine that is done when it ends, also by Goexit. The function (a copy,
  // with all that it captured) is destroyed before it counts as done. If copying it throws, nothing was counted.
  template <typename Function>
  void Go(Function&& function) {
    gale::Go(Counted<std::decay_t<Function>>{Count(this), std::forward<Function>(function)});
  }

 private:
  // Count is one that was counted, until its destruction.
  class Count {
   public:
    explicit Count(WaitGroup* group) : group_(group) { group->Add(1); }
    Count(Count&& other) noexcept : group_(std::exchange(other.group_, nullptr)) {}
    Count& operator=(Count&&) = delete;
    ~Count() {
      if (group_ != nullptr) group_->Done();
    }

   private:
    WaitGroup* group_;
  };

  template <typename Function>
  struct Counted {
    Count count;  // first, so that it goes last
    Function function;
    void operator()() { function(); }
  };

  // The counter in the upper half, the number of goroutines in Wait in the lower.
  std::atomic<std::uint64_t> state_{0};
  // The bubble in which the counter was last raised from zero, or 0. Written before the Waits that read it.
  std::atomic<std::uint64_t> bubble_id_{0};
  internal::Semaphore semaphore_;
};

}  // namespace gale
