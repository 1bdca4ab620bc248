// Bubble: goroutines that share a clock of their own. See testing/synctest.h for what it is for.
//
// A bubble counts those of its goroutines that run, or that wait for something which may also come from outside
// (a Mutex, I/O). When none is left, all are durably blocked: only the passing of time can go on. Then whoever called
// Wait is woken; else the driver, a goroutine that moves the clock to the next timer and fires it.
//
// Accounting protocol:
//   A1. Start of a goroutine: running and total rise, before it is queued. The starter itself is counted.
//   A2. A durable park: the commit publishes the goroutine; afterwards running falls.
//   A3. Ready of a goroutine that is parked durably: running rises, before it is queued.
//   A4. End: running and total fall.
//   A5. Whoever lets running fall to zero wakes the waiter or the driver (A3).
// Between the commit and the fall in A2 the goroutine may have been made ready and counted again: running is then too
// high by one for a moment, never too low, so A5 is right, and happens exactly once.
//
// A seeded bubble runs one goroutine at a time. What becomes ready joins the bubble's own list; when the goroutine that
// has the turn parks, yields or ends, the next one is drawn from the list by the seed, and only that is given to the
// scheduler. A goroutine that lost its P keeps the turn. SchedulePoint gives others a turn also where nobody waits.
//
// Bubbles are never freed, only used again with a new number: a timer's handle may outlive its bubble.
// Source: Go's runtime/synctest.go; the seed is Gale's.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/spin_lock.h"
#include "gale/runtime/internal/timer_heap.h"

namespace gale::internal {

// How many bubbles there are, and how many with a seed. Relaxed: a goroutine of a bubble was started after they rose.
extern std::atomic<int> bubble_count;
extern std::atomic<int> seeded_bubble_count;

// IsDurable tells whether a goroutine of a bubble that waits for this reason can only be woken from within the bubble.
constexpr bool IsDurable(WaitReason reason) {
  switch (reason) {
    case WaitReason::kChanReceiveDurable:
    case WaitReason::kChanReceiveNil:
    case WaitReason::kChanSendDurable:
    case WaitReason::kChanSendNil:
    case WaitReason::kSelectDurable:
    case WaitReason::kSelectNoCases:
    case WaitReason::kSleep:
    case WaitReason::kCondWait:
    case WaitReason::kWaitGroupWaitDurable:
    case WaitReason::kSemaphoreAcquireDurable:
    case WaitReason::kSynctestRun:
    case WaitReason::kSynctestWait: return true;
    default: return false;
  }
}

class Bubble {
 public:
  // Take returns a bubble with the calling goroutine as its driver, which Drive then is to be called on. Seeded if
  // `seed` is not null.
  static Bubble* Take(const std::uint64_t* seed);
  // GiveBack ends a bubble whose goroutines have all ended. The driver is out of it.
  void GiveBack();
  // Abandon ends a bubble in which goroutines are blocked for ever. They are lost.
  void Abandon();

  enum class End { kAllEnded, kBlocked };
  // Drive lets time pass until all goroutines have ended, or none can go on.
  End Drive();

  // MainEnds says that the main function has returned: time stops.
  void MainEnds();
  bool MainEnded();

  // Wait parks the caller until all others are durably blocked.
  void Wait();

  // Start is A1, and queues g.
  void Start(G* g);
  // MakeReady is A3, and queues g.
  void MakeReady(G* g);
  // Parked is A2 for a durable wait, and lets the next goroutine have its turn.
  void Parked(bool durable) { Leave(durable, /*ended=*/false); }
  // Ended is A4.
  void Ended() { Leave(/*blocked=*/true, /*ended=*/true); }
  // Yield gives others a turn. Only in a seeded bubble, by the goroutine that has it.
  void Yield();
  // YieldMaybe leaves it to the seed. Nothing where there is none.
  void YieldMaybe();

  std::uint64_t Id() const { return id_; }
  std::int64_t Now() const { return now_.load(std::memory_order_relaxed); }
  TimerHeap& Timers() { return timers_; }
  bool Seeded() const { return seeded_; }
  std::uint64_t Seed() const { return seed_; }
  // Random draws from the seed.
  std::uint64_t Random();

 private:
  void Leave(bool blocked, bool ended);
  G* TakeIdle();
  G* Draw();
  std::uint64_t Next();

  SpinLock lock_;
  std::uint64_t id_ = 0;
  int running_ = 0;  // goroutines that are not durably blocked, the driver included
  int total_ = 0;    // goroutines without the driver
  bool main_ended_ = false;
  G* driver_ = nullptr;
  bool waiting_ = false;  // somebody is in Wait, parked or about to
  G* waiter_ = nullptr;   // who, once parked
  // Written by the driver while all others are blocked; the lock orders it before what they do next.
  std::atomic<std::int64_t> now_{0};
  TimerHeap timers_;

  bool seeded_ = false;
  std::uint64_t seed_ = 0;
  std::uint64_t random_ = 0;
  bool turn_taken_ = false;
  std::vector<G*> ready_;  // who waits for a turn
};

// CurrentBubble is the bubble of the running goroutine, or null.
Bubble* BubbleOfCurrentG();
inline Bubble* CurrentBubble() {
  if (bubble_count.load(std::memory_order_relaxed) == 0) [[likely]]
    return nullptr;
  return BubbleOfCurrentG();
}

// CurrentBubbleId is its number, never used again, or 0.
inline std::uint64_t CurrentBubbleId() {
  Bubble* bubble = CurrentBubble();
  return bubble == nullptr ? 0 : bubble->Id();
}

// PrintSeedOfCurrentBubble writes how to repeat it to standard error, for a process that is about to end. Nothing if
// there is no seed.
void PrintSeedOfCurrentBubble();

// BubblePark is what must be known of a goroutine before its park is committed.
class BubblePark {
 public:
  explicit BubblePark(G* g) {
    if (!g->in_bubble) [[likely]]
      return;
    durable_ = IsDurable(g->wait_reason.load(std::memory_order_relaxed));
    // Where neither matters there is nothing to do afterwards, and the bubble may have ended by then.
    if (durable_ || g->bubble->Seeded()) bubble_ = g->bubble;
  }
  void Committed() {
    if (bubble_ != nullptr) [[unlikely]]
      bubble_->Parked(durable_);
  }

 private:
  Bubble* bubble_ = nullptr;
  bool durable_ = false;
};

// SchedulePoint is called where another goroutine could come in between, so that a seed can let it: before and after an
// operation that other goroutines see. It may park; no lock of the runtime may be held.
void SchedulePointSlow();
inline void SchedulePoint() {
  if (seeded_bubble_count.load(std::memory_order_relaxed) != 0) [[unlikely]]
    SchedulePointSlow();
}

// BubbleTag remembers in which bubble a thing was made that must not be used from outside.
class BubbleTag {
 public:
  // Check throws Panic(misuse) if the caller is not in that bubble. May park: it is a SchedulePoint, too.
  void Check(const char* misuse) const {
    SchedulePoint();
    if (id_ != 0) [[unlikely]]
      CheckSlow(misuse);
  }
  // Choose is the reason to wait: the second where only the bubble's goroutines can end the wait.
  WaitReason Choose(WaitReason ordinary, WaitReason durable) const { return id_ == 0 ? ordinary : durable; }
  std::uint64_t Id() const { return id_; }

 private:
  void CheckSlow(const char* misuse) const;

  const std::uint64_t id_ = CurrentBubbleId();
};

}  // namespace gale::internal
