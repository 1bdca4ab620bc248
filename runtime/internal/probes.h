// Probes: the points of the scheduler at which it can be watched.
//
// The hot paths call one of these per event and know nothing else of tracing. Each is inlined, also into functions
// that TSan does not instrument.
#pragma once

#include "gale/runtime/internal/machine.h"

namespace gale::internal {

// ProbeSpawn: a goroutine was made and is about to be queued.
[[gnu::always_inline]] inline void ProbeSpawn([[maybe_unused]] G* g) {}

// ProbeSwitch: the thread of m leaves `from` for `to`; either may be m's g0.
[[gnu::always_inline]] inline void ProbeSwitch([[maybe_unused]] M* m, [[maybe_unused]] G* from, [[maybe_unused]] G* to,
                                               [[maybe_unused]] SwitchKind how) {}

// ProbePark: g is about to wait. The park may still be called off.
[[gnu::always_inline]] inline void ProbePark([[maybe_unused]] G* g, [[maybe_unused]] WaitReason reason) {}

// ProbeReady: a parked g was made runnable by the caller.
[[gnu::always_inline]] inline void ProbeReady([[maybe_unused]] G* g) {}

// ProbeSteal: the thief took g, and perhaps more, from the victim's queue.
[[gnu::always_inline]] inline void ProbeSteal([[maybe_unused]] P* thief, [[maybe_unused]] P* victim,
                                              [[maybe_unused]] G* g) {}

// ProbeHandOver: p was taken from m, which runs on without it: a system call, or a goroutine that computes for long.
[[gnu::always_inline]] inline void ProbeHandOver([[maybe_unused]] P* p, [[maybe_unused]] M* m) {}

// ProbeBlockingBegin and ProbeBlockingEnd enclose a call for which g gives its P up.
[[gnu::always_inline]] inline void ProbeBlockingBegin([[maybe_unused]] G* g) {}
[[gnu::always_inline]] inline void ProbeBlockingEnd([[maybe_unused]] G* g) {}

}  // namespace gale::internal
