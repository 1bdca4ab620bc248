// Comparing and hashing texts of a few bytes, inline.
//
//   SameText(node.Literal(), segment)     // segment == node.Literal()
//   HashText(segment) & mask
//
// Methods and path segments are mostly shorter than 16 bytes. For those, std::string_view's comparison spends its
// time on the way to memcmp and back: a fifth of all the time that routing took.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gale::http::internal {

// LoadShort makes a number of up to 8 bytes. Of texts of one size, equal ones and only they have equal numbers.
inline std::uint64_t LoadShort(const char* data, std::size_t size) {
  if (size >= 4) {
    // Two loads that may overlap are faster than a copy whose size the compiler does not know.
    std::uint32_t first, last;
    std::memcpy(&first, data, 4);
    std::memcpy(&last, data + size - 4, 4);
    return std::uint64_t{first} << 32 | last;
  }
  if (size == 0) return 0;
  const auto at = [data](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(data[i])}; };
  return at(0) << 16 | at(size / 2) << 8 | at(size - 1);
}

inline bool SameText(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.size() > 16) return std::memcmp(a.data(), b.data(), a.size()) == 0;
  if (a.size() <= 8) return LoadShort(a.data(), a.size()) == LoadShort(b.data(), b.size());
  const std::size_t last = a.size() - 8;
  return LoadShort(a.data(), 8) == LoadShort(b.data(), 8) &&
         LoadShort(a.data() + last, 8) == LoadShort(b.data() + last, 8);
}

// HashText is not keyed: it is for tables whose entries no client chooses, so that none can make a probe long.
inline std::size_t HashText(std::string_view text) {
  constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15;
  const char* data = text.data();
  std::size_t size = text.size();
  std::uint64_t hash = size;
  for (; size > 8; data += 8, size -= 8) {
    hash = (hash ^ LoadShort(data, 8)) * kMultiplier;
    hash ^= hash >> 32;
  }
  hash = (hash ^ LoadShort(data, size)) * kMultiplier;
  return hash ^ hash >> 32;
}

}  // namespace gale::http::internal
