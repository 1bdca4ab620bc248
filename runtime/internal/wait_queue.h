// WaitQueue: goroutines that wait for the same thing, first come, first served.
//
// A waiter lives on its goroutine's own stack, so waiting allocates nothing. Whoever takes a waiter out of the queue
// must have finished with it before it calls Ready: from then on it may be gone.
#pragma once

#include "gale/runtime/internal/g.h"

namespace gale::internal {

struct Waiter {
  G* g = nullptr;
  void* value = nullptr;  // what is handed over: the queue's user knows
  bool granted = false;   // whether it got what it waited for
  Waiter* next = nullptr;
};

// WaitQueue is guarded by its user's lock.
class WaitQueue {
 public:
  void PushBack(Waiter* waiter) {
    waiter->next = nullptr;
    (tail_ == nullptr ? head_ : tail_->next) = waiter;
    tail_ = waiter;
  }
  void PushFront(Waiter* waiter) {
    waiter->next = head_;
    head_ = waiter;
    if (tail_ == nullptr) tail_ = waiter;
  }
  Waiter* PopFront() {
    Waiter* waiter = head_;
    if (waiter == nullptr) return nullptr;
    head_ = waiter->next;
    if (head_ == nullptr) tail_ = nullptr;
    return waiter;
  }
  bool Empty() const { return head_ == nullptr; }

 private:
  Waiter* head_ = nullptr;
  Waiter* tail_ = nullptr;
};

}  // namespace gale::internal
