#include "gale/runtime/internal/fork.h"

#include <pthread.h>

#include <cstdlib>
#include <utility>

#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/handover.h"
#include "gale/runtime/internal/machine.h"

namespace gale::internal {

namespace {

void PrepareFork() { may_have_forked.store(true, std::memory_order_relaxed); }

void EnterForkedChild() {
  in_forked_child = true;
  if (M* m = RunningM()) m->stop.store(true, std::memory_order_relaxed);
}

}  // namespace

void InstallForkHandler() { pthread_atfork(&PrepareFork, nullptr, &EnterForkedChild); }

void EndForkedChild() {
  static bool ending = false;
  if (std::exchange(ending, true)) std::abort();  // the message is out; its trace has met such a lock
  Fatal("the runtime's threads are not in a child made by fork: it can only exec or _exit");
}

}  // namespace gale::internal
