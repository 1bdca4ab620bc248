// Signals: every M handles them on a stack of its own (a goroutine's may be too small for an AVX-512 signal frame), and
// a fault in a guard page is reported as what it is: a goroutine's stack overflow.
#pragma once

#include "gale/runtime/internal/machine.h"

namespace gale::internal {

// InstallSignalStack gives the calling thread an alternate signal stack, unless it has one. RemoveSignalStack takes
// it away again.
void InstallSignalStack(M* m);
void RemoveSignalStack(M* m);

// InstallFaultHandler handles SIGSEGV and SIGBUS: those in a guard page end the process with the goroutine's number
// and its stack's bounds, all others go to the handler that was there before. Under AddressSanitizer, which has a
// better one, it does nothing.
void InstallFaultHandler();

}  // namespace gale::internal
