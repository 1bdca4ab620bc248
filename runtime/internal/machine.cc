// Starting and ending Ms, and the threads they are.

#include "gale/runtime/internal/machine.h"

#include <cxxabi.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "gale/runtime/internal/configure.h"
#include "gale/runtime/internal/cpu_limit.h"
#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/futex.h"
#include "gale/runtime/internal/gdb_layout.h"
#include "gale/runtime/internal/netpoll.h"
#include "gale/runtime/internal/quit_signal.h"
#include "gale/runtime/internal/runtime_threads.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/schedtrace.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/signals.h"
#include "gale/runtime/internal/stack.h"
#include "gale/runtime/internal/sysmon.h"
#include "gale/runtime/internal/terminate.h"

namespace gale::internal {

namespace {

thread_local M* current_m = nullptr;
int configured_ps = 0;

// AdoptStack tells g0 the bounds of the thread's own stack.
void AdoptStack(G* g0) {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  void* low = nullptr;
  std::size_t size = 0;
  pthread_attr_getstack(&attributes, &low, &size);
  pthread_attr_destroy(&attributes);
  g0->stack_low = static_cast<char*>(low);
  g0->stack_high = g0->stack_low + size;
  RegisterLeakRoots(low, size);
}

void ForgetStack(G* g0) {
  if (g0->stack_low == nullptr) return;
  UnregisterLeakRoots(g0->stack_low, static_cast<std::size_t>(g0->stack_high - g0->stack_low));
}

// AdoptCurrentThread completes m on the thread that it will be.
void AdoptCurrentThread(M* m) {
  m->g0.kind = GKind::kScheduler;
  m->g0.m = m;
  m->g0.status.store(GStatus::kRunning, std::memory_order_relaxed);
  m->eh = reinterpret_cast<EhGlobals*>(abi::__cxa_get_globals());
  AdoptStack(&m->g0);
  AdoptThread(&m->g0);
  InstallSignalStack(m);
  SetCurrentM(m);
}

}  // namespace

[[gnu::noinline]] M* CurrentM() {
  M* m = current_m;
  asm volatile("" : "+r"(m));
  return m;
}

[[gnu::noinline]] void SetCurrentM(M* m) {
  asm volatile("" : "+r"(m));
  current_m = m;
}

std::atomic<Scheduler*> Scheduler::started_{nullptr};

Scheduler& Scheduler::Get() {
  if (Scheduler* scheduler = IfStarted()) return *scheduler;
  static Scheduler* const scheduler = [] {
    ReserveStackRegion();
    CalibrateCycles();
    InstallTerminateHandler();
    InstallFaultHandler();
    InstallQuitHandler();
    PublishGdbLayout();
    auto* made = new Scheduler(configured_ps != 0 ? configured_ps : DefaultPCount());
    started_.store(made, std::memory_order_release);
    StartSysmon(*made);
    StartSchedTrace(*made);
    return made;
  }();
  return *scheduler;
}

Scheduler::Scheduler(int ps) : idle_(ps) {
  for (int id = 0; id < ps; ++id) {
    ps_.push_back(std::make_unique<P>(id));
    idle_.Set(id);
  }
}

int SetConfiguredPCount(int count) { return std::exchange(configured_ps, count); }

M* Scheduler::NewMachine(P* p) {
  auto* m = new M;
  m->id = machines_.fetch_add(1, std::memory_order_relaxed);
  m->p = p;
  return m;
}

void Scheduler::StartMachine(P* p, bool spinning) {
  M* m = NewMachine(p);
  m->spinning = spinning;
  // Release pairs with the acquire loads of WakeOne and WakeP.
  p->m.store(m, std::memory_order_release);
  pthread_t thread;
  int error = pthread_create(&thread, nullptr, &Scheduler::MachineMain, m);
  if (error != 0) Fatal("cannot start a thread for P %d: %s", p->id, std::strerror(error));
  pthread_detach(thread);
}

void* Scheduler::MachineMain(void* machine) {
  auto* m = static_cast<M*>(machine);
  pthread_setname_np(pthread_self(), ("gale-" + std::to_string(m->id)).c_str());
  OwnRuntimeThread();
  AdoptCurrentThread(m);
  IfStarted()->RunLoop(m);
  DisownRuntimeThread();
  // Another thread takes the P: AttachThread waits for this, and frees m.
  RemoveSignalStack(m);
  ForgetStack(&m->g0);
  SetCurrentM(nullptr);  // destructors of thread_local objects may still call the runtime
  std::atomic<int>* stopped = &m->stopped;
  stopped->store(1, std::memory_order_release);
  FutexWake(stopped);
  return nullptr;
}

M* Scheduler::AttachThread() {
  // An idle P is taken from its M as if to wake it (S4 and S5), so that nobody else tries to wake it meanwhile.
  spinning_.fetch_add(1, std::memory_order_seq_cst);
  int claimed = idle_.Claim();
  if (claimed < 0) {
    spinning_.fetch_sub(1, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (WorkQueued() && idle_.Any()) WakeOne();
    return nullptr;
  }
  P* p = ps_[claimed].get();
  bool spinning = true;
  if (p->attached.load(std::memory_order_acquire)) {
    p->netpoll->Wake();  // claimed, so it wakes as a spinner
    return nullptr;
  }
  if (M* former = p->m.load(std::memory_order_acquire)) {
    former->stop.store(true, std::memory_order_release);
    p->netpoll->Wake();
    while (former->stopped.load(std::memory_order_acquire) == 0) FutexWait(&former->stopped, 0);
    spinning = former->spinning;  // false if it found work before it saw the stop, and has lowered spinning_
    delete former;
  }
  M* m = NewMachine(p);
  m->spinning = spinning;
  AdoptCurrentThread(m);
  p->m.store(m, std::memory_order_release);
  p->attached.store(true, std::memory_order_release);
  return m;
}

void Scheduler::DetachThread(M* m) {
  P* p = m->p;
  RemoveSignalStack(m);
  ForgetStack(&m->g0);
  SetCurrentM(nullptr);
  bool spinning = m->spinning;
  StartMachine(p, spinning);
  // After the new M is in its place: who sees false here sees that M, and not ours, which goes away.
  p->attached.store(false, std::memory_order_release);
  delete m;
}

}  // namespace gale::internal
