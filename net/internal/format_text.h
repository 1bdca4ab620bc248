// Texts and characters as Fprintf prints them.
#pragma once

#include <cstdint>
#include <string_view>

#include "gale/net/internal/format_buffer.h"
#include "gale/net/internal/format_spec.h"

namespace gale::internal {

// AppendText prints for %s: at most `precision` runes.
void AppendText(FormatBuffer& out, std::string_view text, const FormatSpec& spec);

// AppendQuoted prints for %q: in double quotes with Go's escapes, or between back quotes if "#" asks for it and the
// text allows it.
void AppendQuoted(FormatBuffer& out, std::string_view text, const FormatSpec& spec);

// AppendHexText prints for %x and %X: two digits per byte.
void AppendHexText(FormatBuffer& out, std::string_view text, bool upper, const FormatSpec& spec);

// AppendRune prints for %c. What is no Unicode code point prints as U+FFFD.
void AppendRune(FormatBuffer& out, std::uint64_t value, const FormatSpec& spec);

// AppendQuotedRune prints for %q of a number: in single quotes.
void AppendQuotedRune(FormatBuffer& out, std::uint64_t value, const FormatSpec& spec);

}  // namespace gale::internal
