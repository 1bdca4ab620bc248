#include "gale/net/internal/format_text.h"

#include "gale/net/internal/utf8.h"

namespace gale::internal {
namespace {

constexpr std::string_view kLowerDigits = "0123456789abcdef";
constexpr std::string_view kUpperDigits = "0123456789ABCDEF";

void AppendHexDigits(FormatBuffer& out, std::uint32_t value, int count) {
  for (int shift = 4 * (count - 1); shift >= 0; shift -= 4) out.Append(kLowerDigits[value >> shift & 0xF]);
}

// The letter after the backslash of a control character that has a name, else 0.
char NamedEscape(char32_t rune) {
  switch (rune) {
    case '\a': return 'a';
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\v': return 'v';
    default: return 0;
  }
}

void AppendNumericEscape(FormatBuffer& out, char32_t rune) {
  if (rune < ' ' || rune == 0x7F) {
    out.Append("\\x");
    AppendHexDigits(out, rune, 2);
  } else if (rune < 0x10000) {
    out.Append("\\u");
    AppendHexDigits(out, rune, 4);
  } else {
    out.Append("\\U");
    AppendHexDigits(out, rune, 8);
  }
}

void AppendEscapedRune(FormatBuffer& out, char32_t rune, char quote, bool ascii_only) {
  if (rune == static_cast<unsigned char>(quote) || rune == '\\') {
    out.Append('\\');
    out.Append(static_cast<char>(rune));
  } else if (ascii_only ? rune < 0x7F && rune >= ' ' : IsPrintable(rune)) {
    out.Append(EncodedRune(rune).View());
  } else if (const char letter = NamedEscape(rune)) {
    out.Append('\\');
    out.Append(letter);
  } else {
    AppendNumericEscape(out, rune);
  }
}

void AppendEscaped(FormatBuffer& out, std::string_view text, bool ascii_only) {
  while (!text.empty()) {
    const DecodedRune next = DecodeRune(text);
    if (next.IsInvalid()) {
      out.Append("\\x");
      AppendHexDigits(out, static_cast<unsigned char>(text[0]), 2);
    } else {
      AppendEscapedRune(out, next.rune, '"', ascii_only);
    }
    text.remove_prefix(next.size);
  }
}

// A raw string may span no lines and hold no back quote, byte order mark or wrong byte.
bool CanStandRaw(std::string_view text) {
  while (!text.empty()) {
    const DecodedRune next = DecodeRune(text);
    if (next.IsInvalid() || next.rune == 0xFEFF || next.rune == '`' || next.rune == 0x7F) return false;
    if (next.rune < ' ' && next.rune != '\t') return false;
    text.remove_prefix(next.size);
  }
  return true;
}

std::string_view Truncated(std::string_view text, const FormatSpec& spec) {
  return spec.HasPrecision() ? FirstRunes(text, static_cast<std::size_t>(spec.precision)) : text;
}

char32_t AsRune(std::uint64_t value) { return value <= kMaxRune ? static_cast<char32_t>(value) : kRuneError; }

}  // namespace

void AppendText(FormatBuffer& out, std::string_view text, const FormatSpec& spec) {
  AppendPadded(out, Truncated(text, spec), spec);
}

void AppendQuoted(FormatBuffer& out, std::string_view text, const FormatSpec& spec) {
  text = Truncated(text, spec);
  const std::size_t start = out.size();
  const bool raw = spec.sharp && CanStandRaw(text);
  out.Append(raw ? '`' : '"');
  if (raw) {
    out.Append(text);
  } else {
    AppendEscaped(out, text, spec.plus);
  }
  out.Append(raw ? '`' : '"');
  PadFrom(out, start, spec, spec.zero ? '0' : ' ');
}

void AppendHexText(FormatBuffer& out, std::string_view text, bool upper, const FormatSpec& spec) {
  if (spec.HasPrecision()) text = text.substr(0, static_cast<std::size_t>(spec.precision));
  const std::string_view digits = upper ? kUpperDigits : kLowerDigits;
  const std::size_t start = out.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (spec.space && i > 0) out.Append(' ');
    if (spec.sharp && (spec.space || i == 0)) out.Append(upper ? "0X" : "0x");
    const auto byte = static_cast<unsigned char>(text[i]);
    out.Append(digits[byte >> 4]);
    out.Append(digits[byte & 0xF]);
  }
  PadFrom(out, start, spec, spec.zero ? '0' : ' ');
}

void AppendRune(FormatBuffer& out, std::uint64_t value, const FormatSpec& spec) {
  AppendPadded(out, EncodedRune(AsRune(value)).View(), spec);
}

void AppendQuotedRune(FormatBuffer& out, std::uint64_t value, const FormatSpec& spec) {
  const char32_t rune = IsValidRune(AsRune(value)) ? AsRune(value) : kRuneError;
  const std::size_t start = out.size();
  out.Append('\'');
  AppendEscapedRune(out, rune, '\'', spec.plus);
  out.Append('\'');
  PadFrom(out, start, spec, spec.zero ? '0' : ' ');
}

}  // namespace gale::internal
