#include "gale/runtime/internal/g_pool.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>
#include <new>
#include <vector>

#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/sanitizer.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/internal/spin_lock.h"
#include "gale/runtime/internal/stack.h"
#include "gale/runtime/internal/stack_trim.h"

namespace gale::internal {

namespace {

constexpr std::size_t kBatch = FreeGs::kCapacity / 2;

// Shelf is the depot's part for one class of stacks.
struct Shelf {
  std::deque<G*> pooled;  // those that came last at the back
  std::vector<G*> bare;   // slots without memory
  std::vector<G*> bare_with_canary;
  std::size_t unused = 0;  // how many of `pooled` were not needed since the last pass: the smallest size it had
};

// The depot keeps pointers, not a list through the Gs, whose pages are cold by then.
struct Depot {
  SpinLock lock;
  Shelf shelves[2];  // by StackClass
};

Depot& TheDepot() {
  static auto* depot = new Depot;
  return *depot;
}

// Spill moves the lowest `count` of a cache, those that were freed first, to the depot.
void Spill(FreeGs& from, std::size_t count, int index) {
  auto end = from.items.begin() + static_cast<std::ptrdiff_t>(count);
  {
    Depot& depot = TheDepot();
    std::lock_guard guard(depot.lock);
    std::deque<G*>& pooled = depot.shelves[index].pooled;
    pooled.insert(pooled.end(), from.items.begin(), end);
  }
  std::copy(end, from.items.begin() + static_cast<std::ptrdiff_t>(from.size), from.items.begin());
  from.size -= count;
  from.unused = std::min(from.unused, from.size);
}

// Refill moves up to `most` Gs from the depot to `to` and returns how many.
std::size_t Refill(G** to, std::size_t most, int index) {
  Depot& depot = TheDepot();
  std::lock_guard guard(depot.lock);
  Shelf& shelf = depot.shelves[index];
  std::size_t count = std::min(most, shelf.pooled.size());
  std::copy(shelf.pooled.end() - static_cast<std::ptrdiff_t>(count), shelf.pooled.end(), to);
  shelf.pooled.resize(shelf.pooled.size() - count);
  shelf.unused = std::min(shelf.unused, shelf.pooled.size());
  return count;
}

// Not instrumented by TSan: dumps look at slots as soon as they are carved, and find zeros or what is written here.
[[gnu::no_sanitize("thread")]] G* MakeG(G* memory, char* slot_low, StackClass stack_class, bool has_canary) {
  G* g = new (memory) G;
  g->stack_class = stack_class;
  g->has_canary = has_canary;
  g->stack_low = slot_low + kPageSize;
  g->stack_high = reinterpret_cast<char*>(memory);
  return g;
}

// TakeBare makes a G in a slot that was given back, or returns null if there is none.
G* TakeBare(StackClass stack_class) {
  Depot& depot = TheDepot();
  Shelf& shelf = depot.shelves[static_cast<int>(stack_class)];
  G* memory = nullptr;
  bool has_canary = false;
  {
    std::lock_guard guard(depot.lock);
    has_canary = shelf.bare.empty();
    std::vector<G*>& from = has_canary ? shelf.bare_with_canary : shelf.bare;
    if (from.empty()) return nullptr;
    memory = from.back();
    from.pop_back();
  }
  auto slot_mask = (std::uintptr_t{1} << SlotShift(stack_class)) - 1;
  return MakeG(memory, reinterpret_cast<char*>(reinterpret_cast<std::uintptr_t>(memory) & ~slot_mask), stack_class,
               has_canary);
}

G* CarveG(StackClass stack_class) {
  StackSlot slot = CarveSlot(stack_class);
  if (slot.low == nullptr) {
    Fatal("out of goroutine stacks: all %zu slots of the region are in use", SlotsCarved(stack_class));
  }
  auto low = reinterpret_cast<std::uintptr_t>(slot.low);
  auto* memory = reinterpret_cast<G*>(GAddress(low, low - stack_region.Base()));
  return MakeG(memory, slot.low, stack_class, slot.has_canary);
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
  cache.unused = std::min(cache.unused, cache.size);
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
  if (g == nullptr) g = TakeBare(stack_class);
  if (g == nullptr) g = CarveG(stack_class);
  // Dumps read the number while they walk over all slots.
  std::atomic_ref(g->id).store(NextId(p), std::memory_order_relaxed);
  g->parent_id = parent_id;
  g->eh = {};
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
    depot.shelves[index].pooled.push_back(g);
    return;
  }
  Count(p->started_minus_ended, -1);
  FreeGs& cache = p->free_gs[index];
  if (cache.size == FreeGs::kCapacity) Spill(cache, kBatch, index);
  cache.items[cache.size++] = g;
}

void GiveUpUnused(P* p) {
  p->give_up_unused.store(false, std::memory_order_relaxed);
  for (int index = 0; index < 2; ++index) {
    FreeGs& cache = p->free_gs[index];
    if (cache.unused != 0) Spill(cache, cache.unused, index);
    cache.unused = cache.size;
  }
  PublishPoolSize(p);
}

void PublishPoolSize(P* p) { p->pooled.store(p->free_gs[0].size + p->free_gs[1].size, std::memory_order_relaxed); }

std::size_t DropUnused(std::size_t most, bool all) {
  Depot& depot = TheDepot();
  std::size_t dropped = 0;
  for (Shelf& shelf : depot.shelves) {
    for (; dropped < most; ++dropped) {
      G* g = nullptr;
      {
        std::lock_guard guard(depot.lock);
        if (all ? shelf.pooled.empty() : shelf.unused == 0) break;
        g = shelf.pooled.front();
        shelf.pooled.pop_front();
        shelf.unused = std::min(shelf.unused - (all ? 0 : 1), shelf.pooled.size());
      }
      bool has_canary = g->has_canary;
      DropDeadStack(g);
      std::lock_guard guard(depot.lock);
      (has_canary ? shelf.bare_with_canary : shelf.bare).push_back(g);
    }
  }
  return dropped;
}

bool EndDropPass() {
  Depot& depot = TheDepot();
  bool has_some = false;
  std::lock_guard guard(depot.lock);
  for (Shelf& shelf : depot.shelves) {
    shelf.unused = shelf.pooled.size();
    has_some |= shelf.unused != 0;
  }
  return has_some;
}

PoolSizes DepotSizes() {
  Depot& depot = TheDepot();
  std::lock_guard guard(depot.lock);
  PoolSizes sizes;
  for (const Shelf& shelf : depot.shelves) {
    sizes.pooled += shelf.pooled.size();
    sizes.bare += shelf.bare.size() + shelf.bare_with_canary.size();
  }
  return sizes;
}

}  // namespace gale::internal
