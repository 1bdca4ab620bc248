#include "gale/runtime/wait_reason.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <set>
#include <string>

#include "gale/runtime/chan.h"
#include "gale/runtime/cond.h"
#include "gale/runtime/go.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/poll_desc.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/rw_mutex.h"
#include "gale/runtime/select.h"
#include "gale/runtime/semaphore.h"
#include "gale/runtime/time.h"
#include "gale/runtime/wait_group.h"

namespace gale::internal {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;

TEST(WaitReasonTextTest, EveryReasonHasItsOwnText) {
  std::set<std::string> texts;
  int count = 0;
  for (int i = 0; i <= static_cast<int>(WaitReason::kFreeMemory); ++i, ++count) {
    std::string text = WaitReasonText(static_cast<WaitReason>(i));
    EXPECT_NE(text, "unknown") << i;
    EXPECT_TRUE(texts.insert(text).second) << text;
  }
  EXPECT_EQ(texts.size(), static_cast<std::size_t>(count));
  EXPECT_STREQ(WaitReasonText(static_cast<WaitReason>(250)), "unknown");
}

// Each place to wait in: `wait` parks, `end` lets it go on (null: it waits for good).
struct Place {
  Chan<int> unbuffered{0};
  Chan<int> full{1};
  Mutex mutex;
  RWMutex reading;
  RWMutex writing;
  Mutex cond_mutex;
  Cond cond;
  gale::Semaphore semaphore{1};
  WaitGroup group;
  int pipe[2] = {-1, -1};
  PollDesc* reader = nullptr;

