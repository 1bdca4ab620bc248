// Goroutine text: a goroutine as dumps print it, in Go's form.
#pragma once

#include <string>

#include "gale/runtime/internal/goroutines.h"

namespace gale::internal {

// GoroutineHeader is "goroutine 7 [chan receive, 3 minutes]:" without a line break.
std::string GoroutineHeader(const GoroutineRecord& record);

// GoroutineText is the header, the stack and who created it, each line ended.
std::string GoroutineText(const GoroutineRecord& record);

// StackText is the stack alone, from the frame `first` on.
std::string StackText(const StackTrace& trace, std::size_t first = 0);

// HexText is "0x1f".
std::string HexText(std::uintptr_t number);

}  // namespace gale::internal
