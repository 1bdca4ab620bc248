#include "gale/runtime/cond.h"

#include <mutex>

#include "gale/runtime/internal/park.h"

namespace gale {

// The waiter is queued before the user's lock is released: a Signal that follows the release finds it, asleep or not.
void Cond::Enqueue(Waiter* waiter) {
  waiter->g = internal::CurrentG();
  std::lock_guard guard(queue_lock_);
  queue_.PushBack(waiter);
}

void Cond::Leave(Waiter* waiter) {
  std::lock_guard guard(queue_lock_);
  if (waiter->in_list) queue_.Remove(waiter);
}

void Cond::Sleep(Waiter* waiter) {
  queue_lock_.lock();
  if (waiter->signaled) {
    queue_lock_.unlock();
    return;
  }
  waiter->asleep = true;
  internal::ParkUnlock(queue_lock_, WaitReason::kCondWait);
}

void Cond::Signal() {
  queue_lock_.lock();
  Waiter* waiter = queue_.PopFront();
  internal::G* g = nullptr;
  if (waiter != nullptr) {
    waiter->signaled = true;
    if (waiter->asleep) g = waiter->g;
  }
  queue_lock_.unlock();
  if (g != nullptr) internal::Ready(g);
}

void Cond::Broadcast() {
  // The sleepers' links are their own once they are out of the queue, and they stay where they are until Ready.
  Waiter* asleep = nullptr;
  Waiter** last = &asleep;
  queue_lock_.lock();
  while (Waiter* waiter = queue_.PopFront()) {
    waiter->signaled = true;
    if (!waiter->asleep) continue;
    *last = waiter;
    last = &waiter->next_woken;
  }
  queue_lock_.unlock();
  while (asleep != nullptr) {
    Waiter* waiter = asleep;
    asleep = waiter->next_woken;
    internal::Ready(waiter->g);
  }
}

}  // namespace gale
