// Printing one operand for one verb: where FormatArg's kinds meet Go's verbs.
#pragma once

#include "gale/net/internal/format_arg.h"
#include "gale/net/internal/format_buffer.h"
#include "gale/net/internal/format_spec.h"

namespace gale::internal {

// AppendValue prints the operand. A verb that does not suit it prints "%!verb(type=value)".
void AppendValue(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec);

// TypeName is what stands for the operand's type in such a text and for the verb T: Go's name of the nearest type.
std::string_view TypeName(const FormatArg& arg);

}  // namespace gale::internal
