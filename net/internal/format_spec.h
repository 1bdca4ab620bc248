// FormatSpec: what stands between "%" and the verb of a formatting directive, and the padding that it asks for.
#pragma once

#include <cstddef>
#include <string_view>

#include "gale/net/internal/format_buffer.h"

namespace gale::internal {

struct FormatSpec {
  static constexpr int kAbsent = -1;

  bool minus = false;        // "-": pad on the right
  bool plus = false;         // "+": always a sign; %+q: ASCII only
  bool sharp = false;        // "#": 0x, 0b, 0 in front; a decimal point always; %#q: raw strings
  bool space = false;        // " ": a blank where the sign would be; % x: blanks between bytes
  bool zero = false;         // "0": pad with zeros
  bool sharp_value = false;  // "#" of %#v: strings are quoted, unsigned numbers are hexadecimal
  int width = kAbsent;       // in runes
  int precision = kAbsent;

  bool HasPrecision() const { return precision != kAbsent; }
};

// PadFrom pads what the buffer holds from `start` on to the spec's width, with `fill` on the left or blanks on the
// right.
void PadToWidth(FormatBuffer& out, std::size_t start, const FormatSpec& spec, char fill);
inline void PadFrom(FormatBuffer& out, std::size_t start, const FormatSpec& spec, char fill) {
  if (spec.width > 0) PadToWidth(out, start, spec, fill);
}

// AppendPadded appends the text, padded; with zeros on the left if the spec says so, as Go does even for strings.
inline void AppendPadded(FormatBuffer& out, std::string_view text, const FormatSpec& spec) {
  const std::size_t start = out.size();
  out.Append(text);
  PadFrom(out, start, spec, spec.zero ? '0' : ' ');
}

}  // namespace gale::internal
