// ThrowTrace: the stack of a throw, for who catches the exception far from it.
//
//   ThrowTrace trace;
//   try {
//     trace.Call([&] { handler.ServeHTTP(w, r); });
//   } catch (const std::exception& error) {
//     Log(error.what() + ("\n" + trace.Text()));
//   }
//
// In a catch block the stack of the throw is gone. But an exception is thrown in two phases (the C++ ABI for Itanium,
// "Exception Handling", 1.3): the first only searches for a handler, frame by frame, with the whole stack still there.
// Call puts a frame on the stack that has a personality routine of its own. The search comes there if nobody below
// catches the exception, and the routine notes the stack. Where nothing is thrown that costs one more call.
//
// Rejected: to note the stack of each throw (by taking __cxa_throw's place): most exceptions are caught nearby.
#pragma once

#include <concepts>
#include <memory>
#include <string>

#include "gale/runtime/internal/stack_walk.h"

namespace gale::internal {

extern "C" void gale_call_traced(void (*function)(void*), void* argument, void* trace);

// ThrowTrace is one goroutine's.
class ThrowTrace {
 public:
  // Call calls the function and notes the stack of an exception that leaves it. One that was caught and thrown again
  // has the stack of the last throw. Goexit leaves no trace.
  template <std::invocable Function>
  void Call(Function function) {
    gale_call_traced([](void* argument) { (*static_cast<Function*>(argument))(); }, &function, this);
  }

  // Text is the stack as dumps print it, with the goroutine's number: "goroutine 7 [running]:". Empty if nothing was
  // thrown.
  std::string Text() const;

  // Note is for the personality routine.
  void Note();

 private:
  std::unique_ptr<StackTrace> stack_;
};

}  // namespace gale::internal
