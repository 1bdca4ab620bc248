// Time as a goroutine sees it: the one place where its clock and the home of its timers are chosen.
#pragma once

#include <cstdint>

#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/timer_heap.h"

namespace gale::internal {

// CurrentNanos is the present time for the caller, in nanoseconds: the clock of every deadline and timer. Outside a
// bubble (testing/synctest.h) it is MonotonicNanos.
std::int64_t CurrentNanos();

// WhenAfter is the time `nanos` from now, without overflow.
std::int64_t WhenAfter(std::int64_t nanos);

// StartTimer starts a timer of the caller: in its bubble; else on its P; on a plain thread, or where the goroutine has
// no P, on some P.
void StartTimer(TimerNode* node);

// StartTimerOf starts a timer of g, which the caller has just parked: for a ParkCommit.
void StartTimerOf(G* g, TimerNode* node);

// WakeForTimer is to be called for a timer that was restarted and is now the earliest of its heap: the P to which that
// belongs may sleep for too long. It may have fired since.
void WakeForTimer(const TimerNode* node);

}  // namespace gale::internal
