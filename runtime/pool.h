// Pool: objects that are expensive to make, kept for whoever needs one next.
//
//   gale::Pool<Buffer>& buffers = *new gale::Pool<Buffer>;      // for ever: goroutines may run when main has ended
//
//   std::unique_ptr<Buffer> buffer = buffers.Get();             // one that was put, or a new one
//   buffer->Clear();
//   Use(*buffer);
//   buffers.Put(std::move(buffer));
//
// A pool has no size to choose. What is put stays while it is needed: the runtime's scavenger passes about once a
// second while the process is busy, and frees what has lain in the pool for a whole pass without being taken
// (gale::FreeOSMemory does so at once). So a pool follows the load, as Go's follows the garbage collector, and an idle
// process keeps nothing.
//
// Rejected: a fixed capacity (too small under load, or wasted without), and freeing at every Put beyond the recent need
// (counting that need costs more than the objects do).
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "gale/runtime/internal/pool_registry.h"
#include "gale/runtime/internal/spin_lock.h"

namespace gale {

// Pool<T> may be used from goroutines and plain threads in parallel; nobody may use it when it is destroyed. An object
// comes back as it was put, and it may be any of them. Get and Put take some 10 ns, as long as no more than one thread
// at a time uses a shard; there are 16, chosen by the thread. Objects that are freed by the scavenger are destroyed on
// a thread of the runtime: their destructors should not wait. Source: Go's sync.Pool.
template <typename T>
class Pool final : private internal::PoolBase {
 public:
  // Get makes new objects by make(); by default value-initialised ones, where T can be.
  Pool() requires std::default_initializable<T> : Pool([] { return std::make_unique<T>(); }) {}
  explicit Pool(std::function<std::unique_ptr<T>()> make) : make_(std::move(make)) { internal::AddPool(this); }
  ~Pool() { internal::RemovePool(this); }

  // Get takes an object out of the pool, or makes one. Never null, unless make() returns null.
  std::unique_ptr<T> Get() {
    std::size_t own = internal::PoolShard() % kShards;
    std::unique_ptr<T> object = shards_[own].Take();
    for (std::size_t i = 1; object == nullptr && i < kShards; ++i) object = shards_[(own + i) % kShards].TakeIfAny();
    return object != nullptr ? std::move(object) : make_();
  }

  // Put gives an object, which need not come from this pool. Null does nothing.
  void Put(std::unique_ptr<T> object) {
    if (object != nullptr) shards_[internal::PoolShard() % kShards].Put(std::move(object));
  }

 private:
  static constexpr std::size_t kShards = 16;
  using Objects = std::vector<std::unique_ptr<T>>;

  class alignas(64) Shard {
   public:
    std::unique_ptr<T> Take() {
      std::lock_guard guard(lock_);
      std::unique_ptr<T> object = TakeFrom(fresh_);
      if (object == nullptr) object = TakeFrom(stale_);
      size_.store(fresh_.size() + stale_.size(), std::memory_order_relaxed);
      return object;
    }
    // Another thread's shard is only touched where there is something to be had.
    std::unique_ptr<T> TakeIfAny() { return size_.load(std::memory_order_relaxed) == 0 ? nullptr : Take(); }

    void Put(std::unique_ptr<T> object) {
      std::lock_guard guard(lock_);
      fresh_.push_back(std::move(object));
      size_.store(fresh_.size() + stale_.size(), std::memory_order_relaxed);
    }

    // Age returns what was already stale; what is fresh is stale from now on.
    Objects Age(bool& left) {
      std::lock_guard guard(lock_);
      Objects garbage = std::exchange(stale_, std::exchange(fresh_, {}));
      size_.store(stale_.size(), std::memory_order_relaxed);
      left |= !stale_.empty();
      return garbage;
    }

   private:
    static std::unique_ptr<T> TakeFrom(Objects& objects) {
      if (objects.empty()) return nullptr;
      std::unique_ptr<T> object = std::move(objects.back());
      objects.pop_back();
      return object;
    }

    internal::SpinLock lock_;
    std::atomic<std::size_t> size_{0};  // a hint
    Objects fresh_;                     // put since the last pass
    Objects stale_;                     // put before
  };

  struct Garbage final : internal::PoolGarbage {
    std::vector<Objects> objects;
  };

  Aged Age() override {
    auto garbage = std::make_unique<Garbage>();
    Aged aged;
    for (Shard& shard : shards_) {
      Objects objects = shard.Age(aged.left);
      if (!objects.empty()) garbage->objects.push_back(std::move(objects));
    }
    if (!garbage->objects.empty()) aged.garbage = std::move(garbage);
    return aged;
  }

  const std::function<std::unique_ptr<T>()> make_;
  std::array<Shard, kShards> shards_;
};

}  // namespace gale
