#include "gale/http/internal/quote.h"

namespace gale::http::internal {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

// The letter that stands for a control character after a backslash, or 0.
char ShortEscape(char c) {
  switch (c) {
    case '\a': return 'a';
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\v': return 'v';
    case '"': return '"';
    case '\\': return '\\';
    default: return 0;
  }
}

void AppendByte(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (const char letter = ShortEscape(c)) {
    out += '\\';
    out += letter;
  } else if (byte < 0x20 || byte >= 0x7f) {
    out += "\\x";
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  } else {
    out += c;
  }
}

}  // namespace

std::size_t Utf8SequenceLength(std::string_view text) {
  if (text.empty()) return 0;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  // The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF.
  const unsigned lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (at(1) < lowest || at(1) > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

std::string Quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = Utf8SequenceLength(text);
    if (length > 1) {
      out += text.substr(0, length);
    } else {
      AppendByte(out, text[0]);
    }
    text.remove_prefix(length > 1 ? length : 1);
  }
  out += '"';
  return out;
}

}  // namespace gale::http::internal
