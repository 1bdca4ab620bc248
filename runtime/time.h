// Time: sleeping, and doing something later.
//
//   gale::Sleep(10ms);
//   gale::Timer timer = gale::AfterFunc(5s, [] { std::puts("too late"); });
//   timer.Stop();
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace gale {

namespace internal {
class AfterFuncTimer;
void SleepNanos(std::int64_t nanos);
AfterFuncTimer* StartAfterFunc(std::int64_t nanos, std::move_only_function<void()> function);
bool StopAfterFunc(AfterFuncTimer* timer);
void DropAfterFunc(AfterFuncTimer* timer);

// Nanos converts a duration without overflow: what is longer than the clock can count is for ever.
template <typename Rep, typename Period>
std::int64_t Nanos(std::chrono::duration<Rep, Period> duration) {
  using Seconds = std::chrono::duration<double>;
  double seconds = std::chrono::duration_cast<Seconds>(duration).count();
  if (seconds > 9.2e9) return INT64_MAX;
  if (!(seconds > 0)) return 0;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}
}  // namespace internal

// Sleep parks the goroutine (or the thread) for at least the duration. Zero or less returns at once.
template <typename Rep, typename Period>
void Sleep(std::chrono::duration<Rep, Period> duration) {
  internal::SleepNanos(internal::Nanos(duration));
}

// Timer is a call that will be made later; a movable handle. Dropping the handle does not stop the timer.
class Timer {
 public:
  Timer() = default;
  explicit Timer(internal::AfterFuncTimer* timer) : timer_(timer) {}

  // Stop prevents the call. False: it has been made (or is being made), or was stopped before. From any goroutine or
  // thread, but one at a time per handle.
  bool Stop() { return timer_ != nullptr && internal::StopAfterFunc(timer_.get()); }

 private:
  struct Drop {
    void operator()(internal::AfterFuncTimer* timer) const { internal::DropAfterFunc(timer); }
  };
  std::unique_ptr<internal::AfterFuncTimer, Drop> timer_;
};

// AfterFunc calls function() on a goroutine of its own once the duration has passed.
template <typename Rep, typename Period, typename Function>
Timer AfterFunc(std::chrono::duration<Rep, Period> duration, Function&& function) {
  return Timer(internal::StartAfterFunc(internal::Nanos(duration), std::forward<Function>(function)));
}

}  // namespace gale
