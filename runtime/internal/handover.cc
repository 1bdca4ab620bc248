#include "gale/runtime/internal/handover.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <string_view>

#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/probes.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/switch.h"

namespace gale::internal {

bool has_membarrier = false;

namespace {

int Membarrier(int command) { return static_cast<int>(syscall(SYS_membarrier, command, 0, 0)); }

}  // namespace

void InitHandover() {
  const char* setting = std::getenv("GALE_MEMBARRIER");
  if (setting != nullptr && std::string_view(setting) == "0") return;
  has_membarrier = Membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

[[gnu::noinline]] void NoticeRetake(M* m) {
  std::lock_guard guard(m->handover_lock);
  if (!m->retaken.load(std::memory_order_relaxed)) return;  // sysmon found us within, and left it
  m->retaken.store(false, std::memory_order_relaxed);
  m->p = nullptr;
}

bool TryRetake(P* p, M* m) {
  std::lock_guard guard(m->handover_lock);
  if (m->retaken.load(std::memory_order_relaxed)) return false;  // taken before, and not noticed yet
  if (m->in_runtime.load(std::memory_order_relaxed)) return false;
  m->retaken.store(true, std::memory_order_seq_cst);                 // T1
  if (has_membarrier) Membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);  // T2
  // T3. seq_cst pairs with the exchange of R1; acquire with LeaveRuntime.
  if (!m->in_runtime.load(std::memory_order_seq_cst) && p->m.load(std::memory_order_acquire) == m) return true;
  m->retaken.store(false, std::memory_order_relaxed);
  return false;
}

bool GiveUpP(M* m) {
  P* p = EnterRuntime(m);
  m->p = nullptr;
  if (p != nullptr) {
    ProbeHandOver(p, m);
    Scheduler::IfStarted()->HandOff(p);
  }
  LeaveRuntime(m);
  return p != nullptr;
}

[[gnu::noinline]] void RegainP() {
  G* g = CurrentGoroutine();
  M* m = g->m;
  if (EnterRuntime(m) == nullptr && !Scheduler::IfStarted()->ClaimFreeP(m)) {
    g->status.store(GStatus::kRunnable, std::memory_order_relaxed);
    SwitchTo(m, g, &m->g0, SwitchKind::kYield);  // without a P: into the global queue
  }
  LeaveRuntime(CurrentGoroutine()->m);
}

}  // namespace gale::internal
