// Scheduler: distributes runnable goroutines over threads.
//
// Each P has a run queue; an M with a P runs goroutines from it, else from the global queue, else from the network,
// else it steals half of another P's queue, else it sleeps in its P's poller. Which M must be woken when work
// appears is the delicate part, and the two protocols below are the whole of it.
//
// Submission protocol (by whoever makes a goroutine runnable: Enqueue, EnqueueNext, EnqueueGlobal):
//   S1. Put the goroutine where others can find it (ring, next slot, global queue).
//   S2. seq_cst fence (or a seq_cst read-modify-write in S1).
//   S3. If some M spins, done: it will find the work, or pass I3. If no P is idle, done: everybody is busy.
//   S4. Raise spinning_ from 0 to 1; whoever fails leaves the wake-up to the one who succeeded.
//   S5. Clear the bit of one idle P and wake its M (or start one), which is thereby spinning. If no bit was left,
//       lower spinning_ again, seq_cst fence, and look at the queues once more, as in I3: who submitted meanwhile has
//       counted on us. If there is work and an idle P, go back to S4.
//
// Idle protocol (by an M that found nothing: Idle):
//   I1. Set the P's bit in idle_.
//   I2. If it was spinning, lower spinning_. seq_cst fence.
//   I3. Look once more at the global queue, at all rings and at its own timers. If there is anything: take the
//       bit back and start over.
//   I4. Sleep in the poller until an event, the P's next timer or a wake-up.
//   I5. Clear the P's bit; if somebody else has cleared it (S5), it has been woken to spin.
//
// Why nothing is lost: the fences of S2 and I2 are totally ordered. If S2 is first, I3 sees the work. If I2 is
// first, S3 sees no spinner and an idle P (or a bit that another submitter claims, whose spinner comes to I3 after
// S1). The next slot is not looked at in I3 and not always announced: it belongs to the P that is about
// to run it. Should that P be held up, sysmon (sysmon.h) sees it and wakes an idle P.
//
// A spinner that finds work lowers spinning_, and wakes the next one if it was the last (so that parallelism grows
// one thread at a time and no storm of wake-ups follows a burst).
//
// Rejected designs: one global queue (its lock and the migration of every goroutine); waking a thread at every
// submission (on two cores, a pair of goroutines that hand values to each other then spends its time in wake-ups);
// a futex to sleep on besides the poller (two places to be woken from, and a race between them).
// Source: Go's runtime/proc.go; differences: an idle M keeps its P and sleeps in that P's epoll. A P is without an M
// only before it was ever needed, and after a hand-over (handover.h) that found nothing for it to do; then its idle
// bit is set too, and whoever claims that starts an M.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "gale/runtime/internal/global_queue.h"
#include "gale/runtime/internal/idle_mask.h"
#include "gale/runtime/internal/machine.h"
#include "gale/runtime/internal/machine_pool.h"
#include "gale/runtime/internal/processor.h"

namespace gale::internal {

class Scheduler {
 public:
  // Get returns the process's scheduler, and starts it at the first call. Never destroyed: goroutines may still
  // run while static objects are destroyed.
  static Scheduler& Get();
  // IfStarted is the scheduler, or null before the first Get.
  static Scheduler* IfStarted() { return started_.load(std::memory_order_acquire); }

  // Submission. Each makes g runnable; g must not be in any queue.
  // By p's M: at the end of p's queue.
  void Enqueue(P* p, G* g);
  // By p's M: to run next on p, before its queue.
  void EnqueueNext(P* p, G* g);
  // By p's M: all of them at the end of p's queue.
  void EnqueueAll(P* p, GList& batch);
  // From anywhere.
  void EnqueueGlobal(G* g);
  void EnqueueGlobal(GList& batch);

  // PickLocal takes the next goroutine from p's own queue without looking at anything else, or null if there is none
  // or it is time for the loop on g0 to look around. By p's M.
  G* PickLocal(P* p);

  // RunLoop is the body of an M: it runs goroutines until m->stop.
  void RunLoop(M* m);

