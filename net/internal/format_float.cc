#include "gale/net/internal/format_float.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

namespace gale::internal {
namespace {

constexpr int kShortest = FormatSpec::kAbsent;
constexpr int kDefaultPrecision = 6;

bool IsUpper(char verb) { return verb == 'E' || verb == 'G' || verb == 'X'; }

void MakeUpper(FormatBuffer& out, std::size_t start) {
  char* const end = out.Extend(0);
  std::transform(end - (out.size() - start), end, end - (out.size() - start),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
}

// The fewest decimal digits that read back as the value: 0.d1d2d3... times ten to the power of `point`.
class ShortestDigits {
 public:
  ShortestDigits(double value, int bits) {
    std::array<char, 32> text;  // d.ddddde+xxx
    const auto result =
        bits == 32 ? std::to_chars(text.data(), text.data() + text.size(), static_cast<float>(value),
                                   std::chars_format::scientific)
                   : std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
    const char* const mark = std::find(text.data(), result.ptr, 'e');
    for (const char* c = text.data(); c != mark; ++c) {
      if (*c != '.') digits_[count_++] = *c;
    }
    const char* const exponent = mark + (mark[1] == '+' ? 2 : 1);
    std::from_chars(exponent, result.ptr, exponent_);
  }

  std::string_view View() const { return {digits_.data(), count_}; }
  int Exponent() const { return exponent_; }  // of the form d.ddd

 private:
  std::array<char, 20> digits_;
  std::size_t count_ = 0;
  int exponent_ = 0;
};

void AppendExponent(FormatBuffer& out, char letter, int exponent) {
  out.Append(letter);
  out.Append(exponent < 0 ? '-' : '+');
  const int magnitude = std::abs(exponent);
  if (magnitude < 10) out.Append('0');
  std::array<char, 8> digits;
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), magnitude).ptr;
  out.Append(std::string_view(digits.data(), end));
}

void AppendShortestScientific(FormatBuffer& out, const ShortestDigits& digits) {
  out.Append(digits.View()[0]);
  if (digits.View().size() > 1) out.Append('.');
  out.Append(digits.View().substr(1));
  AppendExponent(out, 'e', digits.Exponent());
}

void AppendShortestFixed(FormatBuffer& out, const ShortestDigits& digits) {
  const std::string_view text = digits.View();
  if (digits.Exponent() < 0) {
    out.Append("0.");
    out.Append(static_cast<std::size_t>(-digits.Exponent() - 1), '0');
    out.Append(text);
    return;
  }
  const auto whole = static_cast<std::size_t>(digits.Exponent()) + 1;
  out.Append(text.substr(0, whole));
  if (text.size() <= whole) {
    out.Append(whole - text.size(), '0');
    return;
  }
  out.Append('.');
  out.Append(text.substr(whole));
}

void AppendShortest(FormatBuffer& out, double value, int bits) {
  const ShortestDigits digits(value, bits);
  if (digits.Exponent() < -4 || digits.Exponent() >= kDefaultPrecision) {
    AppendShortestScientific(out, digits);
  } else {
    AppendShortestFixed(out, digits);
  }
}

void AppendRounded(FormatBuffer& out, double value, char verb, int precision) {
  std::chars_format format = std::chars_format::general;
  if (verb == 'e' || verb == 'E') format = std::chars_format::scientific;
  if (verb == 'f' || verb == 'F') format = std::chars_format::fixed;
  const std::size_t room = static_cast<std::size_t>(precision) + std::numeric_limits<double>::max_exponent10 + 16;
  const std::size_t start = out.size();
  char* const begin = out.Extend(room);
  const char* const end = std::to_chars(begin, begin + room, value, format, precision).ptr;
  out.Truncate(start + static_cast<std::size_t>(end - begin));
}

// A finite value that is not negative, taken apart: mantissa times two to the power of `exponent`.
struct Parts {
  std::uint64_t mantissa;
  int exponent;
};

Parts TakeApart(double value, int bits) {
  constexpr int kDoubleDigits = std::numeric_limits<double>::digits - 1;
  constexpr int kFloatDigits = std::numeric_limits<float>::digits - 1;
  const std::uint64_t raw =
      bits == 32 ? std::bit_cast<std::uint32_t>(static_cast<float>(value)) : std::bit_cast<std::uint64_t>(value);
  const int digits = bits == 32 ? kFloatDigits : kDoubleDigits;
  const int bias =
      (bits == 32 ? std::numeric_limits<float>::max_exponent : std::numeric_limits<double>::max_exponent) - 1;
  const int exponent = static_cast<int>(raw >> digits);
  const std::uint64_t fraction = raw & ((std::uint64_t{1} << digits) - 1);
  if (exponent == 0) return {fraction, 1 - bias - digits};  // zero or denormal
  return {fraction | std::uint64_t{1} << digits, exponent - bias - digits};
}

void AppendBinary(FormatBuffer& out, double value, int bits) {
  const Parts parts = TakeApart(value, bits);
  std::array<char, 24> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), parts.mantissa).ptr;
  out.Append(std::string_view(digits.data(), end));
  out.Append('p');
  out.Append(parts.exponent < 0 ? '-' : '+');
  end = std::to_chars(digits.data(), digits.data() + digits.size(), std::abs(parts.exponent)).ptr;
  out.Append(std::string_view(digits.data(), end));
}

