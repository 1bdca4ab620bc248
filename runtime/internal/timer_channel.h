// TimerChannel: the channel of a Timer or Ticker, and the timer that sends on it.
//
// The channel has room for one value, but looks unbuffered. Between the moment when the heap fires the timer and that
// when the value can be received, a Stop or Reset may come; nobody may then receive the old value:
//
//   T1. The heap marks the timer fired, under its own lock, and calls Fire without any lock.
//   T2. Fire locks the channel and confirms the firing (TimerHeap::Confirm). If it has been taken back, it ends.
//   T3. Still under the channel's lock, Fire hands the value to a receiver or puts it into the buffer, or drops it if
//       that is full; a ticker restarts its timer.
//   T4. Stop takes back (TimerHeap::Cancel) and then empties the buffer under the channel's lock. Reset locks the
//       channel, restarts the timer and empties the buffer.
// If T4's Cancel or Restart comes before T2's Confirm, T3 does not happen. If it comes after, T4 waits for the
// channel's lock until T3 is over and takes the value away. A receiver that has got the value had it before Stop
// returned. The channel's lock comes before the heap's.
//
// A receiver that does not wait looks at the clock itself (Poll), so that a timer whose time has come is ready, even if
// its P is too busy to fire it.
//
// When the last handle goes, the timer is stopped; its memory follows when the heap has forgotten its entry.
// Rejected design: Go's, which keeps a timer in the heap only while somebody waits on its channel. It spares nothing
// where somebody does wait, and there the heap is changed at each wait.
#pragma once

#include <cstdint>
#include <memory>

#include "gale/runtime/clock.h"
#include "gale/runtime/internal/chan_state.h"
#include "gale/runtime/internal/shared_timer.h"

namespace gale::internal {

using TimePoint = Clock::time_point;

class TimerChannel final : public SharedTimer<TimerChannel>, public ChanState<TimePoint> {
 public:
  // New starts a timer that sends once, or every `period` nanoseconds if that is not 0.
  static std::shared_ptr<ChanState<TimePoint>> New(std::int64_t nanos, std::int64_t period);

  // Stop returns whether there would still have been a value to receive.
  bool Stop();
  // Reset starts anew. Returns as Stop.
  bool Reset(std::int64_t nanos, std::int64_t period);

 private:
  friend SharedTimer;

  explicit TimerChannel(std::int64_t period);
  ~TimerChannel() = default;

  void Poll();
  void Fire();
  bool DropValue();
  void HandlesGone();

  std::int64_t period_;  // under the channel's lock
};

}  // namespace gale::internal
