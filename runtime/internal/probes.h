// Probes: the points of the scheduler at which it can be watched.
//
// The hot paths call one of these per event and know nothing else of counting and tracing. Each counts (counters.h), is
// a USDT probe (usdt.h), which is one no-op, and an event of the trace (trace.h), which is one load of a global while
// no trace is written. All are inlined, also into functions that TSan does not instrument. Of a goroutine the probes
// give the address of its G: its number lies in another cache line than a switch touches.
#pragma once

#include "gale/runtime/internal/counters.h"
#include "gale/runtime/internal/machine.h"
#include "gale/runtime/internal/trace_buffer.h"
#include "gale/runtime/internal/usdt.h"

namespace gale::internal {

extern std::atomic<bool> trace_on;

[[gnu::always_inline]] inline bool Tracing() { return trace_on.load(std::memory_order_relaxed); }

// ProbeSpawn: a goroutine was made and is about to be queued. gale:spawn(G, its function)
[[gnu::always_inline]] inline void ProbeSpawn(G* g) {
  StampStart(g);
  GALE_USDT2(spawn, g, reinterpret_cast<std::uintptr_t>(g->entry));
  if (Tracing()) [[unlikely]]
    TraceSpawn(g);
}

// ProbeSwitch: the thread of m leaves `from` for `to`; either may be m's g0. gale:switch(G, G, SwitchKind)
[[gnu::always_inline]] inline void ProbeSwitch(M* m, G* from, G* to, SwitchKind how) {
  if (P* p = m->p) Increment(p->counters.switches);
  GALE_USDT3(switch, from, to, how);
  if (Tracing()) [[unlikely]]
    TraceSwitch(m, from, to, how);
}

// ProbePark: g is about to wait. The park may still be called off. gale:park(G, WaitReason)
[[gnu::always_inline]] inline void ProbePark(G* g, WaitReason reason) { GALE_USDT2(park, g, reason); }

// ProbeReady: a parked g was made runnable by the caller. gale:ready(G)
[[gnu::always_inline]] inline void ProbeReady(G* g) {
  StampReady(g);
  GALE_USDT1(ready, g);
  if (Tracing()) [[unlikely]]
    TraceReady(g);
}

// ProbeSteal: the thief took g, and perhaps more, from the victim's queue. gale:steal(number of P, number of P, G)
[[gnu::always_inline]] inline void ProbeSteal(P* thief, P* victim, G* g) {
  Increment(thief->counters.steals);
  GALE_USDT3(steal, thief->id, victim->id, g);
  if (Tracing()) [[unlikely]]
    TraceSteal(thief, victim, g);
}

// ProbeHandOver: p was taken from m, which runs on without it: a system call, or a goroutine that computes for long.
// gale:handover(number of P, number of M)
[[gnu::always_inline]] inline void ProbeHandOver(P* p, M* m) {
  GALE_USDT2(handover, p->id, m->id);
  if (Tracing()) [[unlikely]]
    TraceHandOver(p, m);
}

// ProbeBlockingBegin and ProbeBlockingEnd enclose a call for which g gives its P up.
[[gnu::always_inline]] inline void ProbeBlockingBegin(G* g) {
  if (Tracing()) [[unlikely]]
    TraceBlocking(g, TraceKind::kBlockingBegin);
}
[[gnu::always_inline]] inline void ProbeBlockingEnd(G* g) {
  if (Tracing()) [[unlikely]]
    TraceBlocking(g, TraceKind::kBlockingEnd);
}

}  // namespace gale::internal
