// Check: model checking within GoogleTest.
//
//   TEST(RunQueueModel, EachGoroutineIsTakenOnce) { Check(StealRace, {.preemptions = 2, .old_values = 1}); }
//   TEST(RunQueueModel, NoticesARelaxedTail) { CheckFinds("data race", {"run_queue.h", "tail_.store(tail + 1"},
//   StealRace); }
//
// A failure prints the execution step by step and how to repeat it: GALE_MODEL_REPLAY=<schedule> runs this one schedule
// and prints it, failed or not. GALE_MODEL_RUNS=<n> sets the number of random executions of each check, GALE_MODEL_SEED
// where they begin. In a program with a mutant of the runtime, GALE_MODEL_FINDS=<words> makes Check expect a failure
// with these words.
#pragma once

#include <functional>
#include <string>

#include "gale/tests/model/explorer.h"
#include "gale/tests/model/weakening.h"

namespace gale::model {

using Scenario = std::function<void()>;

// Effort is what one check spends: first everything within the bounds, then random executions.
struct Effort {
  int preemptions = 2;
  int old_values = 1;
  std::uint64_t random_runs = 2'000;
};

// Check fails the test if some execution of the scenario fails.
void Check(const Scenario& scenario, const Effort& effort = {});

// CheckFinds fails the test if no execution of the scenario fails with these words when the code is broken at this
// place.
void CheckFinds(const std::string& words, const Place& broken, const Scenario& scenario, const Effort& effort = {});
// CheckFinds without a place: the scenario is wrong by itself.
void CheckFinds(const std::string& words, const Scenario& scenario, const Effort& effort = {});

}  // namespace gale::model
