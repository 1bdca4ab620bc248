// The scheduler: submission and idle protocol (scheduler.h), parking and making ready (park.h), with the runtime's own
// sources.

#include "gale/runtime/go.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/scheduler.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/wait_group.h"
#include "gale/tests/model/check.h"
#include "gale/tests/model/world.h"

namespace gale::model {
namespace {

// Two threads that are no Ms each start a goroutine; one M at most is awake.
void SubmissionFromOutside() {
  StartRuntime(2);
  for (const char* name : {"left", "right"}) {
    Spawn(name, [] { Go([] {}); });
  }
  ExpectAllEnd();
}

// A goroutine starts another one while the other P's M goes to sleep.
void SubmissionFromInside() {
  StartRuntime(2);
  Go([] {
    Go([] {});
    Go([] {});
  });
  ExpectAllEnd();
}

TEST(SchedulerModel, SubmissionFromOutside) { Check(SubmissionFromOutside, {.preemptions = 1, .old_values = 0}); }
TEST(SchedulerModel, SubmissionFromInside) { Check(SubmissionFromInside, {.preemptions = 1, .old_values = 0}); }

}  // namespace
}  // namespace gale::model
