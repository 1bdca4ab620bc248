// Race detector: finds accesses to plain memory that are not ordered by happens-before, and accesses to freed memory.
//
// The runtime's sources are compiled with -fsanitize=thread, but not linked with its library: the compiler calls a
// function before each plain access, and those functions are here. Only the scenario's own memory is watched: what
// it allocated and its stacks, not static objects.
#pragma once

#include <cstddef>

namespace gale::model {

// ForgetAccesses begins a new execution.
void ForgetAccesses();
void NoteAccess(const void* address, std::size_t size, bool writes, const void* caller);
void NoteFreed(const void* address, std::size_t size);
// WatchRegion adds memory to what is watched: the stacks of goroutines.
void WatchRegion(const void* low, std::size_t size);

}  // namespace gale::model
