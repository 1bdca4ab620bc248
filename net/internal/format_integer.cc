#include "gale/net/internal/format_integer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "gale/net/internal/utf8.h"

namespace gale::internal {
namespace {

int Base(char verb) {
  switch (verb) {
    case 'b': return 2;
    case 'o':
    case 'O': return 8;
    case 'x':
    case 'X': return 16;
    default: return 10;
  }
}

// The digits of a number, without sign or prefix.
class Digits {
 public:
  Digits(std::uint64_t value, int base, bool upper)
      : size_(static_cast<std::size_t>(std::to_chars(digits_.data(), digits_.data() + digits_.size(), value, base).ptr -
                                       digits_.data())) {
    if (upper) std::transform(digits_.begin(), digits_.begin() + size_, digits_.begin(), Upper);
  }
  std::string_view View() const { return {digits_.data(), size_}; }

 private:
  static char Upper(char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; }

  std::array<char, 64> digits_;
  std::size_t size_;
};

char Sign(bool negative, const FormatSpec& spec) {
  if (negative) return '-';
  if (spec.plus) return '+';
  return spec.space ? ' ' : '\0';
}

// The least number of digits: "%.3d" and "%03d" both ask for leading zeros, the first one wins. A prefix such as 0x
// comes on top of the width in Go, so it does here.
std::size_t LeastDigits(char sign, const FormatSpec& spec) {
  if (spec.HasPrecision()) return static_cast<std::size_t>(spec.precision);
  if (!spec.zero || spec.width <= 0) return 0;
  return static_cast<std::size_t>(spec.width) - (sign != '\0' ? 1 : 0);
}

std::string_view Prefix(char verb, bool leading_zero, const FormatSpec& spec) {
  switch (verb) {
    case 'b': return spec.sharp ? "0b" : "";
    case 'o': return spec.sharp && !leading_zero ? "0" : "";
    case 'O': return spec.sharp && !leading_zero ? "0o0" : "0o";
    case 'x': return spec.sharp ? "0x" : "";
    case 'X': return spec.sharp ? "0X" : "";
    default: return "";
  }
}

}  // namespace

void AppendInteger(FormatBuffer& out, FormatInteger value, char verb, const FormatSpec& spec) {
  const std::size_t start = out.size();
  if (spec.precision == 0 && value.magnitude == 0) {  // asked for no digits
    PadFrom(out, start, spec, ' ');
    return;
  }
  const Digits digits(value.magnitude, Base(verb), verb == 'X');
  const char sign = Sign(value.negative, spec);
  const std::size_t least = LeastDigits(sign, spec);
  const std::size_t zeros = least > digits.View().size() ? least - digits.View().size() : 0;
  if (sign != '\0') out.Append(sign);
  out.Append(Prefix(verb, zeros > 0 || value.magnitude == 0, spec));
  out.Append(zeros, '0');
  out.Append(digits.View());
  PadFrom(out, start, spec, ' ');
}

void AppendUnicode(FormatBuffer& out, std::uint64_t value, const FormatSpec& spec) {
  constexpr std::size_t kLeastDigits = 4;
  const std::size_t start = out.size();
  const Digits digits(value, 16, true);
  const std::size_t least = std::max(kLeastDigits, spec.HasPrecision() ? static_cast<std::size_t>(spec.precision) : 0);
  out.Append("U+");
  out.Append(least > digits.View().size() ? least - digits.View().size() : 0, '0');
  out.Append(digits.View());
  if (spec.sharp && value <= kMaxRune && IsPrintable(static_cast<char32_t>(value))) {
    out.Append(" '");
    out.Append(EncodedRune(static_cast<char32_t>(value)).View());
    out.Append('\'');
  }
  PadFrom(out, start, spec, ' ');
}

}  // namespace gale::internal
