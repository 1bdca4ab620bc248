#include "gale/runtime/internal/pool_registry.h"

#include <cstdint>
#include <vector>

#include "gale/runtime/internal/machine.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/mutex.h"

namespace gale::internal {

namespace {

struct Registry {
  Mutex mutex;
  LinkedList<PoolBase> pools GALE_GUARDED_BY(mutex);
};

// Never destroyed: pools may be static.
Registry& TheRegistry() {
  static auto* registry = new Registry;
  return *registry;
}

}  // namespace

void AddPool(PoolBase* pool) {
  Registry& registry = TheRegistry();
  MutexLock lock(registry.mutex);
  registry.pools.PushBack(pool);
}

void RemovePool(PoolBase* pool) {
  Registry& registry = TheRegistry();
  MutexLock lock(registry.mutex);
  registry.pools.Remove(pool);
}

bool AgePools() {
  Registry& registry = TheRegistry();
  std::vector<std::unique_ptr<PoolGarbage>> garbage;  // destroyed without the lock: destructors may do anything
  bool left = false;
  MutexLock lock(registry.mutex);
  for (PoolBase* pool = registry.pools.Front(); pool != nullptr; pool = registry.pools.Next(pool)) {
    PoolBase::Aged aged = pool->Age();
    left |= aged.left;
    if (aged.garbage != nullptr) garbage.push_back(std::move(aged.garbage));
  }
  return left || !garbage.empty();
}

std::size_t PoolShard() {
  if (G* g = CurrentGoroutine()) return static_cast<std::size_t>(g->m->id);
  // The addresses of threads' proxies differ only in their upper bits.
  return static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(CurrentG()) * 0x9E3779B97F4A7C15 >> 48);
}

}  // namespace gale::internal
