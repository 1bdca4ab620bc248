#include "gale/runtime/internal/chan_base.h"

#include "gale/runtime/internal/park.h"
#include "gale/runtime/panic.h"

namespace gale::internal {

namespace {

// ClaimAll puts all waiters that the caller may wake at the end of a list that is linked by `next`.
void ClaimAll(ChanQueue& queue, ChanWaiter**& tail) {
  while (ChanWaiter* waiter = queue.Claim()) {
    *tail = waiter;
    tail = &waiter->next;
  }
  *tail = nullptr;
}

}  // namespace

void ChanBase::Close() {
  bubble.Check("close of synctest channel from outside bubble");
  lock.lock();
  if (closed) {
    lock.unlock();
    throw Panic("close of closed channel");
  }
  closed = true;
  ChanWaiter* claimed = nullptr;
  ChanWaiter** tail = &claimed;
  ClaimAll(receivers, tail);
  ClaimAll(senders, tail);
  lock.unlock();
  while (claimed != nullptr) {
    ChanWaiter* next = claimed->next;
    Ready(claimed->g);  // from here on the waiter may be gone
    claimed = next;
  }
}

void ThrowSendOnClosedChannel() { throw Panic("send on closed channel"); }

void ThrowMakeChan() { throw Panic("makechan: size out of range"); }

}  // namespace gale::internal
