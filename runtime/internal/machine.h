// M: one OS thread that runs goroutines.
//
// Its scheduling loop runs on the thread's own stack, as g0. An M that has nothing to run sleeps in the poller of
// its P. An M may have lost its P while its goroutine computed or sat in a system call (handover.h): then the
// goroutine runs on without one, and when it is left the M waits among the idle ones (machine_pool.h).
//
// Ms are never freed, so that whoever has seen one may look at it again; one whose thread has ended is used again.
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <atomic>
#include <memory>

#include "gale/runtime/internal/context.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/processor.h"
#include "gale/runtime/internal/spin_lock.h"

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
  std::atomic<pid_t> tid{0};      // relaxed: sysmon looks the thread up
  std::atomic<bool> stop{false};  // leave the loop: Run's main goroutine, or a locked one, has ended

  // Hand-over of the P: see handover.h.
  std::atomic<bool> in_runtime{true};
  std::atomic<bool> retaken{false};
  SpinLock handover_lock;

  // LockOSThread: see lock_os_thread.cc. Of the M's own thread, but for `granted`.
  G* locked = nullptr;  // the only goroutine that may run here
  int lock_count = 0;   // LockOSThread minus UnlockOSThread; 0 with `locked` set: until it has started here
  G* main = nullptr;    // its thread is in Run, and leaves when this goroutine has ended
  G* picked = nullptr;  // taken from the queue by a goroutine that could not switch to it: the loop's first choice

  // While it waits for a P.
  std::atomic<int> wake{0};  // futex: 1 once something has been granted, or `stop` set
  // What was granted, written before `wake`. A locked M may be granted a P while it is still busy with giving up its
  // former one, so `p` is not touched.
  P* granted_p = nullptr;
  G* granted_g = nullptr;  // for a locked M: its goroutine, come with the P
  bool granted_spinning = false;
  M* next_idle = nullptr;  // in the machine pool, under its lock
  bool in_pool = false;    // likewise

  std::unique_ptr<char[]> signal_stack;
};

// CurrentM is the M of the calling thread, or null: for code on a thread's own stack. Goroutines use CurrentG()->m.
// Not inlined: a thread_local's address must not be kept across a switch.
M* CurrentM();
void SetCurrentM(M* m);

}  // namespace gale::internal
