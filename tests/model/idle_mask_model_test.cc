// IdleMask, SpinLock and GlobalQueue, as they are.

#include "gale/runtime/internal/idle_mask.h"

#include "gale/runtime/internal/global_queue.h"
#include "gale/tests/model/check.h"

namespace gale::model {
namespace {

using internal::G;
using internal::GlobalQueue;
using internal::IdleMask;
using internal::RunQueue;
using internal::SpinLock;

// Whoever claims a P sees what its former owner did with it.
struct IdlePs {
  IdleMask mask{2};
  int owned[2] = {};
};

void ClaimersAgainstOwner() {
  auto ps = std::make_shared<IdlePs>();
  ps->mask.Set(1);
  Spawn("owner", [=] {
    ps->owned[0] = 1;
    ps->mask.Set(0);
    if (ps->mask.Clear(0)) ps->owned[0] = 2;
  });
  for (const char* name : {"claimer", "second"}) {
    Spawn(name, [=] {
      int p = ps->mask.Claim();
      if (p >= 0) ps->owned[p] = 3;
    });
  }
  Join();
}

struct Guarded {
  SpinLock lock;
  int value = 0;
};

void SpinLocks() {
  auto guarded = std::make_shared<Guarded>();
  for (const char* name : {"first", "second", "third"}) {
    Spawn(name, [=] {
      std::lock_guard guard(guarded->lock);
      ++guarded->value;
    });
  }
  Join();
  Expect(guarded->value == 3, "an increment was lost");
}

struct Global {
  GlobalQueue global;
  RunQueue queue;
  G gs[3];
  int taken[3] = {};

  void Take(G* g) {
    if (g != nullptr) Expect(++taken[g - gs] == 1, "a goroutine was taken twice");
  }
};

void GlobalQueueIsShared() {
  auto state = std::make_shared<Global>();
  state->global.Push(&state->gs[0]);
  Spawn("pusher", [=] {
    state->global.Push(&state->gs[1]);
    state->global.Push(&state->gs[2]);
  });
  Spawn("sharer", [=] {
    state->Take(state->global.PopShare(state->queue, 1));
    state->Take(state->queue.PopFront());
  });
  Spawn("popper", [=] { state->Take(state->global.Pop()); });
  Join();
  while (G* g = state->queue.PopFront()) state->Take(g);
  while (G* g = state->global.Pop()) state->Take(g);
  for (int taken : state->taken) Expect(taken == 1, "a goroutine was lost");
}

TEST(IdleMaskModel, AClaimedPIsItsClaimersAlone) { Check(ClaimersAgainstOwner); }
TEST(SpinLockModel, ExcludesOthers) { Check(SpinLocks); }
TEST(GlobalQueueModel, EachGoroutineIsTakenOnce) { Check(GlobalQueueIsShared, {.preemptions = 1}); }

TEST(IdleMaskModel, FindsThatSetMustRelease) {
  CheckFinds("data race", {"idle_mask.h", "fetch_or("}, ClaimersAgainstOwner);
}
TEST(SpinLockModel, FindsThatUnlockMustRelease) {
  CheckFinds("data race", {"spin_lock.h", "locked_.store(0, std::memory_order_release)"}, SpinLocks);
}

}  // namespace
}  // namespace gale::model
