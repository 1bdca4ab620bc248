#include "gale/runtime/ticker.h"

#include "gale/runtime/internal/timer_channel.h"
#include "gale/runtime/panic.h"

namespace gale {

namespace internal {

Chan<Clock::time_point> NewTickerChannel(std::int64_t nanos) {
  if (nanos <= 0) throw Panic("non-positive interval for NewTicker");
  return ChanAccess::Make(TimerChannel::New(nanos, nanos));
}

}  // namespace internal

void Ticker::Stop() const {
  if (chan_ != nullptr) static_cast<internal::TimerChannel*>(internal::ChanAccess::State(chan_))->Stop();
}

void Ticker::ResetNanos(std::int64_t nanos) const {
  if (nanos <= 0) throw Panic("non-positive interval for Ticker.Reset");
  if (chan_ == nullptr) throw Panic("time: Reset called on uninitialized Ticker");
  static_cast<internal::TimerChannel*>(internal::ChanAccess::State(chan_))->Reset(nanos, nanos);
}

}  // namespace gale
