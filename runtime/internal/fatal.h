// Fatal: the end of the process, with the diagnosis, for what cannot be recovered: a broken invariant, a machine
// that refuses what the runtime needs. What a program may want to handle is an Error or a Panic instead.
#pragma once

namespace gale::internal {

// Fatal prints "fatal error: ..." with the goroutine's number and stack, and aborts.
[[noreturn, gnu::format(printf, 1, 2)]] void Fatal(const char* format, ...);

}  // namespace gale::internal