  Place() {
    full.Send(1);
    mutex.Lock();
    reading.RLock();
    writing.Lock();
    semaphore.Acquire();
    group.Add(1);
    if (pipe2(pipe, O_NONBLOCK | O_CLOEXEC) != 0) std::abort();
    reader = *PollDesc::Open(pipe[0]);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    reader->Evict();
    reader->Close();
    close(pipe[0]);
    close(pipe[1]);
  }
};

struct WaitCase {
  const char* name;
  WaitReason reason;
  void (*wait)(Place&);
  void (*end)(Place&);
};

class WaitReasonTest : public testing::TestWithParam<WaitCase> {};

// AwaitWaiting gives the goroutine as much time as it needs to park. On a busy machine a sleeper may have ended before
// it is looked at; its last reason is still there.
void AwaitWaiting(G* g) {
  for (GStatus status = g->status.load(); status != GStatus::kWaiting && status != GStatus::kDead;) {
    Sleep(1ms);
    status = g->status.load();
  }
}

TEST_P(WaitReasonTest, AParkedGoroutineShowsItsReason) {
  const WaitCase& row = GetParam();
  gale::Run([&] {
    // Those that wait for good keep their place.
    auto* place = new Place;
    std::atomic<G*> published{nullptr};
    Chan<bool> ended(1);
    Go([&row, place, &published, ended] {
      G* self = CurrentGoroutine();
      EXPECT_EQ(self->status.load(), GStatus::kRunning);
      published.store(self);
      row.wait(*place);
      EXPECT_EQ(CurrentGoroutine(), self);
      EXPECT_EQ(self->status.load(), GStatus::kRunning);
      ended.Send(true);
    });
    while (published.load() == nullptr) Gosched();
    G* g = published.load();
    EXPECT_NE(g, CurrentGoroutine());
    AwaitWaiting(g);
    EXPECT_EQ(g->wait_reason.load(), row.reason) << WaitReasonText(g->wait_reason.load());
    EXPECT_NE(g->id, 0u);
    EXPECT_EQ(g->parent_id, CurrentGoroutine()->id);
    if (row.end == nullptr) return;
    row.end(*place);
    EXPECT_TRUE(ended.Recv().value());
    delete place;
  });
}

const WaitCase kWaitCases[] = {
    {"ChanReceive", WaitReason::kChanReceive, [](Place& place) { place.unbuffered.Recv(); },
     [](Place& place) { place.unbuffered.Send(1); }},
    {"ChanReceiveUntilClose", WaitReason::kChanReceive, [](Place& place) { place.unbuffered.Recv(); },
     [](Place& place) { place.unbuffered.Close(); }},
    {"ChanSendUnbuffered", WaitReason::kChanSend, [](Place& place) { place.unbuffered.Send(1); },
     [](Place& place) { place.unbuffered.Recv(); }},
    {"ChanSendFull", WaitReason::kChanSend, [](Place& place) { place.full.Send(2); },
     [](Place& place) { place.full.Recv(); }},
    {"ChanReceiveNil", WaitReason::kChanReceiveNil, [](Place&) { Chan<int>().Recv(); }, nullptr},
    {"ChanSendNil", WaitReason::kChanSendNil, [](Place&) { Chan<int>().Send(1); }, nullptr},
    {"SelectReceive", WaitReason::kSelect, [](Place& place) { Select(OnRecv(place.unbuffered)); },
     [](Place& place) { place.unbuffered.Send(1); }},
    {"SelectSend", WaitReason::kSelect, [](Place& place) { Select(OnSend(place.full, 2), OnRecv(place.unbuffered)); },
     [](Place& place) { place.full.Recv(); }},
    {"SelectNil", WaitReason::kSelect, [](Place&) { Select(OnRecv(Chan<int>())); }, nullptr},
    {"SelectNothing", WaitReason::kSelectNoCases, [](Place&) { Select(); }, nullptr},
    {"Mutex", WaitReason::kMutexLock, [](Place& place) { place.mutex.Lock(); },
     [](Place& place) { place.mutex.Unlock(); }},
    {"RWMutexLock", WaitReason::kRWMutexLock, [](Place& place) { place.reading.Lock(); },
     [](Place& place) { place.reading.RUnlock(); }},
    {"RWMutexLockAfterAWriter", WaitReason::kMutexLock, [](Place& place) { place.writing.Lock(); },
     [](Place& place) { place.writing.Unlock(); }},
    {"RWMutexRLock", WaitReason::kRWMutexRLock, [](Place& place) { place.writing.RLock(); },
     [](Place& place) { place.writing.Unlock(); }},
    {"Cond", WaitReason::kCondWait,
     [](Place& place) {
       place.cond_mutex.Lock();
       place.cond.Wait(place.cond_mutex);
     },
     [](Place& place) { place.cond.Signal(); }},
    {"Semaphore", WaitReason::kSemaphoreAcquire, [](Place& place) { place.semaphore.Acquire(); },
     [](Place& place) { place.semaphore.Release(); }},
    {"WaitGroup", WaitReason::kWaitGroupWait, [](Place& place) { place.group.Wait(); },
     [](Place& place) { place.group.Done(); }},
    {"Sleep", WaitReason::kSleep, [](Place&) { Sleep(200ms); }, [](Place&) {}},
    {"SleepForLong", WaitReason::kSleep, [](Place&) { Sleep(1000h); }, nullptr},
    {"Read", WaitReason::kIoWait, [](Place& place) { place.reader->Wait(PollMode::kRead); },
     [](Place& place) { ASSERT_EQ(write(place.pipe[1], "x", 1), 1); }},
    {"ReadEvicted", WaitReason::kIoWait, [](Place& place) { place.reader->Wait(PollMode::kRead); },
     [](Place& place) { place.reader->Evict(); }},
    {"Write", WaitReason::kIoWait, [](Place& place) { place.reader->Wait(PollMode::kWrite); },
     [](Place& place) { place.reader->SetDeadline(PollMode::kWrite, 1); }},
};

INSTANTIATE_TEST_SUITE_P(Places, WaitReasonTest, testing::ValuesIn(kWaitCases),
                         [](const auto& row) { return row.param.name; });

TEST(WaitStatusTest, ARunningAndARunnableGoroutineDoNotWait) {
  gale::Run([] {
    std::atomic<bool> stop{false};
    std::atomic<G*> published{nullptr};
    Chan<bool> ended(1);
    Go([&, ended] {
      published.store(CurrentGoroutine());
      while (!stop.load()) Gosched();
      ended.Send(true);
    });
    while (published.load() == nullptr) Gosched();
    for (int i = 0; i < 1000; ++i) {
      GStatus status = published.load()->status.load();
      ASSERT_TRUE(status == GStatus::kRunning || status == GStatus::kRunnable) << static_cast<int>(status);
      Gosched();
    }
    stop.store(true);
    ended.Recv();
  });
}

}  // namespace
}  // namespace gale::internal
