// In place of runtime/internal/spin_lock.cc: who would spin sleeps until the lock is released.

#include "gale/runtime/internal/spin_lock.h"

#include "gale/tests/model/atomic.h"

namespace gale::internal {

void SpinLock::LockSlow() {
  do {
    model::WaitForChange(locked_, 1u, "spin lock");
  } while (!try_lock());
}

}  // namespace gale::internal
