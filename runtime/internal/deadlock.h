// Deadlock: "fatal error: all goroutines are asleep - deadlock!"
//
// Sysmon looks, each time all Ps have become idle, whether anything could still wake a goroutine. It reports only what
// is certain:
//
//   D1. All Ps are idle, the global queue is empty, no timer is running.
//   D2. Every thread of the process is either the runtime's own or one of those counted in sleeping_threads: threads
//       that wait for a goroutine, be it in a channel operation or a lock (park.cc) or in Run (go.cc).
//   D3. Every goroutine waits, and for something that only a goroutine could give: not for the network, not for time;
//       and nobody waits for the network without a goroutine.
//   D4. Nothing of this has changed meanwhile.
//
// All four must hold twice in a row, some milliseconds apart. A thread that wakes another one takes it out of
// sleeping_threads before the futex call, so a woken thread that has not got a CPU yet is not taken for asleep.
//
// A program is never reported while a thread that the runtime has not started sleeps elsewhere (a std::thread in a
// system call, TSan's background thread): that thread might do anything. Source: Go's checkdead, which counts Ms.
#pragma once

#include <atomic>
#include <cstdint>

#include "gale/runtime/wait_reason.h"

namespace gale::internal {

class Scheduler;

// OnlyGoroutinesWake tells whether a wait for this reason can be ended by nobody but a goroutine or a thread that
// calls Gale.
bool OnlyGoroutinesWake(WaitReason reason);

// ThreadFallsAsleep and ThreadIsWoken bracket a thread's wait for goroutines. The second one is called by who wakes it,
// before it does. Both seq_cst, with DeadlockDetector::HasMissed.
void ThreadFallsAsleep();
void ThreadIsWoken();

class DeadlockDetector {
 public:
  explicit DeadlockDetector(Scheduler& scheduler);

  // Look is called by sysmon after each of its naps. It looks at the times that are powers of two, so that a server
  // without traffic costs nothing.
  void Look(bool all_idle);
  // HasMissed tells that a thread has fallen asleep since the last look: sysmon must not go to sleep without another.
  bool HasMissed() const;
  // Restart makes the next look a first one.
  void Restart();

 private:
  bool SeemsDead();

  Scheduler& scheduler_;
  const bool enabled_;
  int naps_ = 0;
  int next_look_ = 2;
  bool suspected_ = false;
  std::uint32_t events_seen_ = 0;
};

}  // namespace gale::internal
