// ChanBase: the part of a channel's state that does not depend on the type of its values. What Select works with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/chan_queue.h"
#include "gale/runtime/internal/g.h"
#include "gale/runtime/internal/spin_lock.h"

namespace gale::internal {

// Attempt is what came of an operation that was tried without waiting.
enum class Attempt : std::uint8_t {
  kMustWait,
  kDone,
  kClosed,  // a receive has ended with nothing, a send must throw
};

struct ChanBase {
  explicit ChanBase(std::size_t most) : capacity(most) {}
  ChanBase(const ChanBase&) = delete;
  ChanBase& operator=(const ChanBase&) = delete;

  // Close wakes everybody who waits. Throws Panic if the channel is closed already.
  void Close();

  const BubbleTag bubble;
  // Of a timer's channel (timer_channel.h), which also hides its buffer, else null: makes a value ready that is due. To
  // be called without the lock, before an operation that does not wait.
  void (*poll)(ChanBase* chan) = nullptr;
  SpinLock lock;  // guards all that follows
  bool closed = false;
  const std::size_t capacity;
  std::size_t size = 0;
  ChanQueue receivers;
  ChanQueue senders;
};

// These keep the throw out of the callers' way.
[[noreturn]] void ThrowSendOnClosedChannel();
[[noreturn]] void ThrowMakeChan();

}  // namespace gale::internal
