// M: one OS thread that runs goroutines.
//
// Its scheduling loop runs on the thread's own stack, as g0. An M that has nothing to run sleeps in the poller of
// its P.
#pragma once

#include <pthread.h>

#include <atomic>
#include <memory>

#include "gale/runtime/internal/context.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/processor.h"

namespace gale::internal {

// SwitchKind is what has become of the goroutine that was just left.
enum class SwitchKind : std::uint8_t { kNothing, kPark, kYield, kExit };

struct M {
  G g0;
  P* p = nullptr;
  G* left = nullptr;  // the goroutine that was just switched away from, until FinishSwitch has dealt with it
  SwitchKind left_how = SwitchKind::kNothing;
  bool was_idle = true;     // its P was idle since it last ran a goroutine
  bool spinning = false;    // woken to look for work; counted in Scheduler::spinning_
  EhGlobals* eh = nullptr;  // this thread's __cxa_get_globals(), which the switch swaps
  int id = 0;
  std::atomic<bool> stop{false};  // leave the loop: Run's main goroutine has ended, or another thread takes the P
  std::atomic<int> stopped{0};    // futex: 1 once the thread has let go of the P
  std::unique_ptr<char[]> signal_stack;
};

// CurrentM is the M of the calling thread, or null: for code on a thread's own stack. Goroutines use CurrentG()->m.
// Not inlined: a thread_local's address must not be kept across a switch.
M* CurrentM();
void SetCurrentM(M* m);

}  // namespace gale::internal
