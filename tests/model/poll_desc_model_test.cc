// PollDesc: its wait and wake protocols (poll_desc.h), and FdMutex.

#include "gale/runtime/internal/poll_desc.h"

#include "gale/net/internal/fd_mutex.h"
#include "gale/runtime/go.h"
#include "gale/tests/model/check.h"
#include "gale/tests/model/world.h"

namespace gale::model {
namespace {

using internal::PollDesc;
using internal::PollMode;
using internal::PollResult;
using net::internal::FdMutex;

constexpr int kFd = 7;
constexpr internal::PollEvents kReadable{.readable = true, .writable = false, .peer_closed = false};
constexpr internal::PollEvents kEnd{.readable = true, .writable = false, .peer_closed = true};

PollDesc* Open() { return *PollDesc::OpenOn(kFd, 0); }

void WaitAgainstEvent() {
  StartRuntime(1);
  PollDesc* desc = Open();
  Go([=] { Expect(desc->Wait(PollMode::kRead) == PollResult::kReady, "not ready"); });
  Spawn("kernel", [] { Report(kFd, kReadable); });
  ExpectAllEnd();
}

void WaitAgainstEvict() {
  StartRuntime(1);
  PollDesc* desc = Open();
  Go([=] { Expect(desc->Wait(PollMode::kRead) == PollResult::kClosing, "not told of the close"); });
  Spawn("closer", [=] { desc->Evict(); });
  ExpectAllEnd();
}

// The waiter is a plain thread; the event, the close and the wait meet.
void ThreadWaitsAgainstEventAndEvict() {
  StartRuntime(1);
  PollDesc* desc = Open();
  Go([] {});
  Settle();
  Spawn("waiter", [=] {
    while (desc->Wait(PollMode::kRead) == PollResult::kReady) {
    }
  });
  Spawn("kernel", [] { Report(kFd, kReadable); });
  Spawn("closer", [=] { desc->Evict(); });
  ExpectAllEnd();
}

// Whoever is told of an edge knows whether it was the last one.
void EndOfStream() {
  StartRuntime(1);
  PollDesc* desc = Open();
  Go([] {});
  Settle();
  Spawn("waiter", [=] {
    bool closed = false;
    while (!closed) {
      Expect(desc->Wait(PollMode::kRead) == PollResult::kReady, "not ready");
      closed = desc->PeerClosed();
    }
  });
  Spawn("kernel", [] {
    Report(kFd, kReadable);
    Report(kFd, kEnd);
  });
  ExpectAllEnd();
}

// The deadline is moved forward while the waiter comes and the wheel turns.
void WaitAgainstDeadline() {
  StartRuntime(1);
  PollDesc* desc = Open();
  Go([=] { Expect(desc->Wait(PollMode::kRead) == PollResult::kTimeout, "no timeout"); });
  Spawn("setter", [=] {
    desc->SetDeadline(PollMode::kRead, Now() + 20'000'000);
    desc->SetDeadline(PollMode::kRead, Now() + 5'000'000);
  });
  ExpectAllEnd();
}

void DeadlineThatHasPassed() {
  StartRuntime(1);
  PollDesc* desc = Open();
  Go([=] { Expect(desc->Wait(PollMode::kRead) == PollResult::kTimeout, "no timeout"); });
  Spawn("setter", [=] { desc->SetDeadline(PollMode::kRead, 1); });
  ExpectAllEnd();
}

// Somebody who waits without a goroutine is resumed once, whatever comes.
struct Detached : internal::DetachedWait {
  Detached(PollDesc* poll, PollResult expected)
      : DetachedWait{[](DetachedWait* self) {
          auto& wait = *static_cast<Detached*>(self);
          Expect(++wait.resumed == 1, "resumed twice");
          Expect(wait.desc->EndDetachedWait(PollMode::kRead) == wait.result, "another result");
        }},
        desc(poll),
        result(expected) {}
  PollDesc* desc;
  PollResult result;
  int resumed = 0;
};

void DetachedWaitAgainstEvent() {
  StartRuntime(1);
  PollDesc* desc = Open();
  auto wait = std::make_shared<Detached>(desc, PollResult::kReady);
  Go([=] { desc->WaitDetached(PollMode::kRead, wait.get()); });
  Spawn("kernel", [] { Report(kFd, kReadable); });
  ExpectAllEnd();
  Expect(wait->resumed == 1, "lost wake-up");
}

void DetachedWaitAgainstEvict() {
  StartRuntime(1);
  PollDesc* desc = Open();
  auto wait = std::make_shared<Detached>(desc, PollResult::kClosing);
  Go([=] { desc->WaitDetached(PollMode::kRead, wait.get()); });
  Spawn("closer", [=] { desc->Evict(); });
  ExpectAllEnd();
  Expect(wait->resumed == 1, "lost wake-up");
}

// Exactly one of those who use the descriptor is told to close it, and nobody uses it then.
void FdMutexIsClosedOnce() {
  struct Shared {
    FdMutex mutex;
    int reads = 0;
    int closes = 0;
    void Close() {
      reads = -1;
      Expect(++closes == 1, "closed twice");
    }
  };
  StartRuntime(1);
  auto shared = std::make_shared<Shared>();
  for (const char* name : {"reader", "second"}) {
    Spawn(name, [=] {
      if (!shared->mutex.Lock(FdMutex::kRead)) return;
      Expect(shared->reads >= 0, "used after it was closed");
      ++shared->reads;
      if (shared->mutex.Unlock(FdMutex::kRead)) shared->Close();
    });
  }
  Spawn("closer", [=] {
    if (shared->mutex.Close() && shared->mutex.Leave()) shared->Close();
  });
  ExpectAllEnd();
  Expect(shared->closes == 1, "not closed");
}

constexpr Effort kLight{.preemptions = 1, .old_values = 1, .random_runs = 2'000};

TEST(PollDescModel, WaitAgainstEvent) { Check(WaitAgainstEvent); }
TEST(PollDescModel, WaitAgainstEvict) { Check(WaitAgainstEvict); }
TEST(PollDescModel, ThreadWaitsAgainstEventAndEvict) { Check(ThreadWaitsAgainstEventAndEvict, kLight); }
TEST(PollDescModel, EndOfStream) { Check(EndOfStream, kLight); }
TEST(PollDescModel, WaitAgainstDeadline) { Check(WaitAgainstDeadline, kLight); }
TEST(PollDescModel, DeadlineThatHasPassed) { Check(DeadlineThatHasPassed, kLight); }
TEST(PollDescModel, DetachedWaitAgainstEvent) { Check(DetachedWaitAgainstEvent, kLight); }
TEST(PollDescModel, DetachedWaitAgainstEvict) { Check(DetachedWaitAgainstEvict, kLight); }
TEST(FdMutexModel, IsClosedOnce) { Check(FdMutexIsClosedOnce); }

TEST(PollDescModel, FindsThatEvictMustBeSequentiallyConsistent) {
  CheckFinds("lost wake-up", {"poll_desc.cc", "closing_.store(true, std::memory_order_seq_cst);  // U1"},
             WaitAgainstEvict);
  CheckFinds("lost wake-up", {"poll_desc.cc", "closing_.store(true, std::memory_order_seq_cst);  // U1"},
             DetachedWaitAgainstEvict);
}
TEST(FdMutexModel, FindsThatUnlockMustRelease) {
  CheckFinds("data race", {"fd_mutex.h", "unlocked, std::memory_order_acq_rel"}, FdMutexIsClosedOnce);
}

}  // namespace
}  // namespace gale::model
