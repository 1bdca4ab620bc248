#include "gale/runtime/time.h"

#include <atomic>
#include <ctime>

#include "gale/runtime/go.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/start_timer.h"
#include "gale/runtime/internal/timer_heap.h"

namespace gale::internal {

namespace {

struct SleepTimer : TimerNode {
  G* g;
};

void SleepThread(std::int64_t nanos) {
  timespec left{nanos / 1'000'000'000, nanos % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) != 0) {
  }
}

}  // namespace

void SleepNanos(std::int64_t nanos) {
  if (nanos <= 0) return;
  G* g = CurrentGoroutine();
  if (g == nullptr) return SleepThread(nanos);
  SleepTimer timer;
  timer.when = WhenAfter(nanos);
  timer.fire = [](TimerNode* node) { Ready(static_cast<SleepTimer*>(node)->g); };
  timer.g = g;
  // The timer starts only when the goroutine has left its stack: another P may fire it at once.
  Park(
      [](G* parked, void* node) {
        StartTimerOf(parked, static_cast<SleepTimer*>(node));
        return true;
      },
      &timer, WaitReason::kSleep);
}

// AfterFuncTimer is owned by the handle and by the heap: each drops it once.
class AfterFuncTimer : public TimerNode {
 public:
  explicit AfterFuncTimer(std::move_only_function<void()> to_call) : function_(std::move(to_call)) {
    fire = &Fire;
    release = &Release;
  }

  // Stop destroys the function in the caller's place: its destructor may do anything, so it must not run later, under
  // the heap's lock and on a scheduler's stack, where the heap forgets the timer.
  bool Stop() {
    if (!TimerHeap::Stop(this)) return false;
    function_ = nullptr;
    return true;
  }

  void Drop() {
    // acq_rel: who frees it has seen everything that the other owner did.
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  static void Fire(TimerNode* node) { gale::Go(std::move(static_cast<AfterFuncTimer*>(node)->function_)); }
  static void Release(TimerNode* node) { static_cast<AfterFuncTimer*>(node)->Drop(); }

  std::atomic<int> owners_{2};
  std::move_only_function<void()> function_;
};

AfterFuncTimer* StartAfterFunc(std::int64_t nanos, std::move_only_function<void()> function) {
  auto* timer = new AfterFuncTimer(std::move(function));
  timer->when = WhenAfter(nanos < 0 ? 0 : nanos);
  StartTimer(timer);
  return timer;
}

bool StopAfterFunc(AfterFuncTimer* timer) { return timer->Stop(); }

void DropAfterFunc(AfterFuncTimer* timer) { timer->Drop(); }

}  // namespace gale::internal
