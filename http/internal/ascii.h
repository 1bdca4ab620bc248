// The byte classes of RFC 9110 and comparisons that know only ASCII, whatever the locale.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gale::http::internal {

// ByteSet answers "is this byte one of those?" with one load.
class ByteSet {
 public:
  constexpr ByteSet() = default;
  constexpr explicit ByteSet(std::string_view bytes) { Add(bytes); }

  constexpr ByteSet& Add(std::string_view bytes) {
    for (char c : bytes) members_[static_cast<unsigned char>(c)] = true;
    return *this;
  }
  constexpr ByteSet& AddRange(unsigned char first, unsigned char last) {
    for (unsigned c = first; c <= last; ++c) members_[c] = true;
    return *this;
  }
  constexpr ByteSet& Remove(std::string_view bytes) {
    for (char c : bytes) members_[static_cast<unsigned char>(c)] = false;
    return *this;
  }

  constexpr bool Has(char c) const { return members_[static_cast<unsigned char>(c)]; }
  constexpr bool HasAll(std::string_view text) const {
    // No early end: nearly all texts are short and good, and the branch costs more than the rest.
    bool all = true;
    for (char c : text) all &= Has(c);
    return all;
  }

 private:
  std::array<bool, 256> members_{};
};

inline constexpr ByteSet kDigits = ByteSet().AddRange('0', '9');
inline constexpr ByteSet kLetters = ByteSet().AddRange('A', 'Z').AddRange('a', 'z');
// tchar, RFC 9110 section 5.6.2.
inline constexpr ByteSet kTokenBytes =
    ByteSet("!#$%&'*+-.^_`|~").AddRange('0', '9').AddRange('A', 'Z').AddRange('a', 'z');
// What a field value may consist of: HTAB, SP, VCHAR and obs-text, RFC 9110 section 5.5.
inline constexpr ByteSet kValueBytes = ByteSet("\t").AddRange(0x20, 0x7e).AddRange(0x80, 0xff);

constexpr bool IsToken(std::string_view text) { return !text.empty() && kTokenBytes.HasAll(text); }
constexpr bool IsFieldValue(std::string_view text) { return kValueBytes.HasAll(text); }

constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr char ToUpper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }

// The same as tables, for loops: kCased[0] holds the lower and kCased[1] the upper case of every byte.
inline constexpr auto kCased = [] {
  std::array<std::array<char, 256>, 2> cased{};
  for (unsigned i = 0; i < 256; ++i) {
    cased[0][i] = ToLower(static_cast<char>(i));
    cased[1][i] = ToUpper(static_cast<char>(i));
  }
  return cased;
}();

// EqualFold compares without regard to the case of ASCII letters.
constexpr bool EqualFold(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && ToLower(a[i]) != ToLower(b[i])) return false;
  }
  return true;
}

// TokenEquals tells whether a token equals another one, given in lower case, without regard to case. For names known
// at compile time: a few wide comparisons, because setting bit 5 of a tchar changes no equality but that of letters.
template <std::size_t kSizeWithNul>
bool TokenEquals(std::string_view token, const char (&lower)[kSizeWithNul]) {
  constexpr std::size_t kSize = kSizeWithNul - 1;
  if (token.size() != kSize) return false;
  const auto differ = [&]<typename Word>(Word, std::size_t at) {
    Word a;
    Word b;
    std::memcpy(&a, token.data() + at, sizeof(Word));
    std::memcpy(&b, lower + at, sizeof(Word));
    return (a | static_cast<Word>(0x2020202020202020)) ^ b;
  };
  if constexpr (kSize >= 8) {
    std::uint64_t difference = differ(std::uint64_t{}, kSize - 8);
    for (std::size_t at = 0; at + 8 < kSize; at += 8) difference |= differ(std::uint64_t{}, at);
    return difference == 0;
  } else if constexpr (kSize >= 4) {
    return (differ(std::uint32_t{}, 0) | differ(std::uint32_t{}, kSize - 4)) == 0;
  } else {
    return EqualFold(token, lower);
  }
}

// HexValue is the value of a hexadecimal digit, or -1.
constexpr int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ToLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// TrimOws drops the optional whitespace (SP and HTAB) around a field value, RFC 9110 section 5.6.3.
constexpr std::string_view TrimOws(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// ForEachListItem calls visit for every non-empty element of a comma-separated list, RFC 9110 section 5.6.1.
template <typename Visit>
constexpr void ForEachListItem(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view item = TrimOws(list.substr(0, comma));
    if (!item.empty()) visit(item);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace gale::http::internal
