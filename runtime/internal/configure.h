// Settings that can only be made before the runtime starts.
#pragma once

namespace gale::internal {

// SetConfiguredPCount sets the number of Ps that the scheduler will start with, 0 for the default; returns the
// former setting. Not thread-safe.
int SetConfiguredPCount(int count);

}  // namespace gale::internal
