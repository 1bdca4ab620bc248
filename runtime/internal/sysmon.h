// Sysmon: a thread without a P that watches over the Ps.
//
// A P looks at its timers, its poller and the global queue between goroutines. A goroutine that computes for long
// keeps it from that, and keeps the goroutine in its next slot waiting, although another P may be idle. Sysmon
// notices a P that has not picked a goroutine between two looks, and lets an idle P help: it collects what the
// poller and the timers have ready, and wakes a thief for what is queued.
//
// It looks every millisecond while there is something to do, then less and less often, down to every 10 ms, and
// sleeps for good once all Ps have been idle for a second: a server without traffic uses no CPU.
// Source: Go's sysmon. With one P there is nobody to help, but sysmon still keeps the coarse clock (coarse_clock.h).
#pragma once

namespace gale::internal {

class Scheduler;

void StartSysmon(Scheduler& scheduler);

// WakeSysmon ends its sleep. Called by a P that leaves its idle state; one load when it is awake.
void WakeSysmon();

}  // namespace gale::internal
