// Memory: what a load may return according to the C++ memory model.
//
// Each atomic object keeps the history of its stores, in modification order. A load may return the newest store, or
// an older one as long as nothing that the thread knows of forbids it: coherence, happens-before, the order of
// sequentially consistent operations and fences. Which one, the explorer chooses. So a store that "sits in a store
// buffer", or a relaxed load that was "executed early", shows as a load that returns an old value.
//
// What is modelled: all memory orders, release sequences, release, acquire and seq_cst fences by the rules of C++20.
// What is not: a store never enters the modification order before an earlier one of another thread, and a load never
// returns a store that comes later in the execution (load buffering). Both weaken nothing that the runtime relies on.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "gale/tests/model/vector_clock.h"

namespace gale::model {

// Knowledge is what a release hands to an acquire.
struct Knowledge {
  VectorClock happened;          // what happens before: for data races
  VectorClock visible;           // what later loads must not miss: `happened`, and more through seq_cst fences
  std::uint32_t last_fence = 0;  // the number of the last seq_cst fence in it

  void Join(const Knowledge& other) {
    happened.Join(other.happened);
    visible.Join(other.visible);
    last_fence = std::max(last_fence, other.last_fence);
  }
};

// ThreadMemory is one thread's side of the memory.
struct ThreadMemory {
  Knowledge now;
  Knowledge acquirable;  // read by relaxed loads: an acquire fence adds it to `now`
  Knowledge released;    // `now` at the last release fence: what relaxed stores hand over
};

class Memory {
 public:
  // Chooses among `count` values that a load may return, 0 being the newest.
  using ChooseValue = std::function<int(int count)>;

  explicit Memory(ChooseValue choose);

  // Reset forgets all atomics and threads: a new execution begins.
  void Reset();

  // Construct makes the object at this address known, with its first value.
  void Construct(const void* object, std::uint64_t value);
  // Known tells whether the object was constructed in this execution.
  bool Known(const void* object) { return Find(object) != nullptr; }
  // Number is a short name for the object.
  std::size_t Number(const void* object);
  // Newest is the last value in modification order.
  std::uint64_t Newest(const void* object);

  std::uint64_t Load(const void* object, std::memory_order order);
  void Store(const void* object, std::uint64_t value, std::memory_order order);
  // Exchange is the store half of a read-modify-write, which has read the newest value.
  void Exchange(const void* object, std::uint64_t value, std::memory_order order);
  // CompareExchange returns whether it succeeded, and sets `expected` if not. It may also fail because of an old value.
  bool CompareExchange(const void* object, std::uint64_t& expected, std::uint64_t wanted, std::memory_order success,
                       std::memory_order failure);
  void Fence(std::memory_order order);
  // FenceAll is a seq_cst fence in every thread: membarrier.
  void FenceAll();

  // Threads. Enter says who executes the operations that follow.
  void Enter(std::size_t thread) { self_ = thread; }
  // Inherit: what `from` has done happens before what `thread` does from now on.
  void Inherit(std::size_t thread, std::size_t from);
  const VectorClock& Happened() const { return threads_[self_].now.happened; }
  std::size_t Self() const { return self_; }

 private:
  struct Written {
    std::uint64_t value;
    std::size_t writer;
    std::uint32_t epoch;
    std::uint32_t sequence = 0;  // of the first seq_cst access; 0: none
    Knowledge release;           // what an acquire load gets
    VectorClock seen;            // epoch at which each thread first read it; 0: never
  };
  struct Location {
    std::vector<Written> history;
    std::size_t last_sequential = 0;  // the newest store that a seq_cst access wrote or read
  };
  struct Slot {
    const void* object = nullptr;
    std::uint32_t execution = 0;
    std::uint32_t location = 0;
  };

  Location* Find(const void* object);
  Location& At(const void* object);
  ThreadMemory& Tick();
  bool MustSee(const Knowledge& known, const Written& written) const;
  std::size_t OldestReadable(const Location& location, std::memory_order order) const;
  std::uint64_t Read(Location& location, std::size_t index, std::memory_order order);
  void Write(Location& location, std::uint64_t value, std::memory_order order, bool continues_release);
  void SequentialFence(ThreadMemory& thread);

  ChooseValue choose_;
  std::size_t self_ = 0;
  std::array<ThreadMemory, kMostThreads> threads_;
  VectorClock fences_;          // what was visible to some seq_cst fence
  std::uint32_t sequence_ = 0;  // counts seq_cst operations
  std::uint32_t execution_ = 0;
  std::vector<Slot> slots_;
  std::vector<Location> locations_;
  std::size_t location_count_ = 0;
};

}  // namespace gale::model
