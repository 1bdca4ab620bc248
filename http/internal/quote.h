// Quote: text between double quotes, fit for a message.
//
//   Quote("GET /a\n")   // "\"GET /a\\n\"": what Go prints for %q
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gale::http::internal {

// Quote escapes quotes, backslashes, control characters and bytes that are no UTF-8, as Go's strconv.Quote does.
// Unlike there, every other well-formed code point counts as printable.
std::string Quote(std::string_view text);

// Utf8SequenceLength is how many bytes the code point at the start of text takes, 1 to 4, or 0 if the bytes are not
// well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates) or text is empty.
std::size_t Utf8SequenceLength(std::string_view text);

}  // namespace gale::http::internal
