// ChanState: what the handles of one channel share. See chan.h for what a channel does.
//
// One lock guards everything. A value goes straight from the sender to a receiver that waits, past the buffer; a
// receiver that finds the buffer full takes the oldest value and moves the first waiting sender's into the
// freed place, so the order is kept. At most one of the two queues has waiters, but for those of Selects that wait at
// both ends or have been won elsewhere.
// Source: Go's runtime/chan.go.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "gale/runtime/internal/chan_base.h"
#include "gale/runtime/internal/park.h"

namespace gale::internal {

template <typename T>
class ChanState : public ChanBase {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "a channel's values are moved under a lock: T's move "
                "constructor must be noexcept");

 public:
  explicit ChanState(std::size_t most) : ChanBase(most), slots_(Allocate(most)) {}
  ~ChanState() {
    while (size > 0) (void)TakeOldest();
    if (slots_ != nullptr) std::allocator<T>().deallocate(slots_, capacity);
  }

  void Send(T&& value) {
    bubble.Check(kSendOutside);
    lock.lock();
    G* partner = nullptr;
    Attempt attempt = SendLocked(value, partner);
    if (attempt != Attempt::kMustWait) return FinishSend(attempt, partner);
    ChanWaiter waiter{.g = CurrentG(), .value = &value};
    senders.PushBack(&waiter);
    ParkUnlock(lock, bubble.Choose(WaitReason::kChanSend, WaitReason::kChanSendDurable));
    if (!waiter.granted) ThrowSendOnClosedChannel();
  }

  bool TrySend(T& value) {
    bubble.Check(kSendOutside);
    lock.lock();
    G* partner = nullptr;
    Attempt attempt = SendLocked(value, partner);
    FinishSend(attempt, partner);
    return attempt == Attempt::kDone;
  }

  std::optional<T> Receive() {
    bubble.Check(kReceiveOutside);
    std::optional<T> value;
    lock.lock();
    G* partner = nullptr;
    if (ReceiveLocked(value, partner) != Attempt::kMustWait) {
      Finish(partner);
      return value;
    }
    ChanWaiter waiter{.g = CurrentG(), .value = &value};
    receivers.PushBack(&waiter);
    ParkUnlock(lock, bubble.Choose(WaitReason::kChanReceive, WaitReason::kChanReceiveDurable));
    return value;
  }

  // TryReceive returns whether the receive could proceed; then value is empty if the channel is closed.
  bool TryReceive(std::optional<T>& value) {
    bubble.Check(kReceiveOutside);
    if (poll != nullptr) poll(this);
    lock.lock();
    G* partner = nullptr;
    Attempt attempt = ReceiveLocked(value, partner);
    Finish(partner);
    return attempt != Attempt::kMustWait;
  }

  std::size_t Size() {
    if (poll != nullptr) return 0;
    lock.lock();
    std::size_t result = size;
    lock.unlock();
    return result;
  }
  std::size_t VisibleCapacity() const { return poll != nullptr ? 0 : capacity; }

  // SendLocked and ReceiveLocked do what can be done without waiting. They are called with the lock held. If they set
  // partner, the caller must make it ready once it has unlocked.
  Attempt SendLocked(T& value, G*& partner) {
    if (closed) return Attempt::kClosed;
    if (ChanWaiter* receiver = receivers.Claim()) {
      static_cast<std::optional<T>*>(receiver->value)->emplace(std::move(value));
      partner = Grant(receiver);
      return Attempt::kDone;
    }
    if (size == capacity) return Attempt::kMustWait;
    Append(std::move(value));
    return Attempt::kDone;
  }

  Attempt ReceiveLocked(std::optional<T>& value, G*& partner) {
    if (size > 0) {
      value.emplace(TakeOldest());
      if (ChanWaiter* sender = senders.Claim()) {
        Append(std::move(*static_cast<T*>(sender->value)));
        partner = Grant(sender);
      }
      return Attempt::kDone;
    }
    if (ChanWaiter* sender = senders.Claim()) {
      value.emplace(std::move(*static_cast<T*>(sender->value)));
      partner = Grant(sender);
      return Attempt::kDone;
    }
    return closed ? Attempt::kClosed : Attempt::kMustWait;
  }

 private:
  // More than an address space holds: a negative number, most likely.
  static constexpr std::size_t kMostBytes = std::size_t{1} << 47;

  static T* Allocate(std::size_t most) {
    if (most > kMostBytes / sizeof(T)) ThrowMakeChan();
    return most == 0 ? nullptr : std::allocator<T>().allocate(most);
  }

  static G* Grant(ChanWaiter* waiter) {
    waiter->granted = true;
    return waiter->g;
  }

  void Finish(G* partner) {
    lock.unlock();
    if (partner != nullptr) Ready(partner);
  }

  void FinishSend(Attempt attempt, G* partner) {
    Finish(partner);
    if (attempt == Attempt::kClosed) ThrowSendOnClosedChannel();
  }

  void Append(T&& value) {
    new (&slots_[newest_]) T(std::move(value));
    if (++newest_ == capacity) newest_ = 0;
    ++size;
  }

  T TakeOldest() {
    T* slot = &slots_[oldest_];
    T value(std::move(*slot));
    slot->~T();
    if (++oldest_ == capacity) oldest_ = 0;
    --size;
    return value;
  }

  static constexpr char kSendOutside[] = "send on synctest channel from outside bubble";
  static constexpr char kReceiveOutside[] = "receive on synctest channel from outside bubble";

  std::size_t oldest_ = 0;
  std::size_t newest_ = 0;
  T* const slots_;
};

}  // namespace gale::internal
