// DwarfReader: the numbers and strings of DWARF data, with bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace gale::internal {

// DwarfReader reads from [at, end). What lies beyond the end reads as zero, and Failed() tells.
class DwarfReader {
 public:
  DwarfReader(const std::uint8_t* at, const std::uint8_t* end) : at_(at), end_(end) {}

  const std::uint8_t* At() const { return at_; }
  bool AtEnd() const { return at_ >= end_; }
  bool Failed() const { return failed_; }

  std::uint8_t U8() { return Fixed<std::uint8_t>(); }
  std::uint16_t U16() { return Fixed<std::uint16_t>(); }
  std::uint32_t U32() { return Fixed<std::uint32_t>(); }
  std::uint64_t U64() { return Fixed<std::uint64_t>(); }

  std::uint64_t Uleb() {
    std::uint64_t value = 0;
    int shift = 0;
    for (;;) {
      std::uint8_t byte = U8();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fu} << shift;
      shift += 7;
      if ((byte & 0x80) == 0) return value;
    }
  }

  std::int64_t Sleb() {
    std::uint64_t value = 0;
    int shift = 0;
    for (;;) {
      std::uint8_t byte = U8();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fu} << shift;
      shift += 7;
      if ((byte & 0x80) != 0) continue;
      if (shift < 64 && (byte & 0x40) != 0) value |= ~std::uint64_t{0} << shift;
      return static_cast<std::int64_t>(value);
    }
  }

  // String is zero-terminated; empty if its end is missing.
  const char* String() {
    const void* zero = AtEnd() ? nullptr : std::memchr(at_, 0, static_cast<std::size_t>(end_ - at_));
    if (zero == nullptr) {
      Fail();
      return "";
    }
    const char* text = reinterpret_cast<const char*>(at_);
    at_ = static_cast<const std::uint8_t*>(zero) + 1;
    return text;
  }

  void Skip(std::uint64_t bytes) {
    if (bytes > static_cast<std::uint64_t>(end_ - at_)) return Fail();
    at_ += bytes;
  }

 private:
  template <typename Number>
  Number Fixed() {
    Number number = 0;
    if (static_cast<std::size_t>(end_ - at_) < sizeof(Number)) {
      Fail();
      return number;
    }
    std::memcpy(&number, at_, sizeof(number));
    at_ += sizeof(number);
    return number;
  }

  void Fail() {
    at_ = end_;
    failed_ = true;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool failed_ = false;
};

}  // namespace gale::internal
