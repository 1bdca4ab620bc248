// Stack walk: the return addresses on a stack, of a goroutine that is parked, or of one that a signal has interrupted.
//
// Every read of the stack stays within the goroutine's bounds, which are always mapped, and every step goes upwards.
// So a goroutine that starts to run while it is walked may make the trace wrong, but cannot make the walk crash or
// run for ever. Nothing is allocated: it may run in a signal handler.
#pragma once

#include <ucontext.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "gale/runtime/internal/cfi.h"
#include "gale/runtime/internal/g.h"

namespace gale::internal {

// StackTrace holds a stack's return addresses; of one that is too deep the innermost and the outermost, as in Go.
class StackTrace {
 public:
  static constexpr std::size_t kInner = 50;
  static constexpr std::size_t kOuter = 50;

  void Clear() { count_ = 0; }
  void Add(std::uintptr_t pc) {
    pcs_[count_ < kInner ? count_ : kInner + (count_ - kInner) % kOuter] = pc;
    ++count_;
  }
  // Count is the number of frames of the stack, Size the number of those that are here.
  std::size_t Count() const { return count_; }
  std::size_t Size() const { return count_ < kInner + kOuter ? count_ : kInner + kOuter; }
  std::size_t Elided() const { return count_ - Size(); }
  // operator[] is the address of a frame, from 0 for the innermost to Size(). Between kInner - 1 and kInner lie those
  // that were left out.
  std::uintptr_t operator[](std::size_t index) const {
    if (index < kInner || Elided() == 0) return pcs_[index];
    return pcs_[kInner + (count_ - kInner + index - kInner) % kOuter];
  }

 private:
  std::array<std::uintptr_t, kInner + kOuter> pcs_{};
  std::size_t count_ = 0;
};

// StackRegisters are the registers that a walk starts with, by DWARF number, and the bounds that it keeps to.
struct StackRegisters {
  std::array<std::uintptr_t, kCfiRegisters> values{};
  std::uintptr_t pc = 0;
  std::uintptr_t low = 0;
  std::uintptr_t high = 0;

  bool Read(std::uintptr_t address, std::uintptr_t& value) const;
};

// ParkedRegisters are those of a goroutine that does not run, whose saved stack pointer is sp. False if sp is none.
bool ParkedRegisters(const G* g, void* sp, StackRegisters& registers);

// InterruptedRegisters are those of a signal handler's context, on the stack of g.
void InterruptedRegisters(const G* g, const ucontext_t& context, StackRegisters& registers);

// WalkOwnStack adds the frames of the calling goroutine, from its own on. Nothing on a thread's own stack.
void WalkOwnStack(StackTrace& trace);

// WalkStack adds all frames to the trace, beginning with registers.pc itself. `exact`: that is an instruction which
// was interrupted, not a return address.
void WalkStack(StackRegisters registers, bool exact, StackTrace& trace);

}  // namespace gale::internal
