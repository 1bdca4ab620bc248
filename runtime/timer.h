// Timer: something that happens once, later: a value on a channel, or a call.
//
//   gale::Timer timer = gale::NewTimer(5s);
//   gale::Select(gale::OnRecv(answers, [&](std::optional<Answer> answer) { ... }),
//                gale::OnRecv(timer.C(), [] { std::puts("too late"); }));
//
//   gale::Select(gale::OnRecv(answers, ...), gale::OnRecv(gale::After(5s), ...));   // the same in short
//
//   gale::Timer alarm = gale::AfterFunc(5s, [] { std::puts("too late"); });
//   alarm.Stop();
//
// A timer on whose channel nobody can receive any more, because all handles are gone, is stopped and freed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "gale/runtime/chan.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/internal/duration.h"

namespace gale {

namespace internal {

class AfterFuncTimer;

// AfterFuncHandle is a counted reference to a timer, or null.
class AfterFuncHandle {
 public:
  AfterFuncHandle() = default;
  AfterFuncHandle(std::int64_t nanos, std::move_only_function<void()>&& function);
  AfterFuncHandle(const AfterFuncHandle& other);
  AfterFuncHandle(AfterFuncHandle&& other) noexcept : timer_(std::exchange(other.timer_, nullptr)) {}
  AfterFuncHandle& operator=(AfterFuncHandle other) noexcept {
    std::swap(timer_, other.timer_);
    return *this;
  }
  ~AfterFuncHandle() {
    if (timer_ != nullptr) Drop();
  }

  AfterFuncTimer* operator->() const { return timer_; }
  explicit operator bool() const { return timer_ != nullptr; }

 private:
  void Drop();

  AfterFuncTimer* timer_ = nullptr;
};

Chan<Clock::time_point> NewTimerChannel(std::int64_t nanos);

}  // namespace internal

// Timer is a handle: copies are the same timer. A default-constructed one never fires. All operations may run in
// parallel, from any goroutine or thread.
class Timer {
 public:
  Timer() = default;

  // C is the channel on which NewTimer's timer sends the time at which it was due; the nil channel if the timer was
  // made by AfterFunc. It looks unbuffered: Len and Cap are 0.
  const Chan<Clock::time_point>& C() const { return chan_; }

  // Stop prevents what the timer would do, and returns whether it did. False: it has done it or was stopped before; a
  // call may still be running. After Stop nothing is received from C() any more.
  bool Stop() const;

  // Reset lets the timer do its work once more, after the duration from now. Returns whether it was still to come, as
  // Stop. After Reset nothing old is received from C(). Throws gale::Panic for a default-constructed timer.
  template <typename Rep, typename Period>
  bool Reset(std::chrono::duration<Rep, Period> duration) const {
    return ResetNanos(internal::Nanos(duration));
  }

 private:
  template <typename Rep, typename Period>
  friend Timer NewTimer(std::chrono::duration<Rep, Period> duration);
  template <typename Rep, typename Period, typename Function>
  friend Timer AfterFunc(std::chrono::duration<Rep, Period> duration, Function&& function);

  explicit Timer(Chan<Clock::time_point> chan) : chan_(std::move(chan)) {}
  explicit Timer(internal::AfterFuncHandle call) : call_(std::move(call)) {}
  bool ResetNanos(std::int64_t nanos) const;

  internal::AfterFuncHandle call_;
  Chan<Clock::time_point> chan_;
};

// NewTimer makes a timer that sends on its channel once the duration has passed.
template <typename Rep, typename Period>
Timer NewTimer(std::chrono::duration<Rep, Period> duration) {
  return Timer(internal::NewTimerChannel(internal::Nanos(duration)));
}

// After is the channel of a new timer.
template <typename Rep, typename Period>
Chan<Clock::time_point> After(std::chrono::duration<Rep, Period> duration) {
  return internal::NewTimerChannel(internal::Nanos(duration));
}

// AfterFunc calls function() on a goroutine of its own once the duration has passed. Dropping the handle does not stop
// the timer. The function is destroyed with the last handle, or, if that is gone, when it has been called.
template <typename Rep, typename Period, typename Function>
Timer AfterFunc(std::chrono::duration<Rep, Period> duration, Function&& function) {
  return Timer(internal::AfterFuncHandle(internal::Nanos(duration), std::forward<Function>(function)));
}

}  // namespace gale
