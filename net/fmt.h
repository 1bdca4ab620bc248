// Formatted output, as Go's package fmt has it.
//
//   gale::Fprintln(w, "hello", 42, true);                       // hello 42 true
//   gale::Fprintf(w, "item %s costs %.2f (%d%%)\n", name, 9.5, 20);
//   std::string s = gale::Sprintf("%-8s|%08b|%x", "left", 5, "hex");
//
// The verbs:
//
//   %v        the value in its default form         %T  its type's name
//   %t        true or false
//   %d %b %o %O %x %X   integers in base 10, 2, 8, 8 with 0o, 16       %c  the character  %q  quoted  %U  U+0078
//   %e %E %f %F %g %G %x %X %b   floating-point numbers; %v is %g: the shortest text that reads back the same
//   %s %q %x %X         strings and what becomes one: as it is, quoted, its bytes in hexadecimal
//   %p        a pointer
//   %%        a percent sign
//
// Between "%" and the verb may stand flags ("+", "-", "#", " ", "0"), a width, a precision after a point, either of
// them "*" for an operand, and the index of an operand as in "%[2]d". A wrong directive stops nothing: the output
// says what is wrong, as %!d(string=hi), %!s(MISSING) or %!(EXTRA int=1).
//
// Operands may be: bool; integers and enumerations; floating-point numbers; what converts to std::string_view;
// pointers and nullptr; gale::Error, std::error_code and enumerations of error codes (the message, or <nil> for
// success); std::chrono durations ("1.5s"); objects with a method `std::string String() const`; and vectors, arrays
// and spans of such ("[1 2 3]"). Unlike in Go, a char prints as a character where a number's verb does not ask for
// its code; so do char8_t, char16_t, char32_t and wchar_t, as code points. Other types do not compile.
//
// Operands are only referred to, nothing is allocated for them. Everything is formatted first and then handed to
// the Writer in one Write; up to 512 bytes need no heap.
//
// Source: Go's package fmt, whose texts these are, byte for byte, for values that Go has too.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "gale/net/internal/format_arg.h"
#include "gale/net/io.h"
#include "gale/runtime/error.h"

namespace gale {
namespace internal {

std::expected<std::size_t, Error> FormatPrint(Writer& writer, std::span<const FormatArg> args);
std::expected<std::size_t, Error> FormatPrintln(Writer& writer, std::span<const FormatArg> args);
std::expected<std::size_t, Error> FormatPrintf(Writer& writer, std::string_view format,
                                               std::span<const FormatArg> args);
std::string FormatSprint(std::span<const FormatArg> args);
std::string FormatSprintln(std::span<const FormatArg> args);
std::string FormatSprintf(std::string_view format, std::span<const FormatArg> args);

template <typename... Args>
std::array<FormatArg, sizeof...(Args)> MakeFormatArgs(const Args&... args) {
  return {MakeFormatArg(args)...};
}

}  // namespace internal

// Fprint writes the operands in their default form, with a space between two operands that are both no strings.
// Returns the number of bytes written, or the Writer's error.
template <typename... Args>
std::expected<std::size_t, Error> Fprint(Writer& writer, const Args&... args) {
  return internal::FormatPrint(writer, internal::MakeFormatArgs(args...));
}

// Fprintln writes the operands in their default form, with a space between all of them and a newline at the end.
template <typename... Args>
std::expected<std::size_t, Error> Fprintln(Writer& writer, const Args&... args) {
  return internal::FormatPrintln(writer, internal::MakeFormatArgs(args...));
}

// Fprintf writes the format with the operands in the places of its directives.
template <typename... Args>
std::expected<std::size_t, Error> Fprintf(Writer& writer, std::string_view format, const Args&... args) {
  return internal::FormatPrintf(writer, format, internal::MakeFormatArgs(args...));
}

// Sprint, Sprintln and Sprintf return what their sisters write.
template <typename... Args>
std::string Sprint(const Args&... args) {
  return internal::FormatSprint(internal::MakeFormatArgs(args...));
}

template <typename... Args>
std::string Sprintln(const Args&... args) {
  return internal::FormatSprintln(internal::MakeFormatArgs(args...));
}

template <typename... Args>
std::string Sprintf(std::string_view format, const Args&... args) {
  return internal::FormatSprintf(format, internal::MakeFormatArgs(args...));
}

}  // namespace gale
