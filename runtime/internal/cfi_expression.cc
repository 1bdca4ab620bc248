#include "gale/runtime/internal/cfi_expression.h"

#include "gale/runtime/internal/dwarf_reader.h"
#include "gale/runtime/internal/stack_walk.h"

namespace gale::internal {

namespace {

class Evaluator {
 public:
  Evaluator(CfiExpression expression, const StackRegisters& registers)
      : reader_(expression.code, expression.code + expression.size), registers_(registers) {}

  void Push(std::uintptr_t value) {
    if (depth_ == kDeepest) {
      failed_ = true;
      return;
    }
    stack_[depth_++] = value;
  }

  bool Run(std::uintptr_t& result) {
    while (!reader_.AtEnd()) {
      RunOne(reader_.U8());
      if (failed_ || reader_.Failed()) return false;
    }
    result = Pop();
    return !failed_;
  }

 private:
  static constexpr int kDeepest = 16;

  std::uintptr_t Pop() {
    if (depth_ == 0) {
      failed_ = true;
      return 0;
    }
    return stack_[--depth_];
  }

  void PushRegister(std::uint64_t number) {
    auto offset = static_cast<std::uintptr_t>(reader_.Sleb());
    if (number >= kCfiRegisters) {
      failed_ = true;
      return;
    }
    Push(registers_.values[number] + offset);
  }

  void Load() {
    std::uintptr_t value = 0;
    failed_ |= !registers_.Read(Pop(), value);
    Push(value);
  }

  void RunOne(std::uint8_t code) {
    if (code >= 0x30 && code <= 0x4f) return Push(code - 0x30);          // lit0..31
    if (code >= 0x70 && code <= 0x8f) return PushRegister(code - 0x70);  // breg0..31
    switch (code) {
      case 0x06: return Load();
      case 0x08: return Push(reader_.U8());
      case 0x09: return PushSigned(static_cast<std::int8_t>(reader_.U8()));
      case 0x0a: return Push(reader_.U16());
      case 0x0b: return PushSigned(static_cast<std::int16_t>(reader_.U16()));
      case 0x0c: return Push(reader_.U32());
      case 0x0d: return PushSigned(static_cast<std::int32_t>(reader_.U32()));
      case 0x0e:
      case 0x0f: return Push(reader_.U64());
      case 0x10: return Push(reader_.Uleb());
      case 0x11: return PushSigned(reader_.Sleb());
      case 0x12: return Duplicate();
      case 0x13: Pop(); return;
      case 0x1f: return Push(-Pop());
      case 0x20: return Push(~Pop());
      case 0x23: return Push(Pop() + reader_.Uleb());
      case 0x92: return PushRegister(reader_.Uleb());  // bregx
      case 0x96: return;                               // nop
      default: return RunBinary(code);
    }
  }

  void RunBinary(std::uint8_t code) {
    std::uintptr_t right = Pop();
    std::uintptr_t left = Pop();
    auto less = static_cast<std::intptr_t>(left) < static_cast<std::intptr_t>(right);
    switch (code) {
      case 0x1a: return Push(left & right);
      case 0x1c: return Push(left - right);
      case 0x1e: return Push(left * right);
      case 0x21: return Push(left | right);
      case 0x22: return Push(left + right);
      case 0x24: return Push(right < 64 ? left << right : 0);
      case 0x25: return Push(right < 64 ? left >> right : 0);
      case 0x27: return Push(left ^ right);
      case 0x29: return Push(left == right);
      case 0x2a: return Push(!less);
      case 0x2b: return Push(!less && left != right);
      case 0x2c: return Push(less || left == right);
      case 0x2d: return Push(less);
      case 0x2e: return Push(left != right);
      default: failed_ = true;
    }
  }

  void PushSigned(std::int64_t value) { Push(static_cast<std::uintptr_t>(value)); }

  void Duplicate() {
    std::uintptr_t top = Pop();
    Push(top);
    Push(top);
  }

  DwarfReader reader_;
  const StackRegisters& registers_;
  std::uintptr_t stack_[kDeepest];
  int depth_ = 0;
  bool failed_ = false;
};

}  // namespace

bool EvaluateCfi(CfiExpression expression, const StackRegisters& registers, const std::uintptr_t* first,
                 std::uintptr_t& result) {
  Evaluator evaluator(expression, registers);
  if (first != nullptr) evaluator.Push(*first);
  return evaluator.Run(result);
}

}  // namespace gale::internal
