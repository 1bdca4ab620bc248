// AfterFuncTimer: a timer that starts a goroutine.
//
// Its function is destroyed where a destructor may do anything: on the goroutine that has called it, or where the last
// handle goes; never on a scheduler's stack, where the heap forgets a timer. So the function's users are counted: the
// handles, the heap while the timer is active, and the goroutines that call it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "gale/runtime/internal/shared_timer.h"

namespace gale::internal {

class AfterFuncTimer final : public SharedTimer<AfterFuncTimer> {
 public:
  // New starts a timer; the caller is its user.
  static AfterFuncTimer* New(std::int64_t nanos, std::move_only_function<void()>&& function);

  bool Stop();
  bool Reset(std::int64_t nanos);

  void AddUser() { users_.fetch_add(1, std::memory_order_relaxed); }  // the caller is one
  void DropUser() {
    // As in DropOwner.
    if (users_.load(std::memory_order_acquire) == 1 || users_.fetch_sub(1, std::memory_order_acq_rel) == 1) LastUser();
  }

 private:
  friend SharedTimer;

  explicit AfterFuncTimer(std::move_only_function<void()>&& function);
  ~AfterFuncTimer() = default;
  void LastUser();
  static void Fire(TimerNode* node);

  std::atomic<std::uint32_t> users_{2};  // the first handle and the heap
  std::move_only_function<void()> function_;
};

}  // namespace gale::internal
