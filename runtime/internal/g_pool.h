// G pool: dead goroutines, kept with their stacks for the next ones. Per P, with a global store behind it, so that
// starting and ending a goroutine touches neither a lock nor a fresh page.
#pragma once

#include <cstdint>

#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/processor.h"

namespace gale::internal {

// NewG returns a G ready for a goroutine's entry: stack bounds, number and parent set, status kIdle. p is the caller's
// P, or null on a plain thread. Fatal when the region of stacks is used up.
G* NewG(P* p, StackClass stack_class, std::uint64_t parent_id);

// FreeG takes back a goroutine that has ended and whose stack nobody stands on.
void FreeG(P* p, G* g);

}  // namespace gale::internal
