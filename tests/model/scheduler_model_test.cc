// The scheduler: submission and idle protocol (scheduler.h), with the runtime's own sources. There is no sysmon in the
// model, so a wake-up that is lost stays lost.

#include "gale/runtime/internal/scheduler.h"

#include "gale/runtime/go.h"
#include "gale/tests/model/check.h"
#include "gale/tests/model/world.h"

namespace gale::model {
namespace {

// Threads that are no Ms submit while no M exists, so that the first submission starts one.
void SubmissionsStartMs() {
  StartRuntime(2);
  for (const char* name : {"left", "right"}) Spawn(name, [] { Go([] {}); });
  ExpectAllEnd();
}

// The M of the only P goes to sleep while a thread submits (S1 to S5 against I1 to I5).
void SubmissionWhileTheMGoesToSleep() {
  StartRuntime(1);
  Go([] {});
  Spawn("outside", [] { Go([] {}); });
  ExpectAllEnd();
}

// Both Ms sleep; two threads submit at once, and the second counts on the first one's wake-up.
void TwoSubmissionsToSleepers() {
  StartRuntime(2);
  Go([] { Go([] {}); });
  Settle();
  for (const char* name : {"left", "right"}) Spawn(name, [] { Go([] {}); });
  ExpectAllEnd();
}

// One P: the first submitter has raised spinning_ and finds the P busy, the second one left the wake-up to it, and the
// M goes to sleep (the second look of S5).
void TwoSubmissionsToOneP() {
  StartRuntime(1);
  Go([] {});
  for (const char* name : {"left", "right"}) Spawn(name, [] { Go([] {}); });
  ExpectAllEnd();
}

// A goroutine makes others, whom the other P's M, woken as a spinner, may steal.
void SubmissionsFromAGoroutine() {
  StartRuntime(2);
  Go([] {
    Go([] {});
    Go([] {});
    Go([] {});
  });
  ExpectAllEnd();
}

// More goroutines than the ring holds, so that half goes to the global queue.
void Overflow() {
  StartRuntime(2);
  Go([] {
    for (int i = 0; i < 6; ++i) Go([] {});
  });
  ExpectAllEnd();
}

// Goroutines that go to the end of the queue, while the other M looks for work.
void Yielding() {
  StartRuntime(2);
  for (int i = 0; i < 2; ++i) {
    Go([] {
      Go([] {});
      Gosched();
    });
  }
  ExpectAllEnd();
}

constexpr Effort kLight{.preemptions = 1, .old_values = 1, .random_runs = 2'000};

TEST(SchedulerModel, SubmissionsStartMs) { Check(SubmissionsStartMs, kLight); }
TEST(SchedulerModel, SubmissionWhileTheMGoesToSleep) { Check(SubmissionWhileTheMGoesToSleep); }
TEST(SchedulerModel, TwoSubmissionsToSleepers) { Check(TwoSubmissionsToSleepers, kLight); }
TEST(SchedulerModel, TwoSubmissionsToOneP) { Check(TwoSubmissionsToOneP); }
TEST(SchedulerModel, SubmissionsFromAGoroutine) { Check(SubmissionsFromAGoroutine, kLight); }
TEST(SchedulerModel, Overflow) { Check(Overflow, {.preemptions = 1, .old_values = 0, .random_runs = 1'000}); }
TEST(SchedulerModel, Yielding) { Check(Yielding, {.preemptions = 1, .old_values = 0, .random_runs = 1'000}); }

}  // namespace
}  // namespace gale::model
