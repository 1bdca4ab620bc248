#include "gale/runtime/internal/fault_report.h"

#include <signal.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <atomic>

#include "absl/debugging/symbolize.h"
#include "gale/runtime/internal/stack.h"
#include "gale/runtime/internal/traceback.h"

namespace gale::internal {

namespace {

constexpr std::size_t kInnermost = 50;  // frames printed from each end of a deep stack
constexpr std::size_t kOutermost = 50;
constexpr std::size_t kMostFrames = 1'000'000;

std::atomic<int> reporting_thread{0};

// Frames are the program counters of a stack, those in the middle left out. Filled from the innermost one on.
struct Frames {
  std::uintptr_t fault_pc = 0;
  bool found_fault = false;
  std::size_t count = 0;
  std::uintptr_t innermost[kInnermost];
  std::uintptr_t outermost[kOutermost];  // a ring
};

_Unwind_Reason_Code AddFrame(_Unwind_Context* context, void* argument) {
  auto* frames = static_cast<Frames*>(argument);
  std::uintptr_t pc = _Unwind_GetIP(context);
  if (pc == 0) return _URC_END_OF_STACK;
  if (!frames->found_fault) {
    // The handler's own frames come first.
    if (pc != frames->fault_pc) return _URC_NO_REASON;
    frames->found_fault = true;
  }
  if (frames->count < kInnermost) {
    frames->innermost[frames->count] = pc;
  } else {
    frames->outermost[frames->count % kOutermost] = pc;
  }
  return ++frames->count == kMostFrames ? _URC_END_OF_STACK : _URC_NO_REASON;
}

void PrintFrame(std::uintptr_t pc, bool is_call) {
  char symbol[512];
  // A return address may already belong to the next function: one less is inside the call.
  bool known = absl::Symbolize(reinterpret_cast<void*>(pc - (is_call ? 1 : 0)), symbol, sizeof(symbol));
  SignalSafeText text;
  text.Add(known ? symbol : "(unknown)").Add("\n\t").AddHex(pc).Add("\n").WriteTo(STDERR_FILENO);
}

void PrintFrames(const Frames& frames) {
  std::size_t inner = std::min(frames.count, kInnermost);
  for (std::size_t i = 0; i < inner; ++i) PrintFrame(frames.innermost[i], i != 0);
  std::size_t outer = std::min(frames.count - inner, kOutermost);
  if (std::size_t left_out = frames.count - inner - outer; left_out != 0) {
    SignalSafeText().Add("...").AddNumber(left_out).Add(" more frames...\n").WriteTo(STDERR_FILENO);
  }
  for (std::size_t i = frames.count - outer; i < frames.count; ++i) PrintFrame(frames.outermost[i % kOutermost], true);
}

SignalSafeText& AddBounds(SignalSafeText& text, const G* g) {
  return text.Add("[")
      .AddHex(reinterpret_cast<std::uintptr_t>(g->stack_low))
      .Add(", ")
      .AddHex(reinterpret_cast<std::uintptr_t>(g->stack_high))
      .Add(")");
}

void PrintTrace(const G* g, const Fault& fault) {
  SignalSafeText().Add("\ngoroutine ").AddNumber(g->id).Add(" [running]:\n").WriteTo(STDERR_FILENO);
  static Frames frames;  // not on the alternate stack, which is small; there is only one reporter
  frames.fault_pc = fault.pc;
  _Unwind_Backtrace(&AddFrame, &frames);
  if (!frames.found_fault) PrintFrame(fault.pc, /*is_call=*/false);  // a jump to nowhere has no caller to be found
  PrintFrames(frames);
  if (g->parent_id != 0) {
    SignalSafeText().Add("created in goroutine ").AddNumber(g->parent_id).Add("\n").WriteTo(STDERR_FILENO);
  }
}

// BeginReport returns false if this very thread was reporting already: the report itself has faulted.
bool BeginReport() {
  int self = gettid();
  int none = 0;
  // Relaxed: nothing is handed over.
  if (reporting_thread.compare_exchange_strong(none, self, std::memory_order_relaxed)) return true;
  if (none == self) return false;
  for (;;) pause();
}

}  // namespace

void PrepareFaultReports() {
  absl::InitializeSymbolizer("/proc/self/exe");
  // The unwinder's first use loads and locks what later ones find ready.
  _Unwind_Backtrace([](_Unwind_Context*, void*) { return _URC_END_OF_STACK; }, nullptr);
}

void ReportStackOverflow(const G* g, const Fault& fault) {
  if (!BeginReport()) return;
  SignalSafeText text;
  text.Add("fatal error: stack overflow: goroutine ").AddNumber(g->id).Add(" went below its stack ");
  AddBounds(text, g).Add(" at ").AddHex(fault.address).Add(" (deep recursion, or large local variables?)\n");
  text.WriteTo(STDERR_FILENO);
  PrintTrace(g, fault);
}

void ReportBadAccess(const G* g, const Fault& fault) {
  if (!BeginReport()) return;
  SignalSafeText text;
  text.Add("fatal error: invalid memory address or null pointer dereference\n[signal ");
  text.Add(fault.signal == SIGSEGV ? "SIGSEGV: segmentation violation" : "SIGBUS: bus error");
  text.Add(" code=").AddHex(static_cast<std::uint64_t>(fault.code)).Add(" addr=").AddHex(fault.address);
  text.Add(" pc=").AddHex(fault.pc).Add(" sp=").AddHex(fault.sp).Add("]\ngoroutine ").AddNumber(g->id);
  AddBounds(text.Add(" has the stack "), g).Add("\n");
  if (InGuardPage(fault.address)) {
    text.Add("the address lies in the guard page of goroutine ");
    text.AddNumber(GoroutineOfStack(fault.address)->id).Add("'s stack\n");
  }
  text.WriteTo(STDERR_FILENO);
  PrintTrace(g, fault);
}

}  // namespace gale::internal