  // WakeOne wakes an idle P to look for work, if there is one and nobody looks already (S3 to S5).
  void WakeOne();
  // WakeP makes sure that p's M looks at p's poller and timers soon: wakes it if it sleeps, starts it if there is
  // none. For what only p can see.
  void WakeP(P* p);

  // RunCaller makes the calling thread an M until the main goroutine, which has been prepared but not queued, has ended
  // (StopCaller). The main goroutine starts on it.
  void RunCaller(M* m, G* main);
  // NewCaller is the M for that.
  M* NewCaller();
  // StopCaller lets RunCaller return. m may be another's when it returns.
  void StopCaller(M* m);

  // HandOff gives p, which is the caller's and has just lost its M, to another M, or lets it be idle without one.
  void HandOff(P* p);
  // NeedsMachine tells whether p has anything to look after.
  bool NeedsMachine(P* p) const;
  // HandOvers is how many Ps sysmon took from goroutines that kept them.
  std::uint64_t HandOvers() const { return hand_overs_.load(std::memory_order_relaxed); }
  void CountHandOver() { hand_overs_.fetch_add(1, std::memory_order_relaxed); }
  // ClaimFreeP makes an idle P without an M that of m, the caller's. False: there is none.
  bool ClaimFreeP(M* m);
  // GiveTo lets a locked M run its goroutine, which the caller has found, with p, which is the caller's.
  void GiveTo(M* locked, P* p, G* g) { MachinePool::Grant(locked, p, g, /*spinning=*/false); }

  // SetPCount changes the number of Ps and returns the former one. The Ps beyond are retired: see procs.cc.
  int SetPCount(int count);
  // PsAreQuiet tells whether all retired Ps have stopped running goroutines.
  bool PsAreQuiet() const;

  // Ps are all that were ever made, the retired ones included.
  std::span<const std::unique_ptr<P>> Ps() const {
    // Acquire pairs with the release in MakePs.
    return {ps_.get(), static_cast<std::size_t>(made_.load(std::memory_order_acquire))};
  }
  // PCount is GOMAXPROCS.
  int PCount() const { return count_.load(std::memory_order_relaxed); }
  GlobalQueue& Global() { return global_; }
  const IdleMask& Idle() const { return idle_; }
  const MachinePool& Machines() const { return machines_; }
  // SpinningCount is how many Ms look for work; for watching.
  int SpinningCount() const { return spinning_.load(std::memory_order_relaxed); }

  // Goroutines started by threads without a P minus those that ended there: a part of NumGoroutine.
  std::atomic<std::int64_t> started_outside{0};
  std::atomic<std::uint64_t> next_goroutine_id{1};

 private:
  explicit Scheduler(int ps);

  G* FindRunnable(M* m);
  G* FindLocal(P* p);
  G* PickQueued(P* p);
  bool RunTimers(P* p);
  void PollIfStale(P* p);
  void PollNow(P* p, std::int64_t timeout_ns);
  G* Steal(P* thief);
  G* StealFrom(P* thief, P* victim);
  G* StealNext(P* thief, P* victim);
  bool WorkElsewhere(const P* self) const;
  bool WorkQueued() const;
  void StopSpinning(M* m);
  void SleepIdle(M* m);
  std::int64_t SleepTime(P* p) const;
  void WakeIfIdle();
  void WakeForReady(P* p);
  void StartMachine(P* p, bool spinning);
  static void* MachineMain(void* m);

  G* NextFor(M* m);
  G* NextForLocked(M* m);
  void LeaveLoop(M* m);
  void ServeRetired(M* m);
  bool ClaimIfFree(P* p);
  void MakePs(int count);
  void Shelve(P* p);
  void WakeShelved(P* p);

  static std::atomic<Scheduler*> started_;

  std::unique_ptr<std::unique_ptr<P>[]> ps_;
  std::atomic<int> made_{0};
  std::atomic<int> count_{0};
  SpinLock count_lock_;
  std::atomic<std::uint64_t> hand_overs_{0};
  GlobalQueue global_;
  IdleMask idle_;
  MachinePool machines_;
  alignas(64) std::atomic<int> spinning_{0};  // Ms woken to look for work that have not yet found any
};

}  // namespace gale::internal
