// Hand-over: how a P leaves a goroutine that keeps it too long.
//
// A goroutine that computes for 10 ms, or sits in a blocking system call, keeps its P from the goroutines, timers and
// descriptors that wait there. Sysmon then takes the P and gives it to another M. The goroutine is not disturbed
// (no signal ever switches a stack: that is unsafe in C++); it runs on without a P, beside GOMAXPROCS others, queues
// for a P at its next call of the runtime that can wait (QueueForP), and gives up its thread when it parks.
//
// Whoever uses the current M's P from a goroutine does so within EnterRuntime and LeaveRuntime (PinnedP), which keeps
// sysmon off. On a scheduling stack an M is always within.
//
// Hand-over protocol (EnterRuntime by an M, Retake by sysmon):
//   R1. M: in_runtime = true.                               (a plain store)
//   R2. M: if `retaken`, look closer (NoticeRetake): wait for the lock; still `retaken`: the P is gone.
//   T1. sysmon, under the M's handover_lock: retaken = true.
//   T2. sysmon: membarrier, which is a full fence on every CPU that runs a thread of the process.
//   T3. sysmon: if in_runtime is false and the M still has the P: the P is sysmon's. Else retaken = false again.
// Between R1 and R2 the M executes no fence: the one of T2 stands in for it. It falls before R1 (then R2 sees
// `retaken`), or after (then T3 sees in_runtime). Where the kernel has no membarrier, R1 is an exchange. Whether the M
// was within when T3 looked is the only question; in between it may have gone in and out as it liked.
//
// Rejected: a lock around each use of the P (20 ns on paths of 25); preemption by signals, as Go has it (the handler
// would have to switch stacks in the middle of malloc).
// Source: Go's retake, handoffp and exitsyscall; the asymmetric fence is Gale's.
#pragma once

#include <atomic>

#include "gale/runtime/internal/machine.h"

namespace gale::internal {

extern bool has_membarrier;  // written before the first M starts

// InitHandover finds out whether the kernel has membarrier. GALE_MEMBARRIER=0 makes it do without.
void InitHandover();

// NoticeRetake is step R2's closer look.
void NoticeRetake(M* m);

// EnterRuntime begins the use of m's P, and returns it: null if m has none. By m's thread.
inline P* EnterRuntime(M* m) {
  if (has_membarrier) [[likely]] {
    m->in_runtime.store(true, std::memory_order_relaxed);  // R1
    std::atomic_signal_fence(std::memory_order_seq_cst);
  } else {
    m->in_runtime.exchange(true, std::memory_order_seq_cst);
  }
  if (m->retaken.load(std::memory_order_relaxed)) [[unlikely]]
    NoticeRetake(m);  // R2
  return m->p;
}

// LeaveRuntime ends it. Release pairs with the acquire of T3: the next owner of the P sees what was done with it.
inline void LeaveRuntime(M* m) { m->in_runtime.store(false, std::memory_order_release); }

// RunningM is the M that the caller runs on, or null on a thread that is none.
inline M* RunningM() {
  G* g = CurrentGoroutine();
  return g != nullptr ? g->m : CurrentM();
}

// PinnedP is the current P, kept while the object lives: null if the caller has none. Nests; nothing may park
// meanwhile.
class PinnedP {
 public:
  PinnedP() : m_(RunningM()) {
    if (m_ == nullptr) return;
    outer_ = m_->in_runtime.load(std::memory_order_relaxed);
    p_ = outer_ ? m_->p : EnterRuntime(m_);
  }
  ~PinnedP() {
    if (m_ != nullptr && !outer_) LeaveRuntime(m_);
  }
  PinnedP(const PinnedP&) = delete;
  PinnedP& operator=(const PinnedP&) = delete;

  P* Get() const { return p_; }
  P* operator->() const { return p_; }
  explicit operator bool() const { return p_ != nullptr; }

 private:
  M* m_;
  P* p_ = nullptr;
  bool outer_ = false;
};

// TryRetake takes p from m, whose goroutine keeps it (T1 to T3). True: p is the caller's. By sysmon.
bool TryRetake(P* p, M* m);

// GiveUpP lets another M have the current goroutine's P, and returns whether there was one. Blocking(fn) is its use.
bool GiveUpP(M* m);

// RegainP makes the current goroutine, which has no P, queue for one. May switch threads.
void RegainP();

// QueueForP is what calls of the runtime that can wait begin with: a goroutine whose P was taken queues for one.
inline void QueueForP() {
  G* g = CurrentGoroutine();
  if (g == nullptr) return;
  M* m = g->m;
  if (m->p == nullptr || m->retaken.load(std::memory_order_relaxed)) [[unlikely]]
    RegainP();
}

}  // namespace gale::internal
