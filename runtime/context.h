// Context: tells everybody who works for a request that it is over, and carries what belongs to it.
//
//   void Handle(const gale::Context& parent) {
//     auto [context, cancel] = gale::WithTimeout(parent, 2s);
//     gale::Go([context = context] { Prefetch(context); });
//     while (!context.Err()) Step();
//     cancel();                                         // Prefetch need not go on, either
//   }
//
//   void Prefetch(const gale::Context& context) {
//     gale::Select(gale::OnRecv(results, [&](std::optional<Result> result) { ... }),
//                  gale::OnRecv(context.Done(), [&] { ... context.Err() ... }));
//   }
//
// Contexts form a tree: what is done to one is done to all that were made from it. A function that may take long takes
// a `const gale::Context&` as its first parameter, and returns Err() when the context is done.
//
// A context carries values, too, for what crosses interfaces with a request (who asks, a trace):
//
//   inline const gale::ContextKey<std::string> kUser("user");
//   gale::Context of_user = gale::WithValue(context, kUser, "gopher");
//   const std::string* user = of_user.Value(kUser);     // null where there is none
//
// Source: Go's package context.
#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "gale/runtime/chan.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/error.h"
#include "gale/runtime/internal/context_node.h"
#include "gale/runtime/time.h"

namespace gale {

// ContextKey identifies a value of type T in contexts: by its address, so it must outlive them; best it is a global.
// The name is for people.
template <typename T>
class ContextKey {
 public:
  explicit constexpr ContextKey(const char* name) : name_(name) {}
  ContextKey(const ContextKey&) = delete;
  ContextKey& operator=(const ContextKey&) = delete;

  const char* Name() const { return name_; }

 private:
  const char* name_;
};

// Context is a handle, one pointer; copies are the same context. A default-constructed one is Background(). All methods
// may run in parallel, on goroutines and plain threads. A context with its values is freed with its last handle and
// the last context made from it; one that was never cancelled simply leaves its parent then.
class Context {
 public:
  Context() = default;

  // Done is closed when the context is done, after which Err tells why. The nil channel if it never can be.
  Chan<std::monostate> Done() const;

  // Err is no error until the context is done; then, always the same, Errc::kCanceled ("context canceled") or
  // Errc::kDeadlineExceeded ("context deadline exceeded"). Costs a load.
  Error Err() const;

  // Deadline is when the context will be done at the latest.
  std::optional<Clock::time_point> Deadline() const;

  // Value is what WithValue set for the key, in this context or else in the nearest one above. Null if nothing did. It
  // lives as long as this context.
  template <typename T>
  const T* Value(const ContextKey<T>& key) const {
    return static_cast<const T*>(internal::ContextNode::Find(handle_.Get(), &key));
  }

  // For the functions of this file, and for Gale itself.
  explicit Context(internal::ContextNode* node) : handle_(node) {}
  const internal::ContextHandle& Handle() const { return handle_; }

 private:
  internal::ContextHandle handle_;
};

// Background is never done, and has no values and no deadline: what main and tests begin with. TODO is the same, for
// where it is not yet clear which context to use.
inline Context Background() { return {}; }
inline Context TODO() { return {}; }

// CancelFunc makes its context done, with Errc::kCanceled and all that were made from it, before it returns. Only the
// first call of all copies, from any goroutine or thread, does anything. A handle: it keeps the context. Dropping it
// does not cancel.
class CancelFunc {
 public:
  CancelFunc() = default;
  explicit CancelFunc(Context context) : context_(std::move(context)) {}
  void operator()() const;

  // For Gale itself: the context that it cancels.
  const internal::ContextHandle& Handle() const { return context_.Handle(); }

 private:
  Context context_;
};

// CancelCauseFunc is a CancelFunc that says what Cause will return; no error: Errc::kCanceled.
class CancelCauseFunc {
 public:
  CancelCauseFunc() = default;
  explicit CancelCauseFunc(Context context) : context_(std::move(context)) {}
  void operator()(Error cause) const;

 private:
  Context context_;
};

// WithCancel makes a context that is done when the function is called or the parent is done.
std::pair<Context, CancelFunc> WithCancel(const Context& parent);
std::pair<Context, CancelCauseFunc> WithCancelCause(const Context& parent);

// WithDeadline makes a context that is done at that time (of gale::Clock) too, with Errc::kDeadlineExceeded; with
// WithDeadlineCause, `cause` is its Cause then. A parent's earlier deadline stays in force. Call the function once the
// context is not needed any more: it stops the timer. So does dropping the last handle.
std::pair<Context, CancelFunc> WithDeadline(const Context& parent, Clock::time_point deadline);
std::pair<Context, CancelFunc> WithDeadlineCause(const Context& parent, Clock::time_point deadline, Error cause);

namespace internal {
Clock::time_point DeadlineAfter(std::int64_t nanos);
}

// WithTimeout is WithDeadline with the time that long from now.
template <typename Rep, typename Period>
std::pair<Context, CancelFunc> WithTimeout(const Context& parent, std::chrono::duration<Rep, Period> timeout) {
  return WithDeadline(parent, internal::DeadlineAfter(internal::Nanos(timeout)));
}
template <typename Rep, typename Period>
std::pair<Context, CancelFunc> WithTimeoutCause(const Context& parent, std::chrono::duration<Rep, Period> timeout,
                                                Error cause) {
  return WithDeadlineCause(parent, internal::DeadlineAfter(internal::Nanos(timeout)), std::move(cause));
}

// WithValue makes a context that has the value for the key. Many may read it at the same time.
template <typename T, typename From = T>
requires std::constructible_from<T, From&&> Context WithValue(const Context& parent, const ContextKey<T>& key,
                                                              From&& value) {
  return Context(new internal::ValueNode<T>(parent.Handle().Get(), &key, std::forward<From>(value)));
}

// WithoutCancel makes a context with the parent's values that is never done.
Context WithoutCancel(const Context& parent);

// Cause is why the context is done: what the first CancelCauseFunc, or the deadline that passed, gave as the cause,
// on it or above it; else what Err returns.
Error Cause(const Context& context);

// AfterFuncStop prevents the call of an AfterFunc. A handle; dropping it does not prevent the call.
class AfterFuncStop {
 public:
  struct State;

  AfterFuncStop() = default;
  explicit AfterFuncStop(State* state) : state_(state) {}
  AfterFuncStop(const AfterFuncStop& other);
  AfterFuncStop(AfterFuncStop&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  AfterFuncStop& operator=(AfterFuncStop other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~AfterFuncStop();

  // True: the function will not be called, and has been destroyed. False: it has been called, or is about to be, or was
  // stopped before. Does not wait for the function to return.
  bool operator()() const;

 private:
  State* state_ = nullptr;
};

namespace internal {
AfterFuncStop CallAfter(const Context& context, std::move_only_function<void()> function);
}

// AfterFunc calls function() on a goroutine of its own once the context is done; at once if it is. Until the function
// has been called or stopped it keeps the context: stop it, or cancel the context.
template <std::invocable Function>
AfterFuncStop AfterFunc(const Context& context, Function&& function) {
  return internal::CallAfter(context, std::forward<Function>(function));
}

}  // namespace gale
