// What happens when an exception leaves a goroutine: as with a panic in Go, the process ends.
#pragma once

namespace gale::internal {

// InstallTerminateHandler makes std::terminate on a goroutine print the exception's type and what(), the goroutine's
// number and its stack at the throw (which is intact: nothing is unwound when nobody catches), and abort. On other
// threads the handler that was there before is called.
void InstallTerminateHandler();

}  // namespace gale::internal
