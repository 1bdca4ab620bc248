#include "gale/runtime/lock_os_thread.h"

#include <string>

#include "gale/runtime/internal/handover.h"
#include "gale/runtime/internal/machine_pool.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/switch.h"
#include "gale/runtime/panic.h"

namespace gale {

namespace {

using internal::G;
using internal::M;

// LeaveCallersThread moves the goroutine off a thread that is in Run, and will go when Run's main goroutine has ended.
void LeaveCallersThread(G* g) {
  while (g->m->main != nullptr && g->m->main != g) {
    internal::GiveUpP(g->m);
    internal::EnterRuntime(g->m);
    g->status.store(internal::GStatus::kRunnable, std::memory_order_relaxed);
    internal::SwitchTo(g->m, g, &g->m->g0, internal::SwitchKind::kYield);  // without a P: into the global queue
    internal::LeaveRuntime(g->m);
  }
}

}  // namespace

void LockOSThread() {
  G* g = internal::CurrentGoroutine();
  if (g == nullptr) return;
  if (!g->locked) {
    LeaveCallersThread(g);
    g->m->locked = g;
    g->locked_to = g->m;
    g->locked = true;
  }
  ++g->m->lock_count;
}

void UnlockOSThread() {
  G* g = internal::CurrentGoroutine();
  if (g == nullptr || !g->locked || --g->m->lock_count != 0) return;
  g->m->locked = nullptr;
  g->locked = false;
}

int SetMaxThreads(int most) {
  if (most < 1) throw Panic("SetMaxThreads(" + std::to_string(most) + "): want at least 1");
  return internal::SetThreadLimit(most);
}

}  // namespace gale
