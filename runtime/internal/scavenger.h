// Scavenger: a thread that gives memory back to the kernel which the process does not need any more.
//
// It works in passes. Each pass
//
//   1. looks at every goroutine, and trims the stacks of those that have been parked since the last pass
//      (stack_trim.h);
//   2. asks every P for the dead goroutines that its pool did not need since the last pass, and drops the memory of
//      those that the global pool did not need (g_pool.h);
//   3. frees the objects in Pools that nobody has taken since the last pass (pool.h);
//   4. drops the pages of spans that have been free since the last pass (page_heap.h). With the goroutines of step 2
//   the
//      Ps give back the span memory that they did not need (span_cache.h).
//
// So what is in use stays, what was used a pass ago is on its way, and what goes is at least one pass old. Pacing, as
// in Go, by share of CPU: a pass begins a second or more after the last one, and after each slice of work the scavenger
// sleeps 99 times as long as the slice took. Once all Ps are idle and a pass has found nothing more, it sleeps for
// good, until a P leaves its idle state. Source: Go's runtime/mgcscavenge.go (its 1 % of CPU), runtime/stack.go
// (shrinking).
#pragma once

#include <cstdint>

namespace gale::internal {

class Scheduler;

void StartScavenger(Scheduler& scheduler);

// WakeScavenger ends its sleep. Called by a P that leaves its idle state; one load when it is awake.
void WakeScavenger();

// ScavengeNow makes the scavenger work until everything that is unused at this moment has gone, without pacing, and
// waits for that. From goroutines and plain threads.
void ScavengeNow();

// ScavengerPasses is the number of passes so far.
std::uint64_t ScavengerPasses();

}  // namespace gale::internal
