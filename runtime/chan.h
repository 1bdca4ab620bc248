// Chan: a typed queue through which goroutines hand values to each other, and wait for each other.
//
//   gale::Chan<int> numbers(3);                       // room for 3 values; 0: every send waits for a receive
//   gale::Go([numbers] {
//     for (int i = 0; i < 10; ++i) numbers.Send(i);   // waits while there is no room
//     numbers.Close();
//   });
//   for (int number : numbers) Use(number);           // until the channel is closed and empty
//
// A Chan is a handle: copies are the same channel, as in Go. A default-constructed one is the nil channel, on which
// everything waits for ever. Threads that are no goroutines may use channels too.
//
//   | operation | nil           | open                               | closed                                   |
//   |-----------|---------------|------------------------------------|------------------------------------------|
//   | Send      | waits forever | waits while full without receiver  | throws Panic "send on closed channel"    |
//   | Recv      | waits forever | waits while empty without sender   | what is left, then std::nullopt at once  |
//   | Close     | throws Panic  | wakes all receivers and senders    | throws Panic "close of closed channel"   |
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "gale/runtime/internal/chan_state.h"
#include "gale/runtime/panic.h"

namespace gale {

namespace internal {
struct ChanAccess;
}

// Chan<T> carries values of type T, whose move constructor must be noexcept. All operations may run in parallel, on
// one handle or on copies of it. Values are received in the order of their sends; waiting senders and receivers are
// served in the order in which they came.
template <typename T>
class Chan {
 public:
  // The nil channel.
  Chan() = default;

  // A channel with room for `capacity` values. Throws Panic "makechan: size out of range" where no memory could hold
  // that many, as it is for negative numbers.
  explicit Chan(std::size_t capacity) : state_(std::make_shared<internal::ChanState<T>>(capacity)) {}

  // Send hands the value to a receiver, or puts it into the buffer, or waits until it can.
  void Send(T value) const {
    if (state_ == nullptr) internal::ParkForever(WaitReason::kChanSendNil);
    state_->Send(std::move(value));
  }

  // TrySend sends if that needs no waiting, and returns whether it did. Only then is value moved from.
  bool TrySend(T&& value) const { return state_ != nullptr && state_->TrySend(value); }
  bool TrySend(const T& value) const {
    T copy(value);
    return TrySend(std::move(copy));
  }

  // Recv returns the next value, or std::nullopt once the channel is closed and empty.
  std::optional<T> Recv() const {
    if (state_ == nullptr) internal::ParkForever(WaitReason::kChanReceiveNil);
    return state_->Receive();
  }

  // TryRecv is Recv if that needs no waiting, and returns whether it was; then value has what Recv would return.
  bool TryRecv(std::optional<T>& value) const {
    value.reset();
    return state_ != nullptr && state_->TryReceive(value);
  }

  // Close tells the receivers that no more values will come. Senders that wait get the Panic.
  void Close() const {
    if (state_ == nullptr) throw Panic("close of nil channel");
    state_->Close();
  }

  // Len is the number of values in the buffer, Cap its size.
  std::size_t Len() const { return state_ == nullptr ? 0 : state_->Size(); }
  std::size_t Cap() const { return state_ == nullptr ? 0 : state_->VisibleCapacity(); }

  // Iterator receives the values of a range-for.
  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(const Chan& chan) : chan_(&chan), value_(chan.Recv()) {}
    T& operator*() { return *value_; }
    Iterator& operator++() {
      // Not assigned: a T need only be constructible by moving.
      std::optional<T> next = chan_->Recv();
      value_.reset();
      if (next) value_.emplace(std::move(*next));
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !value_.has_value(); }

   private:
    const Chan* chan_;
    std::optional<T> value_;
  };
  Iterator begin() const { return Iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

  // Two handles are equal if they are the same channel; the nil channel equals nullptr.
  friend bool operator==(const Chan& a, const Chan& b) { return a.state_ == b.state_; }
  friend bool operator==(const Chan& chan, std::nullptr_t) { return chan.state_ == nullptr; }

 private:
  friend struct internal::ChanAccess;
  std::shared_ptr<internal::ChanState<T>> state_;
};

namespace internal {

// ChanAccess is how Select and timers get at what a handle refers to.
struct ChanAccess {
  template <typename T>
  static ChanState<T>* State(const Chan<T>& chan) {
    return chan.state_.get();
  }
  template <typename T>
  static Chan<T> Make(std::shared_ptr<ChanState<T>> state) {
    Chan<T> chan;
    chan.state_ = std::move(state);
    return chan;
  }
};

}  // namespace internal

}  // namespace gale
