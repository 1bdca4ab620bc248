// Integers as Fprintf prints them.
#pragma once

#include <cstdint>

#include "gale/net/internal/format_buffer.h"
#include "gale/net/internal/format_spec.h"

namespace gale::internal {

struct FormatInteger {
  std::uint64_t magnitude;
  bool negative;

  static FormatInteger Signed(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    return {value < 0 ? 0 - bits : bits, value < 0};
  }
  static FormatInteger Unsigned(std::uint64_t value) { return {value, false}; }
};

// AppendInteger prints the value for one of the verbs d, b, o, O, x, X.
void AppendInteger(FormatBuffer& out, FormatInteger value, char verb, const FormatSpec& spec);

// AppendUnicode prints the value for the verb U: U+0078, and with "#" U+0078 'x'.
void AppendUnicode(FormatBuffer& out, std::uint64_t value, const FormatSpec& spec);

}  // namespace gale::internal
