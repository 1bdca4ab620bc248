// Scans over the bytes of a head, 16 at a time where the CPU's baseline allows it.
//
//   Scanner scanner(input);
//   const char* end = scanner.Find<ValueEnd>(p);   // the first byte that cannot be inside a field value
//
// SSE2 belongs to every x86-64 and NEON to every aarch64, so nothing is dispatched at run time; a scalar loop serves
// all other machines.
#pragma once

#include <bit>
#include <cstdint>

#include "gale/http/internal/ascii.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace gale::http::internal {

// Bytes of a request target that pass without a second look: VCHAR, but not the start of an escape, a fragment,
// nor a backslash.
inline constexpr ByteSet kPlainTargetBytes = ByteSet().AddRange(0x21, 0x7e).Remove("#%\\");

#if defined(__SSE2__) || (defined(__aarch64__) && defined(__ARM_NEON))
#define GALE_HTTP_SCAN_VECTOR 1

// Vector is 16 bytes; a comparison makes a byte 0xff where it holds and 0 where it does not. A Mask has
// kMaskBitsPerByte bits for each of them, the first byte's lowest.
class Vector {
 public:
#if defined(__SSE2__)
  using Mask = std::uint32_t;
  static constexpr unsigned kMaskBitsPerByte = 1;

  static Vector Load(const char* p) { return Vector(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
  Vector Equals(char c) const { return Vector(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(c))); }
  // The comparisons are unsigned.
  Vector AtMost(std::uint8_t c) const {
    return Vector(_mm_cmpeq_epi8(_mm_min_epu8(bytes_, _mm_set1_epi8(static_cast<char>(c))), bytes_));
  }
  Vector AtLeast(std::uint8_t c) const {
    return Vector(_mm_cmpeq_epi8(_mm_max_epu8(bytes_, _mm_set1_epi8(static_cast<char>(c))), bytes_));
  }
  Vector Plus(std::uint8_t c) const { return Vector(_mm_add_epi8(bytes_, _mm_set1_epi8(static_cast<char>(c)))); }
  Vector WithBits(std::uint8_t c) const { return Vector(_mm_or_si128(bytes_, _mm_set1_epi8(static_cast<char>(c)))); }
  friend Vector operator|(Vector a, Vector b) { return Vector(_mm_or_si128(a.bytes_, b.bytes_)); }
  Mask ToMask() const { return static_cast<Mask>(_mm_movemask_epi8(bytes_)); }

 private:
  using Bytes = __m128i;
#else
  using Mask = std::uint64_t;
  static constexpr unsigned kMaskBitsPerByte = 4;

  static Vector Load(const char* p) { return Vector(vld1q_u8(reinterpret_cast<const std::uint8_t*>(p))); }
  Vector Equals(char c) const { return Vector(vceqq_u8(bytes_, vdupq_n_u8(static_cast<std::uint8_t>(c)))); }
  Vector AtMost(std::uint8_t c) const { return Vector(vcleq_u8(bytes_, vdupq_n_u8(c))); }
  Vector AtLeast(std::uint8_t c) const { return Vector(vcgeq_u8(bytes_, vdupq_n_u8(c))); }
  Vector Plus(std::uint8_t c) const { return Vector(vaddq_u8(bytes_, vdupq_n_u8(c))); }
  Vector WithBits(std::uint8_t c) const { return Vector(vorrq_u8(bytes_, vdupq_n_u8(c))); }
  friend Vector operator|(Vector a, Vector b) { return Vector(vorrq_u8(a.bytes_, b.bytes_)); }
  // NEON has no movemask: narrowing every 16-bit lane by 4 leaves four bits per byte.
  Mask ToMask() const { return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(bytes_), 4)), 0); }

 private:
  using Bytes = uint8x16_t;
#endif
  explicit Vector(Bytes bytes) : bytes_(bytes) {}
  Bytes bytes_;
};
#endif  // vectors

