// ErrGroup: several goroutines for one task, which fails when one of them does.
//
//   gale::ErrGroup group(context);
//   for (const Part& part : parts) {
//     group.Go([&]() -> gale::Error { return Fetch(group.Context(), part); });   // the first failure cancels the
//     others
//   }
//   if (gale::Error error = group.Wait()) return error;
#pragma once

#include <atomic>
#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "gale/runtime/context.h"
#include "gale/runtime/error.h"
#include "gale/runtime/mutex.h"
#include "gale/runtime/semaphore.h"
#include "gale/runtime/thread_annotations.h"
#include "gale/runtime/wait_group.h"

namespace gale {

// ErrGroup's functions take nothing and return an Error or nothing. An exception that leaves one of them does not end
// the process: it is a failure like an Error, and Wait throws it. All methods but SetLimit may run in parallel.
// Source: golang.org/x/sync/errgroup.
class ErrGroup {
 public:
  // Without a context, nothing is cancelled.
  ErrGroup() = default;
  // Context() is then made from `parent`, and done when the first function fails or Wait returns. (Go: WithContext.)
  explicit ErrGroup(const gale::Context& parent);
  ErrGroup(const ErrGroup&) = delete;
  ErrGroup& operator=(const ErrGroup&) = delete;
  // Where Wait was not called (an exception passes by), cancels Context() and waits: what the functions refer to is
  // still there.
  ~ErrGroup();

  // Context is for the functions; its Cause is the first Error.
  const gale::Context& Context() const { return context_; }

  // SetLimit limits the number of functions that run at the same time; negative: no limit, as at first. Throws Panic
  // while any runs. Not in parallel with anything.
  void SetLimit(int limit);

  // Go calls function() on a goroutine of its own; where there is a limit, it first waits until it may.
  template <std::invocable Function>
  void Go(Function&& function) {
    if (slots_) slots_->Acquire();
    Start(std::forward<Function>(function));
  }

  // TryGo is Go if that needs no waiting, and returns whether it was.
  template <std::invocable Function>
  bool TryGo(Function&& function) {
    if (slots_ && !slots_->TryAcquire()) return false;
    Start(std::forward<Function>(function));
    return true;
  }

  // Wait waits for all functions. If any threw, it throws the exception that came first (once: later calls do not);
  // else it returns the Error that came first, or none.
  Error Wait();

 private:
  // Slot is a place among those that run, until its destruction.
  class Slot {
   public:
    explicit Slot(ErrGroup* group) : group_(group) { group_->running_.fetch_add(1, std::memory_order_relaxed); }
    Slot(Slot&& other) noexcept : group_(std::exchange(other.group_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (group_ != nullptr) group_->Leave();
    }
    ErrGroup& Group() const { return *group_; }

   private:
    ErrGroup* group_;
  };

  template <typename Function>
  struct Task {
    Slot slot;  // first, so that it goes last
    Function function;

    void operator()() {
      try {
        if constexpr (std::is_void_v<std::invoke_result_t<Function&>>) {
          function();
        } else if (Error error = function()) {
          slot.Group().Fail(std::move(error), nullptr);
        }
      } catch (...) {
        // None: a Goexit passes by.
        if (auto exception = std::current_exception()) slot.Group().Fail(Errc::kCanceled, std::move(exception));
      }
    }
  };

  template <typename Function>
  void Start(Function&& function) {
    goroutines_.Go(Task<std::decay_t<Function>>{Slot(this), std::forward<Function>(function)});
  }

  void Leave();
  void Fail(Error error, std::exception_ptr exception);

  gale::Context context_;
  std::optional<CancelCauseFunc> cancel_;
  std::optional<Semaphore> slots_;
  std::atomic<int> running_{0};
  Mutex mutex_;
  Error error_ GALE_GUARDED_BY(mutex_);
  std::exception_ptr exception_ GALE_GUARDED_BY(mutex_);
  WaitGroup goroutines_;
};

}  // namespace gale
