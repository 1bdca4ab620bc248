#include "gale/runtime/internal/goroutines.h"

#include <atomic>

#include "gale/runtime/internal/coarse_clock.h"
#include "gale/runtime/internal/relaxed_read.h"
#include "gale/runtime/internal/running_stacks.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/stack.h"

namespace gale::internal {

namespace {

bool Exists(GStatus status) {
  return status == GStatus::kRunnable || status == GStatus::kRunning || status == GStatus::kWaiting;
}

bool VisitClass(StackClass stack_class, std::uintptr_t base, const std::function<bool(G*)>& visit) {
  std::size_t count = SlotsCarved(stack_class);
  for (std::size_t i = 0; i < count; ++i) {
    std::uintptr_t slot = base + (i << SlotShift(stack_class));
    auto* g = reinterpret_cast<G*>(GAddress(slot, slot - stack_region.Base()));
    if (HoldsGoroutine(g) && !visit(g)) return false;
  }
  return true;
}

// WalkParked returns false if the goroutine moved meanwhile.
bool WalkParked(G* g, GoroutineRecord& record) {
  void* sp = RelaxedRead(g->sp);
  record.trace.Clear();
  if (sp == nullptr) return false;
  StackRegisters registers;
  if (ParkedRegisters(g, sp, registers)) WalkStack(registers, /*exact=*/false, record.trace);
  std::atomic_thread_fence(std::memory_order_acquire);
  return RelaxedRead(g->sp) == sp && RelaxedRead(g->id) == record.id;
}

}  // namespace

[[gnu::noinline, gnu::no_sanitize("address", "thread")]] bool IsLocked(const G* g) { return g->locked; }

// A slot that is just being carved reads as zeros: idle.
bool HoldsGoroutine(const G* g) { return Exists(RelaxedRead(g->status)); }

void VisitGoroutines(const std::function<bool(G* g)>& visit) {
  std::uintptr_t base = stack_region.Base();
  if (stack_region.Size() == 0) return;
  if (!VisitClass(StackClass::kDefault, base, visit)) return;
  VisitClass(StackClass::kSmall, base + stack_region.DefaultSize(), visit);
}

bool ReadGoroutine(G* g, GoroutineRecord& record) {
  constexpr int kTries = 3;
  for (int i = 0; i < kTries; ++i) {
    record.status = RelaxedRead(g->status);
    if (!Exists(record.status)) return false;
    record.id = RelaxedRead(g->id);
    record.locked = IsLocked(g);
    record.parent_id = RelaxedRead(g->parent_id);
    record.created_at = reinterpret_cast<std::uintptr_t>(RelaxedRead(g->created_at));
    record.entry = reinterpret_cast<std::uintptr_t>(RelaxedRead(g->entry));
    record.reason = RelaxedRead(g->wait_reason);
    record.waiting_nanos = NanosSince(RelaxedRead(g->waiting_since));
    if (WalkParked(g, record)) return true;
  }
  // It runs, or does nothing but park and run.
  record.trace.Clear();
  return true;
}

void ForEachGoroutine(const std::function<void(const GoroutineRecord&)>& visit) {
  RunningStacks running;
  auto describe = [&](G* g) {
    GoroutineRecord record;
    if (!ReadGoroutine(g, record)) return true;
    if (record.trace.Size() == 0) {
      if (const StackTrace* trace = running.Find(record.id)) {
        record.trace = *trace;
        record.status = GStatus::kRunning;
      }
    }
    visit(record);
    return true;
  };
  G* self = CurrentGoroutine();
  if (self != nullptr) describe(self);
  VisitGoroutines([&](G* g) { return g == self || describe(g); });
}

}  // namespace gale::internal
