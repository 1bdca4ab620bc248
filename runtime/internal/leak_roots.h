// Leak roots: LeakSanitizer finds what only a parked goroutine holds, and does not call it a leak.
//
// Stacks of goroutines are memory of our own, in which LeakSanitizer would not look. The first slots are announced when
// they are carved. It reads the process's list of mappings anew for each root, so with a hundred thousand it would not
// come to an end: of the slots after those, only the ones that hold a goroutine when the process ends are announced.
#pragma once

#include <cstddef>

namespace gale::internal {

// AnnounceStack is called once for each slot: the index-th of its class, with its usable memory. Does nothing in builds
// without AddressSanitizer.
void AnnounceStack(std::size_t index, char* low, std::size_t size);

}  // namespace gale::internal
