// Fault reports: what a process prints before it dies of a bad memory access in a goroutine.
//
//   fatal error: stack overflow: goroutine 7 went below its stack [0x7f.., 0x7f..) at 0x7f..
//
//   goroutine 7 [running]:
//   Recurse()
//       0x55d0c0ffee42
//   ...1200 more frames...
//   created in goroutine 1
//
// Everything here runs in a signal handler, on the thread's alternate stack: it allocates nothing and takes no lock.
// The unwinder finds its tables without a lock (glibc 2.35 and later); it walks from the handler through the kernel's
// signal frame onto the goroutine's stack.
#pragma once

#include <cstdint>

#include "gale/runtime/internal/g.h"

namespace gale::internal {

// Fault is one bad access. Addresses are as the kernel reports them.
struct Fault {
  int signal;
  int code;                // siginfo's si_code
  std::uintptr_t address;  // what was accessed
  std::uintptr_t pc;       // by which instruction
  std::uintptr_t sp;       // on which stack
};

// PrepareFaultReports does what cannot be done in a signal handler. Once, when the runtime starts.
void PrepareFaultReports();

// ReportStackOverflow and ReportBadAccess print the report of a fault of g, which runs on the calling thread.
// Signal-safe. When several threads fault at once, only the first gets to print; the others wait for the end.
void ReportStackOverflow(const G* g, const Fault& fault);
void ReportBadAccess(const G* g, const Fault& fault);

}  // namespace gale::internal
