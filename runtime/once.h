// Once: do something exactly once, whoever comes first.
//
//   gale::Once once;
//   once.Do([] { LoadTables(); });   // the others wait until the first one is done
//
//   auto config = gale::OnceValue([] { return ReadConfig("app.conf"); });
//   config().port;                   // read at the first call, remembered
#pragma once

#include <atomic>
#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "gale/runtime/mutex.h"
#include "gale/runtime/panic.h"
#include "gale/runtime/thread_annotations.h"

namespace gale {

// Once may be used from goroutines and plain threads. A Do within the function of a Do on the same Once waits for
// ever, as in Go. Source: Go's sync.Once.
class Once {
 public:
  Once() = default;
  Once(const Once&) = delete;
  Once& operator=(const Once&) = delete;

  // Do calls function() if this is the first Do, and returns after the first Do's function has ended: what it did is
  // visible then. If the function throws or ends its goroutine, it counts as done: the first Do throws, the others
  // return.
  template <std::invocable Function>
  void Do(Function&& function) {
    // Acquire pairs with the release in ~Finish.
    if (!done_.load(std::memory_order_acquire)) DoSlow(std::forward<Function>(function));
  }

 private:
  template <typename Function>
  void DoSlow(Function&& function) {
    MutexLock lock(mutex_);
    if (done_.load(std::memory_order_relaxed)) return;
    // A destructor, not a statement: exceptions and Goexit go past the call.
    struct Finish {
      std::atomic<bool>& done;
      ~Finish() { done.store(true, std::memory_order_release); }
    } finish{done_};
    std::forward<Function>(function)();
  }

  std::atomic<bool> done_{false};
  Mutex mutex_;
};

namespace internal {

// OnceResult is a function and what became of it: a value (std::monostate where it returns none), or what it threw.
template <typename Function>
class OnceResult {
 public:
  using Returned = std::decay_t<std::invoke_result_t<Function&>>;
  using Value = std::conditional_t<std::is_void_v<Returned>, std::monostate, Returned>;

  template <typename From>
  explicit OnceResult(From&& from) : function_(std::in_place, std::forward<From>(from)) {}

  const Value& Get() {
    once_.Do([this] { Call(); });
    if (exception_) std::rethrow_exception(exception_);
    if (!value_) throw Panic("sync: the function of a Once has ended its goroutine");
    return *value_;
  }

 private:
  void Call() {
    // The function goes when it has been called, with all that it captured.
    struct Forget {
      std::optional<Function>& function;
      ~Forget() { function.reset(); }
    } forget{function_};
    try {
      if constexpr (std::is_void_v<Returned>) {
        (*function_)();
        value_.emplace();
      } else {
        value_.emplace((*function_)());
      }
    } catch (...) {
      exception_ = std::current_exception();
      throw;
    }
  }

  Once once_;
  std::optional<Function> function_;
  std::optional<Value> value_;
  std::exception_ptr exception_;
};

}  // namespace internal

// OnceValue returns a function that calls function() when it is first called, and always returns its result. The
// reference is valid while a copy of the returned function exists. If function() throws, every call throws the same
// exception. Go's OnceValues is a OnceValue of a std::pair.
template <typename Function>
requires(!std::is_void_v<std::invoke_result_t<std::decay_t<Function>&>>) auto OnceValue(Function&& function) {
  using Result = internal::OnceResult<std::decay_t<Function>>;
  auto result = std::make_shared<Result>(std::forward<Function>(function));
  return [result]() -> const typename Result::Value& { return result->Get(); };
}

// OnceFunc is OnceValue for a function without a result.
template <std::invocable Function>
auto OnceFunc(Function&& function) {
  auto result = std::make_shared<internal::OnceResult<std::decay_t<Function>>>(std::forward<Function>(function));
  return [result] { result->Get(); };
}

}  // namespace gale
