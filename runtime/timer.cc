#include "gale/runtime/timer.h"

#include "gale/runtime/internal/after_func.h"
#include "gale/runtime/internal/timer_channel.h"
#include "gale/runtime/panic.h"

namespace gale {

namespace internal {

AfterFuncHandle::AfterFuncHandle(std::int64_t nanos, std::move_only_function<void()>&& function)
    : timer_(AfterFuncTimer::New(nanos, std::move(function))) {}

AfterFuncHandle::AfterFuncHandle(const AfterFuncHandle& other) : timer_(other.timer_) {
  if (timer_ != nullptr) timer_->AddUser();
}

void AfterFuncHandle::Drop() { timer_->DropUser(); }

Chan<Clock::time_point> NewTimerChannel(std::int64_t nanos) {
  return ChanAccess::Make(TimerChannel::New(nanos, /*period=*/0));
}

}  // namespace internal

bool Timer::Stop() const {
  if (call_) return call_->Stop();
  if (chan_ == nullptr) return false;
  return static_cast<internal::TimerChannel*>(internal::ChanAccess::State(chan_))->Stop();
}

bool Timer::ResetNanos(std::int64_t nanos) const {
  if (call_) return call_->Reset(nanos);
  if (chan_ == nullptr) throw Panic("time: Reset called on uninitialized Timer");
  return static_cast<internal::TimerChannel*>(internal::ChanAccess::State(chan_))->Reset(nanos, /*period=*/0);
}

}  // namespace gale
