// Signals: every M handles them on a stack of its own (a goroutine's may be too small for an AVX-512 signal frame), and
// a goroutine's fault is reported with its number, its stack's bounds and its trace (fault_report.h); one in its guard
// page as what it is, a stack overflow.
#pragma once

#include "gale/runtime/internal/machine.h"

namespace gale::internal {

// InstallSignalStack gives the calling thread an alternate signal stack, unless it has one, and lists it as one that
// dumps can ask (running_stacks.h). RemoveSignalStack takes that back.
void InstallSignalStack(M* m);
void RemoveSignalStack(M* m);

// InstallFaultHandler handles SIGSEGV and SIGBUS. A stack overflow ends the process with SIGABRT. For any other fault a
// handler that was installed before the runtime started is called; if there was none, a goroutine's fault is reported
// and the process dies of the signal. Under AddressSanitizer, which has a better handler, it does nothing.
void InstallFaultHandler();

}  // namespace gale::internal
