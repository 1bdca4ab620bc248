#include "gale/runtime/internal/throw_trace.h"

#include <unwind.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/goroutine_text.h"
#include "gale/runtime/internal/symbolize.h"

namespace gale::internal {

namespace {

// Where gale_call_traced keeps the trace, as DWARF numbers registers.
#if defined(__x86_64__)
constexpr int kTraceRegister = 3;  // rbx
#else
constexpr int kTraceRegister = 19;  // x19
#endif

bool IsThrowing(std::string_view function) {
  constexpr std::string_view kNames[] = {"__cxa_throw", "__cxa_rethrow", "std::rethrow_exception(", "_Unwind_"};
  return std::ranges::any_of(kNames, [&](std::string_view name) { return function.find(name) != function.npos; });
}

// FirstThrower is the index of the frame that has thrown: behind the unwinder, which has called us.
std::size_t FirstThrower(const StackTrace& stack) {
  constexpr std::size_t kMost = 12;
  std::size_t first = 0;
  for (std::size_t i = 0; i < std::min(stack.Size(), kMost); ++i) {
    if (IsThrowing(Symbolize(stack[i]).function)) first = i + 1;
  }
  return first;
}

}  // namespace

void ThrowTrace::Note() {
  stack_ = std::make_unique<StackTrace>();
  WalkOwnStack(*stack_);
}

std::string ThrowTrace::Text() const {
  if (stack_ == nullptr) return {};
  const G* g = CurrentGoroutine();
  return "goroutine " + std::to_string(g != nullptr ? g->id : 0) + " [running]:\n" +
         StackText(*stack_, FirstThrower(*stack_));
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
