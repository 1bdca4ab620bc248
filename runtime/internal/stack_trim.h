// Stack trimming: the pages that a goroutine has once touched below where it is parked now go back to the kernel. It
// is the counterpart of Go's shrinking of stacks.
//
// Trimming protocol. The scavenger may drop pages of a stack only while nobody runs on it, and a goroutine may be woken
// at any moment, by anyone. The switch must not pay for that, so it makes no read-modify-write and no fence:
//
//   The scavenger (the only one who raises G::stack_age), in passes at least a second apart:
//     T1. Looks at every G. One whose status is kWaiting and whose age is kFresh becomes kAging (by CAS).
//     T2. At the end of the pass: ProcessBarrier(). Without it (false), nothing that was marked is ever claimed.
//     T3. In the next pass, a G that is still kAging is claimed: CAS to kClaimed.
//     T4. It loads the status, with acquire. If that is not kWaiting, it gives up the claim: age kFresh.
//     T5. It drops the pages between the stack's lower end and G::sp, less the red zone.
//     T6. It ends the claim: age kTrimmed, with release.
//   A thread that switches to g (SwitchTo):
//     R1. Stores kRunning to the status, then, after a compiler barrier only, loads the age.
//     R2. If that is kFresh (nearly always), it goes on. Otherwise BeginRun: it waits while the age is kClaimed, and
//         sets it to kFresh by CAS.
//   A thread that makes g runnable may add kReadyStamp to an age that is not kClaimed, by CAS. T1 and T3 then fail.
//   A thread that leaves g for a park (CommitPark):
//     P1. Stores kWaiting to the status, with release, after g's stack pointer was saved.
//
// Why T5 is safe. By P1, whoever reads kWaiting in T4 sees that the stack was left, and its sp. Let R be the first
// run after the park that T4 saw. If R1's store came before the barrier T2 of its thread, T4 would have seen it, or
// something later. So R's load of the age comes after the barrier and sees what T1 stored, or something later: kAging
// (then its CAS makes T3 fail, or fails because T3 was first), or kClaimed (it waits), or kTrimmed (T5 is over).
//
// Rejected: a status changed by compare-and-swap at each Ready and each switch (some 5 ns each); trimming by the P that
// parked the goroutine (there is none: goroutines migrate); a lock in each G.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "gale/runtime/internal/g.h"

namespace gale::internal {

// TrimStep does T1, or T3 to T6, for one G, and returns what it did. Called by the scavenger only.
enum class TrimStep : std::uint8_t { kNothing, kMarked, kTrimmed };
TrimStep TrimIfParkedLong(G* g);

// FinishTrimPass does T2. Called by the scavenger only.
void FinishTrimPass();

// BeginRun is R2's slow path. It returns whether the age had a kReadyStamp.
bool BeginRun(G* g);

// DropDeadStack gives all pages of a dead goroutine's stack back, also the one in which the G lies, which is gone
// afterwards: reads find zeros until it is constructed anew. The caller owns the G.
void DropDeadStack(G* g);

struct TrimStatistics {
  std::atomic<std::uint64_t> released_bytes{0};  // given back so far
  std::atomic<std::size_t> deepest_bytes{0};     // the most that any stack was found to have touched
};
// Written by the scavenger; relaxed, being statistics.
extern TrimStatistics trim_statistics;

}  // namespace gale::internal
