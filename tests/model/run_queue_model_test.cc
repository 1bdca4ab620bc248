// RunQueue, as it is, with a ring of 4.

#include "gale/runtime/internal/run_queue.h"

#include "gale/tests/model/check.h"

namespace gale::model {
namespace {

using internal::G;
using internal::GList;
using internal::RunQueue;

// Work is a number of Gs, and how often each was taken.
struct Work {
  static constexpr int kMost = 12;
  G gs[kMost];
  int made = 0;
  int taken[kMost] = {};

  // Make writes to the G, as whoever makes a goroutine runnable has done; Take reads it.
  G* Make() {
    G* g = &gs[made];
    g->id = static_cast<std::uint64_t>(made++);
    return g;
  }
  void Take(G* g) {
    if (g == nullptr) return;
    Expect(g >= gs && g < gs + kMost && g == &gs[g->id], "not a goroutine that was queued");
    Expect(++taken[g->id] == 1, "a goroutine was taken twice");
  }
  void TakeAll(GList& list) {
    while (G* g = list.PopFront()) Take(g);
  }
  void TakeAll(RunQueue& queue) {
    while (G* g = queue.PopFront()) Take(g);
    Take(queue.TakeNext());
  }
  void ExpectAllTaken() {
    for (int i = 0; i < made; ++i) Expect(taken[i] == 1, "a goroutine was lost");
  }
};

struct Queues {
  RunQueue owner, thief, second_thief;
  GList overflow;
  Work work;

  void Push() { owner.PushBack(work.Make(), overflow); }
  void End() {
    work.TakeAll(overflow);
    work.TakeAll(owner);
    work.TakeAll(thief);
    work.TakeAll(second_thief);
    work.ExpectAllTaken();
  }
};

void OwnerAgainstThief() {
  auto queues = std::make_shared<Queues>();
  queues->Push();
  Spawn("owner", [=] {
    queues->Push();
    queues->work.Take(queues->owner.PopFront());
    queues->Push();
    queues->work.Take(queues->owner.PopFront());
  });
  Spawn("thief", [=] {
    queues->work.Take(queues->thief.Steal(queues->owner));
    queues->work.Take(queues->thief.PopFront());
  });
  Join();
  queues->End();
}

// The ring is full, so the owner moves half of it out while the thief takes from it.
void OverflowAgainstThief() {
  auto queues = std::make_shared<Queues>();
  for (int i = 0; i < 4; ++i) queues->Push();
  Spawn("owner", [=] {
    for (int i = 0; i < 3; ++i) queues->Push();
  });
  Spawn("thief", [=] { queues->work.Take(queues->thief.Steal(queues->owner)); });
  Join();
  queues->End();
}

void TwoThieves() {
  auto queues = std::make_shared<Queues>();
  for (int i = 0; i < 3; ++i) queues->Push();
  Spawn("owner", [=] {
    queues->work.Take(queues->owner.PopFront());
    queues->Push();
  });
  Spawn("thief", [=] { queues->work.Take(queues->thief.Steal(queues->owner)); });
  Spawn("second", [=] { queues->work.Take(queues->second_thief.Steal(queues->owner)); });
  Join();
  queues->End();
}

// The second thief steals from the first one what that is just publishing.
void StealingFromAThief() {
  auto queues = std::make_shared<Queues>();
  Spawn("owner", [=] {
    for (int i = 0; i < 4; ++i) queues->Push();
  });
  Spawn("thief", [=] {
    queues->work.Take(queues->thief.Steal(queues->owner));
    queues->work.Take(queues->thief.PopFront());
  });
  Spawn("second", [=] { queues->work.Take(queues->second_thief.Steal(queues->thief)); });
  Join();
  queues->End();
}

void NextSlot() {
  auto queues = std::make_shared<Queues>();
  Spawn("owner", [=] {
    for (int i = 0; i < 2; ++i) {
      if (G* displaced = queues->owner.ExchangeNext(queues->work.Make())) {
        queues->owner.PushBack(displaced, queues->overflow);
      }
    }
    queues->work.Take(queues->owner.TakeNext());
  });
  Spawn("thief", [=] {
    queues->work.Take(queues->owner.TakeNext());
    queues->work.Take(queues->thief.Steal(queues->owner));
  });
  Join();
  queues->End();
}

TEST(RunQueueModel, OwnerAgainstThief) { Check(OwnerAgainstThief); }
TEST(RunQueueModel, OverflowAgainstThief) { Check(OverflowAgainstThief); }
TEST(RunQueueModel, TwoThieves) { Check(TwoThieves); }
TEST(RunQueueModel, StealingFromAThief) { Check(StealingFromAThief, {.preemptions = 1}); }
TEST(RunQueueModel, NextSlot) { Check(NextSlot); }

// What each memory order is for.
TEST(RunQueueModel, FindsThatPushMustReleaseTheTail) {
  CheckFinds("data race", {"run_queue.h", "tail_.store(tail + 1, std::memory_order_release)"}, StealingFromAThief);
}
TEST(RunQueueModel, FindsThatStealMustReleaseTheTail) {
  CheckFinds("data race", {"run_queue.h", "tail_.store(tail + count, std::memory_order_release)"}, StealingFromAThief);
}
TEST(RunQueueModel, FindsThatThievesMustAcquireTheTail) {
  CheckFinds("data race", {"run_queue.h", "tail = tail_.load(std::memory_order_acquire)"}, StealingFromAThief);
}
TEST(RunQueueModel, FindsThatTheNextSlotMustBeReleased) {
  CheckFinds("data race", {"run_queue.h", "next_.exchange(g, std::memory_order_seq_cst)"}, NextSlot);
}

}  // namespace
}  // namespace gale::model
