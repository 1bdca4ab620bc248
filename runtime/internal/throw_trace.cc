#include "gale/runtime/internal/throw_trace.h"

#include <unwind.h>

#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/goroutine_text.h"

namespace gale::internal {

namespace {

// Where gale_call_traced keeps the trace, as DWARF numbers registers.
#if defined(__x86_64__)
constexpr int kTraceRegister = 3;  // rbx
#else
constexpr int kTraceRegister = 19;  // x19
#endif

_Unwind_Reason_Code AddFrame(_Unwind_Context* context, void* trace) {
  const auto pc = _Unwind_GetIP(context);
  if (pc == 0) return _URC_END_OF_STACK;
  static_cast<StackTrace*>(trace)->Add(pc);
  return _URC_NO_REASON;
}

}  // namespace

void ThrowTrace::Note() {
  stack_ = std::make_unique<StackTrace>();
  _Unwind_Backtrace(&AddFrame, stack_.get());
}

std::string ThrowTrace::Text() const {
  if (stack_ == nullptr) return {};
  const G* g = CurrentGoroutine();
  return "goroutine " + std::to_string(g != nullptr ? g->id : 0) + " [running]:\n" + StackText(*stack_);
}

extern "C" [[gnu::visibility("hidden")]] _Unwind_Reason_Code gale_throw_trace_personality(int, _Unwind_Action actions,
                                                                                          _Unwind_Exception_Class,
                                                                                          _Unwind_Exception*,
                                                                                          _Unwind_Context* context) {
  if ((actions & _UA_SEARCH_PHASE) != 0) {
    reinterpret_cast<ThrowTrace*>(_Unwind_GetGR(context, kTraceRegister))->Note();
  }
  return _URC_CONTINUE_UNWIND;
}

}  // namespace gale::internal
