// Schedtrace: the scheduler's state on standard error, every so many milliseconds, in Go's format.
//
//   GALEDEBUG=schedtrace=1000 ./server
//   SCHED 1009ms: gomaxprocs=2 idleprocs=1 threads=4 spinningthreads=0 needspinning=0 idlethreads=1 runqueue=0 [0 0]
//
// The last numbers are the lengths of the global queue and of each P's. With scheddetail=1 follow a line for each P,
// M and G, numbered as in Go: a P's status is 0 (idle) or 1 (running), a goroutine's 1 (runnable), 2 (running) or 4
// (waiting). What Gale has no counterpart for (gcwaiting, stopwait, mallocing, ...) reads 0 or false.
// The lines are taken while everything runs on, so that one may show a goroutine where another shows it no more.
#pragma once

#include <string>

namespace gale::internal {

class Scheduler;

// StartSchedTrace starts the thread that prints, if GALEDEBUG asks for it. Once, when the runtime starts.
void StartSchedTrace(Scheduler& scheduler);

// SchedTraceText is one report, `milliseconds` after the start.
std::string SchedTraceText(Scheduler& scheduler, long long milliseconds, bool detail);

}  // namespace gale::internal
