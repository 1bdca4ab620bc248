// LockOSThread: a goroutine that stays on one thread.
//
// For libraries that keep state per thread (OpenGL, some database clients, thread-local credentials):
//
//   gale::Go([] {
//     gale::LockOSThread();                 // from here on, no other goroutine runs on this thread
//     gl_make_current(context);
//     for (auto frame : frames) gl_draw(frame);
//   });                                     // ends without UnlockOSThread: its thread ends, too
//
// Each park and wake-up of a locked goroutine hands a P from one thread to another and back: microseconds instead of
// nanoseconds.
#pragma once

namespace gale {

// LockOSThread ties the calling goroutine to its present thread, until UnlockOSThread has been called as often. In
// Run's main goroutine the thread is the one that called Run, if the goroutine has not moved yet. On a plain thread it
// does nothing. Source: Go's runtime.LockOSThread.
void LockOSThread();

// UnlockOSThread undoes one LockOSThread; without one it does nothing.
void UnlockOSThread();

// SetMaxThreads sets how many threads the runtime may have, 10 000 at the start, and returns the former limit. A
// program that needs more ends at once with "thread exhaustion": it has as many goroutines blocked in system calls or
// locked to threads. Throws gale::Panic for a limit below 1. Source: Go's debug.SetMaxThreads.
int SetMaxThreads(int most);

}  // namespace gale
