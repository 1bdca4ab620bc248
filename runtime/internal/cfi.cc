#include "gale/runtime/internal/cfi.h"

#include <cstring>

#include "gale/runtime/internal/dwarf_reader.h"

// Exported by libgcc for language runtimes; it has no header.
struct dwarf_eh_bases {
  void* tbase;
  void* dbase;
  void* func;
};
extern "C" const void* _Unwind_Find_FDE(void* pc, dwarf_eh_bases* bases);

namespace gale::internal {

namespace {

// Cie is what functions have in common.
struct Cie {
  std::uint64_t code_alignment = 1;
  std::int64_t data_alignment = 1;
  std::uint8_t pointer_encoding = 0;
  bool has_augmentation = false;
  bool is_signal_frame = false;
  CfiExpression instructions;
};

// EncodedSize is the size of a pointer in an encoding of the Linux Standard Base, or 0 if it has no fixed one.
std::size_t EncodedSize(std::uint8_t encoding) {
  switch (encoding & 0x07) {
    case 0x00: return sizeof(void*);
    case 0x02: return 2;
    case 0x03: return 4;
    case 0x04: return 8;
    default: return 0;
  }
}

bool ReadAugmentation(const char* letters, DwarfReader& reader, Cie& cie) {
  if (*letters == '\0') return true;
  if (*letters++ != 'z') return false;
  cie.has_augmentation = true;
  reader.Uleb();  // size of what follows
  for (; *letters != '\0'; ++letters) {
    switch (*letters) {
      case 'R': cie.pointer_encoding = reader.U8(); break;
      case 'L': reader.U8(); break;
      case 'P': {
        std::size_t size = EncodedSize(reader.U8());
        if (size == 0) return false;
        reader.Skip(size);
        break;
      }
      case 'S': cie.is_signal_frame = true; break;
      case 'B': break;  // aarch64: signed with the other key
      default: return false;
    }
  }
  return true;
}

// Entry is the part of a CIE or FDE after its length: `id` is the second word.
struct Entry {
  const std::uint8_t* id;
  const std::uint8_t* end;
};

Entry ReadEntry(const std::uint8_t* at) {
  DwarfReader reader(at, at + 12);
  std::uint64_t length = reader.U32();
  if (length == 0xffffffff) length = reader.U64();
  return {reader.At(), reader.At() + length};
}

bool ReadCie(const std::uint8_t* at, Cie& cie) {
  Entry entry = ReadEntry(at);
  DwarfReader reader(entry.id + 4, entry.end);
  std::uint8_t version = reader.U8();
  if (version != 1 && version != 3) return false;
  const char* augmentation = reader.String();
  cie.code_alignment = reader.Uleb();
  cie.data_alignment = reader.Sleb();
  std::uint64_t return_address = version == 1 ? reader.U8() : reader.Uleb();
  if (return_address != kCfiReturnAddress) return false;
  const std::uint8_t* data = reader.At();
  if (!ReadAugmentation(augmentation, reader, cie)) return false;
  if (cie.has_augmentation) {
    // The data's own size, which may cover letters not known here.
    DwarfReader size(data, entry.end);
    std::uint64_t bytes = size.Uleb();
    size.Skip(bytes);
    data = size.At();
  }
  cie.instructions = {data, static_cast<std::size_t>(entry.end - data)};
  return !reader.Failed();
}

// RuleProgram runs the instructions that build up the rules, up to one address.
class RuleProgram {
 public:
  RuleProgram(const Cie& cie, std::uintptr_t start, std::uintptr_t address, FrameRules& rules)
      : cie_(cie), location_(start), address_(address), rules_(rules) {}

  // Run returns false at an instruction that it does not know.
  bool Run(CfiExpression instructions) {
    DwarfReader reader(instructions.code, instructions.code + instructions.size);
    while (!reader.AtEnd() && location_ <= address_) {
      if (!RunOne(reader) || reader.Failed()) return false;
    }
    return true;
  }

  // KeepInitial makes the present rules those that "restore" goes back to.
  void KeepInitial() { initial_ = rules_; }

 private:
  static constexpr int kMostRemembered = 8;
  using Kind = RegisterRule::Kind;

  bool RunOne(DwarfReader& reader) {
    std::uint8_t code = reader.U8();
    std::uint8_t low = code & 0x3f;
    switch (code >> 6) {
      case 1: location_ += low * cie_.code_alignment; return true;
      case 2: Set(low, Kind::kAtOffset, FactoredUnsigned(reader)); return true;
      case 3: Restore(low); return true;
      default: return RunExtended(code, reader);
    }
  }

  bool RunExtended(std::uint8_t code, DwarfReader& reader) {
    switch (code) {
      case 0x00: return true;                            // nop
      case 0x01: location_ = reader.U64(); return true;  // set_loc
      case 0x02: location_ += reader.U8() * cie_.code_alignment; return true;
      case 0x03: location_ += reader.U16() * cie_.code_alignment; return true;
      case 0x04: location_ += reader.U32() * cie_.code_alignment; return true;
      case 0x06: Restore(reader.Uleb()); return true;  // restore_extended
      case 0x0a: return Remember();
      case 0x0b: return Recall();
      case 0x2d: return true;                 // aarch64: the return address is signed; see stack_walk
      case 0x2e: reader.Uleb(); return true;  // GNU_args_size
      default: return code >= 0x0c && code <= 0x13 && code != 0x10 ? RunCfa(code, reader) : RunRegister(code, reader);
    }
  }

