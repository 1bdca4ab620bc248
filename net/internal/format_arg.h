// FormatArg: one operand of Fprintf with its type erased, so that formatting is compiled once and not per call.
//
// A FormatArg is a tag and a small value; strings and objects are referred to, not copied. It lives for one call.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <ranges>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "gale/runtime/error.h"

namespace gale::internal {

class FormatArg;

// FormatList is a reference to a contiguous range of formattable elements.
struct FormatList {
  const void* data;
  std::size_t size;
  bool is_bytes;  // of unsigned char or std::byte: %s, %q, %x and %X take it as a text
  FormatArg (*at)(const void* data, std::size_t index);
};

// FormatStringer is a reference to an object that names itself by a method String().
struct FormatStringer {
  const void* object;
  std::string (*string)(const void* object);
};

class FormatArg {
 public:
  enum class Kind : std::uint8_t {
    kNil,
    kBool,
    kInt,
    kUint,
    kChar,
    kRune,
    kFloat,
    kString,
    kPointer,
    kError,
    kErrorCode,
    kDuration,
    kList,
    kStringer,
  };

  constexpr FormatArg() : kind_(Kind::kNil), bits_(0), uint_(0) {}
  constexpr explicit FormatArg(bool value) : kind_(Kind::kBool), bits_(8), bool_(value) {}
  constexpr FormatArg(Kind kind, int bits, std::int64_t value)
      : kind_(kind), bits_(static_cast<std::uint8_t>(bits)), int_(value) {}
  constexpr FormatArg(int bits, std::uint64_t value)
      : kind_(Kind::kUint), bits_(static_cast<std::uint8_t>(bits)), uint_(value) {}
  constexpr FormatArg(int bits, double value)
      : kind_(Kind::kFloat), bits_(static_cast<std::uint8_t>(bits)), float_(value) {}
  constexpr explicit FormatArg(std::string_view value) : kind_(Kind::kString), bits_(0), string_(value) {}
  constexpr explicit FormatArg(const void* value) : kind_(Kind::kPointer), bits_(64), pointer_(value) {}
  constexpr explicit FormatArg(const Error& value) : kind_(Kind::kError), bits_(0), error_(&value) {}
  constexpr explicit FormatArg(const std::error_code& value) : kind_(Kind::kErrorCode), bits_(0), code_(value) {}
  constexpr explicit FormatArg(FormatList value) : kind_(Kind::kList), bits_(0), list_(value) {}
  constexpr explicit FormatArg(FormatStringer value) : kind_(Kind::kStringer), bits_(0), stringer_(value) {}

  Kind kind() const { return kind_; }
  // How wide the C++ type is: 8 to 64 for numbers.
  int bits() const { return bits_; }

  // Each may be called only for the kinds that it is named after.
  bool Bool() const { return bool_; }
  std::int64_t Int() const { return int_; }  // also kChar, kRune, kDuration (nanoseconds)
  std::uint64_t Uint() const { return uint_; }
  double Float() const { return float_; }
  std::string_view String() const { return string_; }
  const void* Pointer() const { return pointer_; }
  const Error& AsError() const { return *error_; }
  const std::error_code& Code() const { return code_; }
  const FormatList& List() const { return list_; }
  const FormatStringer& Stringer() const { return stringer_; }

