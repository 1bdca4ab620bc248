// Thread locks: finds goroutines that park while they hold a lock of their thread.
//
// A std::mutex belongs to the thread that locked it. A goroutine that parks meanwhile may go on, and unlock it, on
// another thread, which is undefined; and whoever wants the lock in between blocks a thread, perhaps the very one that
// would have run the holder. gale::Mutex has none of this.
//
// In builds with GALE_CHECK_THREAD_LOCKS (by default those with CMAKE_BUILD_TYPE=Debug, except under TSan) the runtime
// stands before pthread_mutex_*, pthread_rwlock_* and pthread_spin_*, on which the standard library's locks are built.
// It notes what a goroutine locks, with the stack, and at a park or Gosched with a lock held ends the process:
//
//   fatal error: goroutine 7 waits (chan receive) with a lock of its thread held: 0x7ffc0ffee
//
//   goroutine 7 [running]:
//   ...
//   the lock was taken at:
//   ...
//
// GALEDEBUG=threadlocks=warn prints that and goes on, threadlocks=off is silent. What threads lock that run no
// goroutine, and what a scheduler does on its own stack, does not count; nor what a goroutine
// holds that is locked to its thread.
#pragma once

#include "gale/runtime/internal/g.h"

namespace gale::internal {

#if defined(GALE_CHECK_THREAD_LOCKS)
inline constexpr bool kChecksThreadLocks = true;

// CheckThreadLocks reports if g, which is about to leave its thread, holds a lock of it. `waits`: it parks, for its
// wait reason; else it yields.
void CheckThreadLocks(G* g, bool waits);
#else
inline constexpr bool kChecksThreadLocks = false;
inline void CheckThreadLocks(G*, bool) {}
#endif

}  // namespace gale::internal
