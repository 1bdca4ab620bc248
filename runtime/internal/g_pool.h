// G pool: dead goroutines, kept with their stacks for the next ones. Per P, with a global store behind it (the depot),
// so that starting and ending a goroutine touches neither a lock nor a fresh page.
//
// What stays unused goes back to the kernel, one step per pass of the scavenger (scavenger.h): it asks each P for the
// goroutines that its pool did not need since the last pass; they come to the depot. Those that the depot did
// not need lose their memory: they are bare slots, to be made anew.
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

// GiveUpUnused moves p's pooled goroutines that were not needed since its last call to the depot. By p's M, when
// p->give_up_unused is set, which it clears.
void GiveUpUnused(P* p);

// PublishPoolSize tells the scavenger how much p's pool holds. By p's M, before it sleeps.
void PublishPoolSize(P* p);

// DropUnused takes the memory of up to `most` goroutines from the depot that it has not needed since the last call of
// EndDropPass, or of any if `all`, and returns how many there were. EndDropPass returns whether some may be unneeded in
// the next pass. Both are called by the scavenger.
std::size_t DropUnused(std::size_t most, bool all);
bool EndDropPass();

struct PoolSizes {
  std::size_t pooled = 0;  // dead goroutines in the depot, with their stacks
  std::size_t bare = 0;    // slots that were given back to the kernel
};
PoolSizes DepotSizes();

}  // namespace gale::internal
