// Floating-point numbers as Fprintf prints them.
#pragma once

#include "gale/net/internal/format_buffer.h"
#include "gale/net/internal/format_spec.h"

namespace gale::internal {

// AppendFloat prints the value for one of the verbs e, E, f, F, g, G, b, x, X. Where no precision is given, %g, %x
// print the shortest text that reads back as the same value; `bits` (32 or 64) says in which type.
// Source: Go's fmt and strconv.FormatFloat.
void AppendFloat(FormatBuffer& out, double value, int bits, char verb, const FormatSpec& spec);

}  // namespace gale::internal
