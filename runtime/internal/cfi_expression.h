// DWARF expressions as far as they occur in rules for frames: functions that realign their stack, the stubs of
// dynamic linking, the kernel's signal frames.
#pragma once

#include <cstdint>

#include "gale/runtime/internal/cfi.h"

namespace gale::internal {

struct StackRegisters;

// EvaluateCfi computes an expression with the registers of a frame; `first`, if given, is on its stack to begin with.
// False if it uses what is not known here, or reads outside the stack.
bool EvaluateCfi(CfiExpression expression, const StackRegisters& registers, const std::uintptr_t* first,
                 std::uintptr_t& result);

}  // namespace gale::internal
