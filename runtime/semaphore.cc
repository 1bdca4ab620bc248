#include "gale/runtime/semaphore.h"

#include <mutex>

#include "gale/runtime/internal/park.h"
#include "gale/runtime/panic.h"

namespace gale {

// Waiter is told by whoever comes first: a Release (granted) or its context (given_up). Before it sleeps it may already
// have been told by the context; it is not in the queue then.
struct Semaphore::Waiter : internal::Linked {
  internal::G* g = nullptr;
  std::int64_t count = 0;
  bool granted = false;
  bool given_up = false;
  Waiter* next_granted = nullptr;

  struct Listener : internal::CancelListener {
    Semaphore* semaphore = nullptr;
    Waiter* waiter = nullptr;
  } listener;
};

// With the lock held.
bool Semaphore::TakeNow(std::int64_t count) {
  if (!waiters_.Empty() || count > size_ - taken_) return false;
  taken_ += count;
  return true;
}

bool Semaphore::TryAcquire(std::int64_t count) {
  std::lock_guard guard(lock_);
  return TakeNow(count);
}

void Semaphore::Acquire(std::int64_t count) { (void)Acquire(Background(), count); }

Error Semaphore::Acquire(const Context& context, std::int64_t count) {
  if (Error error = context.Err()) return error;
  if (TryAcquire(count)) return {};
  if (count > size_) {  // it shall not hold up those behind it
    context.Done().Recv();
    return context.Err();
  }
  Waiter waiter;
  waiter.g = internal::CurrentG();
  waiter.count = count;
  waiter.listener.semaphore = this;
  waiter.listener.waiter = &waiter;
  waiter.listener.fire = [](internal::CancelListener* listener) {
    auto* self = static_cast<Waiter::Listener*>(listener);
    self->semaphore->GiveUp(self->waiter);
  };
  internal::CancelNode* canceler = context.Handle().Canceler();
  if (canceler != nullptr && !canceler->Listen(&waiter.listener)) return context.Err();

  lock_.lock();
  waiter.granted = !waiter.given_up && TakeNow(count);
  if (waiter.granted || waiter.given_up) {
    lock_.unlock();
  } else {
    waiters_.PushBack(&waiter);
    internal::ParkUnlock(lock_, bubble_.Choose(WaitReason::kSemaphoreAcquire, WaitReason::kSemaphoreAcquireDurable));
  }
  // Afterwards the context has finished with the waiter.
  if (canceler != nullptr) canceler->Unlisten(&waiter.listener);
  return waiter.granted ? Error() : context.Err();
}

void Semaphore::GiveUp(Waiter* waiter) {
  lock_.lock();
  if (waiter->granted) return lock_.unlock();
  waiter->given_up = true;
  if (!waiter->in_list) return lock_.unlock();
  waiters_.Remove(waiter);
  Waiter* granted = GrantWaiters();  // it may have stood before smaller ones
  lock_.unlock();
  internal::Ready(waiter->g);
  ReadyAll(granted);
}

void Semaphore::Release(std::int64_t count) {
  lock_.lock();
  if (count > taken_) {
    lock_.unlock();
    throw Panic("semaphore: released more than held");
  }
  taken_ -= count;
  Waiter* granted = GrantWaiters();
  lock_.unlock();
  ReadyAll(granted);
}

// With the lock held: takes those out of the queue whose turn it is.
Semaphore::Waiter* Semaphore::GrantWaiters() {
  Waiter* granted = nullptr;
  Waiter** last = &granted;
  while (!waiters_.Empty() && waiters_.Front()->count <= size_ - taken_) {
    Waiter* waiter = waiters_.PopFront();
    taken_ += waiter->count;
    waiter->granted = true;
    *last = waiter;
    last = &waiter->next_granted;
  }
  return granted;
}

void Semaphore::ReadyAll(Waiter* granted) {
  while (granted != nullptr) {
    internal::G* g = granted->g;
    granted = granted->next_granted;
    internal::Ready(g);
  }
}

}  // namespace gale
