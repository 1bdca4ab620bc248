// SIGQUIT (Ctrl-\ at a terminal, kill -QUIT): the process says what all its goroutines are doing, and ends.
//
//   SIGQUIT: quit
//
//   goroutine 1 [IO wait]:
//   ...
//
// The exit status is 2, as in Go. With GALEDEBUG=sigquit=continue the process lives on; with sigquit=off, or if the
// program has a handler for SIGQUIT or ignores it when the runtime starts, the signal is left alone.
// The dump is written by a thread that does nothing else, so that it comes even if all others hang. Should it hang
// itself, a second SIGQUIT ends the process at once.
#pragma once

namespace gale::internal {

// InstallQuitHandler starts the thread and installs the handler. Once, when the runtime starts.
void InstallQuitHandler();

}  // namespace gale::internal
