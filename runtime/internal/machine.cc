// Starting and ending Ms, and the threads they are.

#include "gale/runtime/internal/machine.h"

#include <cxxabi.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>

#include "gale/runtime/internal/configure.h"
#include "gale/runtime/internal/cpu_limit.h"
#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/fork.h"
#include "gale/runtime/internal/g_pool.h"
#include "gale/runtime/internal/gdb_layout.h"
#include "gale/runtime/internal/handover.h"
#include "gale/runtime/internal/netpoll.h"
#include "gale/runtime/internal/quit_signal.h"
#include "gale/runtime/internal/runtime_threads.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/scavenger.h"
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
  m->tid.store(gettid(), std::memory_order_relaxed);
  m->in_runtime.store(true, std::memory_order_relaxed);
  m->g0.status.store(GStatus::kRunning, std::memory_order_relaxed);
  m->eh = reinterpret_cast<EhGlobals*>(abi::__cxa_get_globals());
  AdoptStack(&m->g0);
  AdoptThread(&m->g0);
  InstallSignalStack(m);
  SetCurrentM(m);
}

// LeaveThread undoes that.
void LeaveThread(M* m) {
  RemoveSignalStack(m);
  ForgetStack(&m->g0);
  SetCurrentM(nullptr);  // destructors of thread_local objects may still call the runtime
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
    InitHandover();
    CalibrateCycles();
    InstallTerminateHandler();
    InstallFaultHandler();
    InstallQuitHandler();
    InstallForkHandler();
    PublishGdbLayout();
    if (configured_ps != 0) KeepPCount();
    auto* made = new Scheduler(configured_ps != 0 ? configured_ps : DefaultPCount());
    started_.store(made, std::memory_order_release);
    StartSysmon(*made);
    StartSchedTrace(*made);
    StartScavenger(*made);
    return made;
  }();
  return *scheduler;
}

Scheduler::Scheduler(int ps) : ps_(new std::unique_ptr<P>[kMostPs]), idle_(ps, kMostPs) {
  MakePs(ps);
  count_.store(ps, std::memory_order_relaxed);
  for (int id = 0; id < ps; ++id) idle_.Set(id);
}

int SetConfiguredPCount(int count) { return std::exchange(configured_ps, count); }
int ConfiguredPCount() { return configured_ps; }

void Scheduler::StartMachine(P* p, bool spinning) {
  if (in_forked_child) [[unlikely]]
    return;  // a second thread would run goroutines there
  if (M* idle = machines_.Take()) {
    IncrementShared(shared_counters.wake_ups);
    return MachinePool::Grant(idle, p, nullptr, spinning);
  }
  IncrementShared(shared_counters.thread_starts);
  M* m = machines_.New();
  m->p = p;
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
  // Its locked goroutine has ended.
  DisownRuntimeThread();
  LeaveThread(m);
  IfStarted()->machines_.Retire(m);
  return nullptr;
}

M* Scheduler::NewCaller() { return machines_.New(); }

void Scheduler::RunCaller(M* m, G* main) {
  CheckNotForked();
  AdoptCurrentThread(m);
  m->main = main;
  if (ClaimFreeP(m)) {
    m->picked = main;  // not in the queue, where others might take it
  } else {
    // Another M will find it, and give us its P.
    m->locked = main;
    main->locked = true;
    main->locked_to = m;
    EnqueueGlobal(main);
  }
  RunLoop(m);
  LeaveThread(m);
  machines_.Retire(m);
}

void Scheduler::StopCaller(M* m) {
  m->stop.store(true, std::memory_order_release);  // from here on m may have left
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (const auto& p : Ps()) {
    // Acquire pairs with the release of who bound them.
    if (p->m.load(std::memory_order_acquire) == m) p->netpoll->Wake();
  }
  machines_.Stop(m);
}

bool Scheduler::ClaimFreeP(M* m) {
  for (const auto& p : Ps()) {
    if (!ClaimIfFree(p.get())) continue;
    m->p = p.get();
    // Release pairs with the acquire loads of who looks for its M.
    p->m.store(m, std::memory_order_release);
    WakeSysmon();
    return true;
  }
  return false;
}

// ClaimIfFree takes the idle bit of a P without an M. True: p is the caller's.
bool Scheduler::ClaimIfFree(P* p) {
  if (p->m.load(std::memory_order_acquire) != nullptr || !idle_.Test(p->id)) return false;
  // As in S4 and S5: should p have got an M, and that one gone to sleep, meanwhile, then it takes the cleared bit for
  // a wake-up, and itself for the spinner.
  spinning_.fetch_add(1, std::memory_order_seq_cst);
  bool claimed = idle_.Clear(p->id);
  if (claimed && p->m.load(std::memory_order_acquire) != nullptr) {
    p->netpoll->Wake();
    return false;
  }
  if (spinning_.fetch_sub(1, std::memory_order_seq_cst) == 1) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (WorkQueued() && idle_.Any()) WakeOne();
  }
  return claimed;
}

bool Scheduler::NeedsMachine(P* p) const {
  return !p->queue.Empty() || p->queue.PeekNext() != nullptr || p->netpoll->Descriptors() != 0 ||
         p->timers.NextWhen() != kForever || p->deadlines.NextWhen() != kForever;
}

void Scheduler::HandOff(P* p) {
  if (NeedsMachine(p)) return StartMachine(p, /*spinning=*/false);
  PublishPoolSize(p);
  {
    std::lock_guard guard(count_lock_);  // against SetPCount
    // Release pairs with the acquire loads of who looks for its M.
    p->m.store(nullptr, std::memory_order_release);
    if (p->retired.load(std::memory_order_seq_cst)) {
      Shelve(p);
    } else {
      idle_.Set(p->id);  // I1
    }
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (NeedsMachine(p)) {
    WakeP(p);
  } else if (WorkQueued() && spinning_.load(std::memory_order_relaxed) == 0) {
    WakeOne();  // I3
  }
}

}  // namespace gale::internal