  // RunCfa handles the instructions that define the CFA.
  bool RunCfa(std::uint8_t code, DwarfReader& reader) {
    switch (code) {
      case 0x0c:  // def_cfa
        rules_.cfa_register = reader.Uleb();
        rules_.cfa_offset = static_cast<std::int64_t>(reader.Uleb());
        break;
      case 0x0d: rules_.cfa_register = reader.Uleb(); break;
      case 0x0e: rules_.cfa_offset = static_cast<std::int64_t>(reader.Uleb()); break;
      case 0x0f: rules_.cfa_expression = Expression(reader); return true;
      case 0x12:  // def_cfa_sf
        rules_.cfa_register = reader.Uleb();
        rules_.cfa_offset = FactoredSigned(reader);
        break;
      case 0x13: rules_.cfa_offset = FactoredSigned(reader); break;
      default: return false;
    }
    rules_.cfa_expression = {};
    return true;
  }

  // RunRegister handles the instructions that give one register a rule.
  bool RunRegister(std::uint8_t code, DwarfReader& reader) {
    std::uint64_t number = reader.Uleb();
    switch (code) {
      case 0x05: Set(number, Kind::kAtOffset, FactoredUnsigned(reader)); return true;  // offset_extended
      case 0x07: Set(number, Kind::kUndefined, 0); return true;
      case 0x08: Set(number, Kind::kSame, 0); return true;
      case 0x09: Set(number, Kind::kRegister, static_cast<std::int64_t>(reader.Uleb())); return true;
      case 0x10: SetExpression(number, Kind::kAtExpression, Expression(reader)); return true;
      case 0x11: Set(number, Kind::kAtOffset, FactoredSigned(reader)); return true;  // offset_extended_sf
      case 0x14: Set(number, Kind::kOffset, FactoredUnsigned(reader)); return true;
      case 0x15: Set(number, Kind::kOffset, FactoredSigned(reader)); return true;
      case 0x16: SetExpression(number, Kind::kExpression, Expression(reader)); return true;
      default: return false;
    }
  }

  void Set(std::uint64_t number, Kind kind, std::int64_t offset) {
    if (number < kCfiRegisters) rules_.registers[number] = {kind, offset, {}};
  }
  void SetExpression(std::uint64_t number, Kind kind, CfiExpression expression) {
    if (number < kCfiRegisters) rules_.registers[number] = {kind, 0, expression};
  }
  void Restore(std::uint64_t number) {
    if (number < kCfiRegisters) rules_.registers[number] = initial_.registers[number];
  }

  bool Remember() {
    if (remembered_ == kMostRemembered) return false;
    stack_[remembered_++] = rules_;
    return true;
  }
  bool Recall() {
    if (remembered_ == 0) return false;
    rules_ = stack_[--remembered_];
    return true;
  }

  std::int64_t FactoredUnsigned(DwarfReader& reader) {
    return static_cast<std::int64_t>(reader.Uleb()) * cie_.data_alignment;
  }
  std::int64_t FactoredSigned(DwarfReader& reader) { return reader.Sleb() * cie_.data_alignment; }

  static CfiExpression Expression(DwarfReader& reader) {
    std::uint64_t size = reader.Uleb();
    CfiExpression expression{reader.At(), size};
    reader.Skip(size);
    return expression;
  }

  const Cie& cie_;
  std::uintptr_t location_;
  const std::uintptr_t address_;
  FrameRules& rules_;
  FrameRules initial_;
  FrameRules stack_[kMostRemembered];
  int remembered_ = 0;
};

}  // namespace

bool FindFrameRules(std::uintptr_t address, FrameRules& rules) {
  dwarf_eh_bases bases{};
  const void* found = _Unwind_Find_FDE(reinterpret_cast<void*>(address), &bases);
  if (found == nullptr) return false;
  Entry entry = ReadEntry(static_cast<const std::uint8_t*>(found));
  std::int32_t distance;
  std::memcpy(&distance, entry.id, sizeof(distance));
  Cie cie;
  if (!ReadCie(entry.id - distance, cie)) return false;

  DwarfReader reader(entry.id + 4, entry.end);
  std::size_t pointer_size = EncodedSize(cie.pointer_encoding);
  if (pointer_size == 0) return false;
  reader.Skip(2 * pointer_size);  // where the function begins, which libgcc has decoded, and its size
  if (cie.has_augmentation) reader.Skip(reader.Uleb());
  if (reader.Failed()) return false;

  rules = {};
  rules.is_signal_frame = cie.is_signal_frame;
  auto start = reinterpret_cast<std::uintptr_t>(bases.func);
  RuleProgram program(cie, start, address, rules);
  if (!program.Run(cie.instructions)) return false;
  program.KeepInitial();
  return program.Run({reader.At(), static_cast<std::size_t>(entry.end - reader.At())});
}

}  // namespace gale::internal