// 0x1.8p+01: the mantissa is normalised so that its highest bit is the 1 before the point, at bit 60.
void AppendHex(FormatBuffer& out, double value, int bits, int precision) {
  constexpr int kTop = 60;
  constexpr std::string_view kDigits = "0123456789abcdef";
  Parts parts = TakeApart(value, bits);
  int exponent = 0;
  if (parts.mantissa != 0) {
    const int shift = std::countl_zero(parts.mantissa) - (63 - kTop);
    parts.mantissa <<= shift;
    exponent = parts.exponent - shift + kTop;
  }
  if (precision != kShortest && precision < kTop / 4) {  // round half to even
    const int dropped = kTop - precision * 4;
    const std::uint64_t unit = std::uint64_t{1} << dropped;
    const std::uint64_t rest = parts.mantissa & (unit - 1);
    parts.mantissa -= rest;
    if (rest > unit / 2 || (rest == unit / 2 && (parts.mantissa & unit) != 0)) parts.mantissa += unit;
    if (parts.mantissa >> (kTop + 1) != 0) {
      parts.mantissa >>= 1;
      ++exponent;
    }
  }
  out.Append("0x");
  out.Append(kDigits[parts.mantissa >> kTop & 0xF]);
  std::uint64_t fraction = parts.mantissa << (64 - kTop);
  if (precision == kShortest ? fraction != 0 : precision > 0) out.Append('.');
  for (int i = 0; precision == kShortest ? fraction != 0 : i < precision; ++i) {
    out.Append(kDigits[fraction >> 60]);
    fraction <<= 4;
  }
  AppendExponent(out, 'p', exponent);
}

// "#" demands a decimal point, and for %g and %x as many digits as the precision says.
void AddPointAndZeros(FormatBuffer& out, std::size_t start, char verb, int precision) {
  const std::string_view text = out.View().substr(start);
  const bool is_hex = verb == 'x' || verb == 'X';
  const std::size_t mark = std::min(text.find_first_of(is_hex ? "pP" : "eE"), text.size());
  const std::string_view number = text.substr(0, mark);
  std::array<char, 8> tail;  // e+123
  const std::size_t tail_size = text.copy(tail.data(), tail.size(), mark);
  const bool has_point = number.find('.') != std::string_view::npos;
  const bool keeps_zeros = verb == 'g' || verb == 'G' || verb == 'x';  // not X: so does Go
  int missing = 0;
  if (keeps_zeros) {
    missing = precision == kShortest ? kDefaultPrecision : precision;
    const std::size_t first = std::min(number.find_first_not_of("0."), number.size());
    missing -= static_cast<int>(std::count_if(number.begin() + static_cast<std::ptrdiff_t>(first), number.end(),
                                              [](char c) { return c != '.'; }));
    if (!has_point && number == "0") --missing;
  }
  out.Truncate(start + mark);
  if (!has_point) out.Append('.');
  if (missing > 0) out.Append(static_cast<std::size_t>(missing), '0');
  out.Append(std::string_view(tail.data(), tail_size));
}

// The number without its sign.
void AppendMagnitude(FormatBuffer& out, double value, int bits, char verb, const FormatSpec& spec) {
  const std::size_t start = out.size();
  int precision = spec.precision;
  switch (verb) {
    case 'b': AppendBinary(out, value, bits); return;
    case 'x':
    case 'X': AppendHex(out, value, bits, precision); break;
    case 'g':
    case 'G':
      precision == kShortest ? AppendShortest(out, value, bits) : AppendRounded(out, value, verb, precision);
      break;
    default: AppendRounded(out, value, verb, precision == kShortest ? kDefaultPrecision : precision); break;
  }
  if (spec.sharp) AddPointAndZeros(out, start, verb, precision);
  if (IsUpper(verb)) MakeUpper(out, start);
}

char Sign(bool negative, const FormatSpec& spec) {
  if (negative) return '-';
  if (spec.plus) return '+';
  return spec.space ? ' ' : '\0';
}

// "+Inf", "-Inf", "NaN": never padded with zeros.
void AppendNotFinite(FormatBuffer& out, double value, const FormatSpec& spec) {
  const std::size_t start = out.size();
  char sign = Sign(std::signbit(value) && std::isinf(value), spec);
  if (sign == '\0' && std::isinf(value)) sign = '+';
  if (sign != '\0') out.Append(sign);
  out.Append(std::isinf(value) ? "Inf" : "NaN");
  PadFrom(out, start, spec, ' ');
}

}  // namespace

void AppendFloat(FormatBuffer& out, double value, int bits, char verb, const FormatSpec& spec) {
  if (!std::isfinite(value)) {
    AppendNotFinite(out, value, spec);
    return;
  }
  const std::size_t start = out.size();
  const char sign = Sign(std::signbit(value), spec);
  if (!spec.zero) {
    if (sign != '\0') out.Append(sign);
    AppendMagnitude(out, std::abs(value), bits, verb, spec);
    PadFrom(out, start, spec, ' ');
    return;
  }
  FormatSpec without_sign = spec;  // the zeros go between sign and number
  if (sign != '\0') {
    out.Append(sign);
    without_sign.width = std::max(0, spec.width - 1);
  }
  const std::size_t number = out.size();
  AppendMagnitude(out, std::abs(value), bits, verb, spec);
  PadFrom(out, number, without_sign, '0');
}

}  // namespace gale::internal
