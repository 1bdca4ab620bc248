// Sysmon: a thread without a P that watches over the Ps.
//
// A P looks at its timers, its poller and the global queue between goroutines. A goroutine that computes for long, or
// blocks its thread in a system call, keeps it from that, and keeps the goroutines queued behind it waiting. Sysmon
// notices a P that has not picked a goroutine between two looks. An idle P may help at once: sysmon collects what the
// poller and the timers have ready, and wakes a thief for what is queued. And the P goes to another M (handover.h): as
// soon as the thread is seen asleep in the kernel, else after 10 ms.
//
// It looks every millisecond while there is something to do (sooner after a hand-over from a sleeping thread: where one
// goroutine blocks its thread, the next often does, too), then less and less often, down to every 10 ms, and sleeps for
// good once all Ps have been idle for a second: a server without traffic uses no CPU.
//
// It keeps the coarse clock (coarse_clock.h). While it is awake it also reads the cgroup's CPU quota, once a second,
// and adjusts the number of Ps, unless the program or GALE_MAXPROCS has set it. Source: Go's sysmon and retake, with
// Go's constants; the look at the thread's state is Gale's.
#pragma once

namespace gale::internal {

class Scheduler;

void StartSysmon(Scheduler& scheduler);

// WakeSysmon ends its sleep. Called by a P that leaves its idle state; one load when it is awake.
void WakeSysmon();

}  // namespace gale::internal
