// Durations as Go prints them: "1h15m30.5s", "1.5ms", "0s".
#pragma once

#include <cstdint>

#include "gale/net/internal/format_buffer.h"

namespace gale::internal {

// AppendDuration prints nanoseconds: hours, minutes and seconds from one second on, otherwise in the largest unit
// that gives a number of at least one. Source: Go's time.Duration.String.
void AppendDuration(FormatBuffer& out, std::int64_t nanoseconds);

}  // namespace gale::internal
