// Settings that can only be made before the runtime starts.
#pragma once

namespace gale::internal {

// SetConfiguredPCount sets the number of Ps that the scheduler will start with, 0 for the default; returns the
// former setting. Not thread-safe.
int SetConfiguredPCount(int count);
int ConfiguredPCount();

// KeepPCount ends the adjustment of the number of Ps to the cgroup's quota: the program has chosen one.
void KeepPCount();

}  // namespace gale::internal
