#include "gale/net/internal/utf8.h"

#include <algorithm>
#include <iterator>

namespace gale::internal {
namespace {

constexpr bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// What a first byte announces: how many bytes, its own payload, and the least rune that needs so many.
struct Lead {
  std::size_t size;
  char32_t payload;
  char32_t least;
};

constexpr Lead ReadLead(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xC2 && byte < 0xE0) return {2, byte & 0x1Fu, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return {3, byte & 0x0Fu, 0x800};
  if (byte >= 0xF0 && byte < 0xF5) return {4, byte & 0x07u, 0x10000};
  return {0, 0, 0};
}

struct RuneRange {
  char32_t first;
  char32_t last;
};

// Ranges above ASCII that print nothing of their own, in ascending order.
constexpr RuneRange kUnprintable[] = {
    {0x7F, 0xA0},         // DEL, C1 controls, no-break space
    {0xAD, 0xAD},         // soft hyphen
    {0x600, 0x605},       // Arabic number signs (format)
    {0x61C, 0x61C},       // Arabic letter mark
    {0x6DD, 0x6DD},       // Arabic end of ayah (format)
    {0x70F, 0x70F},       // Syriac abbreviation mark
    {0x1680, 0x1680},     // Ogham space
    {0x180E, 0x180E},     // Mongolian vowel separator
    {0x2000, 0x200F},     // spaces, zero-width characters, direction marks
    {0x2028, 0x202F},     // line and paragraph separators, embeddings, narrow no-break space
    {0x205F, 0x206F},     // mathematical space, invisible operators, isolates
    {0x3000, 0x3000},     // ideographic space
    {0xD800, 0xF8FF},     // surrogates, private use
    {0xFDD0, 0xFDEF},     // noncharacters
    {0xFEFF, 0xFEFF},     // byte order mark
    {0xFFF0, 0xFFFB},     // specials
    {0xFFFE, 0xFFFF},     // noncharacters
    {0x1BCA0, 0x1BCA3},   // shorthand format controls
    {0x1D173, 0x1D17A},   // musical format controls
    {0xE0000, 0xE00FF},   // tags
    {0xE01F0, 0x10FFFF},  // unassigned planes, private use
};

}  // namespace

DecodedRune DecodeRune(std::string_view text) {
  if (text.empty()) return {kRuneError, 0};
  const Lead lead = ReadLead(static_cast<unsigned char>(text[0]));
  if (lead.size == 0 || lead.size > text.size()) return {kRuneError, 1};
  char32_t rune = lead.payload;
  for (std::size_t i = 1; i < lead.size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!IsContinuation(byte)) return {kRuneError, 1};
    rune = rune << 6 | (byte & 0x3Fu);
  }
  if (rune < lead.least || !IsValidRune(rune)) return {kRuneError, 1};
  return {rune, lead.size};
}

EncodedRune::EncodedRune(char32_t rune) {
  if (!IsValidRune(rune)) rune = kRuneError;
  const auto continuation = [rune](int shift) { return static_cast<char>(0x80 | (rune >> shift & 0x3F)); };
  if (rune < 0x80) {
    bytes_ = {static_cast<char>(rune)};
    size_ = 1;
  } else if (rune < 0x800) {
    bytes_ = {static_cast<char>(0xC0 | rune >> 6), continuation(0)};
    size_ = 2;
  } else if (rune < 0x10000) {
    bytes_ = {static_cast<char>(0xE0 | rune >> 12), continuation(6), continuation(0)};
    size_ = 3;
  } else {
    bytes_ = {static_cast<char>(0xF0 | rune >> 18), continuation(12), continuation(6), continuation(0)};
    size_ = 4;
  }
}

std::size_t RuneCount(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(DecodeRune(text).size);
  return count;
}

std::string_view FirstRunes(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; count > 0 && end < text.size(); --count) end += DecodeRune(text.substr(end)).size;
  return text.substr(0, end);
}

bool IsPrintable(char32_t rune) {
  if (rune < 0x7F) return rune >= 0x20;
  const auto* range = std::lower_bound(std::begin(kUnprintable), std::end(kUnprintable), rune,
                                       [](const RuneRange& r, char32_t value) { return r.last < value; });
  return range == std::end(kUnprintable) || rune < range->first;
}

}  // namespace gale::internal
