// CFI: what the compiler tells about a function's frame, at each of its instructions, for those who walk stacks.
//
// The rules come from the sections that exceptions need (.eh_frame), so they are there in every build and for every
// library, with or without frame pointers. libgcc finds them; reading them is done here and not by libgcc's unwinder,
// because that one reads and trusts whatever the rules lead to: on the stack of a goroutine which may start to run any
// moment, that ends in a fault. Here every read of a stack is bounded (stack_walk.h).
//
//   FrameRules rules;
//   if (FindFrameRules(pc, rules)) ... rules.cfa, rules.registers[16] ...
//
// Source: the DWARF 5 standard, section 6.4, and the Linux Standard Base's .eh_frame.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace gale::internal {

#if defined(__x86_64__)
inline constexpr std::size_t kCfiRegisters = 17;  // rax rdx rcx rbx rsi rdi rbp rsp r8..r15, return address
inline constexpr std::size_t kCfiStackPointer = 7;
inline constexpr std::size_t kCfiReturnAddress = 16;
#else
inline constexpr std::size_t kCfiRegisters = 32;  // x0..x30, sp
inline constexpr std::size_t kCfiStackPointer = 31;
inline constexpr std::size_t kCfiReturnAddress = 30;
#endif

// A DWARF expression, in the program's read-only memory.
struct CfiExpression {
  const std::uint8_t* code = nullptr;
  std::size_t size = 0;
};

// RegisterRule tells what a register held in the calling function.
struct RegisterRule {
  enum class Kind : std::uint8_t {
    kSame,          // what it holds here
    kUndefined,     // unknown; for the return address: there is no caller
    kAtOffset,      // what lies at CFA + offset
    kOffset,        // CFA + offset
    kRegister,      // what register number `offset` holds here
    kAtExpression,  // what lies where the expression leads, given the CFA
    kExpression,    // what the expression yields, given the CFA
  };
  Kind kind = Kind::kSame;
  std::int64_t offset = 0;
  CfiExpression expression;
};

// FrameRules are the rules at one instruction. The CFA is the stack pointer in the calling function, before the call.
struct FrameRules {
  std::uint64_t cfa_register = 0;
  std::int64_t cfa_offset = 0;
  CfiExpression cfa_expression;  // if it has code, it is used instead
  std::array<RegisterRule, kCfiRegisters> registers;
  bool is_signal_frame = false;  // the kernel made it: the return address is the interrupted instruction itself
};

// FindFrameRules finds the rules at an address, which must lie within the instruction: of a call, one less than the
// return address. False if there are none, or none that can be understood. Does not allocate.
bool FindFrameRules(std::uintptr_t address, FrameRules& rules);

}  // namespace gale::internal
