// Runtime threads: the threads that the runtime itself has started.
//
// A dead end can be told from a pause only if every thread of the process is accounted for (deadlock.h): a thread that
// the runtime knows nothing of may wake a goroutine any time.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

namespace gale::internal {

// StartRuntimeThread starts a detached thread of the runtime, or ends the process if it cannot. `name` is at most 15
// characters long and stays valid.
void StartRuntimeThread(const char* name, void* (*main)(void*), void* argument);

// OwnRuntimeThread says that the calling thread is one of the runtime; DisownRuntimeThread takes it back before it ends
// or becomes the program's again.
void OwnRuntimeThread();
void DisownRuntimeThread();

// RuntimeThreadCount is how many threads the runtime owns.
int RuntimeThreadCount();

// ForeignThreads is how many threads of the process are not the runtime's, or -1 if that cannot be told for sure.
int ForeignThreads();

}  // namespace gale::internal
