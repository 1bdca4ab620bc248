// Arena: where a scenario's memory comes from. It is filled from the bottom and emptied as a whole before the next
// execution, so that addresses depend on the schedule alone, and what abandoned threads held is not lost.
#pragma once

#include <cstddef>

namespace gale::model {

void ResetArena();
bool InArena(const void* address);
// While on, operator new takes from the arena.
void UseArena(bool use);
bool UsesArena();

}  // namespace gale::model
