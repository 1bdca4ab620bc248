#include "gale/runtime/go.h"

#include <chrono>
#include <cstdint>
#include <string>

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/configure.h"
#include "gale/runtime/internal/context.h"
#include "gale/runtime/internal/cpu_limit.h"
#include "gale/runtime/internal/deadlock.h"
#include "gale/runtime/internal/fork.h"
#include "gale/runtime/internal/g_pool.h"
#include "gale/runtime/internal/goexit.h"
#include "gale/runtime/internal/handover.h"
#include "gale/runtime/internal/machine.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/probes.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/switch.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/time.h"

namespace gale {

namespace internal {

extern "C" [[gnu::no_sanitize("thread")]] void gale_goroutine_main(G* g) {
  AfterSwitch(g);
  FinishSwitch(g->m);
  LeaveRuntime(g->m);
  g->entry(g->entry_arg);
  ExitGoroutine(g);
}

[[gnu::noinline]] NewGoroutine MakeGoroutine(StackSize stack, std::size_t size, std::size_t alignment) {
  Scheduler::Get();
  G* parent = CurrentGoroutine();
  PinnedP p;
  StackClass stack_class = stack == StackSize::kSmall ? StackClass::kSmall : StackClass::kDefault;
  G* g = NewG(p.Get(), stack_class, parent != nullptr ? parent->id : 0);
  g->created_at = __builtin_return_address(0);
  auto top = reinterpret_cast<std::uintptr_t>(g->stack_high) - size;
  return {g, reinterpret_cast<void*>(top & ~(alignment - 1))};
}

namespace {

void PrepareGoroutine(G* g, void (*entry)(void*), void* storage) {
  g->entry = entry;
  g->entry_arg = storage;
  ProbeSpawn(g);
  auto top = reinterpret_cast<std::uintptr_t>(storage) & ~std::uintptr_t{15};
  g->sp = PrepareContext(reinterpret_cast<void*>(top), g);
  g->status.store(GStatus::kRunnable, std::memory_order_relaxed);
}

}  // namespace

void StartGoroutine(G* g, void (*entry)(void*), void* storage) {
  PrepareGoroutine(g, entry, storage);
  if (Bubble* bubble = CurrentBubble()) [[unlikely]]
    return bubble->Start(g);
  Scheduler& scheduler = *Scheduler::IfStarted();
  QueueForP();
  if (PinnedP p; p) {
    scheduler.EnqueueNext(p.Get(), g);
  } else {
    scheduler.EnqueueGlobal(g);
  }
}

void AbandonGoroutine(G* g) {
  PinnedP p;
  FreeG(p.Get(), g);
}

namespace {

// MainGoroutine is the closure of Run's goroutine. Its destructor, which Goexit runs too, lets Run return.
struct MainGoroutine {
  void (*main)(void*);
  void* argument;
  M* m;  // of the thread in Run

  void operator()() { main(argument); }
  ~MainGoroutine() {
    ThreadIsWoken();
    Scheduler::IfStarted()->StopCaller(m);
  }
};

}  // namespace

void RunMain(void (*main)(void*), void* argument) {
  if (CurrentGoroutine() != nullptr) return main(argument);
  CheckNotForked();
  Scheduler& scheduler = Scheduler::Get();
  M* m = scheduler.NewCaller();
  NewGoroutine made = MakeGoroutine(StackSize::kDefault, sizeof(MainGoroutine), alignof(MainGoroutine));
  new (made.storage) MainGoroutine{main, argument, m};
  made.g->created_at = nullptr;
  PrepareGoroutine(made.g, &CallAndDestroy<MainGoroutine>, made.storage);
  ThreadFallsAsleep();  // as long as the main goroutine lives, the thread does nothing else
  scheduler.RunCaller(m, made.g);
}

}  // namespace internal

void Gosched() { internal::Yield(); }

void Goexit() {
  if (internal::CurrentGoroutine() == nullptr) throw Panic("Goexit: the caller is not a goroutine");
  internal::UnwindAndExit();
}

int NumGoroutine() {
  internal::Scheduler* scheduler = internal::Scheduler::IfStarted();
  if (scheduler == nullptr) return 0;
  std::int64_t count = scheduler->started_outside.load(std::memory_order_relaxed);
  for (const auto& p : scheduler->Ps()) count += p->started_minus_ended.load(std::memory_order_relaxed);
  return static_cast<int>(count);
}

int GOMAXPROCS() { return internal::Scheduler::Get().PCount(); }

int GOMAXPROCS(int n) {
  if (n > internal::kMostPs) {
    throw Panic("GOMAXPROCS(" + std::to_string(n) + "): want at most " + std::to_string(internal::kMostPs));
  }
  internal::Scheduler* scheduler = internal::Scheduler::IfStarted();
  if (n < 1) return scheduler != nullptr ? scheduler->PCount() : internal::ConfiguredPCount();
  if (scheduler == nullptr) return internal::SetConfiguredPCount(n);
  internal::KeepPCount();
  int former = scheduler->SetPCount(n);
  // A goroutine on a P that was retired moves to another one here.
  while (!scheduler->PsAreQuiet()) Sleep(std::chrono::microseconds(50));
  return former;
}

}  // namespace gale
