// USDT probes: places in the program that perf, bpftrace and gdb find by name.
//
//   GALE_USDT2(park, g, reason);
//
// A probe is one no-op instruction, and a note in the ELF file that says where it is, what it is called and where its
// arguments are; a tracer puts a breakpoint there. No library, header or package is needed for it: the note's layout is
// that of SystemTap's version 3 (owner "stapsdt", type 3), which all the tools read. An argument is up to 8 bytes, and
// must be at hand: what has to be loaded costs something also while nobody looks.
#pragma once

#include <cstdint>

namespace gale::internal {

template <typename T>
[[gnu::always_inline]] inline std::uint64_t UsdtValue(T value) {
  return static_cast<std::uint64_t>(value);
}
template <typename T>
[[gnu::always_inline]] inline std::uint64_t UsdtValue(T* value) {
  return reinterpret_cast<std::uintptr_t>(value);
}

}  // namespace gale::internal

// The note's three addresses are the probe's, that of the section .stapsdt.base (by which tools see how far the file
// was moved by prelinking) and of a counter of users, which there is none of.
#define GALE_USDT_NOTE(name, arguments)                                   \
  "990: nop\n"                                                            \
  ".pushsection .note.stapsdt,\"?\",\"note\"\n"                           \
  ".balign 4\n"                                                           \
  ".4byte 992f-991f, 994f-993f, 3\n"                                      \
  "991: .asciz \"stapsdt\"\n"                                             \
  "992: .balign 4\n"                                                      \
  "993: .8byte 990b, _.stapsdt.base, 0\n"                                 \
  ".asciz \"gale\"\n"                                                     \
  ".asciz \"" #name                                                       \
  "\"\n"                                                                  \
  ".asciz \"" arguments                                                   \
  "\"\n"                                                                  \
  "994: .balign 4\n"                                                      \
  ".popsection\n"                                                         \
  ".ifndef _.stapsdt.base\n"                                              \
  ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n" \
  ".weak _.stapsdt.base\n"                                                \
  ".hidden _.stapsdt.base\n"                                              \
  "_.stapsdt.base: .space 1\n"                                            \
  ".size _.stapsdt.base, 1\n"                                             \
  ".popsection\n"                                                         \
  ".endif\n"

#define GALE_USDT1(name, a) asm volatile(GALE_USDT_NOTE(name, "8@%0") : : "nor"(::gale::internal::UsdtValue(a)))
#define GALE_USDT2(name, a, b)                   \
  asm volatile(GALE_USDT_NOTE(name, "8@%0 8@%1") \
               :                                 \
               : "nor"(::gale::internal::UsdtValue(a)), "nor"(::gale::internal::UsdtValue(b)))
#define GALE_USDT3(name, a, b, c)                                                              \
  asm volatile(GALE_USDT_NOTE(name, "8@%0 8@%1 8@%2")                                          \
               :                                                                               \
               : "nor"(::gale::internal::UsdtValue(a)), "nor"(::gale::internal::UsdtValue(b)), \
                 "nor"(::gale::internal::UsdtValue(c)))
