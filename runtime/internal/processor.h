// P: the right to run goroutines, and what belongs to it: a run queue, a poller, timers, a pool of dead goroutines.
//
// There are GOMAXPROCS of them, never freed. A P is owned by at most one M; what is not atomic or under a lock is its
// owner's alone.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "gale/runtime/internal/counters.h"
#include "gale/runtime/internal/deadline_wheel.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/run_queue.h"
#include "gale/runtime/internal/span_cache.h"
#include "gale/runtime/internal/timer_heap.h"

namespace gale::internal {

class Netpoll;

// FreeGs are dead goroutines with their stacks, the one that ended last on top. See g_pool.h.
struct FreeGs {
  static constexpr std::size_t kCapacity = 128;
  std::size_t size = 0;
  std::size_t unused = 0;  // the lowest ones, which were not needed since the scavenger last asked
  std::array<G*, kCapacity> items;
};

struct alignas(64) P {
  explicit P(int id);
  ~P();

  const int id;
  // The M bound here; null while none is needed. Written by who holds the P; acquire and release.
  std::atomic<M*> m{nullptr};

  RunQueue queue;
  TimerHeap timers;
  DeadlineWheel deadlines;
  std::unique_ptr<Netpoll> netpoll;

  // GOMAXPROCS has become smaller: see procs.cc. Both seq_cst.
  std::atomic<bool> retired{false};  // runs nothing; its M only passes on what its poller and timers have ready
  std::atomic<bool> quiet{false};    // retired, and no goroutine runs on it any more
  bool shelved = false;              // retired, without an M and without its idle bit; under Scheduler::count_lock_

  // Owner's alone.
  std::uint32_t last_global_tick = 0;  // tick of the last fair look at the global queue
  std::uint32_t next_streak = 0;       // how many picks in a row came from the queue's next slot
  std::uint64_t last_poll_cycles = 0;
  std::uint64_t last_wake_cycles = 0;      // see WakeForReady
  std::uint64_t random;                    // state of the generator that shuffles victims
  FreeGs free_gs[2];                       // by StackClass
  SpanCache spans{TheSpanHeap()};          // CachedBytes: everybody's
  std::uint64_t next_id = 0, last_id = 0;  // numbers reserved for new goroutines

  SchedulerCounters counters;

  // Written by the owner, read by whoever adds them up or watches; relaxed, being statistics and hints.
  std::atomic<std::uint32_t> tick{0};  // goroutines picked
  std::atomic<std::int64_t> started_minus_ended{0};
  std::atomic<std::size_t> pooled{0};  // dead goroutines in free_gs, when it last went to sleep
  // Written by the scavenger: give up the pooled goroutines that were not needed for long (g_pool.h).
  std::atomic<bool> give_up_unused{false};
  // Written by thieves too: reset when a wake-up of ours was worth it.
  std::atomic<std::uint64_t> wake_pause_cycles{0};
};

}  // namespace gale::internal
