#include "gale/runtime/internal/trace_buffer.h"

#include <unistd.h>

#include <string_view>

#include "gale/runtime/internal/clock.h"
#include "gale/runtime/trace.h"

namespace gale::internal {

std::atomic<bool> trace_on{false};
std::atomic<TraceRing*> TraceRings::first_{nullptr};

TraceRing* TraceRings::Take() {
  for (TraceRing* ring = first_.load(std::memory_order_acquire); ring != nullptr; ring = ring->next_) {
    bool in_use = false;
    // Acquire pairs with Release's: what the former thread pushed comes first.
    if (ring->in_use_.compare_exchange_strong(in_use, true, std::memory_order_acquire)) return ring;
  }
  auto* ring = new TraceRing;
  ring->next_ = first_.load(std::memory_order_relaxed);
  while (!first_.compare_exchange_weak(ring->next_, ring, std::memory_order_release, std::memory_order_relaxed)) {
  }
  return ring;
}

void TraceRings::Release(TraceRing* ring) { ring->in_use_.store(false, std::memory_order_release); }

namespace {

struct OwnRing {
  TraceRing* ring = nullptr;
  bool ended = false;
  int thread = 0;

  ~OwnRing() {
    if (ring != nullptr) TraceRings::Release(ring);
    ring = nullptr;
    ended = true;
  }
};

// Not inlined: see CurrentM.
[[gnu::noinline]] OwnRing* ThreadRing() {
  thread_local OwnRing own;
  OwnRing* result = &own;
  if (result->ring == nullptr && !result->ended) {
    result->ring = TraceRings::Take();
    result->thread = gettid();
  }
  asm volatile("" : "+r"(result));
  return result;
}

// Record adds time and thread. Not inlined either, so that the thread is looked up after the caller's last switch.
[[gnu::noinline]] void Record(TraceEvent event) {
  OwnRing* own = ThreadRing();
  event.nanos = MonotonicNanos();
  event.thread = own->thread;
  if (own->ring == nullptr || !own->ring->Push(event)) delete event.text;
}

M* MachineOf(G* current) { return current != nullptr ? current->m : CurrentM(); }

// EventHere is an event of whoever runs on this thread.
TraceEvent EventHere(TraceKind kind, G* g) {
  TraceEvent event{.kind = kind};
  if (M* m = MachineOf(CurrentGoroutine())) {
    event.m = m->id;
    // It may have lost its P and not know it yet.
    if (m->p != nullptr && !m->retaken.load(std::memory_order_relaxed)) event.p = m->p->id;
  }
  if (g != nullptr) event.g = g->id;
  return event;
}

std::uint64_t CurrentId() {
  G* g = CurrentGoroutine();
  return g != nullptr ? g->id : 0;
}

}  // namespace

void TraceSpawn(G* g) {
  TraceEvent event = EventHere(TraceKind::kSpawn, g);
  event.other = g->parent_id;
  event.entry = reinterpret_cast<std::uintptr_t>(g->entry);
  Record(event);
}

void TraceSwitch(M* m, G* from, G* to, SwitchKind how) {
  TraceEvent event{.kind = TraceKind::kSwitch, .how = how, .m = m->id, .g = to->id, .other = from->id};
  if (m->p != nullptr) event.p = m->p->id;
  if (how == SwitchKind::kPark) event.reason = from->wait_reason.load(std::memory_order_relaxed);
  event.entry = reinterpret_cast<std::uintptr_t>(to->entry);
  Record(event);
}

void TraceReady(G* g) {
  if (g->kind != GKind::kGoroutine) return;
  TraceEvent event = EventHere(TraceKind::kReady, g);
  event.other = CurrentId();
  Record(event);
}

void TraceSteal(P* thief, P* victim, G* g) {
  TraceEvent event = EventHere(TraceKind::kSteal, g);
  event.p = thief->id;
  event.other = static_cast<std::uint64_t>(victim->id);
  Record(event);
}

void TraceHandOver(P* p, M* m) { Record({.kind = TraceKind::kHandOver, .p = p->id, .m = m->id}); }

void TraceBlocking(G* g, TraceKind kind) { Record(EventHere(kind, g)); }

bool BeginTraceRegion(std::string_view name) {
  TraceEvent event = EventHere(TraceKind::kRegionBegin, CurrentGoroutine());
  event.text = new std::string(name);
  Record(event);
  return true;
}

void EndTraceRegion() {
  if (trace_on.load(std::memory_order_relaxed)) Record(EventHere(TraceKind::kRegionEnd, CurrentGoroutine()));
}

void AddTraceLog(std::string_view category, std::string_view message) {
  TraceEvent event = EventHere(TraceKind::kLog, CurrentGoroutine());
  event.text = new std::string(category);
  event.text->push_back('\0');
  event.text->append(message);
  Record(event);
}

}  // namespace gale::internal
