#include "gale/runtime/internal/goexit.h"

#include <cxxabi.h>
#include <unwind.h>

#include "gale/runtime/internal/fatal.h"
#include "gale/runtime/internal/machine.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/sanitizer.h"

namespace gale::internal {

namespace {

constexpr _Unwind_Exception_Class kGoexitClass = 0x47414C4547584954;  // "GALEGXIT"

// Unwinding is what the unwinder carries along. Not on the stack: destructors run in the place of the frames that
// were unwound.
struct Unwinding {
  _Unwind_Exception exception;  // first: the unwinder hands back its address
  // Goexit within a catch block sets aside the exceptions that are being handled: libstdc++ ends the process when a
  // catch (...) meets a foreign exception on top of others.
  void* caught;
};

[[gnu::noinline]] EhGlobals& CurrentEhGlobals() { return *CurrentGoroutine()->m->eh; }

// Neither these nor UnwindAndExit return when the goroutine ends: see SwitchAway for TSan.
[[noreturn, gnu::no_sanitize("thread")]] void End(_Unwind_Exception* exception) {
  auto* unwinding = reinterpret_cast<Unwinding*>(exception);
  CurrentEhGlobals().caught_exceptions = unwinding->caught;
  delete unwinding;
  while (CurrentEhGlobals().caught_exceptions != nullptr) abi::__cxa_end_catch();
  ExitGoroutine(CurrentGoroutine());
}

[[gnu::no_sanitize("thread")]] _Unwind_Reason_Code AtFrame(int, _Unwind_Action actions, _Unwind_Exception_Class,
                                                           _Unwind_Exception* exception, _Unwind_Context* context,
                                                           void*) {
  UnpoisonStackBelow(CurrentGoroutine(), reinterpret_cast<void*>(_Unwind_GetCFA(context)));
  if ((actions & _UA_END_OF_STACK) != 0) End(exception);
  return _URC_NO_REASON;
}

// A catch (...) that ends without rethrowing deletes the exception: go on from there.
void Swallowed(_Unwind_Reason_Code, _Unwind_Exception* exception) {
  _Unwind_ForcedUnwind(exception, &AtFrame, nullptr);
  Fatal("Goexit: a noexcept function or a destructor stands in the way");
}

}  // namespace

[[gnu::no_sanitize("thread")]] void UnwindAndExit() {
  auto* unwinding = new Unwinding{};
  unwinding->exception.exception_class = kGoexitClass;
  unwinding->exception.exception_cleanup = &Swallowed;
  unwinding->caught = CurrentEhGlobals().caught_exceptions;
  CurrentEhGlobals().caught_exceptions = nullptr;
  _Unwind_ForcedUnwind(&unwinding->exception, &AtFrame, nullptr);
  // The unwinder returns only if it found no way further: the end of the stack.
  End(&unwinding->exception);
}

}  // namespace gale::internal
