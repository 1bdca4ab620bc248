#include "gale/runtime/rw_mutex.h"

#include "gale/runtime/internal/fatal.h"

namespace gale {

void RWMutex::Lock() {
  writers_.Lock();  // W1
  // W2. Acquire pairs with the releases in RUnlock and LeaveForWriter, those of the readers that have left.
  std::int32_t in = readers_.fetch_sub(kWriter, std::memory_order_acq_rel);
  if (in != 0 && leaving_.fetch_add(in, std::memory_order_acq_rel) + in != 0) {
    writer_sleeps_.Acquire(WaitReason::kRWMutexLock);
  }
}

bool RWMutex::TryLock() {
  if (!writers_.TryLock()) return false;
  std::int32_t none = 0;
  if (readers_.compare_exchange_strong(none, -kWriter, std::memory_order_acquire, std::memory_order_relaxed)) {
    return true;
  }
  writers_.Unlock();
  return false;
}

void RWMutex::Unlock() {
  // W3. Release pairs with the acquires in RLock and TryRLock.
  std::int32_t waiting = readers_.fetch_add(kWriter, std::memory_order_release) + kWriter;
  if (waiting >= kWriter) internal::Fatal("sync: Unlock of unlocked RWMutex");
  for (; waiting > 0; --waiting) readers_sleep_.Release();  // W4
  writers_.Unlock();
}

bool RWMutex::TryRLock() {
  std::int32_t seen = readers_.load(std::memory_order_relaxed);
  while (seen >= 0) {
    if (readers_.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire, std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

void RWMutex::WaitForWriter() { readers_sleep_.Acquire(WaitReason::kRWMutexRLock); }

void RWMutex::LeaveForWriter(std::int32_t rest) {
  if (rest == -1 || rest == -kWriter - 1) internal::Fatal("sync: RUnlock of unlocked RWMutex");
  // R3. Release: what the readers have read is read before the writer writes; acquire, so that the last one hands on
  // what the others released.
  if (leaving_.fetch_sub(1, std::memory_order_acq_rel) - 1 == 0) writer_sleeps_.Release();
}

}  // namespace gale
