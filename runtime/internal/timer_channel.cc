#include "gale/runtime/internal/timer_channel.h"

#include <mutex>
#include <optional>

#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/start_timer.h"

namespace gale::internal {

namespace {

// NextTick is the first tick after `now` of those that come every `period` since `when`.
std::int64_t NextTick(std::int64_t when, std::int64_t period, std::int64_t now) {
  std::int64_t last = now - (now - when) % period;
  return period > kForever - 1 - last ? kForever - 1 : last + period;
}

}  // namespace

TimerChannel::TimerChannel(std::int64_t period) : ChanState<TimePoint>(1), period_(period) {
  fire = [](TimerNode* node) { static_cast<TimerChannel*>(node)->Fire(); };
  poll = [](ChanBase* chan) { static_cast<TimerChannel*>(chan)->Poll(); };
}

std::shared_ptr<ChanState<TimePoint>> TimerChannel::New(std::int64_t nanos, std::int64_t period) {
  auto* timer = new TimerChannel(period);
  timer->Start(nanos);
  return {timer, [](ChanState<TimePoint>* chan) { static_cast<TimerChannel*>(chan)->HandlesGone(); }};
}

bool TimerChannel::Stop() {
  CheckHome("stop of synctest timer from outside bubble");
  State before = TimerHeap::Cancel(this);  // T4
  std::lock_guard guard(lock);
  return DropValue() || before == State::kActive || before == State::kFired;
}

bool TimerChannel::Reset(std::int64_t nanos, std::int64_t period) {
  CheckHome("reset of synctest timer from outside bubble");
  std::int64_t new_when = NowPlus(nanos);
  lock.lock();  // T4
  period_ = period;
  TimerHeap::Restarted restarted = Restart(new_when);
  bool had_value = DropValue();
  lock.unlock();
  if (restarted.earliest) WakeForTimer(this);
  return had_value || restarted.before == State::kActive || restarted.before == State::kFired;
}

void TimerChannel::Poll() {
  if (TimerHeap::Expire(this, Now())) Fire();
}

void TimerChannel::Fire() {
  G* partner = nullptr;
  lock.lock();  // T2
  if (TimerHeap::Confirm(this)) {
    TimePoint due{std::chrono::nanoseconds(when)};
    (void)SendLocked(due, partner);  // T3
    if (period_ != 0) Restart(NextTick(when, period_, Now()));
  }
  lock.unlock();
  if (partner != nullptr) Ready(partner);
}

bool TimerChannel::DropValue() {
  std::optional<TimePoint> value;
  G* partner = nullptr;
  return size > 0 && ReceiveLocked(value, partner) == Attempt::kDone;
}

void TimerChannel::HandlesGone() {
  TimerHeap::Cancel(this);
  DropOwner();
}

}  // namespace gale::internal
