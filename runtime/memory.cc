#include "gale/runtime/memory.h"

#include "gale/runtime/internal/scavenger.h"

namespace gale {

void FreeOSMemory() { internal::ScavengeNow(); }

}  // namespace gale
