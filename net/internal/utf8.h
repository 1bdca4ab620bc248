// UTF-8: decoding and encoding of single code points, which Go calls runes.
//
// Bytes that are no UTF-8 decode one at a time to kRuneError with size 1, as in Go, so that every text can be walked.
// Source: Go's unicode/utf8; RFC 3629.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace gale::internal {

inline constexpr char32_t kRuneError = U'\uFFFD';
inline constexpr char32_t kMaxRune = U'\U0010FFFF';

constexpr bool IsSurrogate(char32_t rune) { return rune >= 0xD800 && rune <= 0xDFFF; }
constexpr bool IsValidRune(char32_t rune) { return rune <= kMaxRune && !IsSurrogate(rune); }

struct DecodedRune {
  char32_t rune;
  std::size_t size;  // bytes taken; 0 only for an empty text
  // A wrong byte, as opposed to a U+FFFD that stands in the text.
  bool IsInvalid() const { return rune == kRuneError && size == 1; }
};

// DecodeRune reads the first rune of the text.
DecodedRune DecodeRune(std::string_view text);

// EncodedRune holds a rune's one to four bytes.
class EncodedRune {
 public:
  // A value that is no rune is encoded as kRuneError.
  explicit EncodedRune(char32_t rune);
  std::string_view View() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 4> bytes_;
  std::size_t size_;
};

// RuneCount counts runes; a wrong byte counts as one.
std::size_t RuneCount(std::string_view text);

// FirstRunes is the longest prefix of at most `count` runes.
std::string_view FirstRunes(std::string_view text, std::size_t count);

// IsPrintable tells letters, marks, numbers, punctuation, symbols and the ASCII space from control and format
// characters, other spaces and private use. Code points that Unicode has not assigned count as printable, other than
// in Go, whose tables know them.
bool IsPrintable(char32_t rune);

}  // namespace gale::internal