// The classes of bytes that are searched for: Has is the truth, and MayHave says, for 16 bytes at once, where it
// may be so. MayHave is exact but for bytes that are rare, where Has decides.

// ValueEnd is a control character except HTAB: CR where the line is well-formed.
struct ValueEnd {
  static bool Has(char c) { return c == '\r' || !kValueBytes.Has(c); }
#ifdef GALE_HTTP_SCAN_VECTOR
  static Vector MayHave(Vector bytes) { return bytes.AtMost(0x1f) | bytes.Equals(0x7f); }
#endif
};

// NameEnd is no tchar: the colon where the line is well-formed. Nearly all names are letters, digits and hyphens.
struct NameEnd {
  static bool Has(char c) { return c == ':' || !kTokenBytes.Has(c); }
#ifdef GALE_HTTP_SCAN_VECTOR
  static Vector MayHave(Vector bytes) {
    // Adding makes the letters, or digits, the highest values.
    const Vector letters = bytes.WithBits(0x20).Plus(0x100 - 'z' - 1).AtLeast(0x100 - 26);
    const Vector digits = bytes.Plus(0x100 - '9' - 1).AtLeast(0x100 - 10);
    return (letters | digits | bytes.Equals('-')).Equals(0);
  }
#endif
};

// TargetSpecial is outside kPlainTargetBytes: the space after the target, mostly.
struct TargetSpecial {
  static bool Has(char c) { return c == ' ' || !kPlainTargetBytes.Has(c); }
#ifdef GALE_HTTP_SCAN_VECTOR
  static Vector MayHave(Vector bytes) {
    // Adding turns everything but 0x21 to 0x7e into the highest values.
    return bytes.Plus(0x100 - 0x21).AtLeast(0x7f - 0x21) | bytes.Equals('%') | bytes.Equals('#') | bytes.Equals('\\');
  }
#endif
};

// Scanner searches one input, never reading a byte outside of it.
class Scanner {
 public:
  explicit Scanner(std::string_view input)
      : begin_(input.data()), end_(begin_ + input.size()), vector_end_(input.size() < 16 ? begin_ : end_ - 15) {}

  // Find returns the first byte of the class at or after p, or the input's end.
  template <typename Class>
  [[gnu::always_inline]] const char* Find(const char* p) const {
#ifdef GALE_HTTP_SCAN_VECTOR
    while (p < vector_end_) {
      const Vector::Mask mask = Class::MayHave(Vector::Load(p)).ToMask();
      if (mask == 0) {
        p += 16;
        continue;
      }
      p += Index(mask);
      if (Class::Has(*p)) [[likely]]
        return p;
      ++p;
    }
    if (vector_end_ != begin_) return FindAtEnd<Class>(p);
#endif
    while (p != end_ && !Class::Has(*p)) ++p;
    return p;
  }

 private:
#ifdef GALE_HTTP_SCAN_VECTOR
  static unsigned Index(Vector::Mask mask) {
    return static_cast<unsigned>(std::countr_zero(mask)) / Vector::kMaskBitsPerByte;
  }

  // Fewer than 16 bytes are left: the last 16 are loaded, and those before p do not count.
  template <typename Class>
  [[gnu::noinline]] const char* FindAtEnd(const char* p) const {
    const Vector::Mask found = Class::MayHave(Vector::Load(end_ - 16)).ToMask();
    while (p != end_) {
      const auto skipped = static_cast<unsigned>(16 - (end_ - p)) * Vector::kMaskBitsPerByte;
      const Vector::Mask mask = found >> skipped;
      if (mask == 0) return end_;
      p += Index(mask);
      if (Class::Has(*p)) return p;
      ++p;
    }
    return end_;
  }
#endif

  const char* begin_;
  const char* end_;
  const char* vector_end_;  // behind the last place where 16 bytes can be loaded; begin_ if there is none
};

}  // namespace gale::http::internal
