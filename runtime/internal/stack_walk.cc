#include "gale/runtime/internal/stack_walk.h"

#include <cstring>

#include "gale/runtime/internal/cfi_expression.h"
#include "gale/runtime/internal/context.h"

namespace gale::internal {

namespace {

constexpr std::size_t kMostFrames = 100'000;

// Without the signature that aarch64's pointer authentication may have put into the address.
std::uintptr_t StripSignature(std::uintptr_t pc) {
#if defined(__aarch64__)
  register std::uintptr_t x30 asm("x30") = pc;
  asm("hint #7" : "+r"(x30));  // xpaclri; a nop where there is no such thing
  return x30;
#else
  return pc;
#endif
}

// SetBounds computes the bounds of g's stack, instead of reading what somebody may be just writing into it.
void SetBounds(const G* g, StackRegisters& registers) {
  auto address = reinterpret_cast<std::uintptr_t>(g);
  StackClass stack_class =
      address - stack_region.Base() < stack_region.DefaultSize() ? StackClass::kDefault : StackClass::kSmall;
  registers.low = (address >> SlotShift(stack_class) << SlotShift(stack_class)) + kPageSize;
  registers.high = address;
}

bool FrameAddress(const FrameRules& rules, const StackRegisters& registers, std::uintptr_t& cfa) {
  if (rules.cfa_expression.code != nullptr) return EvaluateCfi(rules.cfa_expression, registers, nullptr, cfa);
  if (rules.cfa_register >= kCfiRegisters) return false;
  cfa = registers.values[rules.cfa_register] + static_cast<std::uintptr_t>(rules.cfa_offset);
  return true;
}

bool ApplyRule(const RegisterRule& rule, std::uintptr_t cfa, const StackRegisters& registers, std::uintptr_t& value) {
  using Kind = RegisterRule::Kind;
  std::uintptr_t address = 0;
  switch (rule.kind) {
    case Kind::kSame: return true;
    case Kind::kUndefined: value = 0; return true;
    case Kind::kAtOffset: return registers.Read(cfa + static_cast<std::uintptr_t>(rule.offset), value);
    case Kind::kOffset: value = cfa + static_cast<std::uintptr_t>(rule.offset); return true;
    case Kind::kRegister:
      if (static_cast<std::uint64_t>(rule.offset) >= kCfiRegisters) return false;
      value = registers.values[static_cast<std::size_t>(rule.offset)];
      return true;
    case Kind::kAtExpression:
      return EvaluateCfi(rule.expression, registers, &cfa, address) && registers.Read(address, value);
    case Kind::kExpression: return EvaluateCfi(rule.expression, registers, &cfa, value);
  }
  return false;
}

// StepUp replaces the registers by those of the caller. False at the end of the stack, and where there is no way on.
bool StepUp(StackRegisters& registers, bool& exact) {
  FrameRules rules;
  if (!FindFrameRules(registers.pc - (exact ? 0 : 1), rules)) return false;
  if (rules.registers[kCfiReturnAddress].kind == RegisterRule::Kind::kUndefined) return false;
  std::uintptr_t cfa = 0;
  if (!FrameAddress(rules, registers, cfa)) return false;
  std::uintptr_t sp = registers.values[kCfiStackPointer];
  // Only an interrupted function may not have a frame yet.
  if (cfa > registers.high || cfa < sp || (cfa == sp && !exact)) return false;

  StackRegisters caller = registers;
  for (std::size_t i = 0; i < kCfiRegisters; ++i) {
    if (!ApplyRule(rules.registers[i], cfa, registers, caller.values[i])) return false;
  }
  if (rules.registers[kCfiStackPointer].kind == RegisterRule::Kind::kSame) caller.values[kCfiStackPointer] = cfa;
  caller.pc = StripSignature(caller.values[kCfiReturnAddress]);
  exact = rules.is_signal_frame;
  registers = caller;
  return caller.pc != 0;
}

}  // namespace

// The owner may be writing there, and ASan may have marked the place as out of bounds.
[[gnu::noinline, gnu::no_sanitize("address", "thread", "undefined")]] bool StackRegisters::Read(
    std::uintptr_t address, std::uintptr_t& value) const {
  if (address < low || address > high - sizeof(value) || address % alignof(std::uintptr_t) != 0) return false;
  value = *reinterpret_cast<const volatile std::uintptr_t*>(address);
  return true;
}

bool ParkedRegisters(const G* g, void* sp, StackRegisters& registers) {
  SetBounds(g, registers);
  auto frame = reinterpret_cast<std::uintptr_t>(sp);
  std::uintptr_t words[GALE_FRAME_SIZE / sizeof(std::uintptr_t)];
  for (std::size_t i = 0; i < std::size(words); ++i) {
    if (!registers.Read(frame + i * sizeof(std::uintptr_t), words[i])) return false;
  }
  auto saved = [&words](std::size_t offset) { return words[offset / sizeof(std::uintptr_t)]; };
#if defined(__x86_64__)
  registers.values[3] = saved(GALE_FRAME_RBX);
  registers.values[6] = saved(GALE_FRAME_RBP);
  registers.values[12] = saved(GALE_FRAME_R12);
  registers.values[13] = saved(GALE_FRAME_R13);
  registers.values[14] = saved(GALE_FRAME_R14);
  registers.values[15] = saved(GALE_FRAME_R15);
#else
  for (std::size_t i = 0; i < 12; ++i) registers.values[19 + i] = saved(GALE_FRAME_X19 + i * 8);
#endif
  registers.values[kCfiStackPointer] = frame + GALE_FRAME_SIZE;
  registers.pc = StripSignature(saved(GALE_FRAME_PC));
  return true;
}

void InterruptedRegisters(const G* g, const ucontext_t& context, StackRegisters& registers) {
  SetBounds(g, registers);
  const mcontext_t& machine = context.uc_mcontext;
#if defined(__x86_64__)
  constexpr int kOrder[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                            REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  for (std::size_t i = 0; i < kCfiRegisters; ++i) {
    registers.values[i] = static_cast<std::uintptr_t>(machine.gregs[kOrder[i]]);
  }
  registers.pc = registers.values[kCfiReturnAddress];
#else
  for (std::size_t i = 0; i < 31; ++i) registers.values[i] = machine.regs[i];
  registers.values[kCfiStackPointer] = machine.sp;
  registers.pc = machine.pc;
#endif
}

[[gnu::noinline]] void WalkOwnStack(StackTrace& trace) {
  ucontext_t context;
  if (CurrentGoroutine() == nullptr || getcontext(&context) != 0) return;
  StackRegisters registers;
  InterruptedRegisters(CurrentGoroutine(), context, registers);
  WalkStack(registers, /*exact=*/true, trace);
}

void WalkStack(StackRegisters registers, bool exact, StackTrace& trace) {
  if (registers.pc == 0) return;
  do {
    // A return address may already belong to the next function, so what traces hold is the address after the call;
    // the interrupted instruction itself is made to look alike.
    trace.Add(registers.pc + (exact ? 1 : 0));
  } while (trace.Count() < kMostFrames && StepUp(registers, exact));
}

}  // namespace gale::internal
