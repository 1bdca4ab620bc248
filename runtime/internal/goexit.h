// Goexit's machinery: unwinding a goroutine's whole stack, running its destructors, without an exception that
// somebody could catch.
//
// It is a forced unwind, as pthread_exit does it. `catch (...)` blocks on the way run, but even if one does not
// rethrow, the unwinding goes on behind it: Goexit cannot be recovered from, as in Go.
#pragma once

namespace gale::internal {

// UnwindAndExit never returns. Only on a goroutine.
[[noreturn]] void UnwindAndExit();

}  // namespace gale::internal