 private:
  Kind kind_;
  std::uint8_t bits_;
  union {
    bool bool_;
    std::int64_t int_;
    std::uint64_t uint_;
    double float_;
    std::string_view string_;
    const void* pointer_;
    const Error* error_;
    std::error_code code_;
    FormatList list_;
    FormatStringer stringer_;
  };
};

template <typename T>
concept RuneType =
    std::same_as<T, char8_t> || std::same_as<T, char16_t> || std::same_as<T, char32_t> || std::same_as<T, wchar_t>;

template <typename T>
concept ErrorCodeType = std::same_as<T, std::error_code> || std::is_error_code_enum<T>::value;

template <typename T>
inline constexpr bool kIsDuration = false;
template <typename Rep, typename Period>
inline constexpr bool kIsDuration<std::chrono::duration<Rep, Period>> = true;

template <typename T>
concept HasStringMethod = requires(const T& value) {
  { value.String() } -> std::convertible_to<std::string>;
};

template <typename T>
concept ListType = std::ranges::contiguous_range<const T> && std::ranges::sized_range<const T>;

template <typename>
inline constexpr bool kUnsupported = false;

template <typename T>
FormatArg MakeFormatArg(const T& value);

// A null pointer among strings prints "<nil>"; std::string_view would read through it.
template <typename T>
FormatArg MakeStringArg(const T& value) {
  if constexpr (std::is_pointer_v<T>) {
    if (value == nullptr) return FormatArg();
  }
  return FormatArg(std::string_view(value));
}

template <typename T>
FormatArg MakeNumberArg(T value) {
  constexpr int kBits = static_cast<int>(sizeof(T) * 8);
  if constexpr (std::floating_point<T>) {
    return FormatArg(sizeof(T) == sizeof(float) ? 32 : 64, static_cast<double>(value));
  } else if constexpr (std::is_signed_v<T>) {
    return FormatArg(FormatArg::Kind::kInt, kBits, static_cast<std::int64_t>(value));
  } else {
    return FormatArg(kBits, static_cast<std::uint64_t>(value));
  }
}

template <typename T>
FormatArg MakeListArg(const T& value) {
  using Element = std::ranges::range_value_t<const T>;
  constexpr bool kIsBytes = std::same_as<Element, unsigned char> || std::same_as<Element, std::byte>;
  return FormatArg(FormatList{
      std::ranges::data(value), std::ranges::size(value), kIsBytes,
      [](const void* data, std::size_t index) { return MakeFormatArg(static_cast<const Element*>(data)[index]); }});
}

template <typename T>
FormatArg MakePointerArg(const T& value) {
  if constexpr (std::is_function_v<std::remove_pointer_t<T>>) {
    return FormatArg(reinterpret_cast<const void*>(value));
  } else {
    return FormatArg(const_cast<const void*>(static_cast<const volatile void*>(value)));
  }
}

// MakeFormatArg erases the type of an operand. The order matters: an enumeration of error codes is an error before
// it is a number, a string is a string before it is a list of characters.
template <typename T>
FormatArg MakeFormatArg(const T& value) {
  using Kind = FormatArg::Kind;
  if constexpr (std::is_null_pointer_v<T>) {
    return FormatArg();
  } else if constexpr (std::same_as<T, bool>) {
    return FormatArg(value);
  } else if constexpr (std::same_as<T, char>) {
    return FormatArg(Kind::kChar, 8, static_cast<unsigned char>(value));
  } else if constexpr (RuneType<T>) {
    return FormatArg(Kind::kRune, 32, static_cast<std::int64_t>(value));
  } else if constexpr (std::is_arithmetic_v<T>) {
    return MakeNumberArg(value);
  } else if constexpr (std::derived_from<T, Error>) {
    return FormatArg(static_cast<const Error&>(value));
  } else if constexpr (ErrorCodeType<T>) {
    return FormatArg(std::error_code(value));
  } else if constexpr (kIsDuration<T>) {
    return FormatArg(Kind::kDuration, 64, std::chrono::duration_cast<std::chrono::nanoseconds>(value).count());
  } else if constexpr (std::convertible_to<const T&, std::string_view>) {
    return MakeStringArg<std::decay_t<const T>>(value);
  } else if constexpr (std::is_enum_v<T>) {
    return MakeNumberArg(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::is_pointer_v<T>) {
    return MakePointerArg(value);
  } else if constexpr (HasStringMethod<T>) {
    return FormatArg(FormatStringer{
        &value, [](const void* object) -> std::string { return static_cast<const T*>(object)->String(); }});
  } else if constexpr (ListType<T>) {
    return MakeListArg(value);
  } else {
    static_assert(kUnsupported<T>, "this type cannot be formatted; give it a method `std::string String() const`");
  }
}

}  // namespace gale::internal
