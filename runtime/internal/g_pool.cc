#include "gale/runtime/internal/g_pool.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <vector>

#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/spin_lock.h"
#include "gale/runtime/internal/stack.h"

namespace gale::internal {

namespace {

constexpr std::size_t kBatch = FreeGs::kCapacity / 2;

// The depot keeps pointers, not a list through the Gs, whose pages are cold by then.
struct Depot {
  SpinLock lock;
  std::vector<G*> stacks[2];
};

Depot& TheDepot() {
  static auto* depot = new Depot;
  return *depot;
}

// Spill moves half of a full cache, the half that was freed first, to the depot.
void Spill(FreeGs& from, int index) {
  Depot& depot = TheDepot();
  {
    std::lock_guard guard(depot.lock);
    depot.stacks[index].insert(depot.stacks[index].end(), from.items.begin(), from.items.begin() + kBatch);
  }
  std::copy(from.items.begin() + kBatch, from.items.begin() + from.size, from.items.begin());
  from.size -= kBatch;
}

// Refill moves up to `most` Gs from the depot to `to` and returns how many.
std::size_t Refill(G** to, std::size_t most, int index) {
  Depot& depot = TheDepot();
  std::lock_guard guard(depot.lock);
  std::vector<G*>& stack = depot.stacks[index];
  std::size_t count = std::min(most, stack.size());
  std::copy(stack.end() - static_cast<std::ptrdiff_t>(count), stack.end(), to);
  stack.resize(stack.size() - count);
  return count;
}

// Not instrumented by TSan: dumps look at slots as soon as they are carved, and find zeros or what is written here.
[[gnu::no_sanitize("thread")]] G* CarveG(StackClass stack_class) {
  StackSlot slot = CarveSlot(stack_class);
  if (slot.low == nullptr) {
    Fatal("out of goroutine stacks: all %zu slots of the region are in use", SlotsCarved(stack_class));
  }
  auto low = reinterpret_cast<std::uintptr_t>(slot.low);
  auto* memory = reinterpret_cast<char*>(GAddress(low, low - stack_region.Base()));
  G* g = new (memory) G;
  g->stack_class = stack_class;
  g->has_canary = slot.has_canary;
  g->stack_low = slot.low + kPageSize;
  g->stack_high = memory;
  return g;
}

G* TakeDead(P* p, StackClass stack_class) {
  int index = static_cast<int>(stack_class);
  if (p == nullptr) {
    G* g = nullptr;
    return Refill(&g, 1, index) == 1 ? g : nullptr;
  }
  FreeGs& cache = p->free_gs[index];
  if (cache.size == 0) cache.size = Refill(cache.items.data(), kBatch, index);
  if (cache.size == 0) return nullptr;
  G* g = cache.items[--cache.size];
  if (cache.size != 0) __builtin_prefetch(cache.items[cache.size - 1], 1);
  return g;
}

std::uint64_t NextId(P* p) {
  // Each P reserves a run of numbers, so that counting does not bounce a cache line between the threads.
  constexpr std::uint64_t kReserve = 16;
  std::atomic<std::uint64_t>& next = Scheduler::IfStarted()->next_goroutine_id;
  if (p == nullptr) return next.fetch_add(1, std::memory_order_relaxed);
  if (p->next_id == p->last_id) {
    p->next_id = next.fetch_add(kReserve, std::memory_order_relaxed);
    p->last_id = p->next_id + kReserve;
  }
  return p->next_id++;
}

void Count(std::atomic<std::int64_t>& counter, std::int64_t change) {
  // Only the owner writes: no read-modify-write is needed.
  counter.store(counter.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
}

}  // namespace

G* NewG(P* p, StackClass stack_class, std::uint64_t parent_id) {
  G* g = TakeDead(p, stack_class);
  if (g == nullptr) g = CarveG(stack_class);
  // Dumps read the number while they walk over all slots.
  std::atomic_ref(g->id).store(NextId(p), std::memory_order_relaxed);
  g->parent_id = parent_id;
  g->eh = {};
  g->in_bubble = false;
  g->status.store(GStatus::kIdle, std::memory_order_relaxed);
  FiberBegins(g);
  if (p != nullptr) {
    Count(p->started_minus_ended, 1);
  } else {
    Scheduler::IfStarted()->started_outside.fetch_add(1, std::memory_order_relaxed);
  }
  return g;
}

void FreeG(P* p, G* g) {
  int index = static_cast<int>(g->stack_class);
  if (p == nullptr) {
    Scheduler::IfStarted()->started_outside.fetch_sub(1, std::memory_order_relaxed);
    Depot& depot = TheDepot();
    std::lock_guard guard(depot.lock);
    depot.stacks[index].push_back(g);
    return;
  }
  Count(p->started_minus_ended, -1);
  FreeGs& cache = p->free_gs[index];
  if (cache.size == FreeGs::kCapacity) Spill(cache, index);
  cache.items[cache.size++] = g;
}

}  // namespace gale::internal
