// SwitchTo: the one place where a thread goes from one stack to another.
#pragma once

#include "gale/runtime/internal/machine.h"

namespace gale::internal {

// SwitchTo saves `from`, which the thread of m runs, and continues `to`. `how` says what becomes of `from`: that is
// done on the stack of `to`, because only then nobody stands on the stack of `from` any more (FinishSwitch).
// Returns when somebody switches back to `from`, perhaps on another thread; not at all for kExit.
void SwitchTo(M* m, G* from, G* to, SwitchKind how);

// FinishSwitch deals with the goroutine that was just left: commits its park, queues it, or frees it.
void FinishSwitch(M* m);

}  // namespace gale::internal
