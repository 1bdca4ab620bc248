#include "gale/runtime/time.h"

#include <ctime>

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

}  // namespace gale::internal
