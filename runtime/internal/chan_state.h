// ChanState: what the handles of one channel share. See chan.h for what a channel does.
//
// One lock guards everything. A value goes straight from the sender to a receiver that waits, past the buffer; a
// receiver that finds the buffer full takes the oldest value and moves the first waiting sender's into the
// freed place, so the order is kept. At most one of the two queues has waiters.
// Source: Go's runtime/chan.go.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "gale/runtime/internal/bubble.h"
#include "gale/runtime/internal/park.h"
#include "gale/runtime/internal/spin_lock.h"
#include "gale/runtime/internal/wait_queue.h"
#include "gale/runtime/panic.h"

namespace gale::internal {

template <typename T>
class ChanState {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "a channel's values are moved under a lock: T's move "
                "constructor must be noexcept");

 public:
  explicit ChanState(std::size_t capacity)
      : capacity_(capacity), slots_(capacity == 0 ? nullptr : std::allocator<T>().allocate(capacity)) {}
  ChanState(const ChanState&) = delete;
  ChanState& operator=(const ChanState&) = delete;
  ~ChanState() {
    while (size_ > 0) TakeOldest();
    if (slots_ != nullptr) std::allocator<T>().deallocate(slots_, capacity_);
  }

  void Send(T&& value) {
    bubble_.Check(kSendOutside);
    lock_.lock();
    if (SendNow(value)) return;
    Waiter waiter{.g = CurrentG(), .value = &value};
    senders_.PushBack(&waiter);
    ParkUnlock(lock_, bubble_.Choose(WaitReason::kChanSend, WaitReason::kChanSendDurable));
    if (!waiter.granted) throw Panic("send on closed channel");
  }

  bool TrySend(T& value) {
    bubble_.Check(kSendOutside);
    lock_.lock();
    if (SendNow(value)) return true;
    lock_.unlock();
    return false;
  }

  std::optional<T> Receive() {
    bubble_.Check(kReceiveOutside);
    std::optional<T> value;
    lock_.lock();
    if (ReceiveNow(value)) return value;
    Waiter waiter{.g = CurrentG(), .value = &value};
    receivers_.PushBack(&waiter);
    ParkUnlock(lock_, bubble_.Choose(WaitReason::kChanReceive, WaitReason::kChanReceiveDurable));
    return value;
  }

  // TryReceive returns whether the receive could proceed; then value is empty if the channel is closed.
  bool TryReceive(std::optional<T>& value) {
    bubble_.Check(kReceiveOutside);
    lock_.lock();
    if (ReceiveNow(value)) return true;
    lock_.unlock();
    return false;
  }

  void Close() {
    bubble_.Check(kCloseOutside);
    lock_.lock();
    if (closed_) {
      lock_.unlock();
      throw Panic("close of closed channel");
    }
    closed_ = true;
    // Nobody joins a queue any more: what is in them now can be woken without the lock.
    WaitQueue receivers = std::exchange(receivers_, {});
    WaitQueue senders = std::exchange(senders_, {});
    lock_.unlock();
    ReadyAll(receivers);
    ReadyAll(senders);
  }

  std::size_t Size() {
    lock_.lock();
    std::size_t size = size_;
    lock_.unlock();
    return size;
  }
  std::size_t Capacity() const { return capacity_; }

 private:
  // SendNow and ReceiveNow do what can be done without waiting. They are called with the lock held, and if they return
  // true they have released it.
  bool SendNow(T& value) {
    if (closed_) {
      lock_.unlock();
      throw Panic("send on closed channel");
    }
    if (Waiter* receiver = receivers_.PopFront()) {
      static_cast<std::optional<T>*>(receiver->value)->emplace(std::move(value));
      Grant(receiver);
      return true;
    }
    if (size_ == capacity_) return false;
    Append(std::move(value));
    lock_.unlock();
    return true;
  }

  bool ReceiveNow(std::optional<T>& value) {
    if (size_ > 0) {
      value.emplace(TakeOldest());
      Waiter* sender = senders_.PopFront();
      if (sender == nullptr) {
        lock_.unlock();
      } else {
        Append(std::move(*static_cast<T*>(sender->value)));
        Grant(sender);
      }
      return true;
    }
    if (Waiter* sender = senders_.PopFront()) {
      value.emplace(std::move(*static_cast<T*>(sender->value)));
      Grant(sender);
      return true;
    }
    if (!closed_) return false;
    lock_.unlock();
    return true;
  }

  // Grant releases the lock and wakes a waiter that has got what it waited for.
  void Grant(Waiter* waiter) {
    waiter->granted = true;
    G* g = waiter->g;
    lock_.unlock();
    Ready(g);
  }

  static void ReadyAll(WaitQueue& queue) {
    while (Waiter* waiter = queue.PopFront()) Ready(waiter->g);
  }

  void Append(T&& value) {
    new (&slots_[newest_]) T(std::move(value));
    if (++newest_ == capacity_) newest_ = 0;
    ++size_;
  }

  T TakeOldest() {
    T* slot = &slots_[oldest_];
    T value(std::move(*slot));
    slot->~T();
    if (++oldest_ == capacity_) oldest_ = 0;
    --size_;
    return value;
  }

  static constexpr char kSendOutside[] = "send on synctest channel from outside bubble";
  static constexpr char kReceiveOutside[] = "receive on synctest channel from outside bubble";
  static constexpr char kCloseOutside[] = "close of synctest channel from outside bubble";

  const BubbleTag bubble_;
  SpinLock lock_;
  bool closed_ = false;
  const std::size_t capacity_;
  std::size_t size_ = 0;
  std::size_t oldest_ = 0;
  std::size_t newest_ = 0;
  T* const slots_;
  WaitQueue receivers_;  // Waiter::value: an empty std::optional<T>*
  WaitQueue senders_;    // Waiter::value: a T* to move from
};

}  // namespace gale::internal
