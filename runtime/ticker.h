// Ticker: a channel on which the time comes at regular intervals.
//
//   gale::Ticker ticker = gale::NewTicker(1s);
//   for (auto time : ticker.C()) Report(time);   // for ever
//
// A receiver that is too slow misses ticks; they do not pile up.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "gale/runtime/chan.h"
#include "gale/runtime/clock.h"
#include "gale/runtime/internal/duration.h"

namespace gale {

namespace internal {
Chan<Clock::time_point> NewTickerChannel(std::int64_t nanos);
}

// Ticker is a handle: copies are the same ticker. It is stopped and freed when all handles, of the ticker and of its
// channel, are gone. All operations may run in parallel, from any goroutine or thread.
class Ticker {
 public:
  Ticker() = default;

  // C is the channel on which the times of the ticks come. It looks unbuffered: Len and Cap are 0.
  const Chan<Clock::time_point>& C() const { return chan_; }

  // Stop ends the ticks. After it nothing is received from C(), which is not closed, so that nobody takes the end for a
  // tick.
  void Stop() const;

  // Reset starts anew with another interval: the next tick comes after it has passed. Throws gale::Panic unless it is
  // positive.
  template <typename Rep, typename Period>
  void Reset(std::chrono::duration<Rep, Period> interval) const {
    ResetNanos(internal::Nanos(interval));
  }

 private:
  template <typename Rep, typename Period>
  friend Ticker NewTicker(std::chrono::duration<Rep, Period> interval);

  explicit Ticker(Chan<Clock::time_point> chan) : chan_(std::move(chan)) {}
  void ResetNanos(std::int64_t nanos) const;

  Chan<Clock::time_point> chan_;
};

// NewTicker makes a ticker. Throws gale::Panic "non-positive interval for NewTicker".
template <typename Rep, typename Period>
Ticker NewTicker(std::chrono::duration<Rep, Period> interval) {
  return Ticker(internal::NewTickerChannel(internal::Nanos(interval)));
}

// Tick is the channel of a new ticker; the nil channel unless the interval is positive.
template <typename Rep, typename Period>
Chan<Clock::time_point> Tick(std::chrono::duration<Rep, Period> interval) {
  std::int64_t nanos = internal::Nanos(interval);
  return nanos <= 0 ? Chan<Clock::time_point>() : internal::NewTickerChannel(nanos);
}

}  // namespace gale
