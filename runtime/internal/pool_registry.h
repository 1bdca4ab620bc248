// The pools that exist, for those who let their contents grow old. See runtime/pool.h.
#pragma once

#include <cstddef>
#include <memory>

#include "gale/runtime/internal/linked_list.h"

namespace gale::internal {

// PoolGarbage is what is to be destroyed, and destroys it.
struct PoolGarbage {
  virtual ~PoolGarbage() = default;
};

class PoolBase : public Linked {
 public:
  PoolBase() = default;
  PoolBase(const PoolBase&) = delete;
  PoolBase& operator=(const PoolBase&) = delete;

  struct Aged {
    std::unique_ptr<PoolGarbage> garbage;  // null: none
    bool left = false;                     // whether there are objects that have become one pass older
  };
  // Age takes out what nobody has taken since the Age before last. Under the registry's lock.
  virtual Aged Age() = 0;

 protected:
  ~PoolBase() = default;
};

// From AddPool to RemovePool the pool is aged. RemovePool waits until it is not just being so.
void AddPool(PoolBase* pool);
void RemovePool(PoolBase* pool);

// AgePools ages all pools, and destroys what they give up, on the calling thread. Returns whether there was anything,
// or will be next time.
bool AgePools();

// PoolShard is a number that is the same on one thread, and different on threads that run at the same time, mostly.
std::size_t PoolShard();

}  // namespace gale::internal
