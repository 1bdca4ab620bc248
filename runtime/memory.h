// Memory: giving it back to the operating system.
#pragma once

namespace gale {

// FreeOSMemory gives back at once what the runtime keeps for later and does not need at this moment: the stacks of
// goroutines that have ended, the pages below which parked goroutines' stacks now end, the objects in Pools. The
// runtime does the same by itself in the background, but slowly. It waits until that is done, up to some milliseconds
// per ten thousand goroutines. From goroutines and plain threads. Source: Go's runtime/debug.FreeOSMemory.
void FreeOSMemory();

}  // namespace gale
