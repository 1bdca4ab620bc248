// DumpGoroutines: what every goroutine is doing, as text.
//
//   gale::DumpGoroutines(STDERR_FILENO);
//
//   goroutine 1 [chan receive, 3 minutes]:
//   Collect(gale::Chan<int>&)
//           /srv/app/server+0x1a2b3
//   created by main in goroutine 2
//           /srv/app/server+0x1a000
//
// The same comes, for a process that hangs, from a SIGQUIT (docs/debugging.md). addr2line, given the program and the
// offset, tells the line.
#pragma once

#include <string>

namespace gale {

// DumpGoroutines returns the dump; an empty text if the runtime has not started. The caller's goroutine comes first.
// Nothing is stopped meanwhile: a goroutine that runs on may be shown as it was a moment before or after the others.
// From any goroutine or thread. The first call reads the program's symbols; with very many goroutines, a line of text
// costs some microseconds. Of a stack with more than 100 frames, 50 at either end are shown.
// Source: Go's runtime.Stack(buf, true).
std::string DumpGoroutines();

// DumpGoroutines(fd) writes the dump as it goes, so that it needs no memory for all of it. Blocks the thread where
// the descriptor does. Returns 0 or the errno of the write that failed.
int DumpGoroutines(int fd);

}  // namespace gale
